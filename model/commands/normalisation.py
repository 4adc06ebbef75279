"""The mean and the standard deviation that an author's code normalises pictures with, where it says so."""

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.commands.notebook import Piece

Numbers = list[float]


def normalisation_of(pieces: Sequence[Piece], channels: int) -> tuple[Numbers, Numbers, str] | None:
    """Return mean, standard deviation and the line of ``Normalize(mean, std)``; None where there is none or several.

    >>> normalisation_of([Piece("net.py", "t = transforms.Normalize((0.1307,), (0.3081,))")], 1)
    ([0.1307], [0.3081], 'net.py:1')
    """
    found: dict[tuple[Any, ...], str] = {}
    for piece in pieces:
        try:
            tree = ast.parse(piece.code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "Normalize":
                numbers = _numbers(call)
                if numbers is not None and all(len(each) == channels for each in numbers):
                    found.setdefault((tuple(numbers[0]), tuple(numbers[1])), f"{Path(piece.file).name}:{call.lineno}")
    if len(found) != 1:
        return None
    (((mean, std), place),) = found.items()
    return list(mean), list(std), place


def _numbers(call: ast.Call) -> tuple[Numbers, Numbers] | None:
    named = {each.arg: each.value for each in call.keywords}
    given = dict(zip(("mean", "std"), call.args, strict=False)) | named
    try:
        mean, std = (_listed(ast.literal_eval(given[name])) for name in ("mean", "std"))
    except (KeyError, ValueError, TypeError):
        return None
    return (mean, std) if min(std, default=0) > 0 else None


def _listed(value: Any) -> Numbers:
    return [float(each) for each in (value if isinstance(value, list | tuple) else [value])]
