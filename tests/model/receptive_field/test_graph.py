"""Receptive fields on a graph: unions, gates and what has no single window, worked by hand; real and known networks."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torchvision import models

from model.errors import InputError
from model.graph.capture import capture, to_bytes
from model.graph.records import IMAGE, Graph, Node, Op
from model.networks import load
from model.networks.assignment import weights
from model.networks.file import read
from model.receptive_field import of_graph, of_network
from model.receptive_field.graph import _RULES
from model.receptive_field.records import Box, NoSingleWindow, ReceptiveField
from tests.model.graph.facts import fact_files, needs_facts, read_facts, rebuilt

SHAPE = (2, 16, 16)
SLIDING = {Op.CONV, Op.MAX_POOL, Op.AVG_POOL, Op.ADAPTIVE_AVG_POOL, Op.ADAPTIVE_MAX_POOL, Op.CONV_TRANSPOSE}
STORED = {Op.PARAMETER, Op.CONSTANT}


def conv(kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> dict[str, Any]:
    pairs = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    return {**{name: (value, value) for name, value in pairs.items()}, "groups": 1}


def node(name: str, op: Op, side: int, *inputs: str, shape: tuple[int, ...] | None = None, **settings: Any) -> Node:
    return Node(name, op, inputs or (IMAGE,), settings, shape=shape or (2, side, side))


def fields_of(*nodes: Node) -> Mapping[str, ReceptiveField | NoSingleWindow]:
    return of_graph(Graph(nodes, SHAPE))


def field(found: ReceptiveField | NoSingleWindow) -> ReceptiveField:
    assert isinstance(found, ReceptiveField)
    return found


GLOBAL: dict[str, Any] = {"dims": (2, 3), "keepdim": True}
BRANCHES = (
    node("three", Op.CONV, 8, **conv(3, 2, 1)),
    node("one", Op.CONV, 8, **conv(1, 2)),
    node("whole", Op.CONV, 16, **conv(5, 1, 2)),
)


def test_union_begins_at_the_first_and_ends_at_the_last() -> None:
    """Of a 3x3 and a 1x1 with stride 2; and of two windows that lie on either side."""
    found = fields_of(*BRANCHES, node("sum", Op.ADD, 8, "three", "one"), node("cat", Op.CAT, 8, "one", "three", dim=1))
    assert found["sum"] == found["cat"] == found["three"] == ReceptiveField((3, 3), (2, 2), (0, 0))
    left, right = (
        node(name, Op.SLICE, 15, dim=3, start=start, end=start + 15, step=1) for name, start in (("l", 0), ("r", 1))
    )
    beside = field(fields_of(left, right, node("sum", Op.ADD, 15, "l", "r"))["sum"])
    assert beside == ReceptiveField((1, 2), (1, 1), (0, 0.5))
    assert beside.box((3, 4)) == Box(3, 4, 4, 6)


def test_different_jumps_have_no_single_window_and_all_after_them() -> None:
    nodes = (node("even", Op.PAD, 16, "one", pads=(4, 4, 4, 4), mode="constant", value=0.0),)
    found = fields_of(*BRANCHES, *nodes, node("sum", Op.ADD, 16, "even", "whole"), node("relu", Op.RELU, 16, "sum"))
    for name in ("sum", "relu"):
        none = found[name]
        assert isinstance(none, NoSingleWindow)
        assert (none.step, [each.jump for each in none.fields]) == ("sum", [(2, 2), (1, 1)])
        assert none.reason == "Its inputs have different jumps: 2 × 2 and 1 × 1."


def gated(op: Op) -> Mapping[str, ReceptiveField | NoSingleWindow]:
    squeeze = node("squeeze", Op.MEAN, 1, "whole", **GLOBAL)
    return fields_of(
        BRANCHES[2], squeeze, node("joined", op, 16, "whole", "squeeze"), node("then", Op.CONV, 14, "joined", **conv(3))
    )


def test_a_gate_is_held_fixed_and_named() -> None:
    found = gated(Op.MUL)
    assert found["squeeze"] == ReceptiveField((20, 20), (16, 16), (7.5, 7.5))
    assert found["joined"] == ReceptiveField((5, 5), (1, 1), (0, 0), ("joined",))
    assert found["then"] == ReceptiveField((7, 7), (1, 1), (1, 1), ("joined",))


def test_what_is_added_everywhere_is_no_gate() -> None:
    none = gated(Op.ADD)["joined"]
    assert isinstance(none, NoSingleWindow)
    assert "the same for all their places" in none.reason


def test_a_norm_over_the_image_is_held_fixed_and_one_over_channels_is_not() -> None:
    group = node("group", Op.GROUP_NORM, 16, "whole", groups=1, eps=1e-5)
    last = node("last", Op.PERMUTE, 16, "whole", dims=(0, 2, 3, 1), shape=(16, 16, 2))
    layer = node("layer", Op.LAYER_NORM, 16, "last", shape=(16, 16, 2), eps=1e-5)
    layer = Node("layer", Op.LAYER_NORM, ("last",), {"shape": (2,), "eps": 1e-5}, shape=(16, 16, 2))
    back = node("back", Op.PERMUTE, 16, "layer", dims=(0, 3, 1, 2))
    found = fields_of(BRANCHES[2], group, last, layer, back)
    assert field(found["group"]).held == ("group",)
    assert found["back"] == found["whole"]
    assert isinstance(found["last"], NoSingleWindow)


def test_a_shuffle_by_views_keeps_the_places() -> None:
    """As ShuffleNet's authors write it: (2, 16, 16) as (2, 1, 16, 16), exchanged, and back."""
    steps = (
        Node("split", Op.VIEW, ("three",), {"batch": 1, "shape": (2, 1, 8, 8)}, shape=(2, 1, 8, 8)),
        Node("turned", Op.PERMUTE, ("split",), {"dims": (0, 2, 1, 3, 4)}, shape=(1, 2, 8, 8)),
        Node("back", Op.VIEW, ("turned",), {"batch": 1, "shape": (2, 8, 8)}, shape=(2, 8, 8)),
        Node("flat", Op.FLATTEN, ("back",), {"start": 1, "end": 3}, shape=(128,)),
        Node("again", Op.VIEW, ("flat",), {"batch": 1, "shape": (2, 8, 8)}, shape=(2, 8, 8)),
        Node("alone", Op.VIEW, ("flat",), {"batch": 1, "shape": (128, 1, 1)}, shape=(128, 1, 1)),
    )
    found = fields_of(BRANCHES[0], *steps)
    assert found["back"] == found["three"]
    assert isinstance(found["again"], NoSingleWindow)
    assert field(found["alone"]).size == (17, 17)


