"""The graph's records: queries, and no PyTorch behind them."""

import pytest

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


def test_costs_are_those_of_the_formula(residual: Example) -> None:
    costs = {node.name: node.multiply_accumulates for node in residual.network.graph.nodes}
    assert costs["Conv2d-1"] == 8 * 8 * 4 * 2 * 9
    assert costs["Linear-13"] == 4 * 3
    assert costs["add-5"] == 0


def test_a_row_is_a_numbered_step() -> None:
    row, call = Node("Conv2d-12", Op.CONV, kind="Conv2d"), Node("relu-12.2", Op.RELU, ("Conv2d-12",))
    assert (row.row, call.row) == (12, None)
    assert Graph((row, call), (1, 2, 2)).rows == (row,)
