"""Receptive fields: the box of a unit on the digit, how it grows row by row, and the numbers behind it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from model.records import Box, EffectiveField, Growth, Pair, Pixels, RowComparison
from viz import theme
from viz.figures import raster, words
from viz.figures.scaling import range_of

RULES = {
    "size": "size ← size + (kernel − 1) × dilation × jump",
    "jump": "jump ← jump × stride",
    "centre": "centre ← centre + ((kernel − 1) × dilation / 2 − padding) × jump",
}
_MEASURED = "rgb(255, 255, 255)"  # dashes on top of the formula's line, so that both are seen where they agree
_HEIGHT = 400
_BAR = 60  # kept free for a colour bar, so that nothing moves when there is one
_ZOOM = 12  # a layout's image is smoothed; when it is larger that does not show
_STAY = 900  # milliseconds that each row of the animation stays
_COLOUR_BAR = {"orientation": "h", "y": -0.02, "yanchor": "top", "thickness": 12, "len": 0.6, "tickformat": ".2~g"}


def stage(pixels: Pixels, box: Box, measured: Box, effective: EffectiveField | None = None) -> go.Figure:
    """Draw the digit, or how strongly each of its pixels counts, and the box of one unit on it.

    Args:
        pixels: Of the digit, (H, W).
        box: By the formula, drawn solid.
        measured: By gradient, drawn dashed on top of it.
        effective: What to show in place of the digit.
    """
    if effective is None:
        figure = go.Figure(_grey(pixels))
    else:
        range_ = range_of(effective.values)
        figure = go.Figure(
            go.Heatmap(
                z=effective.values,
                zmin=range_.low,
                zmax=range_.high,
                colorscale=range_.scale,
                hovertemplate="y %{y}, x %{x}<br>%{z:.4f}<extra></extra>",
                colorbar=_COLOUR_BAR,
            )
        )
    _outline(figure, box, {"color": theme.HIGHLIGHT, "width": 6}, "formula")
    _outline(figure, measured, {"color": _MEASURED, "width": 2, "dash": "dash"}, "gradient")
    return _on_image(figure, pixels.shape)


def units(growth: Growth, selected: Pair, image: Pair) -> go.Figure:
    """Draw every unit of a step's maps where it looks on the image, one of them framed.

    A click selects the nearest marker, whose ``customdata`` is ``y.x`` of the unit.

    Args:
        growth: Of the step.
        selected: The unit that is framed.
        image: (H, W).
    """
    (high, wide), (jump_y, jump_x) = growth.units, growth.after.jump
    top, left = growth.after.center
    chosen = np.zeros((high, wide))
    chosen[selected] = 1
    figure = go.Figure(
        go.Heatmap(
            z=chosen,
            x=left + jump_x * np.arange(wide),
            y=top + jump_y * np.arange(high),
            dx=jump_x,
            dy=jump_y,
            zmin=0,
            zmax=1,
            colorscale=[[0, theme.MUTED], [1, theme.HIGHLIGHT]],
            showscale=False,
            xgap=1,
            ygap=1,
            hoverinfo="skip",
        )
    )
    if high == wide == 1:  # a heatmap of one cell cannot know its width from its neighbours
        figure.data[0].update(x=[left - jump_x / 2, left + jump_x / 2], y=[top - jump_y / 2, top + jump_y / 2])
    every = list(np.ndindex(high, wide))
    places = [growth.after.center_of(unit) for unit in every]
    figure.add_scatter(
        x=[x for _, x in places],
        y=[y for y, _ in places],
        mode="markers",
        marker={"symbol": "square", "size": 12, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=[f"{y}.{x}" for y, x in every],
        text=[f"unit y {y}, x {x}" for y, x in every],
        hovertemplate="%{text}<extra></extra>",
    )
    height, width = image
    edge = {"color": theme.MUTED, "width": 1}
    figure.add_shape(x0=-0.5, y0=-0.5, x1=width - 0.5, y1=height - 0.5, line=edge, layer="below")
    _on_image(figure, image)
    # A click anywhere goes to the nearest unit.
    figure.update_layout(hovermode="closest", hoverdistance=-1, clickmode="event+select")
    return figure


def growing(pixels: Pixels, steps: Iterable[Growth]) -> go.Figure:
    """Animate the box of the middle unit over the rows, on the digit; it stands still until play is pressed."""
    shown: dict[str, tuple[str, Box]] = {"0": ("A pixel: 1 × 1", _middle_pixel(pixels.shape))}
    for step in _rows(steps):
        shown[str(step.number)] = (f"{step.name}: {words.shape(step.after.size)}", step.after.box(step.middle))
    frames = [
        go.Frame(name=name, data=_box_and_title(box, title), traces=[0, 1]) for name, (title, box) in shown.items()
    ]
    first = frames[0].data
    height, width = pixels.shape
    enlarged = pixels.repeat(_ZOOM, axis=0).repeat(_ZOOM, axis=1)
    figure = go.Figure(first, frames=frames)
    # Stepping through frames wipes a trace that is an image; one of the layout stays.
    figure.add_layout_image(
        source=raster.grey(enlarged), xref="x", yref="y", x=-0.5, y=-0.5, sizex=width, sizey=height, layer="below"
    )
    _on_image(figure, pixels.shape)
    figure.update_yaxes(range=[pixels.shape[0] - 0.5, -4])
    figure.update_layout(
        height=_HEIGHT + 80,
        margin_b=100,
        updatemenus=[
            {
                "type": "buttons",
                "direction": "right",
                "x": 0,
                "y": 0,
                "xanchor": "left",
                "yanchor": "top",
                "pad": {"t": 8},
                "showactive": False,
                "bgcolor": theme.MUTED,
                "font": {"color": "rgb(0, 0, 0)"},
                "buttons": [
                    {"label": "Play", "method": "animate", "args": [None, _motion(_STAY)]},
                    {"label": "Pause", "method": "animate", "args": [[None], _motion(0)]},
                ],
            }
        ],
        sliders=[
            {
                "x": 0,
                "y": 0,
                "len": 1,
                "pad": {"t": 52},
                "currentvalue": {"visible": False},
                "steps": [{"label": name, "method": "animate", "args": [[name], _motion(0)]} for name in shown],
            }
        ],
    )
    return figure


def by_row(steps: Iterable[Growth], comparisons: Sequence[RowComparison]) -> go.Figure:
    """Draw size and jump after each row, and what the notebook printed beside them; wrong figures are crosses."""
    rows = _rows(steps)
    numbers = [step.number or 0 for step in rows]
    names = [step.name for step in rows]
    figure = go.Figure()
    for label, values, colour in (
        ("size", [step.after.size[0] for step in rows], theme.ACCENT),
        ("jump", [step.after.jump[0] for step in rows], theme.MUTED),
    ):
        figure.add_scatter(
            x=numbers,
            y=values,
            name=label,
            mode="lines+markers",
            line={"shape": "hv", "color": colour, "width": 3},
            marker_size=5,
            text=names,
            hovertemplate=f"%{{text}}<br>{label} %{{y}}<extra></extra>",
        )
    number = dict(zip(names, numbers, strict=True))
    for label, symbol, wrong in (("printed, right", "circle-open", False), ("printed, wrong", "x", True)):
        chosen = [row for row in comparisons if row.printed_field is not None and _is_wrong(row) == wrong]
        figure.add_scatter(
            x=[number[row.name] for row in chosen],
            y=[row.printed_field for row in chosen],
            name=label,
            mode="markers+text" if wrong else "markers",
            marker={"symbol": symbol, "size": 12, "color": theme.HIGHLIGHT, "line_width": 2 if not wrong else 0},
            text=[str(row.printed_field) for row in chosen],
            textposition="top center",
            textfont_size=14,
            customdata=[row.name for row in chosen],
            hovertemplate=f"%{{customdata}}<br>{label} %{{y}}<extra></extra>",
        )
    figure.update_layout(
        height=_HEIGHT + 80,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        font_size=14,
        dragmode=False,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    figure.update_xaxes(title="row", fixedrange=True, tickvals=numbers[::3], range=[0.2, max(numbers, default=1) + 0.8])
    figure.update_yaxes(title="pixels", fixedrange=True, rangemode="tozero")
    return figure


def say_unit(growth: Growth, unit: Pair, measured: Box) -> str:
    """Say where a unit looks, and whether measuring finds the same."""
    y, x = growth.after.center_of(unit)
    box = growth.after.box(unit)
    agrees = "the same box" if box == measured else f"another box: {_say_box(measured)}"
    return (
        f"Unit (y {unit[0]}, x {unit[1]}) of {growth.name} sees {words.shape(growth.after.size)} pixels: "
        f"{_say_box(box)}, centre (y {y:g}, x {x:g}). The formula gives the solid line; measured by gradient, the "
        f"dashed line, it is {agrees}."
    )


def say_effective(effective: EffectiveField) -> str:
    """Say how much of what the trained network uses lies in the middle of the box."""
    return (
        "Mean absolute gradient of the trained network over the project's digits; black is zero. "
        f"{words.percent(effective.inner_share)} of it lies in the inner half of the box (half as high, half as wide). "
        "Spread evenly it would be 25.0\xa0%."
    )


def say_units(growth: Growth) -> str:
    """Say what the picture of the units shows."""
    jump = growth.after.jump[0]
    apart = "1 pixel" if jump == 1 else f"{jump} pixels"
    count = words.shape(growth.units)
    if growth.units == (1, 1):
        return f"The one unit of each map of {growth.name}, where it looks on the digit."
    return f"The {count} units of each map of {growth.name}, where they look on the digit: {apart} apart (the jump)."


def say_growing(steps: Iterable[Growth]) -> str:
    """Say how far the field grows."""
    rows = _rows(steps)
    path = ", ".join(str(step.after.size[0]) for step in rows if step.changes)
    return f"The field of the middle unit after each row. Its side grows from 1 pixel to {path}."


def say_by_row(comparisons: Sequence[RowComparison]) -> str:
    """Say which printed figures are wrong."""
    wrong = [row for row in comparisons if _is_wrong(row)]
    printed = [row for row in comparisons if row.printed_field is not None]
    each = ", ".join(f"{row.printed_field} for {row.name} (it is {row.measured_field[0]})" for row in wrong)
    said = f"The notebook's comments give the field at {len(printed)} rows; {len(wrong)} of them are wrong"
    return f"{said}: {each}." if wrong else f"{said}."


def mistakes(comparisons: Sequence[RowComparison]) -> str:
    """List in Markdown why each wrong figure cannot be."""
    said = [(row.name, each.sentence) for row in comparisons for each in row.mistakes if each.what == "field"]
    return "\n".join(f"- **{name}.** {sentence}" for name, sentence in said)


def arithmetic(growth: Growth) -> dict[str, list[str]]:
    """Return the three rules and one step's numbers in them, as columns."""
    here = [growth.size, growth.jump, growth.center]
    return {"": [*RULES], "rule": [*RULES.values()], growth.name: here}


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
    rows = _rows(steps)
    printed = {row.name: row.printed_field for row in comparisons}
    shown = [printed.get(step.name) for step in rows]
    return {
        "row": [step.name for step in rows],
        "size": [str(step.after.size[0]) for step in rows],
        "jump": [str(step.after.jump[0]) for step in rows],
        "centre of unit 0": [f"{step.after.center[0]:g}" for step in rows],
        "notebook prints": ["" if each is None else str(each) for each in shown],
    }


