import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from model import networks, trace
from model.images import digits
from model.networks.assignment import weights
from model.records import Activation
from model.trace.records import LayerKind, Trace
from tests.pictures import assert_painted, decode
from viz import theme
from viz.feature_maps import figures
from viz.feature_maps.figures import Statistics

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


def said(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def choices(maps: Activation, shared: bool = True, selected: int = 0) -> dict[str, Any]:
    return figures.choices(maps, range(len(maps)), [*map(str, range(len(maps)))], shared=shared, selected=selected)


def tiled(maps: Activation, shared: bool = True) -> str:
    return figures.tiled(maps, [f"map {n}" for n in range(len(maps))], shared=shared)


def pictures(html: str) -> list[str]:
    return re.findall(r'<img src="([^"]+)"', html)


def assert_paints(uris: Sequence[str], maps: Activation, shared: bool, signed: bool) -> None:
    """Assert that each picture has one pixel for each unit of its map."""
    for uri, each in zip(uris, maps, strict=True):
        painted = decode(uri)
        assert painted.shape[:2] == each.shape
        most = float(np.abs(maps if shared else each).max())
        scale = theme.DIVERGING if signed else theme.SEQUENTIAL
        assert_painted(painted, each, -most if signed else 0, most, scale)


def assert_shows(maps: Activation, draw: Callable[[int], dict[str, Any]], shared: bool, signed: bool) -> None:
    """Assert that ``draw(position)`` paints every map with its number, and selects the one at this position."""
    for position in {0, len(maps) // 2, len(maps) - 1}:
        shown = draw(position)
        assert shown["selected"] == position
        assert shown["size"] == list(maps.shape[1:])
        assert [tile["title"] for tile in shown["tiles"]] == [str(n) for n in range(len(maps))]
    assert_paints([tile["picture"] for tile in shown["tiles"]], maps, shared, signed)


@each_shape
@either_scale
@signs
def test_pictures_have_the_colours_of_their_maps(shape: tuple[int, ...], shared: bool, signed: bool) -> None:
    maps = noise(shape, signed)
    assert_shows(maps, lambda position: choices(maps, shared, position), shared, signed)
    assert_paints(pictures(tiled(maps, shared)), maps, shared, signed)


@pytest.mark.parametrize("wrong", ["order", "axes", "upside down", "range", "frame"])
def test_colour_check_fails_for_a_wrong_figure(wrong: str) -> None:
    maps = noise((4, 6, 6))
    draw: dict[str, Callable[[int], dict[str, Any]]] = {
        "order": lambda position: choices(maps[::-1], True, position),
        "axes": lambda position: choices(maps.transpose(0, 2, 1), True, position),
        "upside down": lambda position: choices(maps[:, ::-1], True, position),
        "range": lambda position: choices(maps, False, position),
        "frame": lambda position: choices(maps, True, (position + 1) % 4),
    }
    with pytest.raises(AssertionError):
        assert_shows(maps, draw[wrong], shared=True, signed=True)


@signs
def test_shared_scale_is_shown_below_the_maps(signed: bool) -> None:
    maps = noise((4, 3, 3), signed)
    scale = theme.DIVERGING if signed else theme.SEQUENTIAL
    most = float(np.abs(maps).max())
    for html in (choices(maps)["scale"], tiled(maps)):
        low, gradient, high = re.findall(r'class="scale">([^<]+)<i style="([^"]+)"></i>([^<]+)<', html)[0]
        assert (low, high) == (said(-most if signed else 0), said(most))
        found = re.findall(r"rgb\([^)]+\)", gradient)
        assert found == [colour for _, colour in scale[::4]]
    assert not choices(maps, shared=False)["scale"]
    assert "scale" not in tiled(maps, shared=False)


@signs
def test_own_scale_shows_the_range_of_each_map(signed: bool) -> None:
    maps = noise((4, 3, 3), signed)
    expected = [f"{'±' if signed else '0 to '}{np.abs(each).max():.2f}" for each in maps]
    assert [tile["note"] for tile in choices(maps, shared=False)["tiles"]] == expected
    assert re.findall("<small>(.*?)</small>", tiled(maps, shared=False)) == expected
    assert not any(tile["note"] for tile in choices(maps)["tiles"])
    assert "<small>" not in tiled(maps)


def test_each_map_says_its_range() -> None:
    maps = noise((4, 3, 3))
    expected = [f"{said(float(each.min()))} to {said(float(each.max()))}" for each in maps]
    tiles = choices(maps)["tiles"]
    assert [tile["says"] for tile in tiles] == [f"Map {n}: {ends}" for n, ends in enumerate(expected)]
    for attribute in ("alt", "data-says"):
        found = re.findall(f'{attribute}="([^"]+)"', tiled(maps))
        assert found == [f"map {n}: {ends}" for n, ends in enumerate(expected)]


@either_scale
def test_map_of_one_unit_shows_its_value(shared: bool) -> None:
    maps = noise((10, 1, 1))
    for value, tile in zip(maps.ravel(), choices(maps, shared)["tiles"], strict=True):
        assert tile["note"] == f"{value:.2f}".replace("-", "−")
        assert tile["says"].endswith(f": {said(float(value))}")


def test_one_negative_value_makes_the_scale_diverging() -> None:
    maps = noise((3, 4, 4), signed=False)
    maps[2, 0, 0] = -0.1
    assert_shows(maps, lambda position: choices(maps, False, position), shared=False, signed=True)


def test_figure_size_does_not_depend_on_the_values() -> None:
    drawn = [choices(noise((8, 7, 7), signed), shared, 3) for signed in BOTH for shared in BOTH]
    assert {(*each["size"], each["columns"], len(each["tiles"])) for each in drawn} == {(7, 7, 4, 8)}
    assert all("--columns: 4" in tiled(noise((8, 7, 7), signed), shared) for signed in BOTH for shared in BOTH)


@pytest.mark.parametrize("name", ["Conv2d-1", "ReLU-7", "AvgPool2d-22", "log-softmax"])
def test_statistics_agree_with_torch(traced: Trace, name: str) -> None:
    values = traced[name].output
    x = torch.tensor(values)
    measured = Statistics.of(values)
    assert (measured.minimum, measured.maximum) == (x.min().item(), x.max().item())
    assert measured.mean == pytest.approx(x.mean().item(), abs=1e-5)
    assert measured.zeros == pytest.approx(1 - x.count_nonzero().item() / x.numel())


def test_say_tiled_gives_the_share_of_zeros_after_relu(traced: Trace) -> None:
    step = traced["ReLU-1"]
    share = (torch.tensor(step.input) <= 0).double().mean().item()
    assert f"{100 * share:.1f}\xa0%" in figures.say_tiled(step, shared=True)
    cut = (torch.tensor(step.input[3]) <= 0).double().mean().item()
    assert f"{100 * cut:.1f}\xa0%" in figures.say_map(traced, step, 3)


@either_scale
def test_say_tiled_names_step_range_and_scale(traced: Trace, shared: bool) -> None:
    step = traced["Conv2d-7"]
    said = figures.say_tiled(step, shared)
    assert said.startswith("Conv2d-7 (convolution): 16 maps")
    assert ("one scale for all" in said) == shared
    for extreme in (step.output.min(), step.output.max()):
        assert f"{extreme:.3f}".replace("-", "−") in said


def test_say_parameters_of_a_convolution(traced: Trace) -> None:
    for step in traced.steps:
        if step.kind is LayerKind.CONVOLUTION:
            said = figures.say_parameters(step, 1)
            assert " × ".join(map(str, step.parameters["weight"].shape[1:])) in said
            assert f"{step.parameters['bias'][1]:.3f}".replace("-", "−") in said


def test_say_parameters_of_a_batch_norm(traced: Trace) -> None:
    for step in traced.steps:
        if step.kind is LayerKind.BATCH_NORM:
            said = figures.say_parameters(step, 1)
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
def test_say_map_of_one_unit_names_its_score(traced: Trace, name: str, meaning: str) -> None:
    value = f"{traced[name].output.ravel()[3]:.3f}".replace("-", "−")
    assert figures.say_map(traced, traced[name], 3) == f"Map 3 of {name} is a single number, {value}{meaning}"


def test_say_block_names_every_step_and_dropout(traced: Trace) -> None:
    said = [figures.say_block(block, 0) for block in traced.blocks]
    for block, words in zip(traced.blocks, said, strict=True):
        assert all(step.name in words for step in block)
        assert ("Dropout is off" in words) == any(step.kind is LayerKind.DROPOUT for step in block)


def test_maps_that_are_scores_have_the_names_of_their_classes() -> None:
    network = networks.load("shapes")
    run = replace(trace.record(network.module, torch.zeros(1, *network.input.shape)), classes=network.classes)
    scores = next(step for step in run.steps if np.array_equal(step.output.ravel(), run.logits))
    assert figures.titles(run, scores) == list(network.classes)
    assert figures.titles(run, run.steps[0]) == [str(channel) for channel in range(len(run.steps[0].maps))]


@pytest.mark.parametrize(("side", "strip"), [(1, True), (2, False)])
def test_maps_of_one_unit_are_a_strip_of_named_cells(side: int, strip: bool) -> None:
    maps = np.arange(3 * side * side, dtype=np.float32).reshape(3, side, side)
    data = figures.choices(maps, range(3), ["a", "b", "c"], shared=True, selected=1)
    assert data["strip"] == strip
    assert [each["title"] for each in data["tiles"]] == ["a", "b", "c"]
    assert data["tiles"][2]["says"].startswith("Map 2, c: ")
    assert ('class="tiles strip"' in figures.tiled(maps, ["a", "b", "c"], shared=True)) == strip
