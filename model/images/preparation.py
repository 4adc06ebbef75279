"""What MNIST did to every digit, done to any ink: fitted into a 20x20 box, centred by mass in 28x28."""

import numpy as np
from PIL import Image

from model.errors import InputError
from model.images.records import Stage
from model.records import Pixels

BOX, SIDE = 20, 28
_FULL = 0.7  # with more of the sheet inked than this, no digit can be told


def prepare(pixels: Pixels) -> tuple[Stage, ...]:
    """Turn ink of any size into a digit as MNIST would hold it, and keep every stage of it.

    Args:
        pixels: (H, W) in 0..255, white ink on black.

    Returns:
        As drawn (H, W), cut out, boxed (at most 20x20), and the digit itself (28, 28).

    Raises:
        InputError: There is no ink, hardly anything else, or too little to be seen at 20x20.

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    inked = pixels > 0
    if not inked.any():
        raise InputError("The sheet is blank.", "A digit needs some ink.", "Draw one, or choose another picture.")
    if inked.mean() > _FULL:
        raise InputError(
            f"{inked.mean():.0%} of the sheet is ink.",
            f"At most {_FULL:.0%} may be, or no digit can be told from its background.",
            "Draw with thinner strokes, or choose another picture.",
        )
    cut = _cut_out(pixels)
    boxed = _fit(cut)
    return Stage("as drawn", pixels), Stage("cut out", cut), Stage("20x20 box", boxed), Stage("28x28", _centre(boxed))


def _cut_out(pixels: Pixels) -> Pixels:
    """Keep the smallest rectangle that holds all the ink."""
    (top, bottom), (left, right) = (np.flatnonzero(pixels.any(axis))[[0, -1]] for axis in (1, 0))
    return pixels[top : bottom + 1, left : right + 1]


def _fit(pixels: Pixels) -> Pixels:
    """Scale so that the longer side is 20, keeping the proportions; an edge too faint to be left then is cut off."""
    height, width = (max(1, round(side * BOX / max(pixels.shape))) for side in pixels.shape)
    if (height, width) == pixels.shape:
        return pixels
    scaled = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX))
    if not scaled.any():
        raise InputError(
            f"The ink is too faint: nothing of {pixels.shape[1]:,} by {pixels.shape[0]:,} pixels is left at 20x20.",
            "A digit needs strokes that can be seen.",
            "Draw with thicker strokes, or choose another picture.",
        )
    seen = _cut_out(scaled)
    return scaled if seen.shape == scaled.shape else _fit(seen)


def _centre(pixels: Pixels) -> Pixels:
    """Place on 28x28 so that the centre of mass falls on pixel (14, 14), as far as the sheet allows."""
    sheet = np.zeros((SIDE, SIDE), dtype=np.uint8)
    corner = []
    for axis, side in enumerate(pixels.shape):
        mass = pixels.sum(axis=1 - axis, dtype=float)
        centre = (mass @ np.arange(side)) / mass.sum()
        corner.append(min(max(round(SIDE / 2 - centre), 0), SIDE - side))
    top, left = corner
    sheet[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return sheet
