"""Curves lie where their axes say, whatever their values are."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import curve
from viz import theme
from viz.charts import curves
from viz.charts.curves import Axis, Curve

VALUES = st.lists(st.floats(-1e4, 1e4).map(lambda value: round(value, 3)), min_size=2, max_size=20)


@given(VALUES, st.booleans())
@example([0.0, 0.0], True)
def test_an_axis_holds_all_values_and_round_numbers(values: list[float], zero: bool) -> None:
    axis = curves.axis_of("value", np.asarray(values), zero=zero)
    shares = axis.share(np.asarray(values))
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert not zero or axis.low <= 0 <= axis.high
    assert 2 <= len(axis.ticks) <= 7
    assert all(axis.low - 1e-9 <= tick <= axis.high + 1e-9 for tick in axis.ticks)
    steps = np.diff(axis.ticks)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)
    first = steps[0] / 10 ** math.floor(math.log10(steps[0]) + 1e-9)
    assert min(abs(first - factor) for factor in (1, 2, 5)) < 1e-6


def test_values_above_zero_begin_at_it() -> None:
    assert curves.axis_of("value", np.asarray([1.0, 3.0]), zero=True).low == 0
    assert curves.axis_of("value", np.asarray([-3.0, -1.0]), zero=True).high == 0
    assert curves.axis_of("value", np.asarray([1.0, 3.0])).low > 0


@given(VALUES)
def test_a_curve_can_be_read_back(values: list[float]) -> None:
    y = np.asarray(values)
    x = np.arange(len(y), dtype=float)
    axis = curves.axis_of("value", y)
    drawn = [Curve(style, x, y, theme.ACCENT, style) for style in ("line", "dashed", "dotted", "points")]
    html = curves.draw(Axis("k", 0, 20, (0, 10, 20)), axis, drawn, "All", points={1.0: "one"})
    up, across = curve.scales(html)
    for line in curve.lines(html):
        np.testing.assert_allclose(up(line.y), y, atol=2 * curve.near(up))
        np.testing.assert_allclose(across(line.x), x, atol=2 * curve.near(across))
        assert line.paint["vector-effect"] == "non-scaling-stroke"


def test_a_curve_of_another_axis_is_noticed() -> None:
    x, y = np.asarray([1.0, 10.0, 100.0]), np.asarray([1.0, 2.0, 3.0])
    across = Axis("k", 1, 100, (1, 10, 100), logarithmic=True)
    html = curves.draw(across, curves.axis_of("value", y), [Curve("it", x, y, theme.ACCENT)], "It", points={1.0: "one"})
    with pytest.raises(AssertionError):
        curve.scales(html)
    _, right = curve.scales(html, logarithmic=True)
    np.testing.assert_allclose(right(curve.lines(html)[0].x), x, rtol=4e-3)


def test_a_strip_reaches_half_way_to_its_neighbours() -> None:
    html = curves.draw(
        Axis("k", 0, 4, (0, 4)),
        Axis("value", 0, 1, (0, 1)),
        [],
        "<b>&",
        points={0.0: "none", 1.0: "one", 4.0: "<four>"},
    )
    assert 'style="--x: 0.00; --wide: 12.50" title="none"' in html
    assert 'style="--x: 12.50; --wide: 50.00" title="one"' in html
    assert 'style="--x: 62.50; --wide: 37.50" title="&lt;four&gt;"' in html
    assert 'aria-label="&lt;b&gt;&amp;"' in html
