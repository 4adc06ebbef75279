"""The arithmetic of each layer of a design: its size, what it learns, sees and costs, with its own numbers."""

import math
from collections.abc import Iterator

from model.design.nodes import BUFFERS, Step, steps_of
from model.design.records import Assessment, Design
from model.graph.records import Graph
from model.graph.shapes.records import Shape
from model.layers.windows import output_size
from model.receptive_field.arithmetic import growth_of_graph
from model.receptive_field.records import Growth

_AXES = ("Height", "Width")
_BYTES = 4  # of a float32
Line = tuple[str, str]  # a name, and a formula with its result


def worked(design: Design, found: Assessment) -> tuple[tuple[Line, ...], ...]:
    """Return for each layer the lines that work out its numbers; none for a layer that cannot run.

    Args:
        design: The design.
        found: What ``assess`` says of it.

    >>> from model.design.assess import assess
    >>> from model.design.text import read
    >>> dict(worked(read("conv 8 3"), assess(read("conv 8 3")))[0])["Parameters"]
    '8 × 1 × 3 × 3 + 8 = 80'
    """
    steps = steps_of(design)
    nodes = tuple(step.node for step in steps if step.node)
    fields = {row.name: row.field for row in found.rows if row.field is not None}
    grown = {each.name: each for each in growth_of_graph(Graph(nodes, design.input_shape), fields)}
    shapes = [design.input_shape, *(step.node.shape if step.node else () for step in steps)]
    return tuple(tuple(_lines(step, shapes[step.inputs[0]], grown.get(step.name))) for step in steps)


def _lines(step: Step, given: Shape, grown: Growth | None) -> Iterator[Line]:
    node = step.node
    if node is None:
        return
    if grown and grown.changes and not grown.is_union:
        yield from _sides(step, given, grown)
    learned = [shape for role, shape in step.tensors.items() if role not in BUFFERS]
    if learned:
        yield "Parameters", f"{' + '.join(map(_product, learned))} = {step.parameters:,}"
    if grown and grown.changes:
        same = (grown.size, grown.jump, grown.center) == grown.across
        yield "Receptive field" if same else "Receptive field, y", grown.size
        if not same:
            yield "Receptive field, x", grown.across[0]
        yield "Jump", grown.jump
    if node.multiply_accumulates:
        each = (*node.shape, *step.tensors["weight"][1:])  # each unit adds a product for each weight of its kernel
        if math.prod(each) == node.multiply_accumulates:
            yield "Multiply-accumulates", f"{_product(each)} = {node.multiply_accumulates:,}"
    yield "Bytes of its activation", f"{_product(node.shape)} × {_BYTES} = {math.prod(node.shape) * _BYTES:,}"


def _sides(step: Step, given: Shape, grown: Growth) -> Iterator[Line]:
    """Work out height and width; nothing is said where the padding behind a map is not the padding before it."""
    assert step.node is not None  # noqa: S101 (the caller has one)
    window, round_up = grown.window, bool(step.node.settings.get("ceil"))
    lines = dict[str, str]()
    for axis, name in enumerate(_AXES):
        side = output_size(name, given[axis + 1], axis, window, after=window.padding[axis], round_up=round_up)
        if side.result == step.node.shape[axis + 1]:
            lines[name] = f"{side.numbers} = {side.result}"
    if len(lines) == len(_AXES) and len({*lines.values()}) == 1:
        lines = {"Height and width": lines[_AXES[0]]}
    yield from lines.items()


def _product(shape: Shape) -> str:
    return " × ".join(map(str, shape))
