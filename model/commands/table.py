"""The table of a network: what torchsummary prints, and window, receptive field, jump and cost of every row."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from model.commands.records import Table, TableRow
from model.networks.summary.table import of_network
from model.networks.summary.text import TITLES, WORDS, as_markdown, format_shape, select, select_text, totals
from model.networks.summary.text import cells as cells_of
from model.records import Pair

__all__ = ["as_csv", "as_json", "as_markdown", "as_text", "of_network", "partial", "select", "select_text"]
_DIM, _BOLD, _END = "\033[2m", "\033[1m", "\033[0m"
_COLOURS = {"conv": "\033[36m", "linear": "\033[36m", "pool": "\033[33m", "norm": "\033[35m", "drop": "\033[32m"}
_SHORT = {"receptive_field": "Field"}
_DROPPED = (
    "padding",
    "stride",
    "kernel",
    "path",
    "multiply_accumulates",
    "jump",
)  # in a narrow terminal, in this order
_CALL = "(function call)"  # in the place of a path
_LEAST = 10  # characters of a path


def as_json(table: Table, all_steps: bool = False) -> str:
    """Write the table as JSON; a receptive field is one number where it is a square, else [y, x]."""
    rows = [
        {
            "name": row.name,
            "path": row.path,
            "op": row.op,
            "shape": list(row.shape),
            "parameters": row.parameters,
            "receptive_field": _side(row.field),
            "jump": _side(row.jump),
            "multiply_accumulates": row.multiply_accumulates,
        }
        for row in select(table, all_steps)
    ]
    return json.dumps({"rows": rows, "parameters": {"used": table.used, "owned": table.owned}}, indent=2)


def _side(pair: Pair | None) -> int | list[int] | None:
    if pair is None:
        return None
    return pair[0] if pair[0] == pair[1] else list(pair)


def as_csv(table: Table, all_steps: bool = False) -> str:
    """Write the table as CSV, with plain numbers."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(TITLES)
    for row in select(table, all_steps):
        writer.writerow(cells_of(row, thousands=False).values())
    return file.getvalue().rstrip("\n")


def as_text(table: Table, width: int, colour: bool, all_steps: bool = False) -> str:
    """Write the table for a terminal.

    Args:
        table: What is written.
        width: How many characters a line may have.
        colour: Whether kinds of layer have colours.
        all_steps: Whether all function calls have rows, and not only those that join branches or change the shape.
    """
    rows = select_text(table, all_steps)
    header = {name: _SHORT.get(name, title) for name, title in TITLES.items()}
    cells = [header, *(cells_of(row) | ({} if row.is_numbered else {"path": _CALL}) for row in rows)]
    widths = _widths(cells, width)
    lines = []
    for number, each in enumerate(cells):
        line = "  ".join(_padded(each[name], size, name in WORDS) for name, size in widths.items()).rstrip()
        lines.append(_coloured(line, None if number == 0 else rows[number - 1]) if colour else line)
    ruler = "─" * min(width, sum(widths.values()) + 2 * len(widths) - 2)
    return "\n".join([lines[0], ruler, *lines[1:], ruler, *totals(table), *_said_of_calls(table, rows)])


def _said_of_calls(table: Table, rows: Sequence[TableRow]) -> list[str]:
    """Say which rows are function calls, and how many others there are."""
    shown = [row for row in rows if not row.is_numbered]
    left = len(table.rows) - len(rows)
    said = []
    if shown:
        names = f"{', '.join(row.name for row in shown[:3])}{' and others' if len(shown) > 3 else ''}"
        verb = "is a function call" if len(shown) == 1 else "are function calls"
        said.append(f"{names} {verb}: torchsummary has no row for {'it' if len(shown) == 1 else 'them'}.")
    if left:
        calls = "1 more call changes" if left == 1 else f"{left} more calls change"
        said.append(f"{calls} neither shape nor receptive field: --all shows {'it' if left == 1 else 'them'}.")
    return said


def partial(steps: Sequence[Mapping[str, Any]]) -> str:
    """Write the steps of a network up to one that fails, with shapes and parameters."""
    cells = [("Layer", "Path", "Output shape", "Param #")]
    cells += [(str(s["name"]), str(s["path"]), format_shape(s["shape"]), f"{s['parameters']:,}") for s in steps]
    sizes = [max(len(row[column]) for row in cells) for column in range(4)]
    return "\n".join(
        "  ".join(_padded(cell, size, number < 3) for number, (cell, size) in enumerate(zip(row, sizes, strict=True)))
        for row in cells
    )


def _widths(cells: Sequence[Mapping[str, str]], width: int) -> dict[str, int]:
    """Return how wide each column is; where there is no room, paths are cut, and then columns are left out."""
    widths = {name: max(len(row[name]) for row in cells) for name in TITLES}
    room = width - sum(widths.values()) - 2 * (len(widths) - 1)
    if room < 0:
        widths["path"] = max(min(_LEAST, widths["path"]), widths["path"] + room)
    for name in _DROPPED:
        if sum(widths.values()) + 2 * (len(widths) - 1) > width:
            del widths[name]
    return widths


def _padded(text: str, size: int, left: bool) -> str:
    text = text if len(text) <= size else "…" + text[len(text) - size + 1 :]
    return text.ljust(size) if left else text.rjust(size)


def _coloured(line: str, row: TableRow | None) -> str:
    if row is None:
        return f"{_BOLD}{line}{_END}"
    colour = next((code for part, code in _COLOURS.items() if part in row.op), _DIM if not row.is_numbered else "")
    return f"{colour}{line[: len(row.name)]}{_END}{line[len(row.name) :]}" if colour else line
