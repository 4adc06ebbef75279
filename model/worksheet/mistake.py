"""A mistake to find: rows of the network's table with one figure that a known wrong rule gives."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from model.layers.quiz import misconceptions
from model.layers.records import Arithmetic
from model.networks.summary.records import Table, TableRow
from model.networks.summary.text import cells, select_text
from model.parameters.comparison import Comparison
from model.parameters.printed import find
from model.receptive_field.records import Growth
from model.records import format_sizes
from model.trace.records import Trace
from model.worksheet.records import MistakeTask

_MOST_ROWS, _LEAST_ROWS = 6, 3  # at most two of three rows: the others have figures to leave out
_COLUMNS = {
    "name": "Layer",
    "kernel": "Kernel",
    "stride": "Stride",
    "shape": "Output shape",
    "parameters": "Param #",
    "receptive_field": "Receptive field",
}
_UNKNOWN = "No common mistake"
_FEW = 12  # wrong figures that are tried


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A wrong figure, and why where that is known already."""

    row: int
    column: str
    printed: str
    right: str
    why: str = ""


def mistake_to_find(
    comparison: Comparison,
    table: Table,
    trace: Trace,
    arithmetic: Mapping[str, Arithmetic],
    growth: Mapping[str, Growth],
    chance: Random,
) -> MistakeTask | None:
    """Return some rows with one wrong figure, or None where the network has none that a known rule gets wrong.

    A wrong receptive field is one that the check of printed tables explains: a forgotten jump, a pool that doubles it.

    Args:
        comparison: Checks printed tables of the network.
        table: The network's.
        trace: A trace, for the shapes.
        arithmetic: Of every step.
        growth: How each step changes the receptive field.
        chance: Chooses rows and the rule.
    """
    rows = [row for row in select_text(table, all_steps=False) if not row.is_hidden]
    wrongs = [*_fields(rows, growth), *_parameters(rows, trace, arithmetic)]
    chance.shuffle(wrongs)
    wrongs.sort(key=lambda wrong: wrong.column != "receptive_field" and chance.random() < 0.5)
    for wrong in wrongs[:_FEW]:
        task = _task(rows, wrong, comparison)
        if task:
            return task
    return None


def _fields(rows: Sequence[TableRow], growth: Mapping[str, Growth]) -> Iterator[_Wrong]:
    """Yield receptive fields that a wrong rule gives; the check must find which rule it was."""
    for number, row in enumerate(rows):
        step = growth.get(row.name)
        if step is None or row.field is None or step.is_union or row.field[0] != row.field[1]:
            continue
        before, (kernel, jump), stride = (
            step.before.size[0],
            (step.window.kernel[0], step.before.jump[0]),
            step.window.stride[0],
        )
        dilation = step.window.dilation[0]
        for wrong in (before + (kernel - 1) * dilation, before * stride, before + (kernel - 1) * jump * stride, before):
            if kernel > 1 and 1 < wrong < 3 * row.field[0] and wrong != row.field[0]:
                yield _Wrong(number, "receptive_field", str(wrong), str(row.field[0]))


def _parameters(rows: Sequence[TableRow], trace: Trace, arithmetic: Mapping[str, Arithmetic]) -> Iterator[_Wrong]:
    for number, row in enumerate(rows):
        worked = arithmetic[row.name]
        for (count,), why in misconceptions.of_parameters(trace[row.name], worked):
            if worked.parameter_count / 2 <= count != worked.parameter_count > 0:
                right = f"{worked.parameter_count:,}"
                yield _Wrong(number, "parameters", f"{int(count):,}", right, f"{worked.parameter_line}. {why}")


def _task(rows: Sequence[TableRow], wrong: _Wrong, comparison: Comparison) -> MistakeTask | None:
    """Return the rows around a wrong figure, where the check of printed tables finds this figure and no other.

    Only the column of the wrong figure is shown, and the windows; shapes are in the network's table. A row that passes
    the receptive field on unchanged would say what is right, so it is left out.
    """
    if wrong.column == "receptive_field":
        kept = [row for n, row in enumerate(rows) if row.field and (n == 0 or row.field != rows[n - 1].field)]
        if rows[wrong.row] not in kept:
            return None
        wrong, rows = replace(wrong, row=kept.index(rows[wrong.row])), kept
    count = max(_LEAST_ROWS, min(_MOST_ROWS, len(rows) * 2 // 3))
    start = max(0, min(wrong.row - count // 2, len(rows) - count))
    shown = rows[start : start + count]
    lines = [_line(row) for row in shown]
    lines[wrong.row - start][wrong.column] = wrong.printed
    why = wrong.why
    if not why:
        found = comparison.compare(find(_markdown(lines), comparison.names), "sheet", lines=False).mistakes
        if len(found) != 1 or found[0].right != wrong.right or _UNKNOWN in found[0].why:
            return None
        why = found[0].why
    columns = [name for name in ("name", "kernel", "stride", wrong.column) if any(line[name] for line in lines)]
    return MistakeTask(
        tuple(_COLUMNS[name] for name in columns),
        tuple(tuple(line[name] for name in columns) for line in lines),
        (rows[wrong.row].name, _COLUMNS[wrong.column]),
        wrong.printed,
        wrong.right,
        why,
        (rows[wrong.row].name, wrong.column),
        tuple((row.name, name) for row in shown for name in columns if (row, name) != (rows[wrong.row], wrong.column)),
    )


def _line(row: TableRow) -> dict[str, str]:
    written = cells(row)
    return {name: written[name] for name in _COLUMNS} | {"shape": format_sizes(row.shape)}


def _markdown(lines: Sequence[Mapping[str, str]]) -> str:
    """Write names and receptive fields as a README does."""
    rows = [f"| {line['name']} | {line['receptive_field']} |" for line in lines]
    return "\n".join(["| Layer | Receptive field |", "|---|---:|", *rows])
