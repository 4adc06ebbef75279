"""The layers of a design as nodes of a graph, worked out one after another; no weight exists yet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from model.design import problems
from model.design.kinds import KINDS
from model.design.records import Design, Layer, Problem
from model.graph.records import IMAGE, Node, Op
from model.graph.shapes.records import Given, Misfit, Shape, Value
from model.graph.shapes.rules import infer

Settings = Mapping[str, Any]
BUFFERS = ("running_mean", "running_var", "num_batches_tracked")  # roles that are not learned
_PATHS = {"max": "pool", "avg": "pool", "linear": "fc"}  # as authors call them; others are called as their kind


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """A layer as a node.

    Args:
        name: The name of the node; a layer that cannot run has one too.
        inputs: Positions of the layers that it reads from, from 1; 0 is the image.
        node: With its shape; None where the layer cannot run.
        tensors: The shapes of its weights by role.
        problem: Why it cannot run, where that is its own fault.
    """

    name: str
    inputs: tuple[int, ...]
    node: Node | None = None
    tensors: Mapping[str, Shape] = field(default_factory=dict)
    problem: Problem | None = None

    @property
    def parameters(self) -> int:
        """How many numbers it learns."""
        return sum(problems.count(shape) for role, shape in self.tensors.items() if role not in BUFFERS)


def steps_of(design: Design) -> tuple[Step, ...]:
    """Return the node of each layer; a layer that cannot run does not keep others from being worked out."""
    return tuple(_Chain(design).steps())


class _Chain:
    """Works out one layer after another and keeps what each gives."""

    def __init__(self, design: Design) -> None:
        self.layers = design.layers
        self.shapes: dict[int, Shape] = {0: design.input_shape}
        self.names = {0: IMAGE}
        self.labels: dict[str, int] = {}
        self.row, self.calls, self.paths = 0, dict[str, int](), dict[str, int]()

    def steps(self) -> Iterator[Step]:
        for position, layer in enumerate(self.layers, 1):
            inputs = self._inputs(position, layer)
            given = [self.shapes.get(each, ()) for each in inputs]
            name, path = self._named(layer, given[0] if given else ())
            self.names[position] = name
            step = Step(name, inputs, problem=self._missing(position, layer, inputs))
            if step.problem is None and all(given):
                step = self._worked_out(step, layer, path, given)
            if step.node is not None:
                self.shapes[position] = step.node.shape
            self.labels |= {layer.label: position} if layer.label else {}
            yield step

    def _inputs(self, position: int, layer: Layer) -> tuple[int, ...]:
        before, source = position - 1, layer.source
        found = int(source) if source.isdigit() else self.labels.get(source, position) if source else before
        if found > len(self.layers):  # as a label that is not there
            found = position
        if KINDS[layer.kind].joins:
            return (before, found) if source else (before,)
        return (found,)

    def _missing(self, position: int, layer: Layer, inputs: Sequence[int]) -> Problem | None:
        if KINDS[layer.kind].joins and len(inputs) < 2:
            return Problem(
                f"'{layer.kind}' joins the layer before it with an earlier one, and none is named.",
                f"Name one: {layer.kind} @{max(position - 2, 0)}.",
            )
        if max(inputs) >= position:
            return Problem(
                f"It refers to '{layer.source}', and there is no such layer before it.",
                f"It can refer to the layers 1 to {position - 1}, or to the image as 0."
                if position > 1
                else "It can refer to the image as 0.",
            )
        return None

    def _named(self, layer: Layer, given: Shape) -> tuple[str, str]:
        """Return the name of a node as a summary numbers it, and the path of its module."""
        module = KINDS[layer.kind].module
        if not module:
            name = f"{layer.kind}-{self.row}"
            self.calls[name] = self.calls.get(name, 0) + 1
            return (name if self.calls[name] == 1 else f"{name}.{self.calls[name]}"), ""
        self.row += 1
        path = _PATHS.get(layer.kind, layer.kind)
        self.paths[path] = self.paths.get(path, 0) + 1
        return f"{module_of(layer, given)}-{self.row}", f"{path}{self.paths[path]}"

    def _worked_out(self, step: Step, layer: Layer, path: str, given: Sequence[Shape]) -> Step:
        problem = problems.of(layer, given, self.shapes)
        if problem is not None:
            return replace(step, problem=problem)
        op, settings_of = _NODES[layer.kind]
        settings, tensors = settings_of(layer.settings, given[0]), _tensors(layer, given[0])
        values = [Value(1, shape) for shape in given]
        try:
            result = infer(op, Given(values, settings, tensors))
        except Misfit as misfit:
            return replace(step, problem=Problem(*misfit.args))
        node = Node(
            step.name,
            op,
            tuple(self.names[each] for each in step.inputs),
            settings,
            path,
            {role: f"{path}.{role}" for role in tensors},
            module_of(layer, given[0]) if path else "",
            shape=result.value.shape,
            multiply_accumulates=result.multiply_accumulates,
        )
        done = replace(step, node=node, tensors=tensors)
        counts = (problems.count(node.shape), done.parameters, node.multiply_accumulates)
        problem = problems.too_large(*counts)
        return replace(step, problem=problem) if problem else done


def module_of(layer: Layer, given: Shape) -> str:
    """Return the class of PyTorch for a layer that gets some shape."""
    return "BatchNorm1d" if layer.kind == "bn" and len(given) == 1 else KINDS[layer.kind].module


def _tensors(layer: Layer, given: Shape) -> dict[str, Shape]:
    """Return the shapes of a layer's weights by role."""
    s, channels = layer.settings, given[0]
    found: dict[str, Shape] = {}
    if layer.kind == "conv":
        found = {"weight": (s["kernels"], channels // s["groups"], *s["size"]), "bias": (s["kernels"],)}
    elif layer.kind == "linear":
        found = {"weight": (s["units"], channels), "bias": (s["units"],)}
    elif layer.kind == "bn":
        per_channel = ("weight", "bias", "running_mean", "running_var")
        found = {**dict.fromkeys(per_channel, (channels,)), "num_batches_tracked": ()}
    elif layer.kind == "prelu":
        found = {"weight": (1,)}
    if s.get("bias") is False:
        del found["bias"]
    return found


def _conv(s: Settings, _given: Shape) -> dict[str, Any]:
    return {"kernel": s["size"], **{name: s[name] for name in ("stride", "padding", "dilation", "groups")}}


def _pool(s: Settings, _given: Shape) -> dict[str, Any]:
    return {"kernel": s["size"], "stride": s["stride"] or s["size"], "padding": s["padding"], "ceil": s["ceil"]}


def _fixed(**settings: Any) -> Callable[[Settings, Shape], dict[str, Any]]:
    return lambda _s, _given: dict(settings)


def _dropped(s: Settings, _given: Shape) -> dict[str, Any]:
    return {"p": s["p"], "when": "training"}


_NODES: Mapping[str, tuple[Op, Callable[[Settings, Shape], dict[str, Any]]]] = {
    "conv": (Op.CONV, _conv),
    "bn": (Op.BATCH_NORM, _fixed(eps=1e-5, momentum=0.1, batch_statistics=False)),
    "dropout": (Op.DROPOUT, _dropped),
    "dropout2d": (Op.DROPOUT2D, _dropped),
    **{
        kind: (Op(kind), _fixed()) for kind in ("relu", "relu6", "silu", "selu", "mish", "hardswish", "tanh", "sigmoid")
    },
    "leaky": (Op.LEAKY_RELU, lambda s, _given: {"negative_slope": s["slope"]}),
    "prelu": (Op.PRELU, _fixed()),
    "gelu": (Op.GELU, _fixed(approximate="none")),
    "max": (Op.MAX_POOL, lambda s, given: {**_pool(s, given), "dilation": (1, 1)}),
    "avg": (Op.AVG_POOL, lambda s, given: {**_pool(s, given), "count_include_pad": True, "divisor": None}),
    "gap": (Op.ADAPTIVE_AVG_POOL, _fixed(size=(1, 1))),
    "flatten": (Op.FLATTEN, lambda _s, given: {"start": 1, "end": len(given)}),
    "linear": (Op.LINEAR, _fixed()),
    "add": (Op.ADD, _fixed()),
    "cat": (Op.CAT, _fixed(dim=1)),
}
