"""Coloured cells in HTML, and numbers as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Numbers
from viz import theme
from viz.pictures import raster
from viz.pictures.scaling import Range, range_of

BELOW, ABOVE = (str(theme.DIVERGING[place][1]) for place in (6, 26))  # bars: seen well on light and on dark


def cell(range_: Range, value: float, tag: str = "td") -> str:
    """Draw a table's cell with a value in it and its colour behind it."""
    return f'<{tag} style="{paint(range_, value)}">{short(value)}</{tag}>'


def paint(range_: Range, value: float) -> str:
    """Return the style of a cell: the colour of its value on a signed scale, and on it ink that can be read."""
    return _STYLES[_place(range_, value)]


def ink(range_: Range, value: float) -> str:
    """Return the colour of ink that can be read on the colour of a value, on either scale."""
    return _INKS[range_.signed][_place(range_, value)]


def _place(range_: Range, value: float) -> int:
    return round(float(range_.share(np.asarray(value, np.float32))) * 255)


def _ink(shade: NDArray[np.uint8]) -> str:
    """Return black or white, whichever has the higher contrast on a colour by WCAG."""
    share = shade / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    light = linear @ (0.2126, 0.7152, 0.0722)
    return "#000" if (light + 0.05) ** 2 > 1.05 * 0.05 else "#fff"


_SCALES = {True: theme.lookup(theme.DIVERGING), False: theme.lookup(theme.SEQUENTIAL)}
_INKS = {signed: [_ink(shade) for shade in shades] for signed, shades in _SCALES.items()}
_STYLES = [
    f"background: rgb({', '.join(map(str, shade))}); color: {ink}"
    for shade, ink in zip(_SCALES[True], _INKS[True], strict=True)
]


def bar(value: float, most: float) -> str:
    """Draw a table's cell with a bar from its middle: to the right above zero, to the left below."""
    colour, side = (ABOVE, "left") if value >= 0 else (BELOW, "right")
    share = abs(value) / most * 50 if most else 0.0
    return f'<td class="bar"><i style="{side}: 50%; width: {share:.2f}%; background: {colour}"></i></td>'


def short(value: float, decimals: int = 2) -> str:
    """Say a number with fewer decimals than elsewhere, where many stand side by side.

    >>> short(-0.126), short(-0.001)
    ('−0.13', '0.00')
    """
    return f"{value:z.{decimals}f}".replace("-", "−")


def sheet(maps: Activation, range_: Range) -> str:
    """Paint maps (N, H, W) under one another, for a table that shows one in each line."""
    return raster.mosaic(maps, [range_] * len(maps), [(n * maps.shape[1], 0) for n in range(len(maps))])


def signed(values: Numbers | Activation) -> Range:
    """Return the diverging range of values, which may be in double precision."""
    return range_of(single(values), signed=True)


def single(values: Numbers | Activation) -> Activation:
    """Return values in single precision, as pictures take them."""
    return values.astype(np.float32)


def marked(is_so: bool) -> str:
    """Return the attribute that marks what is selected, or nothing."""
    return ' class="selected"' if is_so else ""


def as_csv(lines: Sequence[Sequence[object]]) -> str:
    """Return lines of values as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def maps_as_csv(maps: Mapping[str, Activation | Numbers]) -> str:
    """Return maps (H, W), each under its name, as CSV: a line for each value, with all its digits."""
    return _places_as_csv(("map", "y", "x", "value"), maps)


def activations_as_csv(activations: Mapping[str, Activation]) -> str:
    """Return activations (C, H, W), each under the name of its step, as CSV: a line for each value."""
    return _places_as_csv(("step", "map", "y", "x", "value"), activations)


def _places_as_csv(head: Sequence[str], arrays: Mapping[str, Activation | Numbers]) -> str:
    return as_csv(
        [head, *((name, *at, f"{value:.9g}") for name, array in arrays.items() for at, value in np.ndenumerate(array))]
    )


def columns_as_csv(columns: Mapping[str, Sequence[str]]) -> str:
    """Return columns of text as CSV, headed by their names."""
    return as_csv([list(columns), *zip(*columns.values(), strict=True)])
