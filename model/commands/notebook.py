"""What a Jupyter notebook or a Python file holds: its code in pieces, its text, and what it printed."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.errors import CommandError

MAX_BYTES = 200_000_000  # notebooks hold pictures
_MAGIC = re.compile(r"^(\s*)([%!?].*|[\w.]+\?{1,2}\s*|\w+\s*=\s*[%!].*)$")
_TIMED = ("%%time", "%%timeit", "%%capture", "%%prun")  # what follows these lines is Python


@dataclass(frozen=True, slots=True)
class Piece:
    """Code that was written in one place.

    Args:
        file: What its lines are named after: the path of a file, or that and the number of a cell.
        code: Python; a line that was a magic is ``pass``.
        is_cell: Whether it is a cell of a notebook.
    """

    file: str
    code: str
    is_cell: bool = False


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        CommandError: It cannot be read, is too large, or is no text.
    """
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_BYTES else b""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is not valid"
        raise CommandError(
            f"'{path}' cannot be read ({reason}).", "It must be a file.", "Give another path."
        ) from error
    if size > MAX_BYTES:
        raise CommandError(f"'{path}' has {size:,} bytes.", f"At most {MAX_BYTES:,} are read.", "Give a smaller file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(
            f"'{path}' is not text in UTF-8 (byte {error.start:,}).", "It must be.", "Save it as UTF-8."
        ) from error


def code_of(path: Path) -> list[Piece]:
    """Return the code of a Python file as one piece, or that of a notebook as a piece for each cell of code.

    Raises:
        CommandError: It cannot be read.
    """
    if path.suffix != ".ipynb":
        return [Piece(str(path), read_text(path))]
    cells = [cell for cell in _cells(path) if cell.get("cell_type") == "code"]
    return [
        Piece(f"{path} cell {number}", without_magics(_joined(cell.get("source"))), True)
        for number, cell in enumerate(cells, 1)
    ]


def text_of(path: Path) -> str:
    """Return what people read in a file: all of a text; of a notebook its notes and what its cells printed.

    Raises:
        CommandError: It cannot be read.
    """
    if path.suffix != ".ipynb":
        return read_text(path)
    parts = []
    for cell in _cells(path):
        if cell.get("cell_type") == "markdown":
            parts.append(_joined(cell.get("source")))
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else []:
            if isinstance(output, dict):
                data = output.get("data")
                plain = data.get("text/plain") if isinstance(data, dict) else None
                parts.append(_joined(output.get("text") or plain))
    return "\n\n".join(part for part in parts if part)


def without_magics(code: str) -> str:
    r"""Return the code of a cell with ``pass`` for each line that only IPython understands.

    >>> without_magics("%matplotlib inline\nx = 1\n!pip install torch")
    'pass\nx = 1\npass'
    """
    first = code.lstrip().partition("\n")[0]
    if first.startswith("%%") and not first.startswith(_TIMED):
        return ""
    lines = code.split("\n")
    inside = _inside_strings(code)
    return "\n".join(line if number in inside else _MAGIC.sub(r"\1pass", line) for number, line in enumerate(lines, 1))


def _inside_strings(code: str) -> set[int]:
    """Return the lines that begin within brackets or a string, where a % is no magic."""
    found, depth, quote = set[int](), 0, ""
    for number, line in enumerate(code.split("\n"), 1):
        if quote or depth > 0:
            found.add(number)
        elif _MAGIC.match(line):
            continue
        position = 0
        while position < len(line):
            rest = line[position:]
            if quote:
                if rest.startswith(quote):
                    position, quote = position + len(quote), ""
                    continue
                position += 2 if rest[0] == "\\" else 1
                continue
            if rest[0] == "#":
                break
            if rest[0] in "\"'":
                quote = rest[0] * 3 if rest.startswith(rest[0] * 3) else rest[0]
                position += len(quote)
                continue
            depth += (rest[0] in "([{") - (rest[0] in ")]}")
            position += 1
        if len(quote) == 1:
            quote = ""  # a string in single quotes ends with its line
    return found


def _cells(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise CommandError(
            f"'{path}' is not a notebook: it is not JSON.", "A notebook is what Jupyter saves.", "Save it again."
        ) from error
    sheets = found.get("worksheets") if isinstance(found, dict) else None
    holder = sheets[0] if isinstance(sheets, list) and sheets and isinstance(sheets[0], dict) else found
    cells = holder.get("cells") if isinstance(holder, dict) else None
    if not isinstance(cells, list):
        raise CommandError(
            f"'{path}' is not a notebook: it has no cells.", "A notebook is what Jupyter saves.", "Save it again."
        )
    return [{"source": cell.get("input"), **cell} for cell in cells if isinstance(cell, dict)]


def _joined(text: Any) -> str:
    if isinstance(text, list):
        return "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""
