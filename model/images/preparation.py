"""What MNIST did to every digit, applied to any ink: fitted into a 20x20 box, centred by mass in 28x28."""

import numpy as np
from PIL import Image

from model.errors import InputError
from model.images.ink import STRONG
from model.images.records import Stage
from model.records import Activation, Pixels

BOX, SIDE = 20, 28
_FULL = 0.7  # of the sheet: with more ink than this, no digit can be told from its background
_INK = 25  # of 255: what counts as ink in the strength; less is the blur of an edge
_ENLARGING = Image.Resampling.BICUBIC  # BOX would repeat pixels


def prepare(pixels: Pixels) -> tuple[Stage, ...]:
    """Turn ink of any size into a digit in MNIST's form, and keep every stage of it.

    Thin strokes become faint when they are averaged into 20x20: then the ink is scaled until a tenth of it is white.

    Args:
        pixels: (H, W) in 0..255, white ink on black.

    Returns:
        As drawn (H, W), cut out, boxed (at most 20x20), and the digit itself (28, 28).

    Raises:
        InputError: There is no ink, or hardly any paper.

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    inked = pixels > 0
    if not inked.any():
        raise InputError("The sheet is blank.", "A digit needs some ink.", "Draw one, or choose another picture.")
    if inked.mean() > _FULL:
        raise InputError(
            f"{inked.mean():.0%} of the sheet is ink.",
            f"At most {_FULL:.0%} may be ink, or no digit can be told from its background.",
            "Leave more paper around the digit, or choose another picture.",
        )
    cut = cut_out(pixels)
    boxed = _fit(cut)
    return Stage("as drawn", pixels), Stage("cut out", cut), Stage("20x20 box", boxed), Stage("28x28", _centre(boxed))


def cut_out(pixels: Pixels) -> Pixels:
    """Keep the smallest rectangle that holds all the ink."""
    return pixels[_extent(pixels)]


def _extent(pixels: Pixels) -> tuple[slice, slice]:
    (top, bottom), (left, right) = (np.flatnonzero(pixels.any(axis))[[0, -1]].tolist() for axis in (1, 0))
    return slice(top, bottom + 1), slice(left, right + 1)


def _fit(pixels: Pixels) -> Pixels:
    """Scale so that the longer side is 20, keeping the proportions, with strokes as strong as MNIST's.

    An edge that is blank at this size is left out, and the rest is scaled again from the original.
    """
    size = [max(1, round(side * BOX / max(pixels.shape))) for side in reversed(pixels.shape)]
    enlarging = max(pixels.shape) < BOX
    method = _ENLARGING if enlarging else Image.Resampling.BOX
    scaled = np.asarray(Image.fromarray(pixels).resize(size, method))
    if _strength(scaled) < STRONG:
        scaled = _strengthened(np.asarray(Image.fromarray(pixels.astype(np.float32)).resize(size, method)))
    visible = _extent(scaled)
    cut = scaled[visible]
    if max(cut.shape) == BOX:
        return cut
    if enlarging or max(pixels.shape) == BOX:
        return _fit(cut)
    return _fit(pixels[tuple(_enlarged_slice(*each) for each in zip(visible, pixels.shape, scaled.shape, strict=True))])


def _enlarged_slice(part: slice, full: int, scaled: int) -> slice:
    """Return what a slice of a scaled side of ``scaled`` pixels was on the side of ``full`` pixels."""
    return slice(part.start * full // scaled, -(-part.stop * full // scaled))


def _strengthened(ink: Activation) -> Pixels:
    """Scale ink until a tenth of it is white, also of what becomes visible by it."""
    ink = ink.clip(0, 255)
    while _strength(ink.round()) < STRONG:
        ink = (ink * (255 / _strength(ink))).clip(0, 255)
    return ink.round().astype(np.uint8)


def _strength(ink: Activation | Pixels) -> float:
    """Return the ninetieth percentile of the ink, 0 where there is none."""
    visible = ink[ink > _INK] if (ink > _INK).any() else ink[ink > 0]
    return float(np.percentile(visible, 90)) if visible.size else 0.0


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
