import re
from collections.abc import Callable, Sequence

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from model import digits, trace, weights
from model.records import Activation, LayerKind, Trace
from tests.pictures import assert_painted, decode
from viz import theme
from viz.figures import feature_maps
from viz.figures.feature_maps import Statistics
from viz.figures.scaling import range_of

SHAPES = [(1, 26, 26), (8, 26, 26), (10, 3, 5), (32, 7, 7), (32, 1, 1), (7, 30, 30)]
BOTH = (True, False)
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
signs = pytest.mark.parametrize("signed", [True, False], ids=["signed", "positive"])
either_scale = pytest.mark.parametrize("shared", [True, False], ids=["shared", "own"])


@pytest.fixture(scope="module")
def traced() -> Trace:
    return trace.record(weights.load(), digits.to_input(digits.samples()[0]))


def noise(shape: tuple[int, ...], signed: bool = True) -> Activation:
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    values *= np.arange(1, len(values) + 1, dtype=np.float32).reshape(-1, *[1] * (len(shape) - 1))
    return values if signed else np.abs(values)


def tiled(maps: Activation, shared: bool = True, selected: int | None = None) -> go.Figure:
    return feature_maps.tiled(maps, [f"map {i}" for i in range(len(maps))], shared=shared, selected=selected)


def frame(figure: go.Figure) -> Sequence[int]:
    """Return top, bottom, left and right of what is selected, in pixels of the picture; half-open."""
    (shape,) = figure.layout.shapes
    edges = np.array([shape.y0, shape.y1, shape.x0, shape.x1]) + 0.5  # the centre of pixel 0 is at 0
    np.testing.assert_array_equal(edges, edges.round())
    return [int(edge) for edge in edges]


