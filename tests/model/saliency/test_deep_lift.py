"""DeepLIFT adds up to the gain of the score; pools that Captum's rule does not cover are refused."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import DeepLift
from torch import Tensor

from model.graph.module import NetworkModule
from model.graph.records import Op
from model.networks import load
from model.saliency import METHODS, attribute
from model.saliency.parts import parts_of
from model.saliency.registry import obstacle
from tests.model.graph.build import Builder


def of_pools(kernel: int, stride: int, dilation: int = 1, *, apart: bool = False) -> NetworkModule:
    """Return a network with a ReLU and a max pool, directly one after the other or with a convolution between."""
    build = Builder((1, 13, 13))
    build.conv(4, 3, 1, 1)
    build.add(Op.RELU)
    if apart:
        build.conv(4, 3, 1, 1)
    sizes = {"kernel": kernel, "stride": stride, "padding": 0, "dilation": dilation}
    pairs: dict[str, Any] = {name: (size, size) for name, size in sizes.items()}
    build.add(Op.MAX_POOL, ceil=False, **pairs)
    build.conv(4, 3, 1, 1)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    return build.module()


def branched() -> NetworkModule:
    """Return a network where the sum of two branches goes into a ReLU and around it."""
    build = Builder((1, 13, 13))
    stem = build.conv(4, 3, 1, 1)
    build.add(Op.RELU)
    build.add(Op.ADD, build.conv(4, 3, 1, 1), stem)
    before = build.nodes[-1].name
    build.add(Op.RELU)
    build.add(Op.ADD, build.conv(4, 3, 1, 1), before)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    return build.module()


def picture(seed: int) -> Tensor:
    return torch.rand(1, 1, 13, 13, generator=torch.Generator().manual_seed(seed)).double()


def captum_misses(module: NetworkModule) -> float:
    """Return how far the sum of Captum's own map is from the gain, as a share of it."""
    private, x, nothing = copy.deepcopy(module).double(), picture(1).requires_grad_(), picture(2)
    gain = (private(x) - private(nothing))[0, 1].detach()
    found = DeepLift(private).attribute(x, nothing, target=1).detach()
    return float(abs(found.sum() - gain) / abs(gain))


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "overlaps"),
    [(2, 2, 1, False), (3, 3, 1, False), (2, 3, 1, False), (3, 2, 1, True), (3, 1, 1, True), (2, 2, 2, True)],
)
def test_deep_lift_is_refused_where_windows_of_a_max_pool_overlap(
    kernel: int, stride: int, dilation: int, overlaps: bool
) -> None:
    """There Captum's own sum misses the gain of the score by a lot, and elsewhere it does not."""
    module = of_pools(kernel, stride, dilation, apart=True)
    assert captum_misses(module) > 0.05 if overlaps else captum_misses(module) < 1e-9
    name = next(node.name for node in module.graph.nodes if node.op == Op.MAX_POOL)
    expected = f"It loses a part of the change where windows overlap, as in {name} (max pool)."
    assert obstacle("deep_lift", parts_of(module)) == (expected if overlaps else "")
    others = {method for method in METHODS if obstacle(method, parts_of(module))}
    assert others == ({"deep_lift"} if overlaps else set())


@pytest.mark.parametrize("module", [of_pools(2, 2), branched()], ids=["relu and pool", "branches"])
def test_deep_lift_adds_up_where_captum_alone_leaves_a_rule_out(module: NetworkModule) -> None:
    """Captum reads what a step passes back before the rule of the step behind it has changed it."""
    assert captum_misses(module) > 0.05
    found = attribute(module.double(), picture(1), 1, "deep_lift", baseline="noise")
    assert abs(found.gain) > 0.01
    assert float(found.raw.sum()) == pytest.approx(found.gain, rel=1e-6)


@pytest.mark.parametrize("id", ["padded", "separable", "lenet"])
def test_deep_lift_of_networks_that_come_along_adds_up(id: str) -> None:
    network = load(id)
    x = torch.rand(1, *network.input.shape, generator=torch.Generator().manual_seed(3))
    found = attribute(network.module, x, 1, "deep_lift", baseline="noise", image=network.input)
    assert float(found.raw.sum()) == pytest.approx(found.gain, rel=1e-4)


@pytest.mark.parametrize("method", ["guided_backprop", "deconvolution"])
def test_guided_rules_change_only_what_passes_the_relu(method: str) -> None:
    """Where a tensor goes into a ReLU and around it, a negative gradient of the way around stays."""
    build = Builder((1, 13, 13))
    around = build.add(Op.IDENTITY)
    build.add(Op.FLATTEN, build.add(Op.RELU, around), start=1, end=3)
    build.add(Op.LINEAR, weights={"weight": torch.ones(2, 169), "bias": torch.zeros(2)})
    through = build.nodes[-1].name
    build.add(Op.FLATTEN, around, start=1, end=3)
    build.add(Op.LINEAR, weights={"weight": -3 * torch.ones(2, 169), "bias": torch.zeros(2)})
    build.add(Op.ADD, build.nodes[-1].name, through)
    x = picture(1) - 0.5
    found = attribute(build.module().double(), x, 1, method).raw
    passed = (x[0, 0] > 0).numpy() if method == "guided_backprop" else 1
    np.testing.assert_allclose(found, passed - np.full((13, 13), 3.0))
