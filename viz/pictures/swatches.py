"""Coloured table cells in HTML, and numbers as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Numbers
from viz import theme
from viz.pictures import raster
from viz.pictures.scaling import Range, range_of

BELOW, ABOVE = (
    str(theme.DIVERGING[place][1]) for place in (6, 26)
)  # for bars; both are visible on light and dark backgrounds


def cell(range_: Range, value: float, tag: str = "td") -> str:
    """Draw a table cell with a value on its colour."""
    return f'<{tag} style="{paint(range_, value)}">{short(value)}</{tag}>'


def paint(range_: Range, value: float) -> str:
    """Return the style of a cell: the colour of its value on the diverging scale, and a text colour with contrast."""
    return _STYLES[_place(range_, value)]


def fill(range_: Range, value: float) -> str:
    """Return the style of a cell as ``paint`` does, on the scale of its range."""
    shade = ", ".join(map(str, _SCALES[range_.signed][_place(range_, value)]))
    return f"background: rgb({shade}); color: {ink(range_, value)}"


def ink(range_: Range, value: float) -> str:
    """Return a text colour that is readable on the colour of a value, on either scale."""
    return _INKS[range_.signed][_place(range_, value)]


def _place(range_: Range, value: float) -> int:
    return round(float(range_.share(np.asarray(value, np.float32))) * 255)


def _ink(shade: NDArray[np.uint8]) -> str:
    """Return black or white: the one with the higher WCAG contrast to a colour."""
    share = shade / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    light = linear @ (0.2126, 0.7152, 0.0722)
    return theme.BLACK if (light + 0.05) ** 2 > 1.05 * 0.05 else theme.WHITE


_SCALES = {True: theme.lookup(theme.DIVERGING), False: theme.lookup(theme.SEQUENTIAL)}
_INKS = {signed: [_ink(shade) for shade in shades] for signed, shades in _SCALES.items()}
_STYLES = [
    f"background: rgb({', '.join(map(str, shade))}); color: {ink}"
    for shade, ink in zip(_SCALES[True], _INKS[True], strict=True)
]


def bar(value: float, most: float) -> str:
    """Draw a table cell with a bar from its middle: to the right if positive, to the left if negative."""
    colour, side = (ABOVE, "left") if value >= 0 else (BELOW, "right")
    share = abs(value) / most * 50 if most else 0.0
    return f'<td class="bar"><i style="{side}: 50%; width: {share:.2f}%; background: {colour}"></i></td>'


def short(value: float, decimals: int = 2) -> str:
    """Format a number with few decimals, for places with many numbers.

    >>> short(-0.126), short(-0.001)
    ('−0.13', '0.00')
    """
    return f"{value:z.{decimals}f}".replace("-", "−")


def sheet(maps: Activation, range_: Range) -> str:
    """Paint maps (N, H, W) in one column, for a table that shows one map in each line."""
    return raster.mosaic(maps, [range_] * len(maps), [(n * maps.shape[1], 0) for n in range(len(maps))])


def signed(values: Numbers | Activation) -> Range:
    """Return the diverging range of values in single or double precision."""
    return range_of(single(values), signed=True)


def single(values: Numbers | Activation) -> Activation:
    """Return values in single precision, as pictures need them."""
    return values.astype(np.float32)


def selected_class(selected: bool) -> str:
    """Return the class attribute of a selected element, or an empty string."""
    return ' class="selected"' if selected else ""


def as_csv(lines: Sequence[Sequence[object]]) -> str:
    """Return lines of values as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def maps_as_csv(maps: Mapping[str, Activation | Numbers]) -> str:
    """Return maps (H, W) by name as CSV: one line for each value with all its digits."""
    return _places_as_csv(("map", "y", "x", "value"), maps)


def activations_as_csv(activations: Mapping[str, Activation]) -> str:
    """Return activations (C, H, W) by step as CSV: one line for each value."""
    return _places_as_csv(("step", "map", "y", "x", "value"), activations)


def _places_as_csv(head: Sequence[str], arrays: Mapping[str, Activation | Numbers]) -> str:
    return as_csv(
        [head, *((name, *at, f"{value:.9g}") for name, array in arrays.items() for at, value in np.ndenumerate(array))]
    )


def columns_as_csv(columns: Mapping[str, Sequence[str]]) -> str:
    """Return columns of text as CSV, with their names in the first line."""
    return as_csv([list(columns), *zip(*columns.values(), strict=True)])
