"""Figures of robustness: how much noise changes a map, and whether the map predicts the change of the score."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from model.sanity_checks.records import Robustness
from viz import theme
from viz.charts.draw import Axis, Bars, Part, Series, draw
from viz.pictures import swatches, words

_LEVELS = 255  # between black and white
_HEADROOM = 1.25  # the axis goes to this multiple of the limit, or higher


def trials(changes: Sequence[float], count: int, limit: float) -> go.Figure:
    """Draw the change of the map for each changed picture, as a share of its norm, with gaps for the rest."""
    known = np.flatnonzero(np.isfinite(changes))
    finite = np.asarray(changes, float)[known]
    top = max([_HEADROOM * limit, *(1.05 * finite).tolist()])
    drawn: list[Part] = [
        Bars("change of the map", known + 1, finite, theme.ACCENT),
        Series("half of its norm", [0.5, count + 0.5], [limit, limit], theme.HIGHLIGHT, "dashed", 2),
    ]
    up = Axis("share of the map's norm", (0, top), tick_format=".0%", hover_format=".1%")
    return draw(drawn, Axis("changed picture", (0.5, count + 0.5)), up, height=300)


def trial_columns(changes: Sequence[float]) -> dict[str, list[str]]:
    """Return the change of the map for each changed picture as columns."""
    return {
        "changed picture": [str(number) for number in range(1, len(changes) + 1)],
        "change of the map": [f"{each * 100:.1f}\xa0%" if np.isfinite(each) else "none" for each in changes],
    }


def predicted_share(found: Robustness) -> str:
    """Draw in HTML the share of the change of the score that the best multiple of the map predicts."""
    unexplained = min(max(found.unexplained, 0.0), 1.0) if np.isfinite(found.unexplained) else 1.0
    return (
        f'<div class="check-predicted"><p><i style="width: {(1 - unexplained) * 100:.2f}%"></i></p>'
        f"<p>The map predicts {_share(1 - unexplained)} of the score's change under {found.probes} noises.</p></div>"
    )


def _share(share: float) -> str:
    return f"{max(share, 0.0) * 100:.0f}\xa0%"


def say_sensitivity(found: Robustness, std: Sequence[float]) -> str:
    """Say what sensitivity is, and how large.

    Args:
        found: The results.
        std: The deviation by which each channel of the network's input is divided.
    """
    levels = " to ".join(dict.fromkeys(f"{found.radius * each * _LEVELS:.0f}" for each in (min(std), max(std))))
    if np.isnan(found.sensitivity):
        return "The map is blank, so its sensitivity is not defined."
    return (
        f"**Sensitivity {found.sensitivity:.2f}.** Each pixel changes by up to {found.radius:g} after normalisation, "
        f"about {levels} of {_LEVELS} levels, which you cannot see. The largest change of the map over {found.trials} "
        f"such pictures is {found.sensitivity * 100:.0f}\xa0% of its norm (the root of its sum of squares)."
    )


def say_infidelity(found: Robustness) -> str:
    """Say how exact the prediction of the map is, then what infidelity is, and in which unit."""
    return (
        f"{_say_in_short(found)}\n\n**Infidelity {_small(found.infidelity)}**, in squared units of the score: Gaussian "
        f"noise with a standard deviation of {found.noise:g} is subtracted from the picture {found.probes} times, and "
        f"the map predicts the change of the score as the sum of noise times map. A blank map has an infidelity of "
        f"{_small(found.blank_infidelity)}; the best multiple of this map has {_small(found.best_infidelity)}. "
        "Gradients are made for this. Maps that show what each pixel contributes, not what a small change of it would "
        "do, are not, and do not fail this check."
    )


def _say_in_short(found: Robustness) -> str:
    """Say the roots of the mean squares, which are in the unit of the score."""
    if not np.isfinite(found.unexplained):
        return "In short: noise does not change the score, so there is nothing to predict."
    if not np.isfinite(found.best_infidelity):
        return "In short: no multiple of the map predicts the change of the score."
    change, error = (
        words.fine(float(np.sqrt(max(each, 0.0)))) for each in (found.blank_infidelity, found.best_infidelity)
    )
    return (
        f"In short: noise changes the score by about {change}, and the best multiple of the map predicts the change to "
        f"within about {error}."
    )


def _small(value: float) -> str:
    return "none" if not np.isfinite(value) else f"{value:.3g}"


def robustness_csv(found: Robustness, changes: Sequence[float]) -> str:
    """Return both measures with all digits, and the change of the map for each changed picture."""
    lines: list[tuple[str, float]] = [
        ("sensitivity", found.sensitivity),
        ("infidelity", found.infidelity),
        ("infidelity of the best multiple", found.best_infidelity),
        ("infidelity of a blank map", found.blank_infidelity),
    ]
    lines += [(f"change of the map, picture {number}", change) for number, change in enumerate(changes, start=1)]
    return swatches.as_csv([("measure", "value"), *lines])
