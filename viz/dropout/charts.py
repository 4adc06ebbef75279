"""Charts of dropout: how a mean over masks converges, and the accuracy on many pictures as p grows."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from model.dropout.records import Convergence, DropoutAccuracy
from viz import theme
from viz.charts.draw import Axis, Band, Part, Series, draw
from viz.pictures import words

_POINTS = 120  # points drawn of a thousand means, equally far apart on the axis
_ERRORS = 2  # standard errors on each side of the value and of an accuracy
THEORY = (
    "A mask keeps a value x with probability 1 − p. A kept value becomes x / (1 − p), a dropped value becomes 0. So "
    "the mean over masks is (1 − p) · x / (1 − p) + p · 0 = **x**: the next layer gets the same mean with dropout on "
    "and off. The variance is x² · p / (1 − p); the mean over n masks has the standard error |x| · √(p / (1 − p) / n)."
)


def convergence(found: Convergence) -> go.Figure:
    """Draw the running mean of one unit over masks, and the range that theory expects.

    Accepts ``running``, ``unscaled`` and ``error``, (N,) each.
    """
    count = len(found.running)
    places = np.unique(np.geomspace(1, count, min(_POINTS, count)).round().astype(int)) - 1
    numbers, error = places + 1, _ERRORS * found.error[places]
    drawn: list[Part] = [
        Band(f"{_ERRORS} standard errors", numbers, found.value - error, found.value + error, theme.ACCENT),
        Series("dropout off", numbers, np.full(len(places), found.value), theme.HIGHLIGHT, "dashed"),
        Series("mean if kept values were not scaled", numbers, found.unscaled[places], theme.MUTED),
        Series("mean over masks", numbers, found.running[places], theme.ACCENT),
    ]
    across = Axis("masks", (1, max(count, 10) * 10**0.05), ticks=(1, 10, 100, 1000), logarithmic=True)
    return draw(drawn, across, Axis("mean of the unit", hover_format=".3f"), height=400)


def say_convergence(found: Convergence, *, of_vector: bool = False) -> str:
    """Say what the mean is after all masks, and compare it with theory.

    Args:
        found: The means.
        of_vector: Whether the row has single values, not maps.
    """
    c, y, x = found.unit
    place = f"value {c}" if of_vector else f"map {c}, y {y}, x {x}"
    count, last, error = len(found.running), found.running[-1], found.error[-1]
    off = f"{abs(last - found.value) / error:.1f} standard errors of {error:.4f} away" if error else "the same"
    return (
        f"The strongest unit of {found.name} ({place}) is {words.number(found.value)} with dropout off. "
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
    error = np.array([_ERRORS * each.error for each in every])
    drawn: list[Part] = [
        Series("as trained", [own, own], [0.0, 1.0], theme.HIGHLIGHT, "line", 2),
        Series("confidence", ps, [each.confidence for each in every], theme.MUTED, "joined"),
        Series("accuracy", ps, [each.accuracy for each in every], theme.ACCENT, "joined", error=error),
    ]
    up = Axis("share of the images", (0, 1.02), tick_format=".0%", hover_format=".1%")
    return draw(drawn, Axis("p, share dropped", hover_format=".2f"), up)


def say_accuracies(every: Sequence[DropoutAccuracy], source: str) -> str:
    """Say how accuracy and confidence fall as p grows.

    Args:
        every: One for each p.
        source: Which images were classified.
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
        "images": [f"{each.count}" for each in every],
        "accuracy": [f"{each.accuracy:.4f}" for each in every],
        "standard error": [f"{each.error:.4f}" for each in every],
        "confidence": [f"{each.confidence:.4f}" for each in every],
    }


def _share(share: float) -> str:
    return f"{share * 100:.1f}\xa0%"
