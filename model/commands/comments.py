"""Figures in the comments of a network's own code, with the steps that they stand beside."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.commands.notebook import Piece
from model.parameters.printed import PrintedRow, field_in, sizes_in
from model.parameters.steps import Step

_SAID = re.compile(
    r"^\W*(?:\w+\W+)?\(?\d+\s*[x×X*]\s*\d+|(?<![a-z])(in|out|input|output|size|shape)(?![a-z])|->|=>|→", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with figures, and the steps that it is about.

    Args:
        place: Its file and line.
        row: Its figures.
        first: The first step.
        last: The last.
    """

    place: str
    row: PrintedRow
    first: Step
    last: Step


def comments_of(pieces: Sequence[Piece], name: str, steps: Sequence[Step]) -> Iterator[Comment]:
    """Yield the comments with figures that stand behind the lines that make or call a network's modules.

    Args:
        pieces: The author's code.
        name: Of the network's class.
        steps: Of the network.
    """
    for piece in pieces:
        try:
            tree = ast.parse(piece.code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        found = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name]
        if found:  # of two definitions the last counts
            yield from _of_class(piece, found[-1], steps)


def _of_class(piece: Piece, node: ast.ClassDef, steps: Sequence[Step]) -> Iterator[Comment]:
    file = Path(piece.file).name
    ranges = [*_paths(node)]
    for line, text in _trailing(piece.code, node):
        row = PrintedRow(line, "", field=field_in(text), sizes=tuple(sizes_in(text)) if _SAID.search(text) else ())
        if row.field is None and not row.sizes:
            continue
        place = f"{file}:{line}"
        about = _made_at(line, ranges, steps) or [step for step in steps if step.node.line == place]
        if about:
            yield Comment(place, row, about[0], about[-1])


def _trailing(code: str, node: ast.ClassDef) -> Iterator[tuple[int, str]]:
    """Yield the comments behind the code of a class."""
    first, last = node.lineno, node.end_lineno or node.lineno
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            line = token.start[0]
            if token.type == tokenize.COMMENT and first <= line <= last and token.line[: token.start[1]].strip():
                yield line, token.string.lstrip("# ")
    except (tokenize.TokenError, IndentationError):
        return


def _paths(node: ast.ClassDef) -> Iterator[tuple[int, int, str]]:
    """Yield the lines that make each module, and its path."""
    for each in ast.walk(node):
        if isinstance(each, ast.Assign) and len(each.targets) == 1:
            target = each.targets[0]
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                yield from _within(each.value, target.attr, each.end_lineno or each.lineno, each.lineno)


def _within(value: ast.expr, path: str, last: int, first: int) -> Iterator[tuple[int, int, str]]:
    """Yield the lines of a module, and of those within a Sequential or a list."""
    yield first, last, path
    if not isinstance(value, ast.Call):
        return
    parts: Sequence[ast.expr] = value.args
    if len(parts) == 1 and isinstance(parts[0], ast.List | ast.Starred):
        inner = parts[0].value if isinstance(parts[0], ast.Starred) else parts[0]
        parts = inner.elts if isinstance(inner, ast.List) else []
    if ast.unparse(value.func).rpartition(".")[2] in {"Sequential", "ModuleList"}:
        for number, part in enumerate(parts):
            yield from _within(part, f"{path}.{number}", part.end_lineno or part.lineno, part.lineno)


def _made_at(line: int, ranges: Sequence[tuple[int, int, str]], steps: Sequence[Step]) -> list[Step]:
    """Return the steps of the smallest module that ends in a line: a comment stands behind it."""
    ending = [(first, path) for first, last, path in ranges if last == line]
    if not ending:
        return []
    first, path = max(ending, key=lambda one: (one[0], -one[1].count(".")))
    outer = [other for start, other in ending if start == first]
    path = min(outer, key=len)  # nn.Sequential(nn.Conv2d(...), nn.ReLU()) in one line is about all of it
    return [step for step in steps if step.node.path == path or step.node.path.startswith(f"{path}.")]
