"""Several digits in one picture: which parts of the ink belong together, in reading order."""

from collections.abc import Sequence

import numpy as np

from model.images.ink import Ink
from model.receptive_field.records import Box
from model.records import Pixels

_QUARTER = 0.25  # of the heaviest part: a lighter part is a piece of a digit, such as the bar of a 5
_LOW = 0.4  # of the tallest part: so is a lower one
_NEAR = 0.3  # of the taller part's height: a piece belongs to the nearest digit within this distance
_OVERLAP = 0.4  # of the narrower part: with so much in common one lies above the other
_BROAD = 0.6  # of the height: two lines of digits are narrower than this
WIDE = 1.25  # times its height: no single digit of MNIST's is wider but for a slip


def split(ink: Ink) -> tuple[Pixels, ...]:
    """Return each digit of a picture on a sheet of its own, in reading order: line by line, from left to right.

    Returns:
        One sheet (H, W) for each digit; a single sheet with all the ink where there is one digit.
    """
    groups = _groups(ink.boxes, ink.masses)
    if len(groups) == 1:
        return (ink.pixels,)
    return tuple(
        np.where(np.isin(ink.labels, [part + 1 for part in group]), ink.pixels, 0).astype(np.uint8)
        for group in _in_reading_order(groups, ink.boxes)
    )


def is_wide(ink: Ink) -> bool:
    """Whether the ink is so wide that digits may touch one another."""
    around = _around(ink.boxes)
    return around.width > WIDE * around.height


def _groups(boxes: Sequence[Box], masses: Sequence[float]) -> list[list[int]]:
    """Give each piece of a digit to the nearest digit; a piece that is far from all is left out of the split."""
    tallest = max(box.height for box in boxes)
    whole = [
        part
        for part, (box, mass) in enumerate(zip(boxes, masses, strict=True))
        if mass >= _QUARTER * max(masses) and box.height >= _LOW * tallest
    ] or [int(np.argmax(masses))]
    groups = _without_broken_digits([[part] for part in whole], boxes)
    for piece in set(range(len(boxes))) - {*whole}:
        gaps = [_gap(boxes[piece], boxes[group[0]]) / boxes[group[0]].height for group in groups]
        nearest = int(np.argmin(gaps))
        if gaps[nearest] < _NEAR or len(groups) == 1:
            groups[nearest].append(piece)
    return groups


def _without_broken_digits(groups: list[list[int]], boxes: Sequence[Box]) -> list[list[int]]:
    """Join two parts of which one lies above the other, unless together they are as high as two lines of digits."""
    for one in groups:
        for other in groups:
            if one is other:
                continue
            upper, lower = boxes[one[0]], boxes[other[0]]
            overlap = min(upper.right, lower.right) - max(upper.left, lower.left)
            joined = _around((upper, lower))
            if overlap > _OVERLAP * min(upper.width, lower.width) and joined.width > _BROAD * joined.height:
                rest = [group for group in groups if group is not one and group is not other]
                return _without_broken_digits([[*one, *other], *rest], boxes)
    return groups


def _gap(one: Box, other: Box) -> int:
    """Return how many pixels lie between two boxes, 0 where they overlap."""
    down = max(one.top, other.top) - min(one.bottom, other.bottom)
    across = max(one.left, other.left) - min(one.right, other.right)
    return max(down, across, 0)


def _around(boxes: Sequence[Box]) -> Box:
    tops, lefts = (box.top for box in boxes), (box.left for box in boxes)
    return Box(min(tops), min(lefts), max(box.bottom for box in boxes), max(box.right for box in boxes))


def _in_reading_order(groups: list[list[int]], boxes: Sequence[Box]) -> list[list[int]]:
    """Sort by lines: a digit whose middle is above the bottom of a line's first digit belongs to that line."""
    rest = sorted(groups, key=lambda group: boxes[group[0]].top)
    ordered: list[list[int]] = []
    while rest:
        bottom = boxes[rest[0][0]].bottom
        line = [group for group in rest if (boxes[group[0]].top + boxes[group[0]].bottom) / 2 < bottom]
        ordered += sorted(line, key=lambda group: boxes[group[0]].left)
        rest = [group for group in rest if group not in line]
    return ordered
