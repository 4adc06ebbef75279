"""Where the evidence for a class lies: the part of a class map around its largest value, named by measured facts.

A class map adds up to its logit, so a part of it is a part of the logit. The part is the units that touch the largest
one and have at least half of its value. Its place is the centre of their values. What ink is there is told from the
picture alone: a hole in the ink, or the sides where a stroke crosses the edge of the part.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from model.head.records import Evidence, Head
from model.receptive_field.records import Box, ReceptiveField
from model.records import Numbers, Pixels

Mask = NDArray[np.bool_]
_LEAST = 0.5  # of the largest value
_INK = 64  # of 255: a fainter pixel is paper
_HOLE = 4  # pixels: a smaller hole in the ink is no loop
_TOUCHING = np.ones((3, 3), dtype=bool)
_MIDDLE = (0.4, 0.6)  # of the ink's height and width
_ROWS, _COLUMNS = ("top", "", "bottom"), ("left", "", "right")
_STROKES: Mapping[tuple[bool, ...], str] = {
    (True, True, False, False): "vertical stroke",
    (False, False, True, True): "horizontal stroke",
}


def of_class(head: Head, k: int, field: ReceptiveField, pixels: Pixels) -> Evidence | None:
    """Return where most of a class map is, or None where no value of it supports the class.

    ``amount = Σ head.parts(k)[y, x]`` over the units of the part.

    Args:
        head: The linear head of one picture.
        k: The class.
        field: Of the last maps.
        pixels: The picture, (H, W) or (H, W, 3).
    """
    values = head.parts(k)
    if values.max() <= 0:
        return None
    part = _around_largest(values)
    box = _box(part, field).clipped((pixels.shape[0], pixels.shape[1]))
    ink = pixels >= _INK if pixels.ndim == 2 else None
    within = _extent(np.ones(pixels.shape[:2], dtype=bool) if ink is None or not ink.any() else ink)
    name = "" if ink is None else _name_ink(ink, box)
    amount, logit = float(values[part].sum()), float(head.exact_logits[k])
    return Evidence(k, part, amount, logit, _place(values * part, field, within), name)


def _around_largest(values: Numbers) -> Mask:
    """Return the units that touch the largest one and have at least a share of its value, (H, W)."""
    labels, _ = ndimage.label(values >= _LEAST * values.max(), _TOUCHING)
    part: Mask = labels == labels.ravel()[values.argmax()]
    return part


def _extent(mask: Mask) -> Box:
    """Return the smallest box around what is true."""
    (top, bottom), (left, right) = (
        (int(each[0]), int(each[-1]) + 1) for each in (np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0)))
    )
    return Box(top, left, bottom, right)


def _box(part: Mask, field: ReceptiveField) -> Box:
    """Return the pixels of some units: each is a tile, one jump wide, at the center of its receptive field."""
    units = _extent(part)
    starts = [center + 0.5 - jump / 2 for center, jump in zip(field.center, field.jump, strict=True)]
    top, left = (
        start + first * jump for start, first, jump in zip(starts, (units.top, units.left), field.jump, strict=True)
    )
    height, width = units.height * field.jump[0], units.width * field.jump[1]
    return Box(round(top), round(left), round(top + height), round(left + width))


def _place(values: Numbers, field: ReceptiveField, within: Box) -> str:
    """Name where the centre of some values lies in a box, down and across; the middle fifth has no name."""
    spans = ((within.top, within.height), (within.left, within.width))
    parts = []
    for axis, (start, length) in enumerate(spans):
        weights = values.sum(axis=1 - axis)
        at = field.center[axis] + 0.5 + field.jump[axis] * float(np.average(np.arange(len(weights)), weights=weights))
        share = (at - start) / length
        parts.append(0 if share < _MIDDLE[0] else 2 if share > _MIDDLE[1] else 1)
    return f"{_ROWS[parts[0]]} {_COLUMNS[parts[1]]}".strip() or "middle"


def _name_ink(ink: Mask, box: Box) -> str:
    """Name the ink in a box, or return nothing where it is none of what can be told for certain."""
    inside = ink[box.top : box.bottom, box.left : box.right]
    if not inside.any():
        return "blank area"
    if _holds_hole(ink, box):
        return "closed loop"
    sides = inside[0], inside[-1], inside[:, 0], inside[:, -1]
    crossed = tuple(bool(side.any()) for side in sides)
    once = all(_runs(side) <= 1 for side in sides) and ndimage.label(inside, _TOUCHING)[1] == 1
    if not once or min(inside.shape) < 3:
        return ""
    return "end of a stroke" if sum(crossed) == 1 else _STROKES.get(crossed, "")


def _holds_hole(ink: Mask, box: Box) -> bool:
    """Tell whether most of a hole in the ink lies in a box: paper that no way leads to from the picture's border."""
    paper, count = ndimage.label(np.pad(~ink, 1, constant_values=True))
    paper = paper[1:-1, 1:-1]
    for label in range(2, count + 1):  # the first is the paper around, which begins in the corner
        whole = int((paper == label).sum())
        if whole >= _HOLE and 2 * int((paper[box.top : box.bottom, box.left : box.right] == label).sum()) > whole:
            return True
    return False


def _runs(side: Sequence[bool] | Mask) -> int:
    """Return how many separate runs of ink a side has.

    >>> _runs([True, False, False, True, True])
    2
    """
    return int((np.diff(np.concatenate([[0], np.asarray(side, dtype=int)])) == 1).sum())
