"""The growth of the receptive field beside the notebook's printed figures: a chart and tables."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from model.graph.records import IMAGE, Graph
from model.parameters.records import RowComparison
from model.receptive_field.records import Growth
from viz import theme
from viz.charts.draw import Axis, Part, Series, Texts, draw
from viz.pictures import words

FORMULAS = {
    "size": "size ← size + (kernel − 1) × dilation × jump",
    "jump": "jump ← jump × stride",
    "centre": "centre ← centre + ((kernel − 1) × dilation / 2 − padding) × jump",
}
_EVERY = 3  # rows between two numbers beside the axis
_OVER = 0.9  # pixels of the image between a cross and its number


def way(graph: Graph, steps: Mapping[str, Growth]) -> tuple[list[Growth], bool]:
    """Return the steps on the way with the largest field, and whether there are others beside it.

    Args:
        graph: Says what each step takes.
        steps: Every step with a window, by name, in the order they run.
    """
    inputs, found = {node.name: node.inputs for node in graph.nodes}, list[Growth]()
    name = next(reversed([*steps]), IMAGE)
    while name != IMAGE:
        if name in steps:
            found.insert(0, steps[name])
        name = max(inputs[name], key=lambda each: _size(steps, each), default=IMAGE)
    return found, len(found) < len(steps)


def _size(steps: Mapping[str, Growth], name: str) -> int:
    field = steps[name].after.size if name in steps else (0, 0)
    return field[0] * field[1]


def chart(steps: Iterable[Growth], comparisons: Sequence[RowComparison]) -> go.Figure:
    """Draw size and jump after each row, and what the notebook printed, if anything; wrong figures are crosses."""
    rows = rows_of(steps)
    names = [step.name for step in rows]
    printed = [row for row in comparisons if row.printed_field is not None and row.name in names]
    square = all(step.after.size[0] == step.after.size[1] for step in rows)
    drawn: list[Part] = [Series("jump", names, [step.after.jump[0] for step in rows], theme.MUTED, "steps")]
    for axis, name in enumerate(["size"] if square else ["size along y", "size along x"]):
        colour = (theme.ACCENT, theme.HIGHLIGHT)[axis]
        drawn.append(Series(name, names, [step.after.size[axis] for step in rows], colour, "steps"))
    for name, symbol, wrong in (("printed, correct", "circle-open", False), ("printed, wrong", "x", True)):
        found = [row for row in printed if _is_wrong(row) == wrong]
        if not printed:
            break
        places, values = [row.name for row in found], [row.printed_field or 0 for row in found]
        drawn.append(Series(name, places, values, theme.HIGHLIGHT, "points", 15, symbol))
        if wrong:
            over = [value + _OVER for value in values]
            drawn.append(Texts(places, over, [str(value) for value in values], "top center"))
    every = max(_EVERY, len(names) // 10)
    ticks = names[::every]
    numbers = [str(number) for number in range(1, len(names) + 1, every)]
    return draw(drawn, Axis("row", categories=names, ticks=ticks, names=numbers), Axis("pixels", zero=True), height=420)


def say(steps: Iterable[Growth], comparisons: Sequence[RowComparison]) -> str:
    """Say the largest field, and which printed figures are wrong where some are printed."""
    wrong = [row for row in comparisons if _is_wrong(row)]
    printed = [row for row in comparisons if row.printed_field is not None]
    if not printed:
        last = rows_of(steps)[-1]
        return (
            f"Size and jump after each step. After {last.name} the field has {words.shape(last.after.size)} pixels, "
            f"and neighbouring units are {last.after.jump[0]} apart."
        )
    each = ", ".join(f"{row.printed_field} for {row.name} (it is {row.measured_field[0]})" for row in wrong)
    said = f"The notebook's comments give the receptive field of {len(printed)} rows; {len(wrong)} are wrong"
    return f"{said}: {each}." if wrong else f"{said}."


def arithmetic(growth: Growth) -> dict[str, list[str]]:
    """Return the three formulas and one step's numbers in them, as columns; along x too where that differs."""
    lines = (growth.size, growth.jump, growth.center)
    formulas = {  # of the box around the fields that meet
        "size": "last pixel − first pixel + 1",
        "jump": FORMULAS["jump"],
        "centre": "(first pixel + last pixel) / 2",
    }
    formulas = formulas if growth.is_union else FORMULAS
    columns = {"": [*formulas], "formula": [*formulas.values()]}
    if lines == growth.across:
        return columns | {growth.name: [*lines]}
    return columns | {f"{growth.name}, y": [*lines], f"{growth.name}, x": [*growth.across]}


def changing(steps: Iterable[Growth]) -> dict[str, list[str]]:
    """Return the arithmetic of every step that changes the field, as columns; along x too where that differs."""
    chosen = [step for step in steps if step.changes]
    lines = [(step.name, (step.size, step.jump, step.center), step.across) for step in chosen]
    differs = any(down != across for _, down, across in lines)
    rows = [(f"{name}, y" if differs else name, down) for name, down, _ in lines]
    if differs:
        rows = [row for (name, down, across) in lines for row in ((f"{name}, y", down), (f"{name}, x", across))]
    return {
        "step": [name for name, _ in rows],
        "size": [size for _, (size, _, _) in rows],
        "jump": [jump for _, (_, jump, _) in rows],
        "centre": [center for _, (_, _, center) in rows],
    }


def numbers(steps: Iterable[Growth], comparisons: Sequence[RowComparison]) -> dict[str, list[str]]:
    """Return size, jump, centre and the printed size, if any, of every row, as columns."""
    rows = rows_of(steps)
    printed = {row.name: row.printed_field for row in comparisons}
    shown = [printed.get(step.name) for step in rows]
    columns = {
        "row": [step.name for step in rows],
        "size": [_both(step.after.size) for step in rows],
        "jump": [_both(step.after.jump) for step in rows],
        "centre of unit 0": [_both(step.after.center) for step in rows],
    }
    return columns | ({"notebook prints": ["" if each is None else str(each) for each in shown]} if comparisons else {})


def _both(pair: tuple[float, float]) -> str:
    """Write one number where both axes have the same."""
    y, x = pair
    return f"{y:g}" if y == x else f"{y:g} × {x:g}"


def table(columns: Mapping[str, Sequence[str]], label: str) -> str:
    """Draw columns as a table in HTML; the first column names the rows. HTML repaints faster than Streamlit's table."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    _, *names = map(escape, columns)
    lines = ""
    for first, *others in zip(*columns.values(), strict=True):
        cells = (f'<td data-name="{name}">{escape(value)}</td>' for name, value in zip(names, others, strict=True))
        lines += f'<tr><th scope="row">{escape(first)}</th>{"".join(cells)}</tr>'
    drawn = f'<table class="columns cards wordy"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'
    return f'<div class="sideways" role="region" tabindex="0" aria-label="{escape(label)}">{drawn}</div>'


def rows_of(steps: Iterable[Growth]) -> list[Growth]:
    """Return the rows of the printed table, and the function calls that change the field."""
    return [step for step in steps if step.number is not None or step.changes]


def _is_wrong(row: RowComparison) -> bool:
    return "field" in row.disagreements
