"""A worksheet and its answers in HTML, for the page, for paper and for a file."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from model.records import Numbers, Pixels
from model.trace.records import LayerKind
from model.worksheet.records import DECIMALS, FieldTask, Gap, MistakeTask, Patch, TableTask, UnitTask, Worksheet
from viz import theme
from viz.pictures import raster, swatches
from viz.pictures.mathematics import typeset
from viz.pictures.words import number

_PALE = 0.45  # of its darkness remains, so that a pencil shows on the picture
_EVERY = 5  # every fifth pixel has a number
_HINTS = {
    LayerKind.SOFTMAX: "Divide its exponential by the sum of all.",
    LayerKind.BATCH_NORM: "The standard deviation is √(running variance + ε).",
}


def sheet(of: Worksheet) -> str:
    """Draw the tasks of a worksheet."""
    parts = [part for part in (_table(of.table), _units(of.units), _fields(of), _mistake(of.mistake)) if part]
    tasks = "".join(f"<section><h3>{n}. {part}</section>" for n, part in enumerate(parts, 1))
    name = '<p class="name"><span>Name</span><span>Date</span></p>'
    return f'<article class="sheet">{_head(of, "Worksheet")}{name}{tasks}{_missing(of.missing)}</article>'


def answers(of: Worksheet) -> str:
    """Draw the answers to a worksheet, each with its arithmetic."""
    parts = [
        part
        for part in (
            _table_answers(of.table),
            _unit_answers(of.units),
            _field_answers(of),
            _mistake_answer(of.mistake),
        )
        if part
    ]
    found = "".join(f"<section><h3>{n}. {part}</section>" for n, part in enumerate(parts, 1))
    return f'<article class="sheet">{_head(of, "Answers to worksheet")}{found}</article>'


def one_by_one(of: Worksheet) -> dict[str, tuple[str, str]]:
    """Return each task and its answer by a short name, for a screen that shows one at a time."""
    parts = {
        "Table": (_table(of.table, gaps_only=True), _table_answers(of.table)),
        **{f"Unit {'ABC'[n]}": (_unit(n, task), _unit_answer(n, task)) for n, task in enumerate(of.units)},
        "Fields": (_fields(of), _field_answers(of)),
        "Mistake": (_mistake(of.mistake), _mistake_answer(of.mistake)),
    }
    return {name: (_alone(task), _alone(answer)) for name, (task, answer) in parts.items() if task}


def _alone(part: str) -> str:
    return f'<article class="sheet">{part if part.startswith("<") else f"<section><h3>{part}</section>"}</article>'


def document(title: str, body: str, style: str) -> str:
    """Return a file of HTML that stands alone.

    Args:
        title: Of the window; it may come from a stranger.
        body: The sheets.
        style: The style sheet.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body><main>{body}</main></body></html>\n"
    )


def say(of: Worksheet) -> str:
    """Say what a sheet asks."""
    gaps = len(of.table.gaps) if of.table else 0
    kinds = " and ".join(
        filter(None, (", ".join(unit.kind for unit in of.units[:-1]), *(u.kind for u in of.units[-1:])))
    )
    return (
        f"Sheet {of.seed}: {gaps} gaps in a table, {len(of.units)} units to work out{f' ({kinds})' if kinds else ''}, "
        f"{len(of.fields)} receptive fields to draw, {'one mistake' if of.mistake else 'no mistake'} to find."
    )


def _head(of: Worksheet, what: str) -> str:
    picture = f'<img src="{raster.image(of.picture)}" alt="The picture">'
    return (
        f"<header>{picture}<div><h2>{what} {of.seed}</h2><p>{escape(of.network)}. {escape(of.said)}</p></div></header>"
    )


def _missing(sentences: Sequence[str]) -> str:
    said = "".join(f"<li>{escape(each)}</li>" for each in sentences)
    return f"<section><h3>What this network does not ask</h3><ul>{said}</ul></section>" if said else ""


# The table


def _table(of: TableTask | None, *, gaps_only: bool = False) -> str:
    if of is None:
        return ""
    kept = [row for row in of.rows if not gaps_only or any(isinstance(cell, Gap) for cell in row)]
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in kept)
    more = f" The network has {of.left_out} more rows." if of.left_out else ""
    return (
        f"The table</h3><p>Fill in the gaps {_letters(of)}. A shape is channels × height × width.{more}</p>"
        f"{_ledger(of.titles, rows)}"
    )


