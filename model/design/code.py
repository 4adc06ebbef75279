"""PyTorch code as a design: ``nn.Sequential(...)`` or a class with ``forward``, read by its syntax and never run."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from model.design.assess import assess, ended
from model.design.expressions import Defined, Follower, Instance, Several
from model.design.records import DIGIT_SHAPE, Assessment, Design, Found
from model.design.tensors import Leaf, Names, Value
from model.design.text import MOST_LAYERS, SIDES
from model.errors import InputError

_DEEPEST = 8  # calls within one another


def read(code: str, input_shape: tuple[int, int, int] = DIGIT_SHAPE) -> Found:
    """Return the design that PyTorch code describes.

    Args:
        code: An ``nn.Sequential(...)``, or classes of which the last with ``forward`` is read.
        input_shape: Of one image, (C, H, W); the first convolution may say another C.

    Raises:
        InputError: It is not understood; the sentence has the line.

    >>> read("nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU())").design.layers[0].settings["kernels"]
    8
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        raise InputError(
            f"Line {line}: Python cannot read this ({getattr(error, 'msg', 'it is too deep')}).",
            "It must be Python code.",
            "Correct it.",
        ) from None
    return _Reader(tree).found(input_shape)


class _Reader:
    """Follows the statements of a file: those at its top, and of ``__init__`` and ``forward`` of its classes."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.follower = Follower(self._call, self._run)
        self.names: Names = {each.name: each for each in tree.body if isinstance(each, Defined)}
        self.depth = 0

    def found(self, input_shape: tuple[int, int, int]) -> Found:
        """Return the design."""
        network: Any = None
        for statement in self.tree.body:
            value = self._top(statement)
            network = value if isinstance(value, Leaf | Several) else network
        classes = [each for each in self.names.values() if isinstance(each, ast.ClassDef) and _method(each, "forward")]
        if classes:
            network = self._call(classes[-1], [], {})
        if network is None:
            raise InputError(
                "There is no nn.Sequential(...) and no class with forward.", "One of them is read.", "Paste it as well."
            )
        value = self.follower.apply(network, [Value(0)], self.tree)
        if not isinstance(value, Value) or value.position != len(self.follower.tensors.chain.layers):
            raise InputError("forward does not return its last layer.", "It returns one tensor.", "Correct it.")
        return self._checked(input_shape)

    def _top(self, statement: ast.stmt) -> Any:
        """Follow a statement at the top; of what is no network nothing is said."""
        value = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
        if value is None:
            return None
        shown = isinstance(value, ast.Call) and "Sequential" in ast.unparse(value.func)
        try:
            found = self.follower.value(value, self.names)
        except InputError:
            if shown:
                raise
            return None
        for target in statement.targets if isinstance(statement, ast.Assign) else []:
            if isinstance(target, ast.Name):
                self.names[target.id] = found
        return found

    def _call(self, defined: Defined, given: Sequence[Any], named: Names) -> Any:
        """Return what a function of the text returns, or an object of a class of it."""
        if isinstance(defined, ast.FunctionDef):
            return self._follow(defined, given, named)
        made = Instance(defined, {"training": False})
        start = _method(defined, "__init__")
        if start is not None:
            self._follow(start, [made, *given], named)
        return made

    def _run(self, instance: Instance, given: Sequence[Any]) -> Any:
        forward = _method(instance.defined, "forward")
        if forward is None:
            raise InputError(f"'{instance.defined.name}' has no forward.", "It needs one.", "Paste it as well.")
        return self._follow(forward, [instance, *given], {})

    def _follow(self, function: ast.FunctionDef, given: Sequence[Any], named: Names) -> Any:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise InputError(
                "Calls are within one another too deeply.", f"At most {_DEEPEST} are.", "Write layers out."
            )
        names = {**self.names, **dict(self._arguments(function, given, named))}
        returned = self._statements(function.body, names)
        self.depth -= 1
        return returned

    def _arguments(self, function: ast.FunctionDef, given: Sequence[Any], named: Names) -> Iterator[tuple[str, Any]]:
        parameters = [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]
        usual = function.args.defaults
        for name, node in zip(parameters[len(function.args.args) - len(usual) :], usual, strict=False):
            yield name, self.follower.value(node, self.names)
        yield from zip(parameters, given, strict=False)
        yield from named.items()

    def _statements(self, body: Sequence[ast.stmt], names: Names) -> Any:
        """Follow statements, and return what they return."""
        for statement in body:
            self.follower.count_step()
            match statement:
                case ast.Return(value=ast.expr() as value):
                    return self.follower.value(value, names)
                case (
                    ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value)
                ):
                    self._assign(target, self.follower.value(value, names), names)
                case ast.AugAssign(target=ast.Name(id=name) as target, op=ast.Add(), value=value):
                    sides = ast.BinOp(ast.Name(name, ast.Load()), ast.Add(), value)
                    self._assign(target, self.follower.value(ast.copy_location(sides, statement), names), names)
                case ast.If():
                    branch = statement.body if self.follower.value(statement.test, names) is True else statement.orelse
                    returned = self._statements(branch, names)
                    if returned is not None:
                        return returned
                case ast.Expr() | ast.Pass() | ast.Assert():
                    continue  # a docstring, super().__init__() or a print
                case _:
                    raise InputError(
                        f"Line {statement.lineno}: '{ast.unparse(statement).splitlines()[0][:60]}' is not understood.",
                        "Steps follow one another: assignments, and conditions on numbers.",
                        "Write the layers out.",
                    )
        return None

    def _assign(self, target: ast.expr, value: Any, names: Names) -> None:
        if isinstance(target, ast.Name):
            names[target.id] = value
        elif isinstance(target, ast.Attribute) and isinstance(names.get(getattr(target.value, "id", "")), Instance):
            names[getattr(target.value, "id", "")].attributes[target.attr] = value
        else:
            raise InputError(
                f"Line {target.lineno}: '{ast.unparse(target)[:40]}' is not understood.",
                "What is assigned has one name.",
                "Write it as two lines.",
            )

    # What was read, compared with what it says of itself

    def _checked(self, input_shape: tuple[int, int, int]) -> Found:
        tensors = self.follower.tensors
        chain, stated = tensors.chain, tensors.stated
        if not chain.layers or len(chain.layers) > MOST_LAYERS:
            raise InputError(
                f"The code has {len(chain.layers)} layers.", f"A design has 1 to {MOST_LAYERS}.", "Paste another."
            )
        shape = self._image(input_shape)
        design = ended(Design(tuple(chain.layers), shape))
        found = assess(design)
        if tensors.called_flat:
            shorter = ended(replace(design, layers=design.layers[:-1]))
            if assess(shorter).works:
                design = shorter
        notes = [*chain.notes]
        for each in stated:
            given = _channels(found, each.position, shape)
            if given and given != each.channels:
                notes.append(
                    f"Line {each.line}: the pasted text says that {each.channels:,} come in; here {given:,} do."
                )
        return Found(design, tuple(dict.fromkeys(notes)))

    def _image(self, input_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return the shape of the image, with the channels that the first layer states."""
        tensors = self.follower.tensors
        first = next((each for each in tensors.stated if each.position == 1), None)
        if first is None or tensors.chain.layers[0].kind not in {"conv", "bn"}:
            return input_shape
        if first.channels not in SIDES:
            raise InputError(
                f"Line {first.line}: the pasted text says that {first.channels:,} come in.",
                f"An image has {SIDES[0]} to {SIDES[-1]} channels.",
                "Correct it.",
            )
        return first.channels, *input_shape[1:]


def _method(defined: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((each for each in defined.body if isinstance(each, ast.FunctionDef) and each.name == name), None)


def _channels(found: Assessment, position: int, shape: tuple[int, int, int]) -> int:
    """Return how many channels, or numbers, a layer gets; 0 where that is not known."""
    before = found.rows[position - 1].inputs[0]
    given = found.rows[before - 1].shape if before else shape
    return given[0] if given else 0
