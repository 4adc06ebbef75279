"""Which steps are pools, against what PyTorch's own pools compute on the same maps."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from model.graph.records import Op
from model.pooling import pools
from model.trace import record
from tests.model.graph.build import Builder

X = torch.linspace(0, 20, 2 * 48).sin().view(1, 2, 6, 8)
PLAIN: dict[str, Any] = {"padding": (0, 0), "ceil": False}
AVERAGE = {**PLAIN, "count_include_pad": True, "divisor": None}


@pytest.mark.parametrize("keepdim", [False, True])
def test_a_mean_and_a_maximum_of_whole_maps_are_global_pools(keepdim: bool) -> None:
    build = Builder((2, 6, 8))
    build.add(Op.MEAN, "image", dims=(2, 3), keepdim=keepdim)
    largest = build.add(Op.AMAX, "image", dims=(3, 2), keepdim=False)
    flat = build.add(Op.FLATTEN, "image", start=2, end=3)
    build.add(Op.MEAN, flat, dims=(2,), keepdim=False)
    build.add(Op.MEAN, largest, dims=(1,), keepdim=True)
    graph, trace = build.module().graph, record(build.module(), X)
    found = pools.average_pools(graph)
    assert [node.name for node in found] == ["step-0.1", "step-0.4"]
    for node in found:
        assert pools.is_global(graph, node)
        assert_same(trace[node.name].output, functional.adaptive_avg_pool2d(X, 1))
    assert [node.name for node in pools.global_maxima(graph)] == [largest]
    assert_same(trace[largest].output, functional.adaptive_max_pool2d(X, 1))


def assert_same(found: Any, expected: Tensor) -> None:
    torch.testing.assert_close(torch.tensor(found).flatten(), expected.flatten())


@pytest.mark.parametrize("dims", [(1,), (2,), (3,), (1, 2), (1, 2, 3)])
def test_a_mean_over_channels_or_over_one_side_is_no_pool(dims: tuple[int, ...]) -> None:
    build = Builder((2, 6, 8))
    build.add(Op.MEAN, "image", dims=dims, keepdim=True)
    assert pools.average_pools(build.module().graph) == ()


def test_a_mean_over_the_channels_of_flattened_maps_is_no_pool() -> None:
    build = Builder((2, 6, 8))
    build.add(Op.MEAN, build.add(Op.FLATTEN, "image", start=2, end=3), dims=(1,), keepdim=False)
    assert pools.average_pools(build.module().graph) == ()


@pytest.mark.parametrize(
    ("op", "settings", "whole"),
    [
        (Op.AVG_POOL, {"kernel": (6, 8), "stride": (6, 8), **AVERAGE}, True),
        (Op.AVG_POOL, {"kernel": (6, 6), "stride": (1, 1), **AVERAGE}, False),
        (Op.ADAPTIVE_AVG_POOL, {"size": (1, 1)}, True),
        (Op.ADAPTIVE_AVG_POOL, {"size": (1, 2)}, False),
    ],
)
def test_an_average_pool_is_global_where_its_window_is_the_map(op: Op, settings: dict[str, Any], whole: bool) -> None:
    build = Builder((2, 6, 8))
    build.add(op, "image", **settings)
    graph = build.module().graph
    (found,) = pools.average_pools(graph)
    assert pools.is_global(graph, found) is whole
