"""torchvision's families, the smallest of each: captured, written, read, equal."""

import warnings

import pytest
import torch
from torch import nn
from torchvision import models

from model.graph.capture import capture, to_bytes
from model.networks.file import read

pytestmark = pytest.mark.exhaustive
SIDES = {"alexnet": 224, "squeezenet1_1": 224, "inception_v3": 299}  # the rest runs at 64
FAMILIES = [
    *("alexnet", "vgg11", "vgg11_bn", "resnet18", "resnext50_32x4d", "wide_resnet50_2", "densenet121", "googlenet"),
    *("inception_v3", "mobilenet_v2", "mobilenet_v3_small", "mnasnet0_5", "shufflenet_v2_x0_5", "squeezenet1_1"),
    *("efficientnet_b0", "efficientnet_v2_s", "regnet_x_400mf", "regnet_y_400mf", "convnext_tiny"),
]


def model_of(name: str) -> nn.Module:
    torch.manual_seed(0)
    more = {"init_weights": False} if name in {"googlenet", "inception_v3"} else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network: nn.Module = models.get_model(name, weights=None, **more)
    return network.eval()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_captured(name: str) -> None:
    author, side = model_of(name), SIDES.get(name, 64)
    captured = capture(author, (3, side, side))
    network = read(to_bytes(captured))
    owned = sum(each.numel() for each in author.parameters())
    auxiliary = sum(each.parameters for each in network.graph.unused)
    assert (network.graph.owned, network.graph.used) == (owned, owned - auxiliary)
    assert bool(auxiliary) == (name in {"googlenet", "inception_v3"})
    assert sum(each.numel() for each in network.module.parameters()) == network.graph.used
    for batch in (1, 3):
        x = torch.randn(batch, 3, side, side)
        with torch.no_grad():
            expected = author(x)
            assert (network.module(x) - expected).abs().max() <= 1e-5 * expected.abs().max()
