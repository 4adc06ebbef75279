"""Networks that are open become designs: the design's network computes the same, and others get a sentence."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, given, settings

from model import networks
from model.design.build import network_of
from model.design.from_network import design_of
from model.design.presets import PRESETS, preset
from model.design.records import Design
from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.networks.records import ImageSpec, Network
from tests.model.design.draws import networks as drawn
from tests.model.design.test_text import without_references
from tests.model.graph.build import Builder

FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.mark.parametrize("id", networks.BUILT_IN)
def test_a_design_computes_what_its_network_computes(id: str) -> None:
    """With the network's own weights, the design gives its logits bit for bit."""
    network = networks.by_id(id)
    found = design_of(network)
    assert found.notes == ()
    made = network_of(found.design)
    assert isinstance(network.module, NetworkModule)
    assert isinstance(made.module, NetworkModule)
    with torch.no_grad():
        for ours, theirs in zip(made.module.state_dict().values(), network.module.state_dict().values(), strict=True):
            ours.copy_(theirs)
        x = torch.randn(2, *network.input.shape, generator=torch.Generator().manual_seed(0))
        assert torch.equal(made.module(x), network.module(x))
    assert (made.graph.used, made.input, made.classes) == (network.graph.used, network.input, network.classes)


@FEW
@given(drawn())
def test_a_design_is_read_back_from_its_network(design: Design) -> None:
    assert design_of(network_of(design)).design == without_references(design)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_design(name: str) -> None:
    assert preset(name).classes == 10


def test_there_is_no_other_preset() -> None:
    with pytest.raises(InputError, match="There is no preset 'resnet'"):
        preset("resnet")


def halved(graph: Builder) -> None:
    """Multiply by a number, which no layer of a design does."""
    graph.add(Op.MUL, value=0.5)


def shifted(graph: Builder) -> None:
    graph.add(Op.ADD, value=1.0)


def four_means(graph: Builder) -> None:
    graph.add(Op.ADAPTIVE_AVG_POOL, size=(2, 2))


def dilated_pool(graph: Builder) -> None:
    graph.add(Op.MAX_POOL, kernel=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(2, 2), ceil=False)


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (halved, "'mul' is no layer of a design"),
        (shifted, "a fixed number is part of a sum"),
        (four_means, r"an adaptive pool gives \(2, 2\)"),
        (dilated_pool, r"a pool has dilation=\(2, 2\)"),
    ],
)
def test_what_is_no_design_gets_a_sentence(build: Callable[[Builder], None], said: str) -> None:
    graph = Builder((1, 8, 8))
    graph.conv(4, 3)
    build(graph)
    module = graph.module()
    network = Network("", "Mine", module.graph, module, ImageSpec(1, 8, 8, (0.0,), (1.0,)), ("a", "b"))
    with pytest.raises(InputError, match=f"'Mine' cannot be a design: at step-.* {said}"):
        design_of(network)


def test_a_network_that_no_link_can_hold_gets_a_sentence() -> None:
    graph = Builder((1, 600, 8))
    graph.conv(4, 3)
    module = graph.module()
    network = Network("", "Mine", module.graph, module, ImageSpec(1, 600, 8, (0.0,), (1.0,)), ("a", "b"))
    with pytest.raises(InputError, match=r"'Mine' has 2 classes and images of 1 × 600 × 8\. A design has 2 to 1,000"):
        design_of(network)
