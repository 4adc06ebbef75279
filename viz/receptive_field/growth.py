"""The growth of the receptive field beside the notebook's printed figures: a chart and tables."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from html import escape
from itertools import pairwise

from model.parameters.records import RowComparison
from model.receptive_field.records import Growth
from viz import theme

FORMULAS = {
    "size": "size ← size + (kernel − 1) × dilation × jump",
    "jump": "jump ← jump × stride",
    "centre": "centre ← centre + ((kernel − 1) × dilation / 2 − padding) × jump",
}
_EVERY_PIXELS, _EVERY_ROWS = 5, 3  # between two numbers beside the chart


def chart(steps: Iterable[Growth], comparisons: Sequence[RowComparison]) -> str:
    """Draw in HTML size and jump after each row, and what the notebook printed; wrong figures are crosses."""
    rows = rows_of(steps)
    names = [step.name for step in rows]
    lines = {"jump": [step.after.jump[0] for step in rows], "size": [step.after.size[0] for step in rows]}
    printed = {row.name: row.printed_field for row in comparisons if row.printed_field is not None}
    wrong = {row.name for row in comparisons if _is_wrong(row)}
    highest = max([*lines["size"], *lines["jump"], *printed.values()])
    place = partial(_place, rows=len(rows), highest=highest)
    drawn = [_ticks(len(rows), highest)]
    for what, values in lines.items():
        drawn += [_step(what, row, pair, len(rows), highest) for row, pair in enumerate(pairwise(values), start=1)]
        for row, (name, value) in enumerate(zip(names, values, strict=True), start=1):
            drawn.append(f'<i class="{what} dot" {place(row, value)} title="{name}: {what} {value}"></i>')
    for row, name in enumerate(names, start=1):
        if name in printed:
            kind, text = ("wrong", printed[name]) if name in wrong else ("right", "")
            words = f"{name}: printed {printed[name]}"
            drawn.append(f'<b class="{kind}" {place(row, printed[name])} title="{words}">{text}</b>')
    return (
        f'{_legend()}<div class="growth" role="img" aria-label="Size and jump after each row, and what was printed" '
        f'style="--size: {theme.ACCENT}; --jump: {theme.MUTED}; --mark: {theme.HIGHLIGHT}">{"".join(drawn)}</div>'
    )


def _legend() -> str:
    keys = (
        f'<li><i style="background: {theme.ACCENT}"></i>size</li><li><i style="background: {theme.MUTED}"></i>jump</li>'
        "<li><b>○</b>printed, right</li><li><b>×</b>printed, wrong</li>"
    )
    return f'<ul class="legend">{keys}</ul>'


def _place(row: float, pixels: float, rows: int, highest: int) -> str:
    """Say where in the chart a row, counted from 1, and a number of pixels lie, in hundredths."""
    return f'style="--x: {(row - 0.5) / rows * 100:.2f}; --y: {pixels / highest * 100:.2f}"'


def _step(what: str, row: int, values: tuple[int, int], rows: int, highest: int) -> str:
    """Draw a value that holds until the next row, and there goes up; neither size nor jump ever falls."""
    here, after = values
    place = _place(row, here, rows, highest).removesuffix('"')
    rise = (after - here) / highest * 100
    return f'<i class="{what} step" {place}; --across: {100 / rows:.2f}; --up: {rise:.2f}"></i>'


def _ticks(rows: int, highest: int) -> str:
    pixels = range(0, highest + 1, _EVERY_PIXELS)
    beside = [f'<i class="line" {_place(0.5, each, rows, highest)}></i>' for each in pixels]
    beside += [f'<span class="beside" {_place(0.5, each, rows, highest)}>{each}</span>' for each in pixels]
    numbers = range(1, rows + 1, _EVERY_ROWS)
    below = [f'<span class="below" {_place(each, 0, rows, highest)}>{each}</span>' for each in numbers]
    return "".join(beside + below) + '<span class="across">row</span><span class="up">pixels</span>'


def say(comparisons: Sequence[RowComparison]) -> str:
    """Say which printed figures are wrong."""
    wrong = [row for row in comparisons if _is_wrong(row)]
    printed = [row for row in comparisons if row.printed_field is not None]
    each = ", ".join(f"{row.printed_field} for {row.name} (it is {row.measured_field[0]})" for row in wrong)
    said = f"The notebook's comments give the receptive field of {len(printed)} rows; {len(wrong)} are wrong"
    return f"{said}: {each}." if wrong else f"{said}."


def mistakes(comparisons: Sequence[RowComparison]) -> str:
    """List in Markdown why each wrong figure is wrong."""
    said = [(row.name, each.sentence) for row in comparisons for each in row.mistakes if each.what == "field"]
    return "\n".join(f"- **{name}.** {sentence}" for name, sentence in said)


def arithmetic(growth: Growth) -> dict[str, list[str]]:
    """Return the three formulas and one step's numbers in them, as columns."""
    numbers = [growth.size, growth.jump, growth.center]
    return {"": [*FORMULAS], "formula": [*FORMULAS.values()], growth.name: numbers}


def changing(steps: Iterable[Growth]) -> dict[str, list[str]]:
    """Return the arithmetic of every step that changes the field, as columns."""
    chosen = [step for step in steps if step.changes]
    return {
        "step": [step.name for step in chosen],
        "jump": [step.jump for step in chosen],
        "centre": [step.center for step in chosen],
        "size": [step.size for step in chosen],
    }


def numbers(steps: Iterable[Growth], comparisons: Sequence[RowComparison]) -> dict[str, list[str]]:
    """Return size, jump, centre and the printed size of every row, as columns."""
    rows = rows_of(steps)
    printed = {row.name: row.printed_field for row in comparisons}
    shown = [printed.get(step.name) for step in rows]
    return {
        "row": [step.name for step in rows],
        "size": [str(step.after.size[0]) for step in rows],
        "jump": [str(step.after.jump[0]) for step in rows],
        "centre of unit 0": [f"{step.after.center[0]:g}" for step in rows],
        "notebook prints": ["" if each is None else str(each) for each in shown],
    }


def table(columns: Mapping[str, Sequence[str]], label: str) -> str:
    """Draw columns as a table in HTML; the first column names the rows. HTML repaints faster than Streamlit's table."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    lines = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(value)}</td>" for value in others)}</tr>'
        for first, *others in zip(*columns.values(), strict=True)
    )
    drawn = f'<table class="columns"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'
    return f'<div class="sideways" role="region" tabindex="0" aria-label="{escape(label)}">{drawn}</div>'


def rows_of(steps: Iterable[Growth]) -> list[Growth]:
    """Return the steps that are rows of the printed table."""
    return [step for step in steps if step.number is not None]


def _is_wrong(row: RowComparison) -> bool:
    return "field" in row.disagreements
