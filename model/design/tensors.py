"""Tensors that pass the layers of a PyTorch text: each call of a module, function or method adds a layer."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from model.design.chain import Chain
from model.design.modules import Made, made
from model.errors import InputError

Names = dict[str, Any]
UNKNOWN = object()  # a size of a batch, which nothing here depends on
_WEIGHTED = {"conv", "linear", "bn", "prelu"}
_AS_IT_IS = {"contiguous", "clone", "float", "to"}
_SIZES = {"size", "dim", "numel"}


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor: what the layer at a position gives, 0 for the image."""

    position: int


@dataclass(eq=False, slots=True)
class Leaf:
    """A module that is one layer, and the line that makes it."""

    layer: Made
    line: int
    used: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """How many channels the text says a layer gets, with its line."""

    line: int
    position: int
    channels: int


class Tensors:
    """Collects the layers in the order in which tensors pass them.

    Attributes:
        chain: The layers.
        stated: What the text says of the channels that come in.
        called_flat: Whether the last layer is a flatten that is no module.
        line: The line of the text.
    """

    def __init__(self) -> None:
        self.chain, self.stated = Chain(), list[Stated]()
        self.called_flat, self.line = False, 1
        self._flat = {0: False}

    def through(self, leaf: Leaf, value: Value) -> Value:
        """Return what a module gives.

        Raises:
            InputError: It has weights, and a tensor passed it before.
        """
        if leaf.used and leaf.layer.kind in _WEIGHTED:
            raise InputError(
                "A layer is called twice, so its weights are shared.", "A design has no such layer.", "Make two layers."
            )
        leaf.used, self.line = True, leaf.line
        return self._added(leaf.layer, value)

    def call(self, name: str, given: Sequence[Any], named: Names, node: ast.AST) -> Any:
        """Return what a function or a method gives; the tensor, or a list of tensors, comes first.

        Raises:
            InputError: It is no layer of a design.
        """
        first, *rest = given
        if name in {"cat", "concat"} and isinstance(first, list):
            return self._joined(first, named.get("dim", rest[0] if rest else 0))
        if name == "add" and rest:
            return self.join("add", [first, rest[0]])
        if not isinstance(first, Value):
            raise unread(node)
        if name in _AS_IT_IS | _SIZES:
            return first if name in _AS_IT_IS else UNKNOWN
        if name == "mean":
            return self._mean(first, rest, named, node)
        return self._layer(name, first, rest, named, node)

    def _layer(self, name: str, first: Value, rest: Sequence[Any], named: Names, node: ast.AST) -> Value:
        if name in {"view", "reshape"}:
            sides = rest[0] if len(rest) == 1 and isinstance(rest[0], list) else rest
            if len(sides) != 2:
                raise unread(node)
            name, rest, named = "flatten", [], {}
        layer = made(name, [*map(as_tuple, rest)], {key: as_tuple(each) for key, each in named.items()})
        if layer.kind == "flatten" and self._flat[first.position]:
            return first
        value = self._added(layer, first)
        self.called_flat = self.called_flat or layer.kind == "flatten"
        return value

    def _mean(self, value: Value, rest: Sequence[Any], named: Names, node: ast.AST) -> Value:
        axes = named.get("dim", rest[0] if rest else None)
        if not isinstance(axes, list) or sorted(axis % 4 for axis in axes if isinstance(axis, int)) != [2, 3]:
            raise unread(node)
        found = self._added(Made("gap", {}), value)
        if named.get("keepdim", rest[1] if len(rest) > 1 else False):
            return found
        found = self._added(Made("flatten", {}), found)
        self.called_flat = True
        return found

    def _added(self, layer: Made, value: Value) -> Value:
        self.chain.notes += [f"Line {self.line}: {note}" for note in layer.notes]
        if not layer.kind:
            return value
        try:
            position = self.chain.add(layer.kind, [value.position], **layer.settings)
        except InputError as error:
            raise at_line(self.line, error) from None
        self._flat[position] = layer.kind in {"flatten", "linear"} or self._flat[value.position]
        self.called_flat = False
        if layer.channels:
            self.stated.append(Stated(self.line, position, layer.channels))
        return Value(position)

    def _joined(self, values: Sequence[Any], axis: Any) -> Value:
        if axis not in {1, -3}:
            raise InputError(f"Maps are joined along the axis {axis}.", "In a design they are channels.", "Write 1.")
        return self.join("cat", values)

    def join(self, kind: str, values: Sequence[Any]) -> Value:
        """Return the sum or the concatenation of tensors.

        Raises:
            InputError: There are not two, or none of them comes from the layer right before.
        """
        if len(values) < 2 or not all(isinstance(each, Value) for each in values):
            raise InputError("A sum or concatenation has not two tensors.", "It has two or more.", "Correct it.")
        position = self.chain.add(kind, [each.position for each in values])
        self._flat[position] = self._flat[values[0].position]
        self.called_flat = False
        return Value(position)


def as_tuple(value: Any) -> Any:
    """Return a list as a tuple, as settings are."""
    return tuple(value) if isinstance(value, list) else value


def at_line(line: int, error: InputError) -> InputError:
    """Return an error whose sentence begins with the line of the text, if it has none yet."""
    said = error.problem if error.problem.startswith("Line ") else f"Line {line}: {error.problem}"
    return InputError(said, error.allowed, error.remedy)


def unread(node: ast.AST) -> InputError:
    """Return the error of what is not understood."""
    text = ast.unparse(node)
    return InputError(
        f"'{text[:60]}{'...' if len(text) > 60 else ''}' is not understood.",
        "The text is followed without running it: numbers, layers, sums and torch.cat.",
        "Write it as nn.Sequential(...), or in plain steps: x = self.conv1(x).",
    )
