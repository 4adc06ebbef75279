"""The mean and the standard deviation that an author's code normalises pictures with, where it says so."""

import ast
from collections.abc import Iterator, Sequence
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
    for call, place in _calls(pieces):
        numbers = _numbers(call)
        if numbers is not None and all(len(each) == channels for each in numbers):
            found.setdefault((tuple(numbers[0]), tuple(numbers[1])), place)
    if len(found) != 1:
        return None
    (((mean, std), place),) = found.items()
    return list(mean), list(std), place


def say_none(pieces: Sequence[Piece]) -> str:
    """Say that pictures are not normalised, and why, for a code in which no normalisation was found.

    >>> say_none([Piece("net.py", "t = ToTensor()")]).partition(". ")[0]
    'Pictures go in as values from 0 to 1: the code has no Normalize'
    """
    places = [place for _, place in _calls(pieces)]
    unread = f"Normalize at {', '.join(places[:4])} gives no single mean and std that can be read"
    why = unread if places else "the code has no Normalize"
    return f"Pictures go in as values from 0 to 1: {why}. If it was trained with one, give --mean and --std."


def _calls(pieces: Sequence[Piece]) -> Iterator[tuple[ast.Call, str]]:
    """Yield every call of Normalize, and its line."""
    for piece in pieces:
        try:
            tree = ast.parse(piece.code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "Normalize":
                yield call, f"{Path(piece.file).name}:{call.lineno}"


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