def assert_shows(maps: Activation, draw: Callable[[int], go.Figure], shared: bool, signed: bool) -> None:
    """Assert that ``draw(position)`` paints every map, and frames the one at this position."""
    for position, each in enumerate(maps):
        figure = draw(position)
        top, bottom, left, right = frame(figure)
        card = decode(figure.data[0].source)[top:bottom, left:right]
        most = float(np.abs(maps if shared else each).max())
        scale = theme.DIVERGING if signed else theme.SEQUENTIAL
        assert_painted(card, each, -most if signed else 0, most, scale, zoom=(bottom - top) // each.shape[0])


@each_shape
@either_scale
@signs
def test_each_frame_holds_the_colours_of_its_map(shape: tuple[int, ...], shared: bool, signed: bool) -> None:
    maps = noise(shape, signed)
    assert_shows(maps, lambda position: tiled(maps, shared, position), shared, signed)


@pytest.mark.parametrize("wrong", ["order", "axes", "range", "frame"])
def test_the_check_above_catches_a_wrong_figure(wrong: str) -> None:
    maps = noise((4, 6, 6))
    draw: dict[str, Callable[[int], go.Figure]] = {
        "order": lambda position: tiled(maps[::-1], True, position),
        "axes": lambda position: tiled(maps.transpose(0, 2, 1), True, position),
        "range": lambda position: tiled(maps, False, position),
        "frame": lambda position: tiled(maps, True, (position + 1) % 4),
    }
    with pytest.raises(AssertionError):
        assert_shows(maps, draw[wrong], shared=True, signed=True)


@each_shape
def test_there_is_nothing_between_the_maps(shape: tuple[int, ...]) -> None:
    maps = noise(shape)
    opacity = decode(tiled(maps).data[0].source)[..., 3]
    for position in range(len(maps)):
        top, bottom, left, right = frame(tiled(maps, selected=position))
        assert (opacity[top:bottom, left:right] == 255).all()  # 0 here if another map lay under this one
        opacity[top:bottom, left:right] = 0
    assert not opacity.any()


@each_shape
def test_a_click_on_a_map_finds_its_position(shape: tuple[int, ...]) -> None:
    """The nearest marker counts, so each must lie in the middle of the map that it names."""
    maps = noise(shape)
    (markers,) = [each for each in tiled(maps).data if each.customdata is not None]
    assert list(markers.customdata) == list(range(len(maps)))
    for position, x, y in zip(markers.customdata, markers.x, markers.y, strict=True):
        top, bottom, left, right = frame(tiled(maps, selected=position))
        assert (y + 0.5, x + 0.5) == ((top + bottom) / 2, (left + right) / 2)


def test_nothing_is_framed_where_nothing_is_selected() -> None:
    assert not tiled(noise((4, 3, 3))).layout.shapes


@signs
def test_one_scale_is_shown_beside_the_maps_and_many_are_not(signed: bool) -> None:
    maps = noise((4, 3, 3), signed)
    (bar,) = [each.marker for each in tiled(maps, shared=True).data[1:] if each.marker.showscale]
    most = float(np.abs(maps).max())
    assert (bar.cmin, bar.cmax) == (-most if signed else 0, most)
    expected = theme.DIVERGING if signed else theme.SEQUENTIAL
    assert [list(stop) for stop in bar.colorscale] == expected
    assert not any(each.marker.showscale for each in tiled(maps, shared=False).data[1:])


def test_one_negative_value_puts_every_map_on_the_diverging_scale() -> None:
    maps = noise((3, 4, 4), signed=False)
    maps[2, 0, 0] = -0.1
    assert_shows(maps, lambda position: tiled(maps, False, position), shared=False, signed=True)


def test_a_figure_keeps_its_size_whatever_the_values() -> None:
    heights = {tiled(noise((8, 7, 7), signed), shared, 3).layout.height for signed in BOTH for shared in BOTH}
    assert len(heights) == 1


@pytest.mark.parametrize("name", ["Conv2d-1", "ReLU-4", "AvgPool2d-22"])
def test_a_large_map_holds_the_activation_itself(traced: Trace, name: str) -> None:
    for values in traced[name].maps[:4]:
        (drawn,) = feature_maps.large(values).data
        np.testing.assert_array_equal(drawn.z, values)
        own = range_of(values)
        assert (drawn.zmin, drawn.zmax) == (own.low, own.high)


def test_a_large_map_can_be_drawn_on_the_range_of_its_layer(traced: Trace) -> None:
    maps = traced["Conv2d-7"].maps
    most = np.abs(maps).max()
    (drawn,) = feature_maps.large(maps[0], like=maps).data
    assert (drawn.zmin, drawn.zmax) == (-most, most)
    assert most > np.abs(maps[0]).max()


def test_y_grows_downwards_as_in_the_image() -> None:
    for figure in (feature_maps.large(noise((3, 4))), feature_maps.kernels(noise((2, 3, 3)))):
        assert figure.layout.yaxis.autorange == "reversed"
    top, bottom = tiled(noise((2, 3, 3))).layout.yaxis.range
    assert top > bottom


@pytest.mark.parametrize("shape", [(1, 3, 3), (8, 3, 3), (16, 1, 1), (7, 2, 3)], ids=str)
def test_kernels_hold_exactly_the_weights(shape: tuple[int, ...]) -> None:
    kernel = noise(shape)
    (drawn,) = feature_maps.kernels(kernel).data
    found = {}
    for where, weight in zip(np.ravel(drawn.customdata), np.ravel(drawn.z), strict=True):
        assert bool(where) != bool(np.isnan(weight))
        if where:
            found[tuple(map(int, re.findall(r"\d+", where)))] = weight
    assert found == dict(np.ndenumerate(kernel))
    most = np.abs(kernel).max()
    assert (drawn.zmin, drawn.zmax) == (-most, most)


def test_the_weights_of_a_kernel_stand_as_in_the_kernel() -> None:
    kernel = noise((4, 2, 4))
    (drawn,) = feature_maps.kernels(kernel).data
    corners = [(0, 0), (0, 5), (3, 0), (3, 5)]
    for square, (top, left) in zip(kernel, corners, strict=True):
        np.testing.assert_array_equal(drawn.z[top : top + 2, left : left + 4], square)


@pytest.mark.parametrize("name", ["Conv2d-1", "ReLU-7", "AvgPool2d-22", "log-softmax"])
def test_statistics_agree_with_torch(traced: Trace, name: str) -> None:
    values = traced[name].output
    x = torch.tensor(values)
    measured = Statistics.of(values)
    assert (measured.minimum, measured.maximum) == (x.min().item(), x.max().item())
    assert measured.mean == pytest.approx(x.mean().item(), abs=1e-5)
    assert measured.zeros == pytest.approx(1 - x.count_nonzero().item() / x.numel())


def test_a_relu_says_how_much_it_cut_away(traced: Trace) -> None:
    step = traced["ReLU-1"]
    share = (torch.tensor(step.input) <= 0).double().mean().item()
    assert f"{100 * share:.1f}\xa0%" in feature_maps.say_tiled(step, shared=True)
    cut = (torch.tensor(step.input[3]) <= 0).double().mean().item()
    assert f"{100 * cut:.1f}\xa0%" in feature_maps.say_map(traced, step, 3)


@either_scale
def test_the_words_name_the_step_its_range_and_its_scale(traced: Trace, shared: bool) -> None:
    step = traced["Conv2d-7"]
    said = feature_maps.say_tiled(step, shared)
    assert said.startswith("Conv2d-7 (convolution): 16 maps")
    assert ("one scale for all" in said) == shared
    for extreme in (step.output.min(), step.output.max()):
        assert f"{extreme:.3f}".replace("-", "−") in said


def test_the_words_give_what_a_convolution_learned(traced: Trace) -> None:
    for step in traced.steps:
        if step.kind is LayerKind.CONVOLUTION:
            said = feature_maps.say_parameters(step, 1)
            assert " × ".join(map(str, step.parameters["weight"].shape[1:])) in said
            assert f"{step.parameters['bias'][1]:.3f}".replace("-", "−") in said


def test_the_words_give_what_a_batch_norm_learned_and_keeps(traced: Trace) -> None:
    for step in traced.steps:
        if step.kind is LayerKind.BATCH_NORM:
            said = feature_maps.say_parameters(step, 1)
            for value in (*step.parameters.values(), step.buffers["running_mean"], step.buffers["running_var"]):
                assert f"{value[1]:.3f}".replace("-", "−") in said


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("AvgPool2d-22", "."),
        ("Conv2d-23", ": the logit of class 3."),
        ("flatten", ": the logit of class 3."),
        ("log-softmax", ": the log-probability of class 3."),
    ],
)
def test_a_single_number_is_said_once_and_what_it_scores(traced: Trace, name: str, meaning: str) -> None:
    value = f"{traced[name].output.ravel()[3]:.3f}".replace("-", "−")
    assert feature_maps.say_map(traced, traced[name], 3) == f"Map 3 of {name} is a single number, {value}{meaning}"


def test_a_block_is_named_step_by_step_and_dropout_is_said_to_be_off(traced: Trace) -> None:
    said = [feature_maps.say_block(block, 0) for block in traced.blocks]
    for block, words in zip(traced.blocks, said, strict=True):
        assert all(step.name in words for step in block)
        assert ("Dropout is off" in words) == any(step.kind is LayerKind.DROPOUT for step in block)
