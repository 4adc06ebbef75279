"""Charts of dropout: how a mean over masks converges, and how well many digits are read as p grows."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from model.dropout.records import Convergence, Reading
from viz import theme
from viz.charts.draw import Axis, Band, Part, Series, draw
from viz.pictures import words

_POINTS = 120  # of a thousand means, so many are drawn: equally far apart on the axis
_ERRORS = 2  # standard errors to either side of the value, and of an accuracy
THEORY = (
    "A mask keeps a value x with probability 1 − p. What is kept becomes x / (1 − p), the rest 0, so that the mean "
    "over masks is (1 − p) · x / (1 − p) + p · 0 = **x**: what comes behind meets the same mean whether dropout is on "
    "or off. The variance is x² · p / (1 − p); the mean over n masks has the standard error |x| · √(p / (1 − p) / n)."
)


def convergence(found: Convergence) -> go.Figure:
    """Draw the running mean of one unit over masks, and where theory expects it.

    Accepts ``running``, ``unscaled`` and ``error``, (N,) each.
    """
    count = len(found.running)
    places = np.unique(np.geomspace(1, count, min(_POINTS, count)).round().astype(int)) - 1
    numbers, error = places + 1, _ERRORS * found.error[places]
    name = f"theory: the value, {_ERRORS} standard errors to either side"
    drawn: list[Part] = [
        Band(name, numbers, found.value - error, found.value + error, theme.ACCENT),
        Series("dropout off", numbers, np.full(len(places), found.value), theme.HIGHLIGHT, "dashed"),
        Series("mean, values kept not enlarged", numbers, found.unscaled[places], theme.MUTED),
        Series("mean over masks", numbers, found.running[places], theme.ACCENT),
    ]
    across = Axis("masks", (1, max(count, 10) * 10**0.05), ticks=(1, 10, 100, 1000), logarithmic=True)
    return draw(drawn, across, Axis("mean of the unit", hover_format=".3f"), height=400)


def say_convergence(found: Convergence) -> str:
    """Say where the mean is after all masks, and how that compares with theory."""
    c, y, x = found.unit
    count, last, error = len(found.running), found.running[-1], found.error[-1]
    off = f"{abs(last - found.value) / error:.1f} standard errors of {error:.4f} away" if error else "the same"
    return (
        f"The strongest unit of {found.name} (map {c}, y {y}, x {x}) is {words.number(found.value)} with dropout off. "
        f"Its mean over {count:,} masks with p = {found.p:.2f} is {words.number(last)}: {off}. Were the values kept "
        f"not enlarged, it would be {words.number(found.unscaled[-1])}. Of all units of the row, "
        f"{_share(found.within)} have a mean within four standard errors of their value; not enlarged, "
        f"{_share(found.within_unscaled)}."
    )


def say_variance(found: Convergence) -> str:
    """Say how the measured variance compares with theory."""
    return (
        f"Mean over all units of the row: variance measured **{found.variance:.4f}**, by theory "
        f"**{found.expected_variance:.4f}**, over {len(found.running):,} masks."
    )


def convergence_columns(found: Convergence) -> dict[str, list[str]]:
    """Return how the means converge as columns, a line for each number of masks."""
    chosen = [number - 1 for number in found.after]
    return {
        "masks": [f"{number}" for number in found.after],
        "mean of the unit": [words.number(found.running[place]) for place in chosen],
        "its standard error": [f"{found.error[place]:.4f}" for place in chosen],
        "deviation of all units (RMS)": [f"{value:.4f}" for value in found.deviation],
        "the same by theory": [f"{value:.4f}" for value in found.expected],
    }


def readings(every: Sequence[Reading], own: float) -> go.Figure:
    """Draw accuracy and confidence over p.

    Args:
        every: One for each p.
        own: The p that the network was trained with.
    """
    ps = [each.p for each in every]
    error = np.array([_ERRORS * each.error for each in every])
    drawn: list[Part] = [
        Series("as trained", [own, own], [0.0, 1.0], theme.HIGHLIGHT, "line", 2),
        Series("confidence", ps, [each.confidence for each in every], theme.MUTED, "joined"),
        Series("right", ps, [each.accuracy for each in every], theme.ACCENT, "joined", error=error),
    ]
    up = Axis("share of the digits", (0, 1.02), tick_format=".0%", hover_format=".1%")
    return draw(drawn, Axis("p, share dropped", hover_format=".2f"), up)


def say_readings(every: Sequence[Reading], source: str) -> str:
    """Say how accuracy and confidence fall as p grows.

    Args:
        every: One for each p.
        source: Which digits were read.
    """
    said = [
        f"p = {each.p:.2f}: {_share(each.accuracy)} right, {_share(each.confidence)} confident"
        for each in dict.fromkeys((every[0], every[1], every[len(every) // 2], every[-1]))
    ]
    return (
        f"{source}, each read once for each p, with a mask of its own. {'; '.join(said)}. The thin lines are two "
        "standard errors of a share of so many digits. Confidence is the mean of the largest probability."
    )


def readings_columns(every: Sequence[Reading]) -> dict[str, list[str]]:
    """Return the readings as columns, a line for each p."""
    return {
        "p": [f"{each.p:.2f}" for each in every],
        "right": [f"{each.correct}" for each in every],
        "of": [f"{each.count}" for each in every],
        "accuracy": [f"{each.accuracy:.4f}" for each in every],
        "its standard error": [f"{each.error:.4f}" for each in every],
        "confidence": [f"{each.confidence:.4f}" for each in every],
    }


def _share(share: float) -> str:
    return f"{share * 100:.1f}\xa0%"
