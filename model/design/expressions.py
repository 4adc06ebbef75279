"""Follow the expressions of a PyTorch text without running it: modules are made, and tensors pass them."""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model.design.modules import made
from model.design.tensors import UNKNOWN, Leaf, Names, Tensors, Value, as_tuple, at_line, unread
from model.errors import InputError

Defined = ast.ClassDef | ast.FunctionDef
_MOST_STEPS, _DEEPEST, _LARGEST = 20_000, 40, 1_000_000
_PACKAGES = {"nn", "F", "torch", "functional"}
_CALCULATIONS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


@dataclass(frozen=True, eq=False, slots=True)
class Several:
    """Modules one after another: ``Sequential``, or ``ModuleList``."""

    modules: tuple[Any, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Instance:
    """An object of a class that the text defines, with its attributes."""

    defined: ast.ClassDef
    attributes: Names = field(default_factory=dict)


class Follower:
    """Follows expressions.

    Args:
        call: Calls a function of the text, or makes an object of a class of it.
        forward: Calls the ``forward`` of such an object.
    """

    def __init__(
        self,
        call: Callable[[Defined, Sequence[Any], Names], Any],
        forward: Callable[[Instance, Sequence[Any]], Any],
    ) -> None:
        self.tensors = Tensors()
        self._call_defined, self._forward = call, forward
        self._steps, self._depth = 0, 0

    def value(self, node: ast.expr, names: Names) -> Any:
        """Return what an expression gives.

        Raises:
            InputError: It is not understood, or too long; the sentence has the line of the innermost part.
        """
        self._depth += 1
        self.tensors.line = node.lineno
        try:
            self.count_step()
            return self._followed(node, names)
        except InputError as error:
            raise at_line(node.lineno, error) from None
        finally:
            self._depth -= 1

    def count_step(self) -> None:
        """Count an expression or a statement, of which a text may have many that call one another.

        Raises:
            InputError: There are too many.
        """
        self._steps += 1
        if self._steps > _MOST_STEPS or self._depth > _DEEPEST:
            raise InputError("The text is too long or too deep.", "A network is short.", "Shorten it.")

    def _followed(self, node: ast.expr, names: Names) -> Any:
        rule = _RULES.get(type(node))
        if rule is None:
            raise unread(node)
        return rule(self, node, names)

    def constant(self, node: ast.Constant, _names: Names) -> Any:
        """A number, a word, True, False or None."""
        return node.value

    def name(self, node: ast.Name, names: Names) -> Any:
        """What was assigned to a name."""
        if node.id not in names:
            raise unread(node)
        return names[node.id]

    def listed(self, node: ast.List | ast.Tuple, names: Names) -> list[Any]:
        """A list or a tuple."""
        return [self.value(each, names) for each in node.elts]

    def negative(self, node: ast.UnaryOp, names: Names) -> Any:
        """A number with a minus."""
        if not isinstance(node.op, ast.USub):
            raise unread(node)
        return _calculated(operator.sub, 0, self.value(node.operand, names), node)

    def two(self, node: ast.BinOp, names: Names) -> Any:
        """A sum of tensors, or arithmetic of numbers."""
        left, right = self.value(node.left, names), self.value(node.right, names)
        if isinstance(node.op, ast.Add) and isinstance(left, Value):
            return self.tensors.join("add", [left, right])
        return _calculated(_CALCULATIONS.get(type(node.op)), left, right, node)

    def compared(self, node: ast.Compare, names: Names) -> Any:
        """A comparison of numbers."""
        sides = self.value(node.left, names), self.value(node.comparators[0], names)
        return _calculated(_CALCULATIONS.get(type(node.ops[0])) if len(node.ops) == 1 else None, *sides, node)

    def attribute(self, node: ast.Attribute, names: Names) -> Any:
        """What an object of the text holds; the shape of a tensor is not known."""
        owner = self.value(node.value, names)
        if isinstance(owner, Value) and node.attr in {"shape", "device", "dtype"}:
            return UNKNOWN
        if isinstance(owner, Instance) and node.attr in owner.attributes:
            return owner.attributes[node.attr]
        raise unread(node)

    def item(self, node: ast.Subscript, names: Names) -> Any:
        """One module of several, or one number of a list."""
        owner = self.value(node.value, names)
        if owner is UNKNOWN:
            return UNKNOWN
        place = self.value(node.slice, names)
        parts = owner.modules if isinstance(owner, Several) else owner if isinstance(owner, list) else ()
        if not isinstance(place, int) or not -len(parts) <= place < len(parts):
            raise unread(node)
        return parts[place]

    def called(self, node: ast.Call, names: Names) -> Any:
        """A method of a tensor, a module, something that the text defines, or something of PyTorch."""
        given = [self.value(each, names) for each in node.args]
        named = {each.arg or "": self.value(each.value, names) for each in node.keywords}
        function = node.func
        if isinstance(function, ast.Attribute) and ast.unparse(function.value).rpartition(".")[2] not in _PACKAGES:
            owner = self.value(function.value, names)
            if isinstance(owner, Value):
                return self.tensors.call(function.attr, [owner, *given], named, node)
            placed = function.attr in {"to", "cpu", "cuda", "float"}  # where a module is computed
            return owner if placed else self.apply(self.attribute(function, names), given, node)
        if not isinstance(function, ast.Attribute) and not (
            isinstance(function, ast.Name) and function.id not in names
        ):
            known = self.value(function, names)
            defined = isinstance(known, Defined)
            return self._call_defined(known, given, named) if defined else self.apply(known, given, node)
        return self._of_pytorch(
            function.attr if isinstance(function, ast.Attribute) else function.id, given, named, node
        )

    def _of_pytorch(self, name: str, given: list[Any], named: Names, node: ast.Call) -> Any:
        """A function that gets tensors, or a module that is made."""
        first = given[0] if given else None
        if isinstance(first, Value) or (isinstance(first, list) and any(isinstance(each, Value) for each in first)):
            return self.tensors.call(name, given, named, node)
        if name == "OrderedDict" and isinstance(first, list):
            return [pair[-1] for pair in first if isinstance(pair, list) and pair]
        if name in {"Sequential", "ModuleList"}:
            return Several(tuple(first if len(given) == 1 and isinstance(first, list) else given))
        settings = {key: as_tuple(each) for key, each in named.items()}
        return Leaf(made(name, [*map(as_tuple, given)], settings), node.lineno)

    def apply(self, module: Any, given: Sequence[Any], node: ast.AST) -> Any:
        """Return what a module gives for a tensor.

        Raises:
            InputError: It is no module, or gets something else.
        """
        if isinstance(module, Instance):
            return self._forward(module, given)
        if len(given) != 1 or not isinstance(given[0], Value) or not isinstance(module, Several | Leaf):
            raise unread(node)
        if isinstance(module, Leaf):
            return self.tensors.through(module, given[0])
        value: Any = given[0]
        for each in module.modules:
            value = self.apply(each, [value], node)
        return value


def _calculated(calculate: Callable[[Any, Any], Any] | None, left: Any, right: Any, node: ast.expr) -> Any:
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    numbers = all(isinstance(each, int | float) and abs(each) <= _LARGEST for each in (left, right))
    if (
        calculate is None
        or not numbers
        or (isinstance(node, ast.BinOp) and right == 0 and calculate is operator.floordiv)
    ):
        raise unread(node)
    return calculate(left, right)


_RULES: Mapping[type[ast.expr], Callable[..., Any]] = {
    ast.Constant: Follower.constant,
    ast.Name: Follower.name,
    ast.List: Follower.listed,
    ast.Tuple: Follower.listed,
    ast.UnaryOp: Follower.negative,
    ast.BinOp: Follower.two,
    ast.Compare: Follower.compared,
    ast.Attribute: Follower.attribute,
    ast.Subscript: Follower.item,
    ast.Call: Follower.called,
}
