"""The graph's records: queries, and no PyTorch behind them."""

from dataclasses import replace

import pytest
import torch

from model.graph.records import Graph, Node, Op
from tests.model.conftest import Example
from tests.test_architecture import assert_without


def test_records_and_the_package_need_no_torch() -> None:
    assert_without(["model.graph", "model.graph.records", "model.networks", "model.networks.records"], {"torch"})


def test_a_graph_is_asked_by_operation(residual: Example) -> None:
    graph = residual.network.graph
    assert [node.name for node in graph.all(Op.RELU, Op.PAD)] == ["pad-0", "ReLU-2", "ReLU-6", "ReLU-11"]
    assert (graph.last_maps() or graph["pad-0"]).name == "Dropout2d-12"
    assert graph.logits == "add-14"
    with pytest.raises(KeyError):
        graph["Conv2d-2"]


def test_linear_head_is_all_after_the_last_maps_unless_a_step_bends() -> None:
    head = (
        Node("mean-1", Op.MEAN, ("Conv2d-1",), shape=(4,)),
        Node("Linear-2", Op.LINEAR, ("mean-1",), kind="Linear", shape=(3,)),
    )
    maps = Node("Conv2d-1", Op.CONV, kind="Conv2d", shape=(4, 5, 5))
    assert Graph((maps, *head), (1, 7, 7)).linear_head() == head
    bent = Node("relu-1", Op.RELU, ("mean-1",), shape=(4,))
    assert Graph((maps, head[0], bent, replace(head[1], inputs=("relu-1",))), (1, 7, 7)).linear_head() is None
    around = Node("add-2", Op.ADD, ("Linear-2", "image"), shape=(3,))
    assert Graph((maps, *head, around), (1, 7, 7)).linear_head() is None
    assert Graph(head[1:], (1, 7, 7)).linear_head() is None


def test_linear_head_of_a_network_adds_up(residual: Example) -> None:
    network = residual.network
    head = network.linear_head()
    assert head is not None
    a, b = torch.rand(2, 1, *(network.last_maps() or head[0]).shape)

    def logits(maps: torch.Tensor) -> torch.Tensor:
        values = {getattr(network.last_maps(), "name", ""): maps}
        for node in head:
            values[node.name] = residual.module.step(node.name)(*(values[name] for name in node.inputs))
        return values[network.graph.logits]

    torch.testing.assert_close(logits(a + 2 * b), logits(a) + 2 * logits(b) - 2 * logits(0 * b))


def test_costs_are_those_of_the_formula(residual: Example) -> None:
    costs = {node.name: node.multiply_accumulates for node in residual.network.graph.nodes}
    assert costs["Conv2d-1"] == 8 * 8 * 4 * 2 * 9
    assert costs["Linear-13"] == 4 * 3
    assert costs["add-5"] == 0


def test_a_row_is_a_numbered_step() -> None:
    row, call = Node("Conv2d-12", Op.CONV, kind="Conv2d"), Node("relu-12.2", Op.RELU, ("Conv2d-12",))
    assert (row.row, call.row) == (12, None)
    assert Graph((row, call), (1, 2, 2)).rows == (row,)
