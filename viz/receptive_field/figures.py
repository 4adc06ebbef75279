"""The receptive field of a unit on the digit, the units of a map, and the growth of the field."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from html import escape
from typing import Any

import numpy as np

from model.receptive_field.records import Box, EffectiveField, Field, Growth, ReceptiveField
from model.records import Pair, Pixels
from viz import theme
from viz.pictures import raster, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of
from viz.pictures.swatches import as_csv
from viz.receptive_field.growth import rows_of

_COUNTABLE = 64  # pixels along a side whose grid can be seen


def receptive_field(pixels: Pixels, box: Box | None, measured: Box, effective: EffectiveField | None = None) -> str:
    """Draw in HTML a picture, or the effect of each of its pixels, and the receptive field of one unit on it.

    Args:
        pixels: The picture, (H, W) or (H, W, 3).
        box: By the formula; a solid line. None where there is no single window.
        measured: By the gradient; a dashed line on top, so that both are visible where they agree.
        effective: Shown instead of the picture.
    """
    range_ = range_of(effective.values) if effective else None
    effect = raster.mosaic(effective.values[None], [range_], [(0, 0)]) if effective and range_ else ""
    picture = effect or raster.image(pixels)
    title = "Mean absolute gradient of each pixel" if effective else "The picture"
    height, width = pixels.shape[:2]
    return (
        f'<div class="sight" style="--high: {height}; --wide: {width}; --line: {theme.HIGHLIGHT}">'
        f'<img src="{picture}" alt="{title}, with the receptive field of the unit">{_grid(pixels)}'
        f"{_outline(box, 'formula') if box else ''}{_outline(measured, 'gradient')}</div>{_scale(range_)}"
    )


def _grid(pixels: Pixels) -> str:
    """Draw lines between the pixels, to count them, where there are few enough."""
    return '<i class="grid"></i>' if max(pixels.shape[:2]) <= _COUNTABLE else ""


def title_field(box: Box) -> str:
    """Say the size of a field in HTML, in letters for the back row."""
    return f'<p class="field-size">Receptive field: <b>{words.shape((box.height, box.width))} pixels</b></p>'


def title_units(growth: Growth) -> str:
    """Say how many units a map has, in HTML."""
    units = "one unit" if growth.units == (1, 1) else f"{words.shape(growth.units)} units"
    return f'<p class="field-size">A map of {escape(growth.name)}: {units}</p>'


def units(growth: Growth, selected: Pair, image: Pair) -> dict[str, Any]:
    """Return the data of the component ``unit_map``: the centre of every unit's receptive field on the image.

    Args:
        growth: The step's receptive field.
        selected: The selected unit.
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
    """Return the data of the component ``growing``: the picture, and the middle unit's box after each row."""
    image = (pixels.shape[0], pixels.shape[1])
    return {
        "picture": raster.image(pixels),
        "image": list(image),
        "frames": [{"text": text, "box": list(astuple(box))} for text, box in _boxes(image, steps)],
        "colour": theme.HIGHLIGHT,
    }


def units_csv(growth: Growth) -> str:
    """Return the centre and the box of every unit's receptive field as CSV; bottom and right are exclusive.

    A box may begin or end outside the image.
    """
    lines: list[Sequence[object]] = [("unit y", "unit x", "centre y", "centre x", "top", "left", "bottom", "right")]
    for unit in np.ndindex(growth.units):
        y, x = unit
        box = growth.after.box((y, x))
        lines.append((y, x, *growth.after.center_of((y, x)), box.top, box.left, box.bottom, box.right))
    return as_csv(lines)


def growing_csv(image: Pair, steps: Iterable[Growth]) -> str:
    """Return the middle unit's box after each row as CSV, first of a pixel; bottom and right are exclusive."""
    lines = [(text.partition(":")[0], *astuple(box)) for text, box in _boxes(image, steps)]
    return as_csv([("after", "top", "left", "bottom", "right"), *lines])


def _boxes(image: Pair, steps: Iterable[Growth]) -> list[tuple[str, Box]]:
    """Return a label and the middle unit's box, first for a pixel, then after each row."""
    y, x = image[0] // 2, image[1] // 2
    rows = [(f"{step.name}: {words.shape(step.after.size)}", step.after.box(step.middle)) for step in rows_of(steps)]
    return [("A pixel: 1 × 1", Box(y, x, y + 1, x + 1)), *rows]


