"""NET on the command line: the id of a network that comes along, a network file, or a name in an author's file."""

import re
from dataclasses import dataclass
from pathlib import Path

from model.errors import CommandError
from model.networks.catalogue import BUILT_IN

_CODE = re.compile(r"(.+\.(?:py|ipynb))(?::([\w.]*))?", re.DOTALL)
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Target:
    """What NET names.

    Args:
        text: As it was typed.
        file: The author's file; None where it is an id or a network file.
        name: Of a class, an instance or a function in it; empty where none is given.
    """

    text: str
    file: Path | None = None
    name: str = ""


def parse(text: str) -> Target:
    """Return what NET names.

    Raises:
        CommandError: It is none of the three.

    >>> parse("net.py:Net").name, parse("assignment").file
    ('Net', None)
    """
    code = _CODE.fullmatch(text)
    if code:
        return Target(text, Path(code[1]), code[2] or "")
    if text in BUILT_IN or _ID.fullmatch(text) or text.endswith(".glass"):
        return Target(text)
    path = Path(text.partition(":")[0])
    said = "is a folder" if text and text[0] != ":" and path.is_dir() else "is none of these"
    raise CommandError(
        f"'{text}' {said}.",
        f"A network is {', '.join(BUILT_IN)}, a .glass file, or a name in a file of yours: net.py:Net, net.ipynb:Net.",
        "Give one of them.",
    )
