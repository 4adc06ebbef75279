"""Strokes: the curve and the ink agree with geometry."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.images import digits
from model.images.samples import SKETCHES
from model.images.strokes import PEN, SIDE, Point, enlarged, rasterize, smooth, turned
from tests.model.images.test_ink import prediction

coordinates = st.floats(0, 1)
strokes = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=8)


def hermite(points: list[Point], per_segment: int) -> NDArray[np.float64]:
    """Return the same curve from its definition: its direction at a point is from the previous to the next point."""
    p = np.array(points)
    direction = (np.vstack([p[1:], p[-1:]]) - np.vstack([p[:1], p[:-1]])) / 2
    curve = []
    for n in range(len(p) - 1):
        for t in np.arange(per_segment) / per_segment:
            leaving = (1 + 2 * t) * (1 - t) ** 2 * p[n] + t * (1 - t) ** 2 * direction[n]
            arriving = t**2 * (3 - 2 * t) * p[n + 1] + t**2 * (t - 1) * direction[n + 1]
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
@settings(max_examples=30)
def test_smooth_is_the_hermite_curve_through_every_point(stroke: list[Point], per_segment: int) -> None:
    curve = smooth(stroke, per_segment)
    np.testing.assert_allclose(curve, hermite(stroke, per_segment), atol=1e-9)
    np.testing.assert_allclose(curve[::per_segment], stroke, atol=1e-9)


@given(strokes, st.sampled_from([0.04, PEN, 0.13]))
@settings(max_examples=30)
def test_rasterize_draws_ink_where_the_pen_was(stroke: list[Point], pen: float) -> None:
    sheet, distance = rasterize([stroke], pen), distances(stroke)
    one_pixel = 1 / SIDE
    assert (sheet[distance < pen / 2 - one_pixel] == 255).all()
    assert (sheet[distance > pen / 2 + one_pixel] == 0).all()


def test_rasterize_draws_all_strokes_on_one_sheet() -> None:
    one, other = [(0.2, 0.2), (0.2, 0.8)], [(0.7, 0.5)]
    np.testing.assert_array_equal(rasterize([one, other]), np.maximum(rasterize([one]), rasterize([other])))


def test_rasterize_smooths_edges() -> None:
    assert len(np.unique(rasterize([[(0.3, 0.3), (0.7, 0.6)]]))) > 8


@pytest.mark.parametrize("drawing", [[], [[]], [[(-1, 0.5)]], [[(0.5, 2), (0.7, 3)]]], ids=str)
def test_rasterize_without_ink_on_the_sheet_is_blank(drawing: list[list[Point]]) -> None:
    sheet = rasterize(drawing)
    assert sheet.shape == (SIDE, SIDE)
    assert not sheet.any()


def shrunk(strokes: list[list[Point]], share: float, corner: tuple[float, float]) -> list[list[Point]]:
    """Draw strokes at a share of their size in a corner, (0, 0) to (1, 1)."""
    start = [at * (1 - share) for at in corner]
    return [[(start[0] + share * x, start[1] + share * y) for x, y in stroke] for stroke in strokes]


CLEAR = [sketch for sketch in SKETCHES if sketch.label is not None]


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)], ids=str)
def test_small_drawing_is_predicted_in_every_corner(corner: tuple[float, float]) -> None:
    drawings = [shrunk([smooth(stroke) for stroke in sketch.strokes], 0.12, corner) for sketch in CLEAR]
    right = [
        prediction(digits.from_strokes(drawing)) == sketch.label
        for drawing, sketch in zip(drawings, CLEAR, strict=True)
    ]
    assert sum(right) >= len(CLEAR) - 1


def test_small_drawing_without_enlarging_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "enlarged", lambda strokes: strokes)
    drawings = [shrunk([smooth(stroke) for stroke in sketch.strokes], 0.12, (0, 0)) for sketch in CLEAR]
    assert sum(prediction(digits.from_strokes(each)) == s.label for each, s in zip(drawings, CLEAR, strict=True)) < 20


@given(st.lists(strokes, min_size=1, max_size=3))
@settings(max_examples=30)
def test_enlarged_strokes_fill_the_box_of_a_digit(drawing: list[list[Point]]) -> None:
    low, high = (getattr(np.concatenate(drawing), name)(0) for name in ("min", "max"))
    points = np.concatenate(enlarged(drawing))
    extent = np.ptp(points, axis=0).max()
    assert extent == pytest.approx(20 / 28 if (high - low).max() > 0.02 else (high - low).max(), abs=1e-6)
    np.testing.assert_allclose((points.min(0) + points.max(0)) / 2, 0.5, atol=1e-6)


@given(st.lists(strokes, min_size=1, max_size=3), st.sampled_from([15, 90, -90, 180]))
@settings(max_examples=30)
def test_turned_strokes_stay_on_the_sheet(drawing: list[list[Point]], degrees: int) -> None:
    points = np.concatenate(turned(drawing, degrees))
    assert points.min() >= 0
    assert points.max() <= 1


def test_turned_strokes_turn_the_picture() -> None:
    seven: list[list[Point]] = [[(0.2, 0.2), (0.8, 0.2), (0.5, 0.8)]]
    as_turned, drawn = (rasterize(each).astype(float) for each in (turned(seven, 90), seven))
    assert np.abs(as_turned - np.rot90(drawn)).mean() < 2
    assert np.abs(as_turned - np.rot90(drawn, -1)).mean() > 10
