"""Handwriting: the curve and the ink are what geometry says they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.images.strokes import PEN, SIDE, Point, ink, smooth

coordinates = st.floats(0, 1)
strokes = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=8)


def hermite(points: list[Point], per_segment: int) -> NDArray[np.float64]:
    """Draw the same curve from its definition: at each point it heads from the one before to the one after."""
    p = np.array(points)
    heading = (np.vstack([p[1:], p[-1:]]) - np.vstack([p[:1], p[:-1]])) / 2
    curve = []
    for n in range(len(p) - 1):
        for t in np.arange(per_segment) / per_segment:
            leaving = (1 + 2 * t) * (1 - t) ** 2 * p[n] + t * (1 - t) ** 2 * heading[n]
            arriving = t**2 * (3 - 2 * t) * p[n + 1] + t**2 * (t - 1) * heading[n + 1]
            curve.append(leaving + arriving)
    return np.array([*curve, p[-1]])


def distances(stroke: list[Point]) -> NDArray[np.float64]:
    """Measure from the centre of each pixel of the sheet to the nearest point of a stroke's straight lines."""
    centres = (np.indices((SIDE, SIDE))[::-1] + 0.5) / SIDE  # (x, y), each (112, 112)
    nearest = np.full((SIDE, SIDE), np.inf)
    for start, end in zip(stroke, stroke[1:] or stroke, strict=False):
        way = np.subtract(end, start)
        from_start = centres - np.reshape(start, (2, 1, 1))
        share = np.clip(np.tensordot(way, from_start, 1) / max(way @ way, 1e-12), 0, 1)
        nearest = np.minimum(nearest, np.hypot(*(from_start - way.reshape(2, 1, 1) * share)))
    return nearest


@given(strokes, st.integers(1, 12))
def test_a_smooth_curve_is_the_hermite_curve_through_every_point(stroke: list[Point], per_segment: int) -> None:
    curve = smooth(stroke, per_segment)
    np.testing.assert_allclose(curve, hermite(stroke, per_segment), atol=1e-9)
    np.testing.assert_allclose(curve[::per_segment], stroke, atol=1e-9)


@given(strokes, st.sampled_from([0.04, PEN, 0.13]))
def test_ink_is_where_the_pen_was_and_nowhere_else(stroke: list[Point], pen: float) -> None:
    sheet, distance = ink([stroke], pen), distances(stroke)
    one_pixel = 1 / SIDE
    assert (sheet[distance < pen / 2 - one_pixel] == 255).all()
    assert (sheet[distance > pen / 2 + one_pixel] == 0).all()


def test_strokes_lie_on_one_sheet() -> None:
    one, other = [(0.2, 0.2), (0.2, 0.8)], [(0.7, 0.5)]
    np.testing.assert_array_equal(ink([one, other]), np.maximum(ink([one]), ink([other])))


def test_the_edge_of_ink_is_smooth() -> None:
    assert len(np.unique(ink([[(0.3, 0.3), (0.7, 0.6)]]))) > 8


@pytest.mark.parametrize("drawing", [[], [[]], [[(-1, 0.5)]], [[(0.5, 2), (0.7, 3)]]], ids=str)
def test_where_the_pen_never_touched_the_sheet_there_is_no_ink(drawing: list[list[Point]]) -> None:
    sheet = ink(drawing)
    assert sheet.shape == (SIDE, SIDE)
    assert not sheet.any()