def _letters(of: TableTask) -> str:
    return f"({of.gaps[0].letter}) to ({of.gaps[-1].letter})" if len(of.gaps) > 1 else f"({of.gaps[0].letter})"


def _cell(cell: str | Gap) -> str:
    return f'<td class="gap">({cell.letter})</td>' if isinstance(cell, Gap) else f"<td>{escape(cell)}</td>"


def _ledger(titles: Sequence[str], rows: str) -> str:
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    table = f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="sideways" role="region" tabindex="0" aria-label="The rows">{table}</div>'


def _table_answers(of: TableTask | None) -> str:
    if of is None:
        return ""
    items = "".join(
        f"<li>({gap.letter}) <b>{escape(gap.answer)}</b><span>{escape(gap.arithmetic)}</span></li>" for gap in of.gaps
    )
    return f'The table</h3><ul class="solved">{items}</ul>'


# Units


def _units(of: Sequence[UnitTask]) -> str:
    if not of:
        return ""
    tasks = "".join(_unit(n, task) for n, task in enumerate(of))
    return (
        f"{_count(len(of))} to work out by hand</h3><p>Numbers are rounded to {DECIMALS} decimals; two decimals of the "
        f"result are enough. All are counted from 0.</p>{tasks}"
    )


def _unit(place: int, task: UnitTask) -> str:
    return f"<section><h4>{_numbered(place)} {escape(task.question)}</h4>{_given(task)}{_space(task)}</section>"


def _count(units: int) -> str:
    return {1: "One unit", 2: "Two units", 3: "Three units"}[units]


def _numbered(place: int) -> str:
    return f"({'ABC'[place]})"


def _given(task: UnitTask) -> str:
    hint = f" {_HINTS[LayerKind(task.kind)]}" if task.kind in {*_HINTS} else ""
    given = "".join(f"<li>{name} <b>{number(value)}</b></li>" for name, value in task.given)
    formula = f'<p class="formula">{typeset(task.symbols)}{escape(hint)}</p>'
    listed = f'<ul class="given">{given}</ul>' if given else ""
    return f'{formula}<div class="patches">{"".join(map(_patch, task.patches))}</div>{listed}'


def _patch(of: Patch) -> str:
    values = _grid(of.values, of.title)
    weights = f'<span class="times">×</span>{_grid(of.weights, "weights")}' if of.weights is not None else ""
    return f'<div class="patch">{values}{weights}</div>'


def _grid(values: Numbers, title: str) -> str:
    rows = "".join(f"<tr>{''.join(f'<td>{number(value)}</td>' for value in row)}</tr>" for row in values)
    return f'<table class="grid"><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>'


def _space(task: UnitTask) -> str:
    lines = 4 if sum(patch.values.size for patch in task.patches) > 12 else 3
    return f'<p class="write" style="--lines: {lines}"><span>Result</span></p>'


def _unit_answers(of: Sequence[UnitTask]) -> str:
    items = "".join(_unit_answer(n, task) for n, task in enumerate(of))
    return f"{_count(len(of))}</h3>{items}" if of else ""


def _unit_answer(place: int, task: UnitTask) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in task.lines)
    return (
        f"<section><h4>{_numbered(place)} {escape(task.question)}</h4>"
        f'<p class="formula">{typeset(task.symbols)}</p>{lines}'
        f"<p>From the printed numbers <b>{swatches.short(task.by_hand, DECIMALS)}</b>; the network has "
        f"<b>{swatches.short(task.value, 4)}</b>.</p></section>"
    )


# Receptive fields


def _fields(of: Worksheet) -> str:
    if not of.fields:
        return ""
    tasks = "".join(
        f"<li>Unit y {task.unit[0]}, x {task.unit[1]} of {escape(task.step)}: {escape(task.given)}.</li>"
        for task in of.fields
    )
    return (
        f'Receptive fields</h3><p>Draw each as a rectangle on the picture.</p><div class="beside"><ol>{tasks}</ol>'
        f"{_picture(of.picture, ())}</div>"
    )


