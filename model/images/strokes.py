"""Pen strokes: smooth curves through a few points, drawn in white on black."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model.records import Pixels

Point = tuple[float, float]
Stroke = Sequence[Point]

SHARE = 20 / 28  # of the sheet: the longer side of a digit as MNIST draws it
_DOT = 0.02  # of the sheet: strokes that reach no further are a dot
SIDE = 112  # pixels of the sheet that strokes are drawn on, four for each pixel of a digit
PEN = 0.075  # width of the pen as a share of the sheet: about two pixels of a digit
_OVERSAMPLING = 4  # drawn this many times larger and averaged, which smooths the edges


def smooth(stroke: Stroke, per_segment: int = 12) -> list[Point]:
    """Return a smooth curve through every point of a stroke (Catmull-Rom spline).

    Between points b and c, with neighbours a and d and t from 0 to 1:
    ``0.5 * (2b + (c - a) t + (2a - 5b + 4c - d) t^2 + (3b - a - 3c + d) t^3)``.

    Args:
        stroke: (x, y) points; the first and the last are repeated so that the curve reaches them.
        per_segment: Number of points from one given point to the next.

    Source: Catmull and Rom, "A class of local interpolating splines", 1974.

    >>> smooth([(0, 0), (1, 0)], per_segment=2)
    [(0.0, 0.0), (0.5, 0.0), (1.0, 0.0)]
    """
    points = np.asarray([stroke[0], *stroke, stroke[-1]], dtype=float)
    t = np.linspace(0, 1, per_segment, endpoint=False)[:, None]
    curve: list[NDArray[np.float64]] = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(points, points[1:], points[2:], points[3:], strict=False)
    ]
    return [(float(x), float(y)) for x, y in np.concatenate([*curve, points[-1:]])]


def rasterize(strokes: Sequence[Stroke], pen: float = PEN) -> Pixels:
    """Rasterize strokes, drawn with a round pen.

    Args:
        strokes: Each is a sequence of (x, y) in 0..1, x to the right and y down, joined by straight lines.
            A single point is a dot.
        pen: Width of the pen as a share of the sheet.

    Returns:
        (112, 112), 255 where there is ink.
    """
    scale = SIDE * _OVERSAMPLING
    width = max(1, round(pen * scale))
    sheet = Image.new("L", (scale, scale))
    brush = ImageDraw.Draw(sheet)
    for stroke in strokes:
        points = [(x * scale, y * scale) for x, y in stroke]
        if len(points) > 1:
            brush.line(points, fill=255, width=width)
        for x, y in points:  # a disc at each point rounds the ends and fills the corners
            brush.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return np.asarray(sheet.reduce(_OVERSAMPLING))


def enlarged(strokes: Sequence[Stroke]) -> list[list[Point]]:
    """Scale strokes until their box is as large as a digit's, and centre them on the sheet.

    The pen stays as wide, so that the loops of a small drawing do not fill. A dot stays a dot.

    >>> enlarged([[(0.1, 0.1), (0.1, 0.2)]])
    [[(0.5, 0.142...), (0.5, 0.857...)]]
    """
    points = np.asarray([point for stroke in strokes for point in stroke], dtype=float)
    low, high = points.min(0), points.max(0)
    side = float((high - low).max())
    factor = SHARE / side if side > _DOT else 1.0
    middle = (low + high) / 2
    return [[(float(x), float(y)) for x, y in (np.asarray(each) - middle) * factor + 0.5] for each in strokes]


def turned(strokes: Sequence[Stroke], degrees: float) -> list[list[Point]]:
    """Turn strokes against the clock about the middle of their box; what leaves the sheet is scaled back onto it.

    >>> turned([[(0.5, 0.2), (0.5, 0.8)]], 90)
    [[(0.2, 0.5), (0.8, 0.5)]]
    """
    points = np.asarray([point for stroke in strokes for point in stroke], dtype=float)
    middle = (points.min(0) + points.max(0)) / 2
    angle = np.deg2rad(degrees)
    matrix = np.asarray([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = [(np.asarray(each) - middle) @ matrix for each in strokes]
    reach = max(1.0, 2 * max(float(np.abs(each).max()) for each in moved))
    return [[(round(float(x), 3), round(float(y), 3)) for x, y in each / reach + 0.5] for each in moved]
