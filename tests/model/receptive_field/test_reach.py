"""Boxes on the image against what a change of each pixel does: strides that leave pixels out, edges, and padding."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torchvision import models

from model.graph.capture import capture, to_bytes
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.networks.file import read
from model.receptive_field import growth, of_network
from model.receptive_field.measured import measured_box
from model.receptive_field.records import Box, Field, NoSingleWindow, ReceptiveField
from tests.model.graph.build import Builder

SHAPE = (1, 13, 10)


def changed_boxes(network: nn.Module, shape: tuple[int, int, int]) -> dict[tuple[int, int], Box]:
    """Return around which pixels a box lies that change a unit of the last step, if they become much brighter alone.

    The weights are positive and the image too, so a brighter pixel makes no value smaller, and no two paths cancel.
    """
    _, height, width = shape
    images = torch.ones(1 + height * width, *shape, dtype=torch.float64)
    for number, (y, x) in enumerate(product(range(height), range(width))):
        images[1 + number, :, y, x] = 1e6
    with torch.no_grad():
        output = network(images).amax(1)  # (1 + H * W, H', W')
    hits = (output[1:] != output[0]).reshape(height, width, *output.shape[1:]).numpy()
    found = {}
    for unit in np.ndindex(*output.shape[1:]):
        rows, columns = np.nonzero(hits[:, :, unit[0], unit[1]])
        box = Box(0, 0, 0, 0)
        if rows.size:
            box = Box(int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1)
        found[unit[0], unit[1]] = box
    return found


def on_image(field: Field | None, unit: tuple[int, int], shape: tuple[int, int, int]) -> Box:
    """Return the box of a unit on the image; all boxes without a pixel are one."""
    assert isinstance(field, ReceptiveField)
    box = field.box(unit).clipped(shape[1:])
    return box if box.height and box.width else Box(0, 0, 0, 0)


def positive(network: nn.Module) -> nn.Module:
    for weight in network.parameters():
        nn.init.constant_(weight, 0.5)
    return network.double().eval()


def assert_changes(network: nn.Module, shape: tuple[int, int, int]) -> None:
    """Compare the boxes of all units of the last step of a chain."""
    field = [*of_network(network, shape).values()][-1]
    expected = changed_boxes(positive(network), shape)
    assert {unit: on_image(field, unit, shape) for unit in expected} == expected


def test_a_row_that_a_stride_leaves_out_is_in_no_box() -> None:
    """Of 6 pixels the first step sees 0 to 4; the last window of the second reaches over the edge of its map."""
    network = nn.Sequential(nn.Conv2d(1, 1, 3, 2), nn.MaxPool2d(2, 1, padding=1))
    fields = of_network(network, (1, 6, 6))
    assert fields["1"] == ReceptiveField((5, 5), (2, 2), (0.0, 0.0))
    assert [fields["1"].box((u, 0)).clipped((6, 6)).bottom for u in range(3)] == [3, 5, 5]
    assert fields["1"].box((0, 0)) == Box(-2, -2, 3, 3)  # over the edge of the image as before
    assert fields["1"].box((3, 0)).bottom == 9  # no unit of the map: the formula
    assert growth(network, (1, 6, 6))[1].after.box((2, 2)) == Box(2, 2, 5, 5)
    assert_changes(network, (1, 6, 6))


CHAINS: list[Any] = [
    pytest.param(lambda: nn.MaxPool2d(3, 2, ceil_mode=True), id="a max pool rounded up"),
    pytest.param(lambda: nn.AvgPool2d(3, 2, ceil_mode=True), id="an average pool rounded up"),
    pytest.param(lambda: nn.AvgPool2d(3, 2, 1, True, count_include_pad=False), id="padding that does not count"),
    pytest.param(lambda: nn.MaxPool2d(3, 2, 1, 2), id="a dilated pool"),
    pytest.param(lambda: nn.Conv2d(1, 1, 3, 1, 3, 3), id="a dilated convolution"),
    pytest.param(lambda: nn.Conv2d(1, 1, 1, 3, 2), id="windows in the padding alone"),
    pytest.param(lambda: nn.ConvTranspose2d(1, 1, 3), id="a transposed convolution"),
]


@pytest.mark.parametrize("make", CHAINS)
@pytest.mark.parametrize("before", [(1, 1), (3, 2), (2, 3), (7, 2)])
def test_boxes_are_what_a_change_of_each_pixel_reaches(make: Callable[[], nn.Module], before: tuple[int, int]) -> None:
    assert_changes(nn.Sequential(nn.Conv2d(1, 1, *before), make(), nn.Conv2d(1, 1, 2, 1, 1)), (1, 17, 18))


@st.composite
def steps(draw: st.DrawFn) -> nn.Module:
    kernel, stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    padding, up, counted = draw(st.integers(0, kernel // 2)), draw(st.booleans()), draw(st.booleans())
    kind = draw(st.sampled_from(["conv", "max", "mean"]))
    if kind == "max":
        return nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=up)
    if kind == "mean":
        return nn.AvgPool2d(kernel, stride, padding, up, counted)
    return nn.Conv2d(1, 1, kernel, stride, draw(st.integers(0, 3)), dilation)


@given(st.lists(steps(), min_size=2, max_size=4))
@settings(max_examples=60, deadline=None)
def test_boxes_of_any_chain_are_what_a_change_of_each_pixel_reaches(chain: list[nn.Module]) -> None:
    network = nn.Sequential(*chain)
    try:
        with torch.no_grad():
            network(torch.zeros(1, *SHAPE))
    except RuntimeError:
        return  # a map would have no size
    assert_changes(network, SHAPE)


# ---- graphs ----


def pads(mode: str, *sizes: int) -> dict[str, Any]:
    return {"pads": sizes, "mode": mode} | ({"value": 0.0} if mode == "constant" else {})


def on_graph(build: Builder, name: str) -> NetworkModule:
    """Compare the boxes of all units of a step, the last."""
    network = build.module()
    positive(network)
    expected = changed_boxes(network, build.shape)
    field = of_network(network)[name]
    assert {unit: on_image(field, unit, build.shape) for unit in expected} == expected
    return network


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate"])
@pytest.mark.parametrize("sizes", [(3, 2, 1, 4), (1, -1, -1, 1), (-2, 3, 0, -1)])
def test_padding_shows_the_pixels_that_it_repeats(mode: str, sizes: tuple[int, ...]) -> None:
    build = Builder(SHAPE)
    build.conv(1, 3, 2)
    build.add(Op.PAD, **pads(mode, *sizes))
    on_graph(build, build.conv(1, 2))


def test_paths_that_end_at_different_pixels_are_united() -> None:
    build = Builder((1, 12, 12))
    plain = build.conv(1, 3, 3, 1, "image")  # sees pixels 0 to 10
    whole = build.conv(1, 4, 3, 1, "image")
    build.add(Op.ADD, plain, whole, alpha=1.0)
    build.add(Op.SLICE, dim=2, start=1, end=4, step=1)
    on_graph(build, build.conv(1, 3, 1, 2))


def test_a_path_in_the_padding_beside_one_that_sees_less_has_no_single_window() -> None:
    """Beside units that see the right columns alone lie windows in the padding below: together they are no box."""
    build = Builder((1, 6, 6))
    narrow = build.add(Op.SLICE, "image", dim=3, start=2, end=6, step=1)
    narrow = build.add(Op.PAD, narrow, **pads("constant", 0, 2, 0, 0))
    shifted = build.add(Op.PAD, "image", **pads("constant", 0, 0, 2, -2))
    joined = build.add(Op.ADD, narrow, shifted, alpha=1.0)
    field = of_network(build.module())[joined]
    assert isinstance(field, NoSingleWindow)
    assert "in the padding alone" in field.reason


REAL: list[Any] = [
    pytest.param(models.squeezenet1_0, 96, id="SqueezeNet 1.0"),
    pytest.param(models.squeezenet1_1, 96, id="SqueezeNet 1.1", marks=pytest.mark.exhaustive),
    pytest.param(lambda: models.googlenet(aux_logits=False, init_weights=False), 96, id="GoogLeNet"),
    pytest.param(
        lambda: models.inception_v3(aux_logits=False, init_weights=False),
        107,
        id="Inception v3",
        marks=pytest.mark.exhaustive,
    ),
]


@pytest.mark.slow(reason="exports a large network")
@pytest.mark.parametrize(("make", "side"), REAL)
def test_boxes_of_real_networks_are_those_of_the_gradient(make: Callable[[], nn.Module], side: int) -> None:
    torch.manual_seed(0)
    network = read(to_bytes(capture(make().eval(), (3, side, side)))).module
    assert isinstance(network, NetworkModule)
    fields = of_network(network)
    names = [name for name in fields if network.graph[name].shape[1] > 1]
    for name in (names[len(names) // 4], names[len(names) // 2], names[-1]):
        _, height, width = network.graph[name].shape
        for unit in ((0, 0), (height // 2, width // 2), (height - 1, width - 1), (height - 1, 0)):
            assert on_image(fields[name], unit, (3, side, side)) == measured_box(network, name, unit)
