"""What is said of a step is true of this step: its axis, its windows, its inputs."""

from typing import Any

import pytest
import torch

from model import layers
from model.graph.records import IMAGE, Op
from model.trace import record
from model.trace.records import Step
from tests.model.graph.build import Builder


def step_of(build: Builder) -> Step:
    """Return the last step of a network, after which come scores."""
    name = build.nodes[-1].name
    build.add(Op.MEAN, name, dims=(2, 3), keepdim=False)
    return record(build.module(), torch.rand(1, *build.shape))[name]


def said(op: Op, *, shape: tuple[int, int, int] = (4, 14, 12), **settings: Any) -> str:
    build = Builder(shape)
    build.add(op, **settings)
    return layers.describe(step_of(build))


@pytest.mark.parametrize(
    ("dim", "start", "end", "step", "kept"),
    [
        (3, 1, 11, 1, "columns 1 to 10 of 12, counted"),
        (2, 0, 14, 2, "rows 0 to 12 of 14, in steps of 2, counted"),
        (1, 2, 4, 1, "maps 2 to 3 of 4, counted"),
        (1, 3, 4, 1, "map 3 of 4, counted"),
    ],
)
def test_a_slice_says_its_axis_and_its_range(dim: int, start: int, end: int, step: int, kept: str) -> None:
    assert f": {kept} from 0." in said(Op.SLICE, dim=dim, start=start, end=end, step=step)


@pytest.mark.parametrize(
    ("kernel", "stride", "overlaps", "smaller"), [(2, 2, False, True), (3, 2, True, True), (3, 1, True, False)]
)
def test_a_max_pool_says_whether_its_windows_overlap(kernel: int, stride: int, overlaps: bool, smaller: bool) -> None:
    sizes = {"kernel": kernel, "stride": stride, "padding": kernel // 3, "dilation": 1}
    pairs: dict[str, Any] = {name: (size, size) for name, size in sizes.items()}
    found = said(Op.MAX_POOL, ceil=False, **pairs)
    assert ("a value can be the largest of several windows" in found) == overlaps
    assert ("drops the others" in found) == (not overlaps)
    assert ("The maps get smaller." in found) == smaller


def test_a_dropout_of_maps_drops_whole_maps() -> None:
    assert "sets each map to zero as a whole" in said(Op.DROPOUT2D, p=0.1)
    assert "sets each value to zero" in said(Op.DROPOUT, p=0.1)


def test_a_larger_input_is_named_only_where_one_is_larger() -> None:
    equal = Builder((4, 14, 12))
    equal.add(Op.ADD, equal.add(Op.RELU, IMAGE), IMAGE)
    broadcast = Builder((4, 14, 12))
    broadcast.add(Op.ADD, IMAGE, broadcast.add(Op.MEAN, IMAGE, dims=(2, 3), keepdim=True))
    for build, symbols in ((equal, "as in both inputs"), (broadcast, "the larger input")):
        name = build.nodes[-1].name
        build.add(Op.MEAN, dims=(2, 3), keepdim=False)
        found = layers.arithmetic(record(build.module(), torch.rand(1, 4, 14, 12)))[name].shape
        assert [line.symbols for line in found] == [symbols] * 3
