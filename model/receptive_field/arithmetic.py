"""How each step changes the receptive field, as arithmetic."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import torch
from torch import nn

from model.graph.module import NetworkModule
from model.graph.records import IMAGE, Graph, Node
from model.layers.registry import of_op
from model.networks.assignment.network import IMAGE_SHAPE
from model.receptive_field.graph import of_graph
from model.receptive_field.records import Field, Growth, ReceptiveField, Window
from model.receptive_field.recurrence import PIXEL, Shape, next_field, of_chain, windows_of
from model.trace import record
from model.trace.records import Row

_POINT = Window((1, 1))
Lines = tuple[str, str, str]


def growth(network: nn.Module, input_shape: Shape | None = None) -> tuple[Growth, ...]:
    """Return the receptive field arithmetic of every step that gives feature maps, in the order they run.

    Args:
        network: A module that carries its graph, or a chain of steps, each on the output of the one before. It is only
            read.
        input_shape: Shape of one image, (C, H, W), for a chain; (1, 28, 28) by default.

    Returns:
        For a graph without the steps that have no single window, and those right after them.

    Raises:
        InputError: A step of a chain has no single window: see ``windows_of``.
        TraceError: A step of a chain does not run, runs twice, or does not get the output of the one before.

    >>> growth(nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2)), (1, 6, 6))[1].size
    '3 + (2 − 1) × 1 × 1 = 4'
    """
    if isinstance(network, NetworkModule):
        return growth_of_graph(network.graph, of_graph(network.graph))
    trace = record(network, torch.zeros(1, *(input_shape or IMAGE_SHAPE)))
    windows = windows_of(network, input_shape or IMAGE_SHAPE)
    fields = [PIXEL, *of_chain(network, input_shape or IMAGE_SHAPE).values()]
    found = []
    for (name, window), (before, after) in zip(windows.items(), pairwise(fields), strict=True):
        step = trace[name]
        number, units = step.number if isinstance(step, Row) else None, (step.output.shape[1], step.output.shape[2])
        found.append(_by_window(name, number, window, before, after, units))
    return tuple(found)


def growth_of_graph(graph: Graph, fields: Mapping[str, Field]) -> tuple[Growth, ...]:
    """Return the receptive field arithmetic of every node of a graph that has a single window, as ``growth`` does.

    Args:
        graph: The graph.
        fields: The fields of its nodes, as ``of_graph`` returns them.
    """
    return tuple(_on_graph(graph, {IMAGE: PIXEL, **fields}))


def _on_graph(graph: Graph, fields: Mapping[str, Field]) -> Iterator[Growth]:
    nodes = {node.name: node for node in graph.nodes}
    for node in graph.nodes:
        after, given = fields.get(node.name), [fields[name] for name in node.inputs if name in fields]
        inputs = [field for field in given if isinstance(field, ReceptiveField)]
        if not isinstance(after, ReceptiveField) or not inputs or len(inputs) < len(given):
            continue
        units = node.shape[1], node.shape[2]
        window = _window(node, nodes, graph, inputs[0], after) if len({*inputs}) == 1 else None
        if window is not None:
            yield _by_window(node.name, node.row, window, inputs[0], after, units)
        else:
            yield _by_union(node, inputs, after, units)


def _window(
    node: Node, nodes: dict[str, Node], graph: Graph, before: ReceptiveField, after: ReceptiveField
) -> Window | None:
    """Return the window that gives the field of a step from that of its first input, if there is one."""
    layer, first = of_op(node.op), nodes.get(node.inputs[0])
    given = first.shape if first else graph.input_shape
    windows = [_POINT]
    if layer and len(node.inputs) == 1 and len(given) == 3:
        windows.append(layer.window(layer.settings_of(node), given, node.shape))
    return next((each for each in windows if next_field(before, each) == after), None)


def _by_window(
    name: str, number: int | None, window: Window, before: ReceptiveField, after: ReceptiveField, units: tuple[int, int]
) -> Growth:
    down, across = (_window_lines(window, before, after, axis) for axis in (0, 1))
    return Growth(name, number, window, before, after, units, *down, across=across)


def _window_lines(window: Window, before: ReceptiveField, after: ReceptiveField, axis: int) -> Lines:
    """Return the arithmetic of size, jump and centre along y (0) or x (1)."""
    kernel, stride, padding, dilation = (
        each[axis] for each in (window.kernel, window.stride, window.padding, window.dilation)
    )
    size, jump, center = before.size[axis], before.jump[axis], before.center[axis]
    return (
        f"{size} + ({kernel} − 1) × {dilation} × {jump} = {after.size[axis]}",
        f"{jump} × {stride} = {after.jump[axis]}",
        f"{center:g} + (({kernel} − 1) × {dilation} / 2 − {padding}) × {jump} = {after.center[axis]:g}",
    )


def _by_union(node: Node, inputs: list[ReceptiveField], after: ReceptiveField, units: tuple[int, int]) -> Growth:
    """Return the arithmetic of the box around several fields, or of one that no window gives."""
    down, across = (_union_lines(inputs, after, axis) for axis in (0, 1))
    return Growth(node.name, node.row, _POINT, inputs[0], after, units, *down, across=across, is_union=True)


def _union_lines(inputs: list[ReceptiveField], after: ReceptiveField, axis: int) -> Lines:
    size, jump, center = after.size[axis], after.jump[axis], after.center[axis]
    start, end = _ends(after, axis)
    firsts, lasts = (sorted({_ends(field, axis)[side] for field in inputs}) for side in (0, 1))
    first, last = _place(start), _place(end)
    if (start, end) == (firsts[0], lasts[-1]):  # the box around all of them
        first = f"min({', '.join(map(_signed, firsts))})" if len(firsts) > 1 else first
        last = f"max({', '.join(map(_signed, lasts))})" if len(lasts) > 1 else last
    return f"{last} − {first} + 1 = {size}", f"{jump} × 1 = {jump}", f"({first} + {last}) / 2 = {center:g}"


def _ends(field: ReceptiveField, axis: int) -> tuple[float, float]:
    """Return the first and the last pixel of the field of unit 0; they can lie before the image."""
    half = (field.size[axis] - 1) / 2
    return field.center[axis] - half, field.center[axis] + half


def _signed(place: float) -> str:
    return f"{place:g}".replace("-", "−")


def _place(place: float) -> str:
    return f"({_signed(place)})" if place < 0 else _signed(place)
