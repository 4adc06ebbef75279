"""Recipes in words, the learning rate over a run, and what each part is worth on held-out images."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from model.records import Numbers
from model.training.records import Alteration, Study, Trial
from viz import theme
from viz.charts.draw import Axis, Part, Series, Texts, draw
from viz.pictures import panels, words
from viz.training.figures import COLOURS, name_of, points, share

_TITLES = {
    "batch_size": "images a step",
    "nesterov": "Nesterov's look ahead",
    "warm_up": "share of steps that warm up",
    "masks": "how dropout draws",
    "affine": "distorted images",
    "affine.rotation": "rotation, degrees",
    "affine.shear": "shear, degrees",
    "affine.scale": "scale, share",
    "affine.shift": "shift, pixels",
    "bend": "bend, pixels",
    "plain_epochs": "last epochs without distortions",
    "averaging": "average of weights keeps",
    "channels_last": "channels side by side",
}
_FITTING = 80  # letters in the longest line of a table that a phone can hold
_LINE, _TEXT = 46, 20  # letters in a line over a dot, which a phone can hold, and the pixels of a line
_BELOW = 2  # lines for the dot and a gap
_ASIDE = {"name", "warm_up"}  # both have these, but the assignment's recipe uses none
_REASONS = {
    "epochs": "How often every image is seen.",
    "batch_size": "So many images are averaged for one step.",
    "learning_rate": "The length of a step; of the longest where there is a schedule.",
    "momentum": "What a step keeps of the step before.",
    "nesterov": "The slope is taken where the momentum leads.",
    "schedule": "Short steps to begin, long ones in the middle, tiny ones to settle at the end.",
    "warm_up": "How long the steps grow before they shrink.",
    "weight_decay": "Pulls every weight a little to zero.",
    "dropout": "The share of its values that a dropout row drops while learning.",
    "masks": "The same masks by another way, faster for a small p.",
    "affine": "Each digit is turned, sheared, scaled and shifted anew each time it is seen.",
    "label_smoothing": "The share of the target that is spread over all ten classes.",
    "bend": "So far points of a digit are moved, each by its own draw, and smoothly what lies between them.",
    "plain_epochs": "To end on images as they are, for such are the ones that it will have to read.",
    "averaging": "The share that a moving average of the weights keeps of itself at each step; 0 is no average.",
    "channels_last": "How images lie in memory: the same but for the order of sums.",
}


def title(choice: str) -> str:
    """Say what a recipe chooses, in words.

    >>> title("affine.shift"), title("label_smoothing")
    ('shift, pixels', 'label smoothing')
    """
    return _TITLES.get(choice, choice.replace("_", " ").replace(".", " "))


def say_value(value: Any) -> str:
    """Say what was chosen.

    >>> say_value(True), say_value(None), say_value(0.1), say_value({"shift": 2.0, "scale": 0.1})
    ('yes', 'none', '0.1', 'shift 2, scale 0.1')
    """
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:g}"
        case Mapping():
            return ", ".join(f"{title(str(name))} {say_value(inner)}" for name, inner in value.items())
        case list() | tuple():
            return ", ".join(map(say_value, value)) or "none"
    return str(value)


def say_alterations(found: Sequence[Alteration]) -> str:
    """Say what a trial does differently from the recipe that was found.

    >>> say_alterations((Alteration("dropout", 0.03, 0.1),))
    'dropout: 0.1 in place of 0.03'
    """
    said = [f"{title(each.choice)}: {say_value(each.other)} in place of {say_value(each.base)}" for each in found]
    return "; ".join(said) or "the recipe itself"


def choice_columns(found: Iterable[Alteration]) -> dict[str, list[str]]:
    """Return what two recipes do differently as columns: the assignment's, ours, and what it is for."""
    lines = [
        (title(each.choice), say_value(each.base), say_value(each.other), _REASONS.get(each.choice, ""))
        for each in found
    ]
    heads = ("choice", "the assignment", "ours", "what it is for")
    return {head: [line[place] for line in lines] for place, head in enumerate(heads)}


def say_same(recipe: Mapping[str, Any], found: Iterable[Alteration]) -> str:
    """Say what two recipes have in common, as far as it is not left out by both."""
    differing = {each.choice.partition(".")[0] for each in found}
    same = [
        f"{title(name)} {say_value(value)}"
        for name, value in recipe.items()
        if name not in {*differing, *_ASIDE} and value not in (None, 0, False)
    ]
    return f"The same in both: the network, {', '.join(same)}."


def wordy(columns: Mapping[str, Sequence[str]], label: str) -> str:
    """Draw columns in HTML as a table whose cells hold words more than numbers."""
    longest = sum(max(map(len, (name, *cells))) for name, cells in columns.items())
    wide = " wide" if longest > _FITTING else ""
    return f'<div class="wordy-table{wide}">{panels.tabled(columns, label)}</div>'


def schedule(found: Mapping[str, tuple[Numbers, Numbers]]) -> go.Figure:
    """Draw the learning rate over a run of each recipe.

    Args:
        found: For each, places in epochs and the rates there, (P,) each.
    """
    drawn = [
        Series(name_of(name), places, rates, COLOURS.get(name, theme.MUTED), width=4)
        for name, (places, rates) in found.items()
    ]
    return draw(drawn, Axis("epochs", hover_format=".2f"), Axis("learning rate", zero=True, hover_format=".4~g"))


