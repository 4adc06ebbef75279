"""Prepare any ink as MNIST prepared its digits: scaled into a 20x20 box, centred by mass in 28x28."""

import numpy as np
from PIL import Image

from model.errors import InputError
from model.images.records import Stage
from model.records import Pixels

BOX, SIDE = 20, 28
_MAX_INK = 0.7  # share of the sheet; with more ink no digit can be recognised


def prepare(pixels: Pixels) -> tuple[Stage, ...]:
    """Turn ink of any size into a digit as in MNIST, and return every stage.

    Args:
        pixels: (H, W) in 0..255, white ink on black.

    Returns:
        The ink as drawn (H, W), cut out, scaled (at most 20x20), and the digit (28, 28).

    Raises:
        InputError: There is no ink, nearly everything is ink, or the ink is too faint at 20x20.

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    inked = pixels > 0
    if not inked.any():
        raise InputError("The sheet is blank.", "A digit needs some ink.", "Draw one, or choose another picture.")
    if inked.mean() > _MAX_INK:
        raise InputError(
            f"{inked.mean():.0%} of the sheet is ink.",
            f"At most {_MAX_INK:.0%} can be ink, or the digit cannot be told from its background.",
            "Draw with thinner strokes, or choose another picture.",
        )
    cut = _cut_out(pixels)
    boxed = _fit(cut)
    return Stage("as drawn", pixels), Stage("cut out", cut), Stage("20x20 box", boxed), Stage("28x28", _centre(boxed))


def _cut_out(pixels: Pixels) -> Pixels:
    """Crop to the smallest rectangle that holds all ink."""
    (top, bottom), (left, right) = (np.flatnonzero(pixels.any(axis))[[0, -1]] for axis in (1, 0))
    return pixels[top : bottom + 1, left : right + 1]


def _fit(pixels: Pixels) -> Pixels:
    """Scale to a longer side of 20 with equal proportions; an edge that is blank after this is cropped."""
    height, width = (max(1, round(side * BOX / max(pixels.shape))) for side in pixels.shape)
    if (height, width) == pixels.shape:
        return pixels
    scaled = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX))
    if not scaled.any():
        raise InputError(
            f"The ink is too faint: {pixels.shape[1]:,} by {pixels.shape[0]:,} pixels are blank when scaled to 20x20.",
            "The strokes must still be visible at that size.",
            "Draw with thicker strokes, or choose another picture.",
        )
    visible = _cut_out(scaled)
    return scaled if visible.shape == scaled.shape else _fit(visible)


def _centre(pixels: Pixels) -> Pixels:
    """Place on 28x28 with the centre of mass at pixel (14, 14), as far as the sheet allows."""
    sheet = np.zeros((SIDE, SIDE), dtype=np.uint8)
    corner = []
    for axis, side in enumerate(pixels.shape):
        mass = pixels.sum(axis=1 - axis, dtype=float)
        centre = (mass @ np.arange(side)) / mass.sum()
        corner.append(min(max(round(SIDE / 2 - centre), 0), SIDE - side))
    top, left = corner
    sheet[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return sheet
