"""Digits that no page has shown: drawn by chance, as the drawing pad puts them into the address."""

import math
import random

from model.images import codec
from model.images.strokes import Point


def drawing(chance: random.Random) -> str:
    """Return the key of a new drawing: one to three strokes, each a curve of about twenty points."""
    return f"drawn-{codec.pack_strokes([_stroke(chance) for _ in range(chance.choice((1, 1, 2, 2, 3)))])}"


def _stroke(chance: random.Random) -> list[Point]:
    """Return a curve that turns slowly, from some place in the upper half of the sheet."""
    x, y = chance.uniform(0.3, 0.7), chance.uniform(0.2, 0.5)
    heading, turn = chance.uniform(0, 2 * math.pi), chance.uniform(-0.3, 0.3)
    points = []
    for _ in range(chance.randrange(14, 26)):
        points.append((x, y))
        heading, turn = heading + turn, turn + chance.uniform(-0.08, 0.08)
        x, y = x + 0.04 * math.cos(heading), y + 0.04 * math.sin(heading)
    return points
