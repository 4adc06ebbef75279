"""Pen strokes: smooth curves through a few points, drawn as white ink on black."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model.records import Pixels

Point = tuple[float, float]
Stroke = Sequence[Point]

SIDE = 112  # pixels of the sheet that strokes are drawn on: four for each pixel of a digit
PEN = 0.075  # width of the pen as a share of the sheet: about two pixels of a finished digit
_FINER = 4  # drawn this much larger and averaged, which smooths the edges


def smooth(stroke: Stroke, per_segment: int = 12) -> list[Point]:
    """Run a smooth curve through every point of a stroke (Catmull-Rom spline).

    Between points b and c, with neighbours a and d and t from 0 to 1:
    ``0.5 * (2b + (c - a) t + (2a - 5b + 4c - d) t^2 + (3b - a - 3c + d) t^3)``.

    Args:
        stroke: (x, y) points; the first and last are doubled so that the curve reaches them.
        per_segment: Points put between two given ones.

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


def ink(strokes: Sequence[Stroke], pen: float = PEN) -> Pixels:
    """Draw strokes with a round pen.

    Args:
        strokes: Each a sequence of (x, y) in 0..1, x to the right and y downwards; joined by straight lines.
            A single point is a dot.
        pen: Width of the pen as a share of the sheet.

    Returns:
        (112, 112), 255 where there is ink.
    """
    scale = SIDE * _FINER
    width = max(1, round(pen * scale))
    sheet = Image.new("L", (scale, scale))
    brush = ImageDraw.Draw(sheet)
    for stroke in strokes:
        points = [(x * scale, y * scale) for x, y in stroke]
        if len(points) > 1:
            brush.line(points, fill=255, width=width)
        for x, y in points:  # a disc at each point rounds the ends and closes the corners
            brush.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return np.asarray(sheet.reduce(_FINER))