def test_every_operation_has_a_rule() -> None:
    assert {*Op} - {*_RULES} == SLIDING | STORED
    assert isinstance(fields_of(node("up", Op.PIXEL_SHUFFLE, 16, factor=2))["up"], NoSingleWindow)


def test_the_network_that_comes_along_has_the_fields_of_its_class() -> None:
    module = load("assignment").module
    assert of_network(module) == of_network(weights.load()) == of_network(module, (1, 28, 28))
    with pytest.raises(InputError, match=r"\(1, 32, 32\)"):
        of_network(module, (1, 32, 32))


# ---- real networks ----

SAMPLE = 14
PATHS = [
    pytest.param(path, id=path.stem, marks=pytest.mark.exhaustive if number % SAMPLE else ())
    for number, path in enumerate(fact_files())
]


@needs_facts()
@pytest.mark.slow(reason="exports a network")
@pytest.mark.parametrize("path", PATHS)
def test_fields_and_jumps_are_those_of_a_real_network(path: Path) -> None:
    facts = read_facts(path)
    graph = read(to_bytes(capture(rebuilt(facts, "functions"), facts["input_shape"]))).graph
    fields = [each for each in of_graph(graph).values() if not isinstance(each, NoSingleWindow)]
    expected = [
        (each["receptive_field"], each["jump"])
        for each in facts["operations"]
        if len(each["out"]) == 3 and each["op"] != "clone"
    ]
    extra = {node.name for node in graph.all(Op.PAD)}
    found = [each for name, each in of_graph(graph).items() if name not in extra]
    assert len(fields) == len(of_graph(graph))
    assert [(each.size[0], each.jump[0]) for each in found if isinstance(each, ReceptiveField)] == expected


def head(features: nn.Module, channels: int) -> nn.Module:
    return nn.Sequential(features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 2))


KNOWN: list[Any] = [
    pytest.param(lambda: head(models.alexnet().features, 256), 195, Op.MAX_POOL, id="AlexNet"),
    pytest.param(lambda: head(models.vgg16().features, 512), 212, Op.MAX_POOL, id="VGG-16"),
    pytest.param(models.resnet18, 435, Op.RELU, id="ResNet-18"),
    pytest.param(models.resnet50, 427, Op.RELU, id="ResNet-50", marks=pytest.mark.exhaustive),
]


@pytest.mark.slow(reason="exports a large network")
@pytest.mark.parametrize(("make", "size", "last"), KNOWN)
def test_known_fields_come_out(make: Callable[[], nn.Module], size: int, last: Op) -> None:
    torch.manual_seed(0)
    graph = read(to_bytes(capture(make(), (3, 64, 64)))).graph  # the field does not depend on the size of the image
    assert field(of_graph(graph)[graph.all(last)[-1].name]).size == (size, size)
