"""A second opinion on curves: what an SVG draws, read back to values by the numbers written beside its axes."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Scale = Callable[[Numbers], Numbers]
_NUMBER = r"-?[\d.]+"
_PRECISION = 2e-4  # of an axis: percentages have two decimals, and places in a thousand one


@dataclass(frozen=True, eq=False, slots=True)
class Line:
    """A path: the places it joins, as shares of the drawing from its lower left corner, and how it is painted."""

    x: Numbers
    y: Numbers
    paint: dict[str, str]


def lines(html: str) -> list[Line]:
    """Return every path of a chart, from the lowest."""
    found = re.search(r'<img src="data:image/svg\+xml;base64,([^"]+)"', html)
    assert found
    svg = ElementTree.fromstring(base64.b64decode(found[1]))  # noqa: S314 (our own)
    width, height = map(float, svg.attrib["viewBox"].split()[2:])
    assert svg.attrib["preserveAspectRatio"] == "none"
    paths = []
    for path in svg:
        places = np.asarray(re.findall(rf"[ML]({_NUMBER}) ({_NUMBER})", path.attrib["d"]), float)
        paths.append(Line(places[:, 0] / width, 1 - places[:, 1] / height, dict(path.attrib)))
    return paths


def scales(html: str, *, logarithmic: bool = False) -> tuple[Scale, Scale]:
    """Return what turns shares of the height and of the width into values, from the numbers beside the axes."""
    return _scale(html, "beside", "--y", logarithmic=False), _scale(html, "below", "--x", logarithmic=logarithmic)


def _scale(html: str, kind: str, axis: str, *, logarithmic: bool) -> Scale:
    found = re.findall(rf'<span class="{kind}" style="{axis}: ({_NUMBER})">([^<]+)</span>', html)
    assert len(found) > 1, "an axis needs two numbers to be read"
    shares = np.asarray([float(place) / 100 for place, _ in found])
    values = np.asarray([float(text.replace("−", "-").replace(",", "")) for _, text in found])
    values = np.log(values) if logarithmic else values
    slope, start = np.polyfit(shares, values, 1)
    np.testing.assert_allclose(start + slope * shares, values, atol=_PRECISION * abs(slope))
    return lambda places: np.exp(start + slope * places) if logarithmic else start + slope * places


def near(scale: Scale) -> float:
    """Return how exact a value can be read on an axis."""
    low, high = scale(np.asarray([0.0, 1.0]))
    return 4 * _PRECISION * float(high - low)


def pointed_at(html: str) -> list[str]:
    """Return what is said where the chart is pointed at, from left to right."""
    return [unescape(said) for said in re.findall(r'<u style="[^"]*" title="([^"]*)">', html)]