def _field_answers(of: Worksheet) -> str:
    if not of.fields:
        return ""
    items = "".join(
        f"<li>{escape(task.step)}, y {task.unit[0]}, x {task.unit[1]}: {escape('; '.join(task.arithmetic))}</li>"
        for task in of.fields
    )
    return f'Receptive fields</h3><div class="beside"><ol>{items}</ol>{_picture(of.picture, of.fields)}</div>'


def _picture(pixels: Pixels, fields: Sequence[FieldTask]) -> str:
    """Draw the picture pale, under a grid that counts its pixels, with some fields on it."""
    height, width = pixels.shape[:2]
    pale = 255 - (255 - _on_paper(pixels).astype(np.float64)) * _PALE
    image = raster.image(pale.round().astype(np.uint8))
    margin, step = max(height, width) / 12, _EVERY * max(1, max(height, width) // 56)
    lines = [*_lines(height, width, step), *_numbers(height, width, step, margin)]
    boxes = [_box(task, number) for number, task in enumerate(fields, 1)]
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{-margin:.2f} {-margin:.2f} {width + 1.5 * margin:.2f} {height + 1.5 * margin:.2f}">'
        f'<image href="{image}" width="{width}" height="{height}" style="image-rendering: pixelated"/>'
        f"{''.join(lines)}{''.join(boxes)}</svg>"
    )
    said = "The picture, with its rows and columns counted" + (", and the receptive fields" if fields else "")
    source = f"data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}"
    return f'<img class="draw" src="{source}" alt="{said}">'


def _on_paper(pixels: Pixels) -> Pixels:
    """Return a picture as on paper: what is grey on black becomes dark on white."""
    return 255 - pixels if pixels.ndim == 2 else pixels


def _lines(height: int, width: int, step: int) -> Iterable[str]:
    fine = max(1, step // _EVERY)
    for y in range(0, height + 1, fine):
        yield _line(0, y, width, y, strong=y % step == 0)
    for x in range(0, width + 1, fine):
        yield _line(x, 0, x, height, strong=x % step == 0)


def _line(x1: int, y1: int, x2: int, y2: int, *, strong: bool) -> str:
    colour, wide = ("#666", 1.2) if strong else ("#bbb", 0.6)
    ends = f'x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{wide}" vector-effect="non-scaling-stroke"/>'


def _numbers(height: int, width: int, step: int, margin: float) -> Iterable[str]:
    """Yield the number of every fifth row and column, at the middle of its pixel."""
    style = f'font-size="{margin * 0.5:.2f}" font-family="sans-serif"'
    for y in range(0, height, step):
        yield f'<text x="{-margin * 0.2:.2f}" y="{y + 0.5 + margin * 0.17:.2f}" text-anchor="end" {style}>{y}</text>'
    for x in range(0, width, step):
        yield f'<text x="{x + 0.5}" y="{-margin * 0.25:.2f}" text-anchor="middle" {style}>{x}</text>'


def _box(task: FieldTask, number: int) -> str:
    box, colour = task.box, (theme.ACCENT, theme.FAILURE["light"], theme.KIND_COLOURS[LayerKind.BATCH_NORM])[number - 1]
    sides = f'x="{box.left}" y="{box.top}" width="{box.width}" height="{box.height}"'
    words = f'x="{box.left + 0.3}" y="{box.top + 1.6}" font-size="1.6" font-family="sans-serif" fill="{colour}"'
    return (
        f'<rect {sides} fill="none" stroke="{colour}" stroke-width="2.5" vector-effect="non-scaling-stroke"/>'
        f"<text {words}>{number}</text>"
    )


# The mistake


def _mistake(of: MistakeTask | None) -> str:
    if of is None:
        return ""
    return (
        "One figure is wrong</h3><p>Which one, what is right, and which rule went wrong? Shapes are in the first "
        "table.</p>"
        f'{_ledger(of.titles, _rows(of))}<p class="write" style="--lines: 2"></p>'
    )


def _rows(of: MistakeTask) -> str:
    return "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in of.rows)


def _mistake_answer(of: MistakeTask | None) -> str:
    if of is None:
        return ""
    row, column = of.where
    return (
        f"One figure is wrong</h3><p><b>{escape(row)}</b>, {escape(column)}: printed <del>{escape(of.printed)}</del>, "
        f"right is <b>{escape(of.right)}</b>. {escape(of.why)}</p>"
    )
