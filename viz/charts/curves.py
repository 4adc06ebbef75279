"""Curves over numbers in HTML, which repaints faster than a chart of Plotly's: axes, lines, points and a band."""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from viz.pictures import words

_SIZE = 1000  # units of the drawing either way; the page stretches it, but not its lines
_ROOM = 0.05  # of an axis left free at the end where values do not have to touch it
_DASHES = {"line": "", "dashed": "9 7", "dotted": "0 8", "points": ""}


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis says, and where its values lie.

    Attributes:
        title: What is measured.
        low: The value at its beginning.
        high: The value at its end.
        ticks: Values that are written beside it.
        logarithmic: Whether equal factors, not equal differences, are equally far apart.
    """

    title: str
    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def share(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where on the axis values lie, 0 to 1.

        >>> Axis("masks", 1, 1000, (), logarithmic=True).share(np.array([1.0, 10.0]))
        array([0.        , 0.33333333])
        """
        if self.logarithmic:
            shares: NDArray[np.float64] = np.log(values / self.low) / math.log(self.high / self.low)
            return shares
        return (values - self.low) / (self.high - self.low)


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """Values to draw, (N,), over their places, (N,).

    Attributes:
        name: In the legend.
        places: Along the axis across.
        values: Along the axis that goes up.
        colour: ``#rrggbb``.
        style: ``line``, ``dashed``, ``dotted`` or ``points``.
        width: Of the line, or of a point, in pixels of the screen.
    """

    name: str
    places: NDArray[np.float64]
    values: NDArray[np.float64]
    colour: str
    style: str = "line"
    width: int = 3


@dataclass(frozen=True, eq=False, slots=True)
class Band:
    """An area between two curves, (N,) each, over their places, (N,)."""

    name: str
    places: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    colour: str


def axis_of(title: str, *values: NDArray[np.float64], zero: bool = False) -> Axis:
    """Return an axis on which all values have their place, with round numbers beside it.

    Args:
        title: What is measured.
        values: Finite, any shape.
        zero: Whether zero lies on it whatever the values are.
    """
    low, high = min(float(each.min()) for each in values), max(float(each.max()) for each in values)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = _ROOM * (high - low) or 0.5  # all the same: any axis around it shows that
    low, high = (low if zero and low == 0 < high else low - room), (high if zero and high == 0 > low else high + room)
    return Axis(title, low, high, round_numbers(low, high))


def round_numbers(low: float, high: float) -> tuple[float, ...]:
    """Return multiples of 1, 2 or 5 times a power of ten between two values, at least two and about five.

    >>> round_numbers(-0.03, 0.42), round_numbers(0, 40)
    ((0.0, 0.1, 0.2, 0.3, 0.4), (0.0, 10.0, 20.0, 30.0, 40.0))
    """
    power = 10.0 ** math.floor(math.log10((high - low) / 4))
    step = next(step for factor in (1, 2, 5, 10) if (high - low) / (step := factor * power) <= 6)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(float(f"{number * step:.12g}") for number in range(first, last + 1))


def draw(
    across: Axis,
    up: Axis,
    curves: Sequence[Curve],
    said: str,
    *,
    band: Band | Sequence[Band] | None = None,
    points: Mapping[float, str],
) -> str:
    """Draw curves in HTML, with a legend and axes.

    Args:
        across: Of their places.
        up: Of their values.
        curves: The later ones lie on the earlier.
        said: What the chart shows, for who does not see it.
        band: Lies beneath all, or several that do.
        points: What is said of places when they are pointed at.
    """
    bands = [band] if isinstance(band, Band) else band or ()
    drawn = _drawing(across, up, curves, bands)
    return (
        f'{_legend(curves, bands)}<div class="curves" role="img" aria-label="{escape(said)}">'
        f'<img src="{drawn}" alt="">{_labels(across, up)}{_pointed_at(across, points)}</div>'
    )


def _drawing(across: Axis, up: Axis, curves: Sequence[Curve], bands: Sequence[Band]) -> str:
    """Draw curves and bands as a data URI of SVG that can be stretched."""
    parts = []
    for band in bands:
        around = _path(
            across.share(np.concatenate([band.places, band.places[::-1]])),
            up.share(np.concatenate([band.high, band.low[::-1]])),
        )
        parts.append(f'<path d="{around}Z" fill="{band.colour}" fill-opacity="0.22"/>')
    for curve in curves:
        path = _path(across.share(curve.places), up.share(curve.values), apart=curve.style == "points")
        dash = f' stroke-dasharray="{_DASHES[curve.style]}"' if _DASHES[curve.style] else ""
        parts.append(
            f'<path d="{path}" fill="none" stroke="{curve.colour}" stroke-width="{curve.width}" '
            f'stroke-linecap="{"round" if curve.style in {"points", "dotted"} else "butt"}" '
            f'stroke-linejoin="round" vector-effect="non-scaling-stroke"{dash}/>'
        )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}" preserveAspectRatio="none">'
        f"{''.join(parts)}</svg>"
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _path(x: NDArray[np.float64], y: NDArray[np.float64], *, apart: bool = False) -> str:
    """Join places, shares of the drawing, by lines; or let each stand for itself, a line of no length."""
    places = [f"{a:.1f} {b:.1f}" for a, b in zip((x * _SIZE).tolist(), ((1 - y) * _SIZE).tolist(), strict=True)]
    return "".join(f"M{place}h0" for place in places) if apart else "M" + "L".join(places)


def _legend(curves: Sequence[Curve], bands: Sequence[Band]) -> str:
    keys = [("band", band.colour, band.name) for band in bands]
    keys += [(curve.style, curve.colour, curve.name) for curve in curves]
    items = "".join(
        f'<li><i class="{style}" style="--colour: {colour}"></i>{escape(name)}</li>' for style, colour, name in keys
    )
    return f'<ul class="legend keys">{items}</ul>'


def _labels(across: Axis, up: Axis) -> str:
    beside, below = (list(axis.share(np.asarray(axis.ticks)) * 100) for axis in (up, across))
    lines = "".join(
        f'<i class="tick" style="--y: {place:.2f}"></i>'
        f'<span class="beside" style="--y: {place:.2f}">{_say(tick)}</span>'
        for place, tick in zip(beside, up.ticks, strict=True)
    )
    numbers = "".join(
        f'<span class="below" style="--x: {place:.2f}">{_say(tick)}</span>'
        for place, tick in zip(below, across.ticks, strict=True)
    )
    return (
        f'{lines}{numbers}<span class="across">{escape(across.title)}</span><span class="up">{escape(up.title)}</span>'
    )


def _pointed_at(across: Axis, points: Mapping[float, str]) -> str:
    """Lay a strip over each place, from half way to its neighbours, that says what is there."""
    places = (across.share(np.asarray([*points])) * 100).tolist()
    edges = [0.0, *((one + other) / 2 for one, other in pairwise(places)), 100.0]
    return "".join(
        f'<u style="--x: {left:.2f}; --wide: {right - left:.2f}" title="{escape(said)}"></u>'
        for (left, right), said in zip(pairwise(edges), points.values(), strict=True)
    )


def _say(tick: float) -> str:
    return f"{tick:,g}".replace("-", "−")


def say_point(place: str, curves: Mapping[str, float]) -> str:
    r"""Say what curves come to at a place, a line each.

    >>> say_point("5 masks", {"mean": -0.5})
    '5 masks\nmean: −0.500'
    """
    return "\n".join([place, *(f"{name}: {words.number(value)}" for name, value in curves.items())])
