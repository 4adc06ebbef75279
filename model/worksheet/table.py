"""The network's table with gaps, and how each is worked out."""

from collections.abc import Collection, Mapping, Sequence
from random import Random

from model.layers.records import Arithmetic
from model.networks.summary.records import Table, TableRow
from model.networks.summary.text import cells, select_text
from model.receptive_field.records import Growth
from model.records import format_sizes
from model.worksheet.records import SAME, Gap, TableTask

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
_REPEATED = {"shape", "receptive_field", "jump"}  # columns where a row that changes nothing has the figure above it
Cell = tuple[str, str]  # the name of a row, and a column


def table_with_gaps(
    table: Table,
    arithmetic: Mapping[str, Arithmetic],
    growth: Mapping[str, Growth],
    chance: Random,
    told: Collection[Cell] = (),
    asked: Cell | None = None,
) -> TableTask:
    """Return the first rows of a table, some of its figures left out.

    Args:
        table: The network's.
        arithmetic: Of every step, by name.
        growth: How each step with maps changes the receptive field, by name.
        chance: Chooses the gaps.
        told: Figures that stand elsewhere on the sheet, so that they are no gaps.
        asked: A figure that is a gap, because another task asks for it.
    """
    rows = select_text(table, all_steps=False)
    shown = [row for row in rows if not row.is_hidden][:MOST_ROWS]
    every = [_cells(row) for row in shown]
    found: dict[tuple[int, str], tuple[str, str]] = {}
    for column, count in _GAPS.items():
        possible = [
            (number, worked)
            for number, row in enumerate(shown)
            if (worked := _worked(column, row, arithmetic[row.name], growth.get(row.name)))
            and (number == 0 or column not in _REPEATED or every[number - 1][column] != every[number][column])
        ]
        first = [each for each in possible if (shown[each[0]].name, column) == asked]
        others = [
            each
            for each in possible
            if each not in first and not {(shown[n].name, column) for n in _run(every, each[0], column)} & {*told}
        ]
        for number, worked in [*first, *chance.sample(others, min(count - len(first), len(others)))]:
            found[number, column] = worked
    gaps = {place: Gap(_letter(n), *found[place]) for n, place in enumerate(sorted(found, key=_in_order))}
    same = {(n, column) for number, column in found for n in _run(every, number, column)[1:]}
    lines = [
        [gaps.get((number, column), SAME if (number, column) in same else text) for column, text in cells_.items()]
        for number, cells_ in enumerate(every)
    ]
    kept = [column for column in range(len(_COLUMNS)) if any(line[column] for line in lines)]
    titles = [*_COLUMNS.values()]
    return TableTask(
        tuple(titles[column] for column in kept),
        tuple(tuple(line[column] for column in kept) for line in lines),
        len([row for row in rows if not row.is_hidden]) - len(shown),
    )


def _run(every: Sequence[Mapping[str, str]], number: int, column: str) -> range:
    """Return the row of a gap, and those below it that have the same figure because they change nothing."""
    end = number + 1
    while column in _REPEATED and end < len(every) and every[end][column] == every[number][column]:
        end += 1
    return range(number, end)


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
    found: list[list[str]] = []
    for row in table.rows:
        filled = [cell.answer if isinstance(cell, Gap) else cell for cell in row]
        found.append([found[-1][n] if cell == SAME else cell for n, cell in enumerate(filled)])
    return found
