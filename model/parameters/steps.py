"""The steps of a network as printed figures are compared with them, and the windows between two of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.graph.module import NetworkModule
from model.graph.records import IMAGE, Node, Op
from model.layers.registry import of_op
from model.networks.records import Network
from model.parameters.causes import Passed
from model.receptive_field import of_graph
from model.receptive_field.records import ReceptiveField, Window

_POOLS = {Op.MAX_POOL, Op.AVG_POOL, Op.ADAPTIVE_AVG_POOL, Op.ADAPTIVE_MAX_POOL}
_REDUCED = {Op.MEAN, Op.SUM, Op.AMAX}
_CATEGORIES: Mapping[Op, str] = {
    **dict.fromkeys(_POOLS | _REDUCED, "pool"),
    **dict.fromkeys((Op.CONV, Op.CONV_TRANSPOSE), "conv"),
    **dict.fromkeys((Op.BATCH_NORM, Op.GROUP_NORM, Op.LAYER_NORM, Op.INSTANCE_NORM), "norm"),
    **dict.fromkeys((Op.DROPOUT, Op.DROPOUT2D), "dropout"),
    **dict.fromkeys((Op.SOFTMAX, Op.LOG_SOFTMAX), "softmax"),
    **dict.fromkeys((Op.VIEW, Op.FLATTEN, Op.SQUEEZE), "flatten"),
    Op.LINEAR: "linear",
    Op.RELU: "relu",
    Op.ADD: "add",
    Op.CAT: "cat",
}


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """A step and its figures.

    Args:
        node: Of the graph.
        category: ``conv``, ``pool`` and the like; empty for others.
        input: The shape of its first input.
        parameters: The shape of each of its parameters.
        field: None where it has no single window.
    """

    node: Node
    category: str
    input: tuple[int, ...]
    parameters: tuple[tuple[int, ...], ...]
    field: ReceptiveField | None

    @property
    def name(self) -> str:
        """Return its name."""
        return self.node.name

    @property
    def count(self) -> int:
        """Return how many parameters it has."""
        return sum(math.prod(shape) for shape in self.parameters)

    @property
    def label(self) -> str:
        """Return its name, and where its author keeps it."""
        path = self.node.path if self.node.kind else ""
        return f"{self.name} ({path})" if path and path != self.name else self.name


def steps_of(network: Network) -> tuple[Step, ...]:
    """Return the steps of a network, with what its author has after the logits."""
    graph, module = network.graph, network.module
    assert isinstance(module, NetworkModule)  # noqa: S101 (every Network has one)
    fields = of_graph(graph)
    shapes = {IMAGE: graph.input_shape} | {node.name: node.shape for node in (*graph.nodes, *graph.hidden)}
    found = []
    for node in graph.nodes:
        held = tuple(tuple(each.shape) for each in module.step(node.name).parameters())
        field = fields.get(node.name)
        given = shapes[node.inputs[0]] if node.inputs else ()
        known = field if isinstance(field, ReceptiveField) else None
        found.append(Step(node, _CATEGORIES.get(node.op, ""), given, held, known))
    for node in graph.hidden:
        found.append(Step(node, _CATEGORIES.get(node.op, ""), shapes[node.inputs[0]], (), None))
    return tuple(found)


def between(steps: Mapping[str, Step], start: str, end: str) -> list[Passed] | None:
    """Return the steps after ``start`` up to ``end`` that have a window, or None where no chain leads there."""
    chain = _chain(steps, start, end, {})
    return None if chain is None else along(steps, chain)


def along(steps: Mapping[str, Step], chain: Sequence[str]) -> list[Passed] | None:
    """Return those steps of a chain that have a window, or None where the field of an input is not known.

    Args:
        steps: By their names.
        chain: Names of steps, each on the output of the one before.
    """
    found = []
    for name in chain:
        step = steps[name]
        window = window_of(step)
        source = step.node.inputs[0]
        before = steps[source].field if source != IMAGE else None
        if before is None and source != IMAGE:
            return None
        jump = before.jump[0] if before else 1
        if window is None:
            continue
        dilated = _dilations(steps, source)
        found.append(Passed(name, _kind(step), window.kernel[0], window.stride[0], window.dilation[0], jump, dilated))
    return found


def window_of(step: Step) -> Window | None:
    """Return the window of a step, or None where it has none or a window of one value that does not move."""
    node = step.node
    if node.op in _REDUCED and len(step.input) == 3:
        sides = [
            side if axis in node.settings["dims"] else 1 for axis, side in zip((2, 3), step.input[1:], strict=True)
        ]
        return Window((sides[0], sides[1]), (sides[0], sides[1]))
    layer = of_op(node.op)
    if layer is None or step.category not in {"conv", "pool"} or len(step.input) != 3:
        return None
    try:
        return layer.window(layer.settings_of(node), step.input, node.shape)
    except Exception:  # a kind of layer without one
        return None


def _kind(step: Step) -> str:
    if step.category != "pool":
        return "conv"
    return "global" if math.prod(step.node.shape[1:]) == 1 and math.prod(step.input[1:]) > 1 else "pool"


def _chain(steps: Mapping[str, Step], start: str, end: str, seen: dict[str, list[str] | None]) -> list[str] | None:
    if end == start:
        return []
    if end == IMAGE or end not in steps:
        return None
    if end not in seen:
        seen[end] = None
        for source in steps[end].node.inputs:
            found = _chain(steps, start, source, seen)
            if found is not None:
                seen[end] = [*found, end]
                break
    return seen[end]


def _dilations(steps: Mapping[str, Step], name: str) -> int:
    """Return the product of the dilations up to a step."""
    found = 1
    while name in steps:
        window = window_of(steps[name])
        found *= window.dilation[0] if window else 1
        name = steps[name].node.inputs[0] if steps[name].node.inputs else IMAGE
    return found
