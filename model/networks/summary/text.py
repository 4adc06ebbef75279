"""A network's table in words: its cells, its totals, and Markdown for a README."""

from collections.abc import Sequence

from model.networks.summary.records import Table, TableRow
from model.records import Pair, format_sizes

TITLES = {
    "name": "Layer",
    "path": "Path",
    "kernel": "Kernel",
    "stride": "Stride",
    "padding": "Padding",
    "shape": "Output shape",
    "parameters": "Param #",
    "receptive_field": "Receptive field",
    "jump": "Jump",
    "multiply_accumulates": "Mult-adds",
}
WORDS = {"name", "path", "shape"}  # columns that are set from the left
_JOINS = {"add", "sub", "mul", "cat"}


def select(table: Table, all_steps: bool) -> tuple[TableRow, ...]:
    """Return the rows of a printed summary, or every step."""
    return table.rows if all_steps else tuple(row for row in table.rows if row.is_numbered)


def select_text(table: Table, all_steps: bool) -> tuple[TableRow, ...]:
    """Return the rows for a terminal: also function calls that join branches or change the shape, field or jump."""
    found = []
    before: TableRow | None = None
    for row in table.rows:
        alike = before is not None and (row.shape, row.field, row.jump) == (before.shape, before.field, before.jump)
        if all_steps or row.is_numbered or (not row.is_hidden and (row.op in _JOINS or not alike)):
            found.append(row)
        before = row
    return tuple(found)


def as_markdown(table: Table, all_steps: bool = False) -> str:
    """Write the table for a README."""
    lines = ["| " + " | ".join(TITLES.values()) + " |"]
    lines.append("|" + "|".join("---" if name in WORDS else "---:" for name in TITLES) + "|")
    for row in select(table, all_steps):
        escaped = [cell.replace("|", r"\|").replace("*", r"\*") for cell in cells(row).values()]
        lines.append("| " + " | ".join(escaped) + " |")
    return "\n".join([*lines, "", *(f"{line}  " for line in totals(table))]).rstrip()


def cells(row: TableRow, thousands: bool = True) -> dict[str, str]:
    """Return the cells of a row by their column."""
    comma = "," if thousands else ""
    return {
        "name": row.name,
        "path": row.path,
        "kernel": _pair(row.kernel),
        "stride": _pair(row.stride),
        "padding": _pair(row.padding),
        "shape": format_shape(row.shape),
        "parameters": format(row.parameters, comma),
        "receptive_field": _pair(row.field),
        "jump": _pair(row.jump),
        "multiply_accumulates": format(row.multiply_accumulates, comma),
    }


def format_shape(shape: Sequence[int]) -> str:
    """Write a shape as PyTorch's summaries do, with -1 for the number of images.

    >>> format_shape((8, 26, 26))
    '[-1, 8, 26, 26]'
    """
    return f"[{', '.join(map(str, (-1, *shape)))}]"


def _pair(pair: Pair | str | None) -> str:
    if pair is None or isinstance(pair, str):
        return pair or ""
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"


def totals(table: Table) -> list[str]:
    """Return the totals in words."""
    lines = [f"Input: {format_sizes(table.input_shape)}. Multiply-adds for one image: {table.multiply_accumulates:,}."]
    lines += table.reasons
    if table.used == table.owned:
        return [f"Parameters: {table.used:,}.", *lines]
    never = [f"{path} ({count:,})" for path, count in table.unused if count]
    more = f" and {len(never) - 5} more" if len(never) > 5 else ""
    said = f": {', '.join(never[:5])}{more}" if never else ""
    left = table.owned - table.used
    return [
        f"Parameters: {table.used:,} used, {table.owned:,} owned. {left:,} are never called{said}.",
        *lines,
    ]