def csv(columns: Mapping[str, Sequence[str]]) -> str:
    """Return columns as CSV; none of their values has a comma."""
    lines = [",".join(columns), *(",".join(line) for line in zip(*columns.values(), strict=True))]
    return "\n".join(lines) + "\n"


def _rows(steps: Iterable[Growth]) -> list[Growth]:
    return [step for step in steps if step.number is not None]


def _is_wrong(row: RowComparison) -> bool:
    return "field" in row.disagreements


def _say_box(box: Box) -> str:
    if not (box.height and box.width):
        return "no pixel"
    return f"rows {box.top} to {box.bottom - 1}, columns {box.left} to {box.right - 1}"


def _middle_pixel(shape: tuple[int, ...]) -> Box:
    y, x = shape[0] // 2, shape[1] // 2
    return Box(y, x, y + 1, x + 1)


def _corners(box: Box) -> dict[str, list[float]]:
    """Return a closed path around a box; the centre of pixel 0 is at 0."""
    top, left, bottom, right = (edge - 0.5 for edge in (box.top, box.left, box.bottom, box.right))
    return {"x": [left, right, right, left, left], "y": [top, top, bottom, bottom, top]}


def _box_and_title(box: Box, title: str) -> list[go.Scatter]:
    line = {"color": theme.HIGHLIGHT, "width": 6}
    return [
        go.Scatter(**_corners(box), mode="lines", line=line, hoverinfo="skip"),
        go.Scatter(
            x=[-0.5],
            y=[-2.2],
            mode="text",
            text=[title],
            textposition="middle right",
            textfont_size=18,
            hoverinfo="skip",
        ),
    ]


