"""Batch norms of a graph: folding is exact or refused with a sentence, and statistics are found by the nodes' names."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from model.batch_norm import folding
from model.batch_norm.fold_errors import fold_errors
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.trace import record
from tests.model.conftest import Example
from tests.model.graph import facts
from tests.model.graph.build import Builder

BN: dict[str, Any] = {"eps": 1e-5, "momentum": 0.1, "batch_statistics": False}
POOL: dict[str, Any] = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0), "ceil": False}


def norm(build: Builder, before: str, maps: int = 2) -> str:
    drawn = {"weight": torch.rand(maps) + 0.5, "running_var": torch.rand(maps) + 0.5}
    return build.add(Op.BATCH_NORM, before, weights=drawn | {"bias": (maps,), "running_mean": (maps,)}, **BN)


def network() -> tuple[NetworkModule, dict[str, str]]:
    """Return a network with batch norms before and after convolutions, before two ways, a ReLU and a pool."""
    build = Builder((2, 10, 10))
    names = {"exact": norm(build, "image")}
    names["behind"] = norm(build, build.conv(2, 3, 1, 0, names["exact"]))
    bent = build.add(Op.RELU, names["behind"])
    names["two ways"] = norm(build, bent)
    way = build.conv(2, 1, 1, 0, names["two ways"])
    names["relu"] = norm(build, build.add(Op.ADD, way, names["two ways"], alpha=1.0))
    names["pool"] = norm(build, build.add(Op.RELU, names["relu"]))
    build.add(Op.IDENTITY)
    build.add(Op.AVG_POOL, **POOL, count_include_pad=True, divisor=None)
    build.add(Op.DROPOUT2D, p=0.25, when="training")
    build.conv(3, 2)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    return build.module(), names


def test_folding_is_exact_or_refused() -> None:
    """The first convolution takes up the batch norm before it and the one after it."""
    module, names = network()
    images = torch.randn(5, 2, 10, 10, generator=torch.Generator().manual_seed(0))
    found = folding.compare(module, images)
    folds = {what: found.folds[name] for what, name in names.items()}
    assert [what for what, fold in folds.items() if fold.into] == ["exact", "behind", "pool"]
    assert [what for what, fold in folds.items() if fold.before] == ["behind"]
    assert folds["exact"].into == folds["behind"].into == "conv2d-2"
    assert folds["two ways"].obstacle == f"{names['two ways']} feeds several steps"
    assert folds["relu"].obstacle.endswith("is not affine")
    assert found.exact_difference < 1e-11
    assert found.parameters - found.folded_parameters == 3 * 4


def test_fold_into_the_convolution_before_is_pytorch_s_own() -> None:
    """Stride, padding, dilation and groups do not matter there; the gain is that of output maps."""
    every: list[dict[str, Any]] = [{}, {"padding": 2, "dilation": 2, "stride": 2}, {"groups": 2, "padding": 1}]
    for settings in every:
        torch.manual_seed(4)
        conv, after = nn.Conv2d(4, 4, 3, bias=not settings, **settings), nn.BatchNorm2d(4)
        facts.randomise(after)
        both = nn.Sequential(conv, after).eval()
        fold = folding.fold(both, "1")
        fused = fuse_conv_bn_eval(conv.eval(), after)
        assert (fold.into, fold.before, fold.through) == ("0", True, ())
        np.testing.assert_allclose(fold.folded_weight, fused.weight.detach().numpy(), rtol=1e-5)
        assert fused.bias is not None
        np.testing.assert_allclose(fold.folded_bias, fused.bias.detach().numpy(), rtol=1e-4, atol=1e-6)
        wrong = fold.weight * (fold.gain[None, : fold.weight.shape[1], None, None])  # the gain of input maps
        assert not np.allclose(wrong, fold.folded_weight)
        x = torch.randn(1, 4, 9, 9)
        errors = fold_errors(both, record(both, x), fold)
        assert max(errors.unpadded, errors.inside, errors.edge, errors.dropout) < 1e-12


def test_a_convolution_that_feeds_other_steps_keeps_its_weights() -> None:
    build = Builder((2, 6, 6))
    first = build.conv(2, 3)
    after = norm(build, first)
    build.add(Op.ADD, after, first, alpha=1.0)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    fold = folding.fold(build.module(), after)
    assert fold.obstacle == f"{first} before it feeds several steps, and step-0.3 has other inputs too"


def test_a_batch_norm_on_a_vector_goes_into_a_linear_layer() -> None:
    build = Builder((2, 3, 3))
    build.add(Op.FLATTEN, start=1, end=3)
    first = build.add(Op.LINEAR, weights={"weight": (4, 18), "bias": (4,)})
    behind = norm(build, first, 4)
    build.add(Op.RELU)
    ahead = norm(build, "step-0.4", 4)
    build.add(Op.DROPOUT, p=0.5, when="training")
    last = build.add(Op.LINEAR, weights={"weight": (3, 4), "bias": (3,)})
    module, x = build.module(), torch.randn(3, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    found = folding.compare(module, x)
    assert [found.folds[name].into for name in (behind, ahead)] == [first, last]
    assert found.exact_difference < 1e-11
    for name in (behind, ahead):
        errors = fold_errors(module, record(module, x[:1]), found.folds[name])
        assert errors.unpadded < 1e-5
        assert errors.edge == 0


def test_a_fold_on_one_of_two_ways_alone_would_be_wrong() -> None:
    module, names = network()
    images = torch.randn(5, 2, 10, 10, generator=torch.Generator().manual_seed(0))
    wrong = folding.fold_all(module)
    number = [node.name for node in wrong.graph.nodes].index(names["two ways"])
    wrong.steps[number] = torch.nn.Identity()
    with torch.no_grad():
        assert (wrong(images) - module(images)).abs().max() > 1e-2


def test_a_module_that_is_called_twice_is_folded_in_each_place(residual: Example) -> None:
    for node in residual.network.all(Op.BATCH_NORM):
        fold = folding.fold(residual.module, node.name)
        assert (fold.into, fold.before) == (node.inputs[0], True)
    images = torch.randn(3, 2, 8, 8)
    assert folding.compare(residual.module, images).difference == pytest.approx(0, abs=1e-6)


def test_what_is_between_prevents_a_fold_by_its_name() -> None:
    cases = {
        "divides by a number of its own": nn.AvgPool2d(2, divisor_override=3),
        "takes the largest value": nn.AdaptiveMaxPool2d(2),
        "has no running statistics": nn.BatchNorm2d(2, track_running_stats=False),
        "is affine, but no convolution": nn.ConvTranspose2d(2, 2, 2),
    }
    for words, step in cases.items():
        first = nn.BatchNorm2d(2)
        nn.init.constant_(first.weight, -1.0)
        assert words in folding.fold(nn.Sequential(first, step, nn.Conv2d(2, 2, 1)).eval(), "0").obstacle
    unpadded = nn.AvgPool2d(2, padding=1, count_include_pad=False)
    exact = nn.Sequential(nn.BatchNorm2d(2), unpadded, nn.Conv2d(2, 2, 1, padding="same"), nn.Flatten()).eval()
    facts.randomise(exact)
    assert folding.fold(exact, "0").into == "2"
    assert folding.compare(exact, torch.randn(2, 2, 5, 5)).exact_difference < 1e-12
