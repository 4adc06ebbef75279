"""A picture whose every value can be read: printed where there is room, else when it is pointed at."""

from collections.abc import Sequence
from typing import Any

from model.records import Activation, Pair
from viz import theme
from viz.feature_maps.figures import columns
from viz.pictures import raster, swatches, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of

_FEW = 11  # up to this many units a side there is room to print every value
_WIDE_ENOUGH = 9  # up to this many squares side by side there is room to print every weight


def large(values: Activation, *, like: Activation | None = None) -> dict[str, Any]:
    """Return what the browser shows of one map (H, W).

    Args:
        values: The map.
        like: Values whose range it is painted in; by default its own.
    """
    decimals = 3 if values.size == 1 else 1
    printed = decimals if max(values.shape) <= _FEW else None
    return _sheet(values[None], 1, range_of(values if like is None else like), printed)


def over(values: Activation, range_: Range, beneath: str, outline: str, opacity: int) -> dict[str, Any]:
    """Return what the browser shows of a map (H, W) that lies over a picture.

    Args:
        values: The map.
        range_: What it is painted in.
        beneath: The picture under it, a data URI.
        outline: What is drawn on top of both, likewise.
        opacity: Of the map, in per cent.
    """
    return {
        **_sheet(values[None], 1, range_, None),
        "values": [words.fine(float(value), 4) for value in values.ravel()],
        "beneath": beneath,
        "outline": outline,
        "opacity": opacity / 100,
        "widest": "27rem",
    }


def kernels(weights: Activation) -> dict[str, Any]:
    """Return what the browser shows of one feature map's kernel (C_in, kH, kW): a square for each map that it reads."""
    across = columns(len(weights))
    printed = 2 if across * (weights.shape[2] + 1) <= _WIDE_ENOUGH else None
    return _sheet(weights, across, range_of(weights, signed=True), printed)


def _sheet(maps: Activation, across: int, range_: Range, decimals: int | None) -> dict[str, Any]:
    """Return maps (N, H, W) on one sheet, a clear unit between two of them, and every value with its place.

    Args:
        maps: What to paint.
        across: How many stand in a line.
        range_: For all of them.
        decimals: Of the printed values; None where there is no room for them.
    """
    corners = _corners(maps.shape, across)
    values = [float(value) for value in maps.ravel()]
    printed = [] if decimals is None else [swatches.short(value, decimals) for value in values]
    return {
        "picture": raster.mosaic(maps, [range_] * len(maps), corners),
        "size": [max(axis) + side for axis, side in zip(zip(*corners, strict=True), maps.shape[1:], strict=True)],
        "square": list(maps.shape[1:]),
        "corners": [list(corner) for corner in corners],
        "values": [swatches.short(value, 4) for value in values],
        "printed": printed,
        "inks": [swatches.ink(range_, value) for value in values] if printed else [],
        "scale": scale_bar(range_),
        "highlight": theme.HIGHLIGHT,
    }


def _corners(shape: Sequence[int], across: int) -> list[Pair]:
    """Return the top and left unit of each map on the sheet."""
    count, high, wide = shape
    return [(line * (high + 1), place * (wide + 1)) for line, place in (divmod(n, across) for n in range(count))]
