"""The network's table with gaps, and how each is worked out."""

from collections.abc import Mapping, Sequence
from random import Random

from model.layers.records import Arithmetic
from model.networks.summary.records import Table, TableRow
from model.networks.summary.text import cells, select_text
from model.receptive_field.records import Growth
from model.records import format_sizes
from model.worksheet.records import Gap, TableTask

MOST_ROWS = 26
_COLUMNS = {
    "name": "Row",
    "kernel": "Kernel",
    "stride": "Stride",
    "padding": "Padding",
    "shape": "Output shape",
    "parameters": "Parameters",
    "receptive_field": "Receptive field",
    "jump": "Jump",
}
_GAPS = {"shape": 3, "parameters": 3, "receptive_field": 3, "jump": 1}  # how many, where there are so many


def table_with_gaps(
    table: Table, arithmetic: Mapping[str, Arithmetic], growth: Mapping[str, Growth], chance: Random
) -> TableTask:
    """Return the first rows of a table, some of its figures left out.

    Args:
        table: The network's.
        arithmetic: Of every step, by name.
        growth: How each step with maps changes the receptive field, by name.
        chance: Chooses the gaps.
    """
    rows = select_text(table, all_steps=False)
    shown = [row for row in rows if not row.is_hidden][:MOST_ROWS]
    found: dict[tuple[int, str], tuple[str, str]] = {}
    for column, count in _GAPS.items():
        possible = [
            (number, worked)
            for number, row in enumerate(shown)
            if (worked := _worked(column, row, arithmetic[row.name], growth.get(row.name)))
        ]
        for number, worked in chance.sample(possible, min(count, len(possible))):
            found[number, column] = worked
    gaps = {place: Gap(_letter(n), *found[place]) for n, place in enumerate(sorted(found, key=_in_order))}
    lines = [
        [gaps.get((number, column), text) for column, text in _cells(row).items()] for number, row in enumerate(shown)
    ]
    kept = [column for column in range(len(_COLUMNS)) if any(line[column] for line in lines)]
    titles = [*_COLUMNS.values()]
    return TableTask(
        tuple(titles[column] for column in kept),
        tuple(tuple(line[column] for column in kept) for line in lines),
        len([row for row in rows if not row.is_hidden]) - len(shown),
    )


def _in_order(place: tuple[int, str]) -> tuple[int, int]:
    return place[0], [*_COLUMNS].index(place[1])


def _letter(number: int) -> str:
    return "abcdefghijklmnopqrstuvwxyz"[number]


def _cells(row: TableRow) -> dict[str, str]:
    written = cells(row)
    return {name: written[name] for name in _COLUMNS} | {"shape": format_sizes(row.shape)}


def _worked(column: str, row: TableRow, arithmetic: Arithmetic, growth: Growth | None) -> tuple[str, str] | None:
    """Return a figure and its arithmetic, or None where there is nothing to work out."""
    if column == "parameters":
        asked = arithmetic.parameter_count > 0
        return (f"{arithmetic.parameter_count:,}", arithmetic.parameter_line) if asked else None
    if column == "shape":
        lines = [f"{line.numbers} = {line.result:,}" for line in arithmetic.shape if line.numbers != f"{line.result}"]
        return (format_sizes(row.shape), "; ".join(dict.fromkeys(lines))) if lines else None
    if growth is None or row.field is None or row.jump is None or growth.is_union:
        return None
    if column == "receptive_field":
        changed = growth.before.size != growth.after.size
        return (cells(row)["receptive_field"], _both(growth.size, growth.across[0])) if changed else None
    jumps = growth.before.jump != growth.after.jump
    return (cells(row)["jump"], _both(growth.jump, growth.across[1])) if jumps else None


def _both(along_y: str, along_x: str) -> str:
    """Return the arithmetic along y, and along x where it differs."""
    return "; ".join(dict.fromkeys((along_y, along_x)))


def rows_of(table: TableTask) -> Sequence[Sequence[str]]:
    """Return the rows with all figures."""
    return [[cell.answer if isinstance(cell, Gap) else cell for cell in row] for row in table.rows]
