"""Charts of dropout: how a mean over masks converges, and the accuracy on many digits as p grows."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from model.dropout.records import Convergence, DropoutAccuracy
from viz import theme
from viz.charts import curves
from viz.charts.curves import Axis, Band, Curve
from viz.pictures import words

_POINTS = 120  # points drawn of a thousand means, equally far apart on the axis
_ERRORS = 2  # standard errors on each side of the value and of an accuracy
_HEIGHT = 340
THEORY = (
    "A mask keeps a value x with probability 1 − p. A kept value becomes x / (1 − p), a dropped value becomes 0. So "
    "the mean over masks is (1 − p) · x / (1 − p) + p · 0 = **x**: the next layer gets the same mean with dropout on "
    "and off. The variance is x² · p / (1 − p); the mean over n masks has the standard error |x| · √(p / (1 − p) / n)."
)


def convergence(found: Convergence) -> str:
    """Draw in HTML the running mean of one unit over masks, and the range that theory expects.

    Accepts ``running``, ``unscaled`` and ``error``, (N,) each.
    """
    count = len(found.running)
    places = np.unique(np.geomspace(1, count, min(_POINTS, count)).round().astype(int)) - 1
    numbers, running, unscaled = (places + 1).astype(float), found.running[places], found.unscaled[places]
    error = _ERRORS * found.error[places]
    band = Band(f"{_ERRORS} standard errors", numbers, found.value - error, found.value + error, theme.ACCENT)
    off = np.full(len(places), found.value)
    drawn = [
        Curve("dropout off", numbers, off, theme.HIGHLIGHT, "dashed"),
        Curve("mean if kept values were not scaled", numbers, unscaled, theme.MUTED),
        Curve("mean over masks", numbers, running, theme.ACCENT),
    ]
    points = {
        float(number): curves.say_point(f"{number:,.0f} masks", {each.name: each.values[place] for each in drawn})
        for place, number in enumerate(numbers)
    }
    across = Axis("masks", 1, count * 10**0.05 if count > 1 else 10, (1, 10, 100, 1000)[: len(str(count))], True)
    up = curves.axis_of("mean of the unit", band.low, band.high, running, unscaled)
    return curves.draw(across, up, drawn, say_convergence(found), band=band, points=points)


def say_convergence(found: Convergence) -> str:
    """Say what the mean is after all masks, and compare it with theory."""
    c, y, x = found.unit
    count, last, error = len(found.running), found.running[-1], found.error[-1]
    off = f"{abs(last - found.value) / error:.1f} standard errors of {error:.4f} away" if error else "the same"
    return (
        f"The strongest unit of {found.name} (map {c}, y {y}, x {x}) is {words.number(found.value)} with dropout off. "
        f"Its mean over {count:,} masks with p = {found.p:.2f} is {words.number(last)}: {off}. If the kept values were "
        f"not scaled, the mean would be {words.number(found.unscaled[-1])}. {_share(found.within)} of all units of the "
        f"row have a mean within four standard errors of their value; without scaling, {_share(found.within_unscaled)}."
    )


def say_variance(found: Convergence) -> str:
    """Compare the measured variance with theory."""
    return (
        f"The variance over {len(found.running):,} masks, averaged over all units of the row, is "
        f"**{found.variance:.4f}**. Theory gives **{found.expected_variance:.4f}**."
    )


def convergence_columns(found: Convergence) -> dict[str, list[str]]:
    """Return the convergence of the means as columns, with a line for each number of masks."""
    chosen = [number - 1 for number in found.after]
    return {
        "masks": [f"{number}" for number in found.after],
        "mean of the unit": [words.number(found.running[place]) for place in chosen],
        "standard error": [f"{found.error[place]:.4f}" for place in chosen],
        "deviation of all units (RMS)": [f"{value:.4f}" for value in found.deviation],
        "deviation by theory": [f"{value:.4f}" for value in found.expected],
    }


def accuracies(every: Sequence[DropoutAccuracy], own: float) -> go.Figure:
    """Draw accuracy and confidence against p.

    Args:
        every: One for each p.
        own: The p that the network was trained with.
    """
    ps = [each.p for each in every]
    figure = go.Figure()
    figure.add_scatter(
        x=ps,
        y=[each.accuracy for each in every],
        error_y={"type": "data", "array": [_ERRORS * each.error for each in every]},
        name="accuracy",
        mode="lines+markers",
        line={"color": theme.ACCENT, "width": 3},
        hovertemplate="p = %{x:.2f}<br>%{y:.1%} correct<extra></extra>",
    )
    figure.add_scatter(
        x=ps,
        y=[each.confidence for each in every],
        name="confidence",
        mode="lines+markers",
        line={"color": theme.MUTED, "width": 3, "dash": "dash"},
        hovertemplate="p = %{x:.2f}<br>%{y:.1%} confident<extra></extra>",
    )
    figure.add_vline(x=own, line={"color": theme.HIGHLIGHT, "width": 2})
    figure.update_xaxes(title="p (the line: as trained)", fixedrange=True)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], fixedrange=True)
    return _framed(figure)


def say_accuracies(every: Sequence[DropoutAccuracy], source: str) -> str:
    """Say how accuracy and confidence fall as p grows.

    Args:
        every: One for each p.
        source: Which digits were classified.
    """
    said = [
        f"p = {each.p:.2f}: {_share(each.accuracy)} correct, {_share(each.confidence)} confidence"
        for each in dict.fromkeys((every[0], every[1], every[len(every) // 2], every[-1]))
    ]
    return (
        f"{source}, each classified once for each p, with its own mask. {'; '.join(said)}. The thin vertical lines "
        "show two standard errors. Confidence is the mean of the largest probability."
    )


def accuracies_columns(every: Sequence[DropoutAccuracy]) -> dict[str, list[str]]:
    """Return the accuracies as columns, with a line for each p."""
    return {
        "p": [f"{each.p:.2f}" for each in every],
        "correct": [f"{each.correct}" for each in every],
        "digits": [f"{each.count}" for each in every],
        "accuracy": [f"{each.accuracy:.4f}" for each in every],
        "standard error": [f"{each.error:.4f}" for each in every],
        "confidence": [f"{each.confidence:.4f}" for each in every],
    }


def _framed(figure: go.Figure) -> go.Figure:
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        dragmode=False,
        # No curve is hidden by a click: keys could not do it.
        legend={
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "itemclick": False,
            "itemdoubleclick": False,
            "font_size": 16,
        },
    )
    # Streamlit's theme has sizes of its own, too small for a back row: they yield to what an axis says itself.
    figure.update_xaxes(title_font_size=16, tickfont_size=14)
    figure.update_yaxes(tickfont_size=14)
    return figure


def _share(share: float) -> str:
    return f"{share * 100:.1f}\xa0%"
