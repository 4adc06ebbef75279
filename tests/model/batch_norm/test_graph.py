"""Batch norms of a graph: folding is exact or refused with a sentence, and statistics are found by the nodes' names."""

from typing import Any

import pytest
import torch

from model.batch_norm import folding
from model.graph.module import NetworkModule
from model.graph.records import Op
from tests.model.conftest import Example
from tests.model.graph.build import Builder

BN: dict[str, Any] = {"eps": 1e-5, "momentum": 0.1, "batch_statistics": False}
POOL: dict[str, Any] = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0), "ceil": False}


def network() -> tuple[NetworkModule, dict[str, str]]:
    """Return a network with batch norms before a convolution, before two ways, before a ReLU and before a pool."""
    build = Builder((2, 10, 10))

    def norm(before: str) -> str:
        drawn = {"weight": torch.rand(2) + 0.5, "running_var": torch.rand(2) + 0.5}
        return build.add(Op.BATCH_NORM, before, weights=drawn | {"bias": (2,), "running_mean": (2,)}, **BN)

    names = {"exact": norm("image")}
    names["two ways"] = norm(build.conv(2, 3, 1, 0, names["exact"]))
    way = build.conv(2, 1, 1, 0, names["two ways"])
    names["relu"] = norm(build.add(Op.ADD, way, names["two ways"], alpha=1.0))
    names["pool"] = norm(build.add(Op.RELU, names["relu"]))
    build.add(Op.AVG_POOL, names["pool"], **POOL, count_include_pad=True, divisor=None)
    build.conv(3, 2)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    return build.module(), names


def test_folding_is_exact_or_refused() -> None:
    module, names = network()
    images = torch.randn(5, 2, 10, 10, generator=torch.Generator().manual_seed(0))
    found = folding.compare(module, images)
    folds = {what: found.folds[name] for what, name in names.items()}
    assert [what for what, fold in folds.items() if fold.into] == ["exact", "pool"]
    assert folds["two ways"].obstacle == f"{names['two ways']} feeds several steps"
    assert folds["relu"].obstacle.endswith("is not affine")
    assert found.exact_difference < 1e-12
    assert found.parameters - found.folded_parameters == 2 * 4


def test_a_fold_on_one_of_two_ways_alone_would_be_wrong() -> None:
    module, names = network()
    images = torch.randn(5, 2, 10, 10, generator=torch.Generator().manual_seed(0))
    wrong = folding.fold_all(module)
    number = [node.name for node in wrong.graph.nodes].index(names["two ways"])
    wrong.steps[number] = torch.nn.Identity()
    with torch.no_grad():
        assert (wrong(images) - module(images)).abs().max() > 1e-2


def test_batch_norms_of_a_residual_network_are_refused_where_they_meet_another_way(residual: Example) -> None:
    for node in residual.network.all(Op.BATCH_NORM):
        fold = folding.fold(residual.module, node.name)
        assert fold.into is None
        assert fold.obstacle == f"{fold.obstacle.split()[0]} is not affine"
    images = torch.randn(3, 2, 8, 8)
    assert folding.compare(residual.module, images).difference == pytest.approx(0, abs=1e-6)
