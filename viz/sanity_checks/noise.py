"""What a little noise does to a map, and whether the map foretells what it does to the score."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from model.images.records import STD
from model.saliency.records import Robustness
from viz import theme
from viz.charts.draw import Axis, Bars, Part, Series, draw
from viz.pictures import swatches, words

_LEVEL = 1 / 255 / STD  # one grey level in normalised ink
_ABOVE = 1.25  # times the limit that bars are measured against: the axis goes on to there


def trials(changes: Sequence[float], count: int, limit: float) -> go.Figure:
    """Draw how far the map moved for each changed digit, as a share of its length; with places for the rest."""
    known = np.flatnonzero(np.isfinite(changes))
    moved = np.asarray(changes, float)[known]
    top = max([_ABOVE * limit, *(1.05 * moved).tolist()])
    drawn: list[Part] = [
        Bars("the map moved by", known + 1, moved, theme.ACCENT),
        Series("half of its length", [0.5, count + 0.5], [limit, limit], theme.HIGHLIGHT, "dashed", 2),
    ]
    up = Axis("share of the map's length", (0, top), tick_format=".0%", hover_format=".1%")
    return draw(drawn, Axis("changed digit", (0.5, count + 0.5)), up, height=300)


def trial_columns(changes: Sequence[float]) -> dict[str, list[str]]:
    """Return how far the map moved for each changed digit as columns."""
    return {
        "changed digit": [str(number) for number in range(1, len(changes) + 1)],
        "the map moved by": [f"{each * 100:.1f}\xa0%" if np.isfinite(each) else "none" for each in changes],
    }


def trials_csv(changes: Sequence[float]) -> str:
    """Return how far the map moved for each changed digit, as a share of its length."""
    return swatches.as_csv([("digit", "map moved by"), *enumerate(map(float, changes), start=1)])


def foretold(found: Robustness) -> str:
    """Draw in HTML which share of what the score did no multiple of the map foretells."""
    missed = found.missed if np.isfinite(found.missed) else 1.0
    return (
        f'<div class="doubt-foretold"><p><i style="width: {(1 - missed) * 100:.2f}%"></i></p>'
        f"<p>Of what the score did under {found.probes} noises, the map foretells {_share(1 - missed)}.</p></div>"
    )


def _share(share: float) -> str:
    return f"{max(share, 0.0) * 100:.0f}\xa0%"


def say_sensitivity(found: Robustness) -> str:
    """Say what sensitivity is, and how large."""
    levels = found.radius / _LEVEL
    if np.isnan(found.sensitivity):
        return "The map is blank: nothing in it can move, and sensitivity cannot be said."
    return (
        f"**Sensitivity {found.sensitivity:.2f}.** Every pixel moves by up to {found.radius:g} of normalised ink, "
        f"about {levels:.0f} grey levels, which nobody sees. Of {found.trials} such digits the one that moves the map "
        f"most moves it by {found.sensitivity * 100:.0f}\xa0% of its length (the root of its sum of squares)."
    )


def say_infidelity(found: Robustness) -> str:
    """Say in plain words how far off the map is, then what infidelity is, and in which unit."""
    return (
        f"{_say_plainly(found)}\n\n**Infidelity {_small(found.infidelity)}**, in squared units of the score: Gaussian "
        f"noise of deviation {found.noise:g} is taken from the digit {found.probes} times, and the map foretells what "
        f"the score does as the sum of noise times map. A blank map would miss by {_small(found.blank_infidelity)}; "
        f"this one, in the unit that suits it best, by {_small(found.best_infidelity)}. Maps of slopes are made for "
        "this. Maps that say what each pixel did, and not what a small change of it would do, are not, and do not fail "
        "by it."
    )


def _say_plainly(found: Robustness) -> str:
    """Say the roots of the mean squares, which are in the score's own unit."""
    if not np.isfinite(found.missed):
        return "In plain words: a little noise does nothing to the score, so there is nothing to foretell."
    moved, off = (words.fine(float(np.sqrt(each))) for each in (found.blank_infidelity, found.best_infidelity))
    return (
        f"In plain words: a little noise moves the score by about {moved}, and the map, scaled as suits it best, "
        f"foretells by how much to within about {off}."
    )


def _small(value: float) -> str:
    return "none" if np.isnan(value) else f"{value:.3g}"


def robustness_csv(found: Robustness, changes: Sequence[float]) -> str:
    """Return both measures with all digits, and how far the map moved for each changed digit."""
    lines: list[tuple[str, float]] = [
        ("sensitivity", found.sensitivity),
        ("infidelity", found.infidelity),
        ("infidelity in the best unit", found.best_infidelity),
        ("infidelity of a blank map", found.blank_infidelity),
    ]
    lines += [(f"map moved by, digit {number}", change) for number, change in enumerate(changes, start=1)]
    return swatches.as_csv([("measure", "value"), *lines])
