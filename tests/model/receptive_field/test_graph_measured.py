"""Receptive fields of graphs against the gradient: a residual, an Inception and a depthwise network, and gates."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import torch

from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.receptive_field import of_network
from model.receptive_field.measured import effective_field, measured_box
from model.receptive_field.records import Box, Field, NoSingleWindow, ReceptiveField
from tests.model.conftest import Example
from tests.model.graph.build import Builder

SHAPE = (2, 30, 27)
POOL: dict[str, Any] = {"kernel": (3, 3), "stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "ceil": False}
Made = tuple[NetworkModule, list[str]]


def residual() -> Made:
    """Three blocks, the second and third with stride 2 and a 1x1 convolution beside them."""
    build, last, ends = Builder(SHAPE), "image", []
    last = build.conv(4, 3, 1, 1, last)
    for stride in (1, 2, 2):
        build.conv(4, 3, stride, 1, last)
        build.add(Op.RELU)
        inner = build.conv(4, 3, 1, 1)
        beside = build.conv(4, 1, stride, 0, last) if stride > 1 else last
        last = build.add(Op.RELU, build.add(Op.ADD, inner, beside, alpha=1.0))
        ends.append(last)
    return build.module(), ends


def inception() -> Made:
    """Three blocks of four paths: 1x1, 3x3, 5x5 and a max pool, with a pool of stride 2 between them."""
    build, last, ends = Builder(SHAPE), "image", []
    for depth in range(3):
        if depth:
            last = build.add(Op.MAX_POOL, last, **(POOL | {"stride": (2, 2)}))
        paths = [build.conv(2, kernel, 1, kernel // 2, last) for kernel in (1, 3, 5)]
        paths.append(build.conv(2, 1, 1, 0, build.add(Op.MAX_POOL, last, **POOL)))
        last = build.add(Op.CAT, *paths, dim=1)
        ends.append(last)
    return build.module(), ends


def depthwise() -> Made:
    """Three pairs of a depthwise 3x3 and a 1x1 convolution, as in MobileNet, the second with stride 2."""
    build, ends = Builder(SHAPE), []
    build.conv(4, 3, 2, 1)
    for stride in (1, 2, 1):
        build.conv(4, 3, stride, 1, groups=4)
        build.add(Op.RELU6)
        build.conv(4, 1)
        ends.append(build.add(Op.HARDSWISH))
    return build.module(), ends


def units_of(module: NetworkModule, name: str) -> list[tuple[int, int]]:
    """Return the corners, the middle and some units inside."""
    _, height, width = module.graph[name].shape
    rows, columns = {0, 1, height // 2, height - 1}, {0, width // 3, width // 2, width - 1}
    return list(product(sorted(rows), sorted(columns)))


def assert_measured(module: NetworkModule, name: str, field: Field, *, gates: bool = True) -> None:
    assert isinstance(field, ReceptiveField)
    for unit in units_of(module, name):
        assert measured_box(module, name, unit, gates=gates) == field.box(unit).clipped(SHAPE[1:]), unit


@pytest.mark.parametrize("make", [residual, inception, depthwise])
def test_fields_are_those_of_the_gradient_at_three_depths(make: Callable[[], Made]) -> None:
    module, ends = make()
    fields: Mapping[str, Field] = of_network(module)
    assert len(ends) == 3
    for name in ends:
        assert_measured(module, name, fields[name])
        found = fields[name]
        assert isinstance(found, ReceptiveField)
        wrong = replace(found, size=(found.size[0] - 2, found.size[1]))
        with pytest.raises(AssertionError):
            assert_measured(module, name, wrong)


def gated() -> Made:
    build = Builder(SHAPE)
    conv = build.conv(4, 3, 1, 1)
    build.add(Op.MEAN, conv, dims=(2, 3), keepdim=True)
    build.conv(4, 1)
    gate = build.add(Op.MUL, conv, build.add(Op.SIGMOID))
    names = [gate, build.conv(2, 3, 1, 1)]
    return build.module(), names


def test_a_gate_has_two_answers() -> None:
    module, names = gated()
    for name in names:
        field = of_network(module)[name]
        assert isinstance(field, ReceptiveField)
        assert field.held == (names[0],)
        assert_measured(module, name, field, gates=False)
        assert measured_box(module, name, (3, 4)) == Box(0, 0, *SHAPE[1:])
    shown = effective_field(module, torch.randn(1, *SHAPE), names[0])
    assert shown.box == Box(0, 0, *SHAPE[1:])
    assert shown.values.all()


def test_what_has_no_single_window_is_measured() -> None:
    build = Builder(SHAPE)
    low = build.conv(4, 3, 2, 1)
    sizes: dict[str, Any] = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
    up = build.add(Op.CONV_TRANSPOSE, low, weights={"weight": (4, 4, 2, 2)}, **sizes, output_padding=(0, 0))
    module = build.module()
    field = of_network(module)[up]
    assert isinstance(field, NoSingleWindow)
    assert field.step == up
    assert "different windows" in field.reason
    boxes = [measured_box(module, up, (y, 8)) for y in (8, 9, 10)]
    assert [(box.top, box.bottom) for box in boxes] == [(7, 10), (7, 10), (9, 12)]


def test_a_kind_of_which_nothing_is_known_raises_only_where_it_matters() -> None:
    build = Builder(SHAPE)
    conv = build.conv(2, 3)
    exp = build.add(Op.EXP)
    module = build.module()
    assert measured_box(module, conv, (0, 0)) == Box(0, 0, 3, 3)
    with pytest.raises(InputError, match="'exp' cannot be measured"):
        measured_box(module, exp, (0, 0))


def test_measuring_changes_nothing(residual: Example) -> None:
    module = residual.module
    before = [(each.dtype, each.requires_grad, each.clone()) for each in module.parameters()]
    name = module.graph.all(Op.ADD)[0].name
    measured_box(module, name, (2, 2))
    effective_field(module, torch.randn(1, 2, 8, 8), name)
    for (dtype, gradient, value), now in zip(before, module.parameters(), strict=True):
        assert (now.dtype, now.requires_grad, now.grad) == (dtype, gradient, None)
        assert torch.equal(now, value)
