"""The growth of the receptive field beside the notebook's printed figures: a chart and tables."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from model.parameters.records import RowComparison
from model.receptive_field.records import Growth
from viz import theme
from viz.charts.draw import Axis, Part, Series, Texts, draw

FORMULAS = {
    "size": "size ← size + (kernel − 1) × dilation × jump",
    "jump": "jump ← jump × stride",
    "centre": "centre ← centre + ((kernel − 1) × dilation / 2 − padding) × jump",
}
_EVERY = 3  # rows between two numbers beside the axis
_OVER = 0.5  # pixels of the image between a cross and its number


def chart(steps: Iterable[Growth], comparisons: Sequence[RowComparison]) -> go.Figure:
    """Draw size and jump after each row, and what the notebook printed; wrong figures are crosses."""
    rows = rows_of(steps)
    names = [step.name for step in rows]
    printed = [row for row in comparisons if row.printed_field is not None and row.name in names]
    drawn: list[Part] = [
        Series("jump", names, [step.after.jump[0] for step in rows], theme.MUTED, "steps"),
        Series("size", names, [step.after.size[0] for step in rows], theme.ACCENT, "steps"),
    ]
    for name, symbol, wrong in (("printed, correct", "circle-open", False), ("printed, wrong", "x", True)):
        found = [row for row in printed if _is_wrong(row) == wrong]
        places, values = [row.name for row in found], [row.printed_field or 0 for row in found]
        drawn.append(Series(name, places, values, theme.HIGHLIGHT, "points", 15, symbol))
        if wrong:
            over = [value + _OVER for value in values]
            drawn.append(Texts(places, over, [str(value) for value in values], "top center"))
    ticks = names[::_EVERY]
    numbers = [str(number) for number in range(1, len(names) + 1, _EVERY)]
    return draw(drawn, Axis("row", categories=names, ticks=ticks, names=numbers), Axis("pixels", zero=True), height=420)


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
