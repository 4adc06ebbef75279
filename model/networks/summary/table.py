"""The table of a network, worked out from its graph: nothing is run for it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from model.graph.module import NetworkModule
from model.graph.records import Node
from model.layers.registry import of_op
from model.networks.records import Network
from model.networks.summary.records import Table, TableRow
from model.receptive_field import of_graph
from model.receptive_field.records import NoSingleWindow, ReceptiveField


def of_network(network: Network) -> Table:
    """Return the table of a network, function calls among its rows."""
    graph = network.graph
    fields = of_graph(graph)
    assert isinstance(network.module, NetworkModule)  # noqa: S101 (every Network has one)
    counts = {node.name: _count(network.module, node) for node in graph.nodes}
    rows = [_row(node, fields.get(node.name), counts[node.name]) for node in graph.nodes]
    rows += [replace(_row(node, fields.get(node.name), 0), is_hidden=True) for node in graph.hidden]
    unused = tuple((each.path or each.kind, each.parameters) for each in graph.unused)
    missing = [field for field in fields.values() if isinstance(field, NoSingleWindow)]
    reasons = dict.fromkeys(f"No single receptive field from {each.step} on: {each.reason}" for each in missing)
    return Table(network.title, graph.input_shape, tuple(rows), graph.used, graph.owned, unused, tuple(reasons))


def _count(module: NetworkModule, node: Node) -> int:
    return sum(each.numel() for each in module.step(node.name).parameters())


def _row(node: Node, field: Any, parameters: int) -> TableRow:
    settings = node.settings
    return TableRow(
        node.name,
        node.path if node.kind else "",
        str(node.op),
        node.shape,
        parameters,
        _setting(settings, "kernel"),
        _setting(settings, "stride"),
        _setting(settings, "padding"),
        field.size if isinstance(field, ReceptiveField) else None,
        field.jump if isinstance(field, ReceptiveField) else None,
        node.multiply_accumulates,
        bool(node.kind),
        of_op(node.op) is not None,
    )


def _setting(settings: Mapping[str, Any], name: str) -> Any:
    value = settings.get(name) if "kernel" in settings else None
    return tuple(value) if isinstance(value, list | tuple) else value