def _outline(figure: go.Figure, box: Box, line: dict[str, Any], name: str) -> None:
    figure.add_scatter(**_corners(box), mode="lines", line=line, name=name, hoverinfo="skip")


def _grey(pixels: Pixels) -> go.Image:
    return go.Image(source=raster.grey(pixels), hoverinfo="skip")


def _motion(duration: int) -> dict[str, Any]:
    """Return how to go from one frame to the next: at once, without gliding."""
    return {
        "mode": "immediate",
        "frame": {"duration": duration, "redraw": False},
        "transition": {"duration": 0},
        "fromcurrent": True,
    }


def _on_image(figure: go.Figure, shape: tuple[int, ...]) -> go.Figure:
    """Keep the proportions of an image of (H, W), y downwards, and take away all but the picture."""
    height, width = shape[:2]
    margin = {"l": 0, "r": 0, "t": 4, "b": _BAR}
    figure.update_layout(height=_HEIGHT + 4, margin=margin, showlegend=False, dragmode=False, font_size=14)
    figure.update_xaxes(visible=False, fixedrange=True, constrain="domain", range=[-1, width])
    figure.update_yaxes(
        visible=False, fixedrange=True, constrain="domain", scaleanchor="x", range=[height, -1], constraintoward="top"
    )
    return figure