def say_schedule(found: Mapping[str, tuple[Numbers, Numbers]]) -> str:
    """Say where each rate begins, is highest, and ends."""
    said = []
    for name, (places, rates) in found.items():
        top = int(rates.argmax())
        if np.ptp(rates) == 0:
            said.append(f"{name_of(name).capitalize()} keeps {rates[0]:g} all through.")
        else:
            said.append(
                f"{name_of(name).capitalize()} begins at {rates[0]:.2g}, is at {rates[top]:.2g} after "
                f"{places[top]:.1f} epochs, and ends at {words.fine(float(rates[-1]))}: the last steps hardly move, so "
                "that little depends on the batch that happened to be the last."
            )
    return " ".join(said)


def schedule_columns(found: Mapping[str, tuple[Numbers, Numbers]]) -> dict[str, list[str]]:
    """Return the rates as columns, a line for each place of each recipe."""
    lines = [
        (name_of(name), f"{place:.3f}", f"{rate:.6g}")
        for name, pair in found.items()
        for place, rate in zip(*pair, strict=True)
    ]
    return {head: [line[place] for line in lines] for place, head in enumerate(("recipe", "epochs", "learning rate"))}


def parts(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """Return the trials that change one choice alone, from the one that loses most."""
    return tuple(sorted((each for each in trials if len(each.alterations) == 1), key=lambda each: each.difference))


def worth(trials: Sequence[Trial]) -> go.Figure:
    """Draw, for each part of the recipe, what is lost or won when it alone is changed.

    Args:
        trials: As ``parts`` returns them; at least one.
    """
    hundredths = np.array([(each.low, each.difference, each.high) for each in trials]) * 100
    low, high = min(0.0, float(hundredths.min())), max(0.0, float(hundredths.max()))
    room = 0.05 * (high - low) or 0.1
    said = [f"{say_alterations(each.alterations)} ({points(each.difference)})" for each in trials]
    titles = [textwrap.fill(each, _LINE) for each in said]
    lines = np.array([title.count("\n") + 1 for title in titles])
    heights = lines + _BELOW
    tops = heights[::-1].cumsum()[::-1]
    dots = tops - lines - 0.6
    apart = np.array([_apart(each) for each in trials])
    reaches = np.array([f"{points(each.difference)} ({points(each.low)} to {points(each.high)})" for each in trials])
    drawn: list[Part] = [Series("no difference", [0, 0], [0, tops[0]], "", "line", 1, keyed=False)]
    for name, chosen, colour in (
        ("explained by chance", ~apart, theme.MUTED),
        ("more than chance", apart, theme.ACCENT),
    ):
        here, reach = hundredths[chosen], (hundredths[chosen, 0], hundredths[chosen, 2])
        drawn.append(Series(name, here[:, 1], dots[chosen], colour, "points", 13, reach=reach, says=[*reaches[chosen]]))
    drawn.append(Texts([low - room] * len(trials), tops, titles))
    across = Axis("difference in held-out accuracy, points", (low - room, high + room))
    return draw(drawn, across, Axis("", (0, int(tops[0]))), height=_TEXT * int(tops[0]) + 110, alone=True)


def say_worth(trials: Sequence[Trial], base: Study) -> str:
    """Say how to read the picture, which parts chance alone does not explain, and what so few seeds cannot tell."""
    apart = [each for each in trials if _apart(each)]
    named = "; ".join(f"{say_alterations(each.alterations)} ({points(each.difference)})" for each in apart)
    return (
        f"Each line changes one choice of our recipe and no other: the dot is what that does to the accuracy on "
        f"{base.images:,} held-out images, the bar its 95\xa0% interval, the upright line no difference: to the left "
        f"of it the change loses. One image is {100 / base.images:.2f} points: so few images do not tell small "
        "differences apart, and of twenty intervals one leaves zero by chance. "
        f"{f'Here these do: {named}.' if apart else 'Here none does.'} "
        f"{_say_seeds(min(len(each.accuracies) for each in trials), len(base.accuracies))}"
    )


def _say_seeds(fewest: int, own: int) -> str:
    """Say what the bars know of the luck of a seed, by how many seeds there are of a trial and of our recipe."""
    if min(fewest, own) > 1:
        return (
            f"Seeds and images were drawn anew for the bars, n = {own} seeds of our recipe and {fewest} or more of the "
            "others: of few seeds a bar is rather too short."
        )
    return (
        "Some were trained once (n = 1 seed; the log says which), and of one seed the bars know the luck of the images "
        "alone: the same recipe from another seed moves too, as the dots of the Curves view show. One seed can tell a "
        "part that matters much. It cannot put small differences in order, nor show that a part is worth nothing."
    )


def trial_columns(trials: Sequence[Trial], base: Study) -> dict[str, list[str]]:
    """Return the search's log as columns: our recipe first, then every trial, the most accurate first."""
    order = sorted(trials, key=lambda each: -float(each.accuracies.mean()))
    own = Trial("our recipe", (), base.accuracies, base.validation_loss[:, -1:].ravel(), 0.0, 0.0, 0.0)
    return {
        "trial": [own.key, *(each.key for each in order)],
        "what it does differently": ["", *(say_alterations(each.alterations) for each in order)],
        "seeds": [str(len(each.accuracies)) for each in (own, *order)],
        "held-out accuracy": [share(float(each.accuracies.mean())) for each in (own, *order)],
        "held-out loss": [f"{each.losses.mean():.4f}" if each.losses.size else "" for each in (own, *order)],
        "difference": ["", *(points(each.difference) for each in order)],
        "95\xa0% interval": ["", *(f"{points(each.low)} to {points(each.high)}" for each in order)],
    }


def _apart(trial: Trial) -> bool:
    return trial.low > 0 or trial.high < 0
