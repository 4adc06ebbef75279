"""A design as a network: the exported class has the same weights and logits, and the file is read back."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import nn

from model.design.build import TITLE, network_of
from model.design.records import Design
from model.design.text import read
from model.errors import InputError
from model.graph.capture import capture, to_bytes
from model.graph.code.write import code_of, weights_of
from model.graph.module import NetworkModule
from model.networks import by_id, file
from model.networks.records import Network
from model.networks.store import keep_bytes
from model.networks.written import bytes_of_network
from tests.model.design.draws import networks

FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")


def author_of(network: Network) -> nn.Module:
    """Run the exported class, as its author would, with the seed of PyTorch."""
    assert isinstance(network.module, NetworkModule)
    names: dict[str, Any] = {}
    exec(code_of(network.module), names)  # noqa: S102 (what is tested is that it runs)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        made: nn.Module = names["Net"]()
    return made.eval()


def assert_exported_class_is_the_same(design: Design) -> None:
    """The class has the weights that PyTorch draws for it, and gives the same logits, bit for bit."""
    network = network_of(design)
    assert isinstance(network.module, NetworkModule)
    author = author_of(network)
    ours, theirs = weights_of(network.module), author.state_dict()
    assert [*ours] == [*theirs]
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    x = torch.randn(2, *design.input_shape, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        assert torch.equal(author(x), network.module(x))
    again = file.read(bytes_of_network(network))
    assert again.graph.nodes[-1].shape == (10,)
    assert [node.name for node in again.graph.nodes] == [node.name for node in network.graph.nodes]


@FEW
@given(networks())
def test_exported_class_has_the_same_weights_and_logits(design: Design) -> None:
    assert_exported_class_is_the_same(design)


@pytest.mark.exhaustive
@settings(FEW, max_examples=300, derandomize=False)
@given(networks(30))
def test_many_exported_classes_have_the_same_weights_and_logits(design: Design) -> None:
    assert_exported_class_is_the_same(design)


MIXED = """
conv 8 3 padding=same
prelu
conv 8 3 padding=1
add @1
cat @1
max 2
conv 12 3 stride=2 groups=4 bias=no
gelu
flatten
linear 20
bn
dropout 0.2
linear 10
"""


@pytest.mark.slow(reason="exports a network")
def test_graph_is_what_capture_finds_in_the_exported_class() -> None:
    """Names, operations, settings and shapes agree: a design opens as a student's own class does."""
    network = network_of(read(MIXED))
    captured = file.read(to_bytes(capture(author_of(network), (1, 28, 28), title=TITLE)))
    for ours, theirs in zip(network.graph.nodes, captured.graph.nodes, strict=True):
        assert (ours.name, ours.op, ours.inputs, ours.shape, ours.path, ours.kind) == (
            theirs.name,
            theirs.op,
            theirs.inputs,
            theirs.shape,
            theirs.path,
            theirs.kind,
        )
        assert dict(ours.settings) == dict(theirs.settings), ours.name
        assert ours.multiply_accumulates == theirs.multiply_accumulates


def test_a_kept_design_is_a_network_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    first, second = (keep_bytes(bytes_of_network(network_of(read(MIXED), seed=seed))) for seed in (4, 5))
    assert by_id(first).warnings == ("The weights are random, from seed 4: this design is not trained.",)
    assert keep_bytes(bytes_of_network(network_of(read(MIXED), seed=4))) == first != second


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("conv 8 3\nmax 40", r"Layer 2 \(max 40\): Height: .* = 0"),
        ("conv 8 3", "The last layer gives 8 × 26 × 26 = 5,408 numbers"),
        ("flatten\nlinear 4096\nlinear 4096\nlinear 10", "The design has 20,037,642 parameters. At most 12,000,000"),
    ],
)
def test_what_is_no_network_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        network_of(read(text))


def test_classes_and_numbers_are_those_of_the_pictures() -> None:
    shapes = network_of(read("input 3 32 32\nclasses 9\nconv 9 32"))
    assert shapes.classes[:2] == ("circle", "square")
    assert network_of(read("input 2 9 9\nclasses 3\nconv 3 9")).classes == ("0", "1", "2")