def say_unit(growth: Growth, unit: Pair, measured: Box, image: Pair) -> str:
    """Say the receptive field of a unit, and whether the measured one is the same on the image (H, W)."""
    y, x = growth.after.center_of(unit)
    box = growth.after.box(unit)
    agrees = "the same box" if box == measured else f"a different box: {_say_box(measured)}"
    if box != measured == box.clipped(image):
        agrees = f"the same box as far as it lies on the image, {_say_box(measured)}"
    return (
        f"The receptive field of unit (y {unit[0]}, x {unit[1]}) of {growth.name} is {words.shape(growth.after.size)} "
        f"pixels: {_say_box(box)}, centre (y {y:g}, x {x:g}). The formula gives the solid line. The gradient gives the "
        f"dashed line: {agrees}."
    )


def say_measured(name: str, unit: Pair, measured: Box, field: Field) -> str:
    """Say why there is no recurrence for a step, and what the gradient measures for one of its units."""
    if isinstance(field, ReceptiveField):
        return (
            f"The receptive field of {name} has {words.shape(field.size)} pixels. A step before it has no single "
            f"window, so no recurrence leads here. The gradient gives the dashed line: {_say_box(measured)}."
        )
    each = ", ".join(words.shape(one.size) for one in field.fields)
    several = f" The fields that meet have {each} pixels." if each else ""
    return (
        f"{name} has no single window: {field.reason}{several} The gradient gives the dashed line for unit "
        f"(y {unit[0]}, x {unit[1]}): {_say_box(measured)}."
    )


def say_clipped(growth: Growth, unit: Pair, image: Pair) -> str:
    """Say how much of a unit's field lies outside the image, where padding lets it reach there; else nothing."""
    box = growth.after.box(unit)
    inside = box.clipped(image)
    outside = box.height * box.width - inside.height * inside.width
    if outside <= 0:
        return ""
    return (
        f"Padding lets the field reach beyond the image: {outside:,} of its {box.height * box.width:,} places lie "
        "outside, and hold no pixel."
    )


def say_effective(effective: EffectiveField) -> str:
    """Say the share of the gradient in the inner half of the box."""
    return (
        "Mean absolute gradient of the trained network over the samples; black is zero. "
        f"{words.percent(effective.inner_share)} of it is in the inner half of the box (half as high, half as wide). "
        "If all pixels counted equally, it would be 25.0\xa0%."
    )


def say_units(growth: Growth) -> str:
    """Say what the figure of the units shows."""
    jump, other = growth.after.jump
    apart = "1 pixel" if jump == 1 else f"{jump} pixels"
    apart = apart if jump == other else f"{jump} pixels down and {other} across"
    count = words.shape(growth.units)
    if growth.units == (1, 1):
        return f"The only unit of each map of {growth.name}, at the centre of its receptive field."
    where = f"at the centres of their receptive fields, {apart} apart (the jump)"
    return f"The {count} units of each map of {growth.name}, {where}."


def say_growing(steps: Iterable[Growth]) -> str:
    """Say how the receptive field grows."""
    rows = rows_of(steps)
    sizes = [step.after.size for step in rows if step.changes]
    path = ", ".join(str(high) if high == wide else words.shape((high, wide)) for high, wide in sizes)
    after = "row" if all(step.number is not None for step in rows) else "step"
    return f"The receptive field of the middle unit after each {after}. Its side grows from 1 pixel to {path or 1}."


def _say_box(box: Box) -> str:
    if not (box.height and box.width):
        return "no pixel"
    return words.box(box)


def _outline(box: Box, name: str) -> str:
    places = {"top": box.top, "left": box.left, "height": box.height, "width": box.width}
    return f'<i class="{name}" style="{"; ".join(f"--{side}: {pixels}" for side, pixels in places.items())}"></i>'


def _scale(range_: Range | None) -> str:
    """Draw a colour scale with its ends, or an empty line of the same height, so that nothing moves."""
    return f'<p class="sight-scale">{scale_bar(range_) if range_ else ""}</p>'
