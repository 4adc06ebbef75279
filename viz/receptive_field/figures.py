"""What a unit sees: its box on the digit, the units of its maps, and how the box grows; the browser draws it."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np

from model.receptive_field.records import Box, EffectiveField, Growth
from model.records import Pair, Pixels
from viz import theme
from viz.pictures import raster, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of
from viz.pictures.swatches import as_csv
from viz.receptive_field.growth import rows_of


def stage(pixels: Pixels, box: Box, measured: Box, effective: EffectiveField | None = None) -> str:
    """Draw in HTML the digit, or how strongly each of its pixels counts, and the box of one unit on it.

    Args:
        pixels: Of the digit, (H, W).
        box: By the formula, drawn solid.
        measured: By gradient, drawn dashed on top of it, so that both are seen where they agree.
        effective: What to show in place of the digit.
    """
    range_ = range_of(effective.values) if effective else None
    picture = raster.mosaic(effective.values[None], [range_], [(0, 0)]) if effective and range_ else raster.grey(pixels)
    what = "How strongly each pixel counts" if effective else "The digit"
    height, width = pixels.shape
    return (
        f'<div class="sight" style="--high: {height}; --wide: {width}; --line: {theme.HIGHLIGHT}">'
        f'<img src="{picture}" alt="{what}, and on it what the unit can see">'
        f"{_outline(box, 'formula')}{_outline(measured, 'gradient')}</div>{_scale(range_)}"
    )


def units(growth: Growth, selected: Pair, image: Pair) -> dict[str, Any]:
    """Return what the browser draws of a step's maps: every unit where it looks on the image, one of them marked.

    Args:
        growth: Of the step.
        selected: The unit that is marked.
        image: (H, W).
    """
    return {
        "image": list(image),
        "units": list(growth.units),
        "center": list(growth.after.center),
        "jump": list(growth.after.jump),
        "selected": list(selected),
        "colours": {"unit": theme.MUTED, "selected": theme.HIGHLIGHT},
    }


def growing(pixels: Pixels, steps: Iterable[Growth]) -> dict[str, Any]:
    """Return what the browser plays: the digit, and the middle unit's box after each row, a pixel first."""
    return {
        "picture": raster.grey(pixels),
        "image": list(pixels.shape),
        "frames": [{"text": text, "box": list(astuple(box))} for text, box in _boxes(pixels.shape, steps)],
        "colour": theme.HIGHLIGHT,
    }


def units_csv(growth: Growth) -> str:
    """Return where every unit of a step's maps looks as CSV: its centre, and its box, whose bottom and right are out.

    A box may begin or end beyond the digit.
    """
    lines: list[Sequence[object]] = [("unit y", "unit x", "centre y", "centre x", "top", "left", "bottom", "right")]
    for unit in np.ndindex(growth.units):
        place = (unit[0], unit[1])
        box = growth.after.box(place)
        lines.append((*place, *growth.after.center_of(place), box.top, box.left, box.bottom, box.right))
    return as_csv(lines)


def growing_csv(image: Pair, steps: Iterable[Growth]) -> str:
    """Return the middle unit's box after each row as CSV, a pixel first; bottom and right are out of it."""
    lines = [(text.partition(":")[0], *astuple(box)) for text, box in _boxes(image, steps)]
    return as_csv([("after", "top", "left", "bottom", "right"), *lines])


def _boxes(image: Pair, steps: Iterable[Growth]) -> list[tuple[str, Box]]:
    """Return what is said of each box of the middle unit, and the box: a pixel first, then that after each row."""
    y, x = image[0] // 2, image[1] // 2
    rows = [(f"{step.name}: {words.shape(step.after.size)}", step.after.box(step.middle)) for step in rows_of(steps)]
    return [("A pixel: 1 × 1", Box(y, x, y + 1, x + 1)), *rows]


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
    rows = rows_of(steps)
    path = ", ".join(str(step.after.size[0]) for step in rows if step.changes)
    return f"The field of the middle unit after each row. Its side grows from 1 pixel to {path}."


def _say_box(box: Box) -> str:
    if not (box.height and box.width):
        return "no pixel"
    return words.box(box)


def _outline(box: Box, name: str) -> str:
    places = {"top": box.top, "left": box.left, "height": box.height, "width": box.width}
    return f'<i class="{name}" style="{"; ".join(f"--{side}: {pixels}" for side, pixels in places.items())}"></i>'


def _scale(range_: Range | None) -> str:
    """Draw a colour scale with its ends; without one keep its place, so that nothing moves when there is one."""
    return f'<p class="sight-scale">{scale_bar(range_) if range_ else ""}</p>'
