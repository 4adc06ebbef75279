"""Which pixels of the image each unit really sees: windows reach over the edges of maps, where nothing is.

The formula of a receptive field goes on over every edge. A pixel that a stride leaves out at the end is in the
formula's box of a later step whose windows reach over the edge of its map, though no unit of that map sees the pixel.
So here each unit is followed, along y and along x: which is exact for every window, also where padding lies between its
values.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.receptive_field.records import Reach, ReceptiveField, Window
from model.records import Pair

Along = NDArray[np.int64]  # along an axis, (2, units): the first pixel of each unit, and the one after its last
_FAR = 2**40
_NONE = np.array([[_FAR], [-_FAR]])  # a unit that sees no pixel: with others it changes nothing


def of_pixels(sides: Pair) -> Reach:
    """Return what the pixels of an image (H, W) see: each itself.

    >>> of_pixels((1, 2))[1].tolist()
    [[0, 1], [1, 2]]
    """
    y, x = (np.stack([np.arange(side), np.arange(side) + 1]) for side in sides)
    return y, x


def slid(reach: Reach, window: Window, units: Pair) -> Reach:
    """Return what the units (y, x) of a window see.

    >>> slid(of_pixels((1, 5)), Window((1, 3), (1, 2), padding=(0, 1)), (1, 3))[1].tolist()
    [[0, 1, 3], [2, 4, 5]]
    """
    y, x = (
        taken(along, np.arange(count)[:, None] * stride - padding + np.arange(kernel) * dilation)
        for along, count, kernel, stride, padding, dilation in zip(
            reach, units, window.kernel, window.stride, window.padding, window.dilation, strict=True
        )
    )
    return y, x


def taken(along: Along, positions: NDArray[np.int64]) -> Along:
    """Return what units see that take values at some positions of a map, (units, n); those outside it are padding."""
    count = along.shape[1]
    padded = np.concatenate([along, _NONE], axis=1)
    first, stop = padded[:, np.where((positions >= 0) & (positions < count), positions, count)]
    return np.stack([first.min(axis=1), stop.max(axis=1)])


def united(given: Sequence[Reach]) -> Reach | None:
    """Return what units see that take from several maps at their own place.

    Returns:
        None where that is no box of its axes: one map has units in the padding, and sees what no other does.
    """
    solid = [reach for reach in given if all((along[0] < along[1]).all() for along in reach)]
    y, x = (np.stack([_least(given, axis), _most(given, axis)]) for axis in (0, 1))
    known = solid or given[:1]
    if len(solid) < len(given) and any(
        (_least(known, axis) > along[0]).any() or (_most(known, axis) < along[1]).any()
        for axis, along in enumerate((y, x))
    ):
        return None
    return y, x


def _least(given: Sequence[Reach], axis: int) -> NDArray[np.int64]:
    return np.asarray(np.minimum.reduce([reach[axis][0] for reach in given]))


def _most(given: Sequence[Reach], axis: int) -> NDArray[np.int64]:
    return np.asarray(np.maximum.reduce([reach[axis][1] for reach in given]))


def beside_formula(field: ReceptiveField, reach: Reach, image: Pair) -> Reach | None:
    """Return where the boxes of units begin and end: as the formula says, except where it says too much.

    Args:
        field: The formula.
        reach: What the units really see.
        image: (H, W).

    Returns:
        None where the formula is right for all units, on the image.
    """
    found, right = [], True
    for axis, side in enumerate(image):
        units = np.arange(reach[axis].shape[1])
        first = np.round(field.center[axis] - (field.size[axis] - 1) / 2).astype(np.int64) + units * field.jump[axis]
        formula = np.stack([first, first + field.size[axis]])
        clipped = formula.clip(0, side)
        seen = np.where(reach[axis][0] < reach[axis][1], reach[axis], clipped[0])  # none: an empty box
        same = seen == clipped
        found.append(np.where(same, formula, seen))
        right = right and bool(same.all())
    return None if right else (found[0], found[1])
