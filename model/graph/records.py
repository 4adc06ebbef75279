"""The graph of a network as records: nodes in the order they run, each of which knows its inputs by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

IMAGE = "image"  # the name of the input in a node's inputs


class Op(StrEnum):
    """What a node computes; one fixed list."""

    CONV = "conv2d"
    CONV_TRANSPOSE = "conv_transpose2d"
    LINEAR = "linear"
    BATCH_NORM = "batch_norm"
    INSTANCE_NORM = "instance_norm"
    GROUP_NORM = "group_norm"
    LAYER_NORM = "layer_norm"
    MAX_POOL = "max_pool2d"
    AVG_POOL = "avg_pool2d"
    ADAPTIVE_AVG_POOL = "adaptive_avg_pool2d"
    ADAPTIVE_MAX_POOL = "adaptive_max_pool2d"
    RELU = "relu"
    RELU6 = "relu6"
    SELU = "selu"
    SILU = "silu"
    MISH = "mish"
    SIGMOID = "sigmoid"
    TANH = "tanh"
    HARDSWISH = "hardswish"
    HARDSIGMOID = "hardsigmoid"
    HARDTANH = "hardtanh"
    LEAKY_RELU = "leaky_relu"
    ELU = "elu"
    SOFTPLUS = "softplus"
    GELU = "gelu"
    PRELU = "prelu"
    CLAMP = "clamp"
    POW = "pow"
    EXP = "exp"
    LOG = "log"
    SQRT = "sqrt"
    RSQRT = "rsqrt"
    ABS = "abs"
    NEG = "neg"
    RECIPROCAL = "reciprocal"
    DROPOUT = "dropout"
    DROPOUT2D = "dropout2d"
    IDENTITY = "identity"
    MEAN = "mean"
    SUM = "sum"
    AMAX = "amax"
    SOFTMAX = "softmax"
    LOG_SOFTMAX = "log_softmax"
    CAT = "cat"
    PAD = "pad"
    FLATTEN = "flatten"
    VIEW = "view"
    EXPAND = "expand"
    SQUEEZE = "squeeze"
    UNSQUEEZE = "unsqueeze"
    PERMUTE = "permute"
    SLICE = "slice"
    SELECT = "select"
    CHANNEL_SHUFFLE = "channel_shuffle"
    PIXEL_SHUFFLE = "pixel_shuffle"
    ADD = "add"
    SUB = "sub"
    RSUB = "rsub"
    MUL = "mul"
    DIV = "div"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    PARAMETER = "parameter"
    CONSTANT = "constant"


# What gives sums of its inputs' values, each with a factor of its own, and a constant.
_LINEAR = {
    *(Op.CONV, Op.CONV_TRANSPOSE, Op.LINEAR, Op.BATCH_NORM, Op.AVG_POOL, Op.ADAPTIVE_AVG_POOL, Op.MEAN, Op.SUM),
    *(Op.DROPOUT, Op.DROPOUT2D, Op.IDENTITY, Op.NEG, Op.ADD, Op.SUB, Op.RSUB, Op.CAT, Op.FLATTEN, Op.VIEW),
    *(Op.EXPAND, Op.SQUEEZE, Op.UNSQUEEZE, Op.PERMUTE, Op.SLICE, Op.SELECT, Op.PAD),
    *(Op.CHANNEL_SHUFFLE, Op.PIXEL_SHUFFLE),
}


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """One operation of a network.

    Args:
        name: Unique; ``Conv2d-1`` for a row of a printed summary, ``relu-1`` for a function call after row 1.
        op: What it computes.
        inputs: Names of the nodes that feed it, or ``image``.
        settings: Kernel, stride and the like; pairs are (y, x), axes count the batch as 0.
        path: Where its author keeps it (``conv1.0``); for a function call, the module that made the call.
        tensors: The author's key of each weight, by role.
        kind: The class of its module, empty for a function call.
        line: Where the author's code calls it, ``net.py:12``.
        batch: k, where the first axis has k times as many entries as the batch; 0 where there is no such axis.
        shape: What it gives for one image, without the batch.
        multiply_accumulates: What it costs for one image.
    """

    name: str
    op: Op
    inputs: tuple[str, ...] = (IMAGE,)
    settings: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    tensors: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""
    line: str = ""
    batch: int = 1
    shape: tuple[int, ...] = ()
    multiply_accumulates: int = 0

    def __deepcopy__(self, _memo: dict[int, Any]) -> "Node":
        """Return itself, for it never changes."""
        return self

    @property
    def row(self) -> int | None:
        """Return the number of its row in a printed summary, or None for a function call."""
        return int(self.name.rpartition("-")[2]) if self.kind else None


@dataclass(frozen=True, slots=True)
class Unused:
    """A module that never runs, or one with parameters that nothing uses."""

    path: str
    kind: str
    parameters: int


@dataclass(frozen=True, eq=False, slots=True)
class Graph:
    """A network's operations up to its logits, and what its author has after and beside them.

    Args:
        nodes: In the order they run; the last gives the logits (N, K).
        input_shape: (C, H, W); of a part of a network the shape of what it takes.
        hidden: What the author's code does with the logits: a softmax and what follows it.
        buffers: Keys of tensors that are not parameters.
        frozen: Keys of parameters that training leaves alone.
        aliases: The author's other keys of a shared tensor, each with the key that it is stored by.
        used: Number of parameters that the logits depend on.
        owned: Number of parameters that the author's module has.
        unused: Modules that never run.
    """

    nodes: tuple[Node, ...]
    input_shape: tuple[int, ...]
    hidden: tuple[Node, ...] = ()
    buffers: frozenset[str] = frozenset()
    frozen: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)
    used: int = 0
    owned: int = 0
    unused: tuple[Unused, ...] = ()

    def __deepcopy__(self, _memo: dict[int, Any]) -> "Graph":
        """Return itself, for it never changes."""
        return self

    def __getitem__(self, name: str) -> Node:
        """Return the node of that name; raise KeyError where there is none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    @property
    def logits(self) -> str:
        """Return the name of the node that gives the logits."""
        return self.nodes[-1].name

    @property
    def rows(self) -> tuple[Node, ...]:
        """Return the nodes that a printed summary has a row for."""
        return tuple(node for node in self.nodes if node.kind)

    def all(self, *ops: Op) -> tuple[Node, ...]:
        """Return every node that computes one of some operations, in the order they run."""
        return tuple(node for node in self.nodes if node.op in ops)

    def last_maps(self) -> Node | None:
        """Return the last node that gives feature maps of more than one unit, or None."""
        maps = [node for node in self.nodes if len(node.shape) == 3 and node.shape[1] * node.shape[2] > 1]
        return maps[-1] if maps else None

    def from_image(self) -> frozenset[str]:
        """Return the names of all values that depend on the image, with the image itself."""
        found = {IMAGE}
        for node in self.nodes:
            if found.intersection(node.inputs):
                found.add(node.name)
        return frozenset(found)

    def on_every_way(self) -> tuple[str, ...]:
        """Return the names of the steps with maps that no way from the image to the logits goes around."""
        moved, found, needed = self.from_image(), list[str](), {self.logits}
        for node in reversed(self.nodes):
            if needed == {node.name} and len(node.shape) == 3 and node.batch == 1:
                found.append(node.name)
            if node.name in needed:
                needed = (needed - {node.name}) | moved.intersection(node.inputs)
        return tuple(found[::-1])

    def linear_from(self, name: str) -> dict[str, str]:
        """Tell why the logits are no linear function of what one step gives.

        Linear is meant with a constant, and in evaluation mode: there a dropout passes on what it gets.

        Returns:
            By the name of each step that prevents it, why; nothing where the logits are linear.
        """
        moved, known, found = self.from_image(), {name}, dict[str, str]()
        nodes = self.between(name)
        known |= {node.name for node in nodes}
        for node in nodes:
            inputs = moved.intersection(node.inputs)
            around = sorted(inputs - known)
            if around:
                found[node.name] = f"also gets {' and '.join(around)}"
            elif inputs and not _is_linear(node, moved):
                found[node.name] = "is not linear"
        return found

    def between(self, name: str) -> tuple[Node, ...]:
        """Return the nodes on the ways from a step to the logits, in the order they run."""
        after = {name}
        for node in self.nodes:
            if after.intersection(node.inputs):
                after.add(node.name)
        return tuple(node for node in self.nodes if node.name in after and node.name != name)

    def linear_head(self) -> tuple[Node, ...] | None:
        """Return the nodes after the last maps, where the logits are a linear function of these maps, or None.

        Linear is meant with a constant, and in evaluation mode: there a dropout passes on what it gets.
        """
        last = self.last_maps()
        if last is None or last.name == self.logits or self.linear_from(last.name):
            return None
        head = self.between(last.name)
        return head if self.logits in {node.name for node in head} else None


def _is_linear(node: Node, moved: frozenset[str]) -> bool:
    """Return whether a node gives sums of values that depend on the image, each with a fixed factor."""
    if node.settings.get("batch_statistics"):
        return False
    if node.op is Op.MUL:
        return len([name for name in node.inputs if name in moved]) < 2
    if node.op is Op.DIV:
        return not moved.intersection(node.inputs[1:])
    return node.op in _LINEAR
