"""Recipes as text, the learning rate over a run, and the effect of each part on the held-out accuracy."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from model.records import Numbers
from model.training.records import RecipeChange, RecipeResult, Trial
from viz import theme
from viz.charts.draw import Axis, Part, Series, Texts, draw
from viz.pictures import panels, words
from viz.training.figures import COLOURS, name_of, points, share

_TITLES = {
    "batch_size": "images in each step",
    "nesterov": "Nesterov momentum",
    "warm_up": "share of warm-up steps",
    "masks": "how dropout draws masks",
    "affine": "distorted images",
    "affine.rotation": "rotation, degrees",
    "affine.shear": "shear, degrees",
    "affine.scale": "scale, share",
    "affine.shift": "shift, pixels",
    "bend": "elastic distortion, pixels",
    "plain_epochs": "last epochs without distortions",
    "averaging": "decay of the weight average",
    "channels_last": "channels last in memory",
}
_VALUES = {  # what settings are called in words
    "gaps": "by the gaps between dropped values",
    "bernoulli": "value by value",
    "one-cycle": "one cycle: up, then down",
}
_FITTING = 80  # letters in the longest table line that fits on a phone
_LINE, _TEXT = 46, 20  # letters in a line above a dot that fits on a phone, and the height of a line in pixels
_BELOW = 2  # lines for the dot and a gap
_NAMES = {"name", "network"}  # which are no choices
_ASIDE = {"name", "warm_up"}  # both have these, but the assignment's recipe does not use them
_REASONS = {
    "epochs": "How many times every image is used.",
    "batch_size": "The gradient of one step is the mean over these images.",
    "learning_rate": "The size of a step; with a schedule, the largest.",
    "momentum": "The share of the previous step that is added.",
    "nesterov": "The gradient is computed at the point where the momentum leads.",
    "schedule": "Small steps at the start, large ones in the middle, tiny ones at the end.",
    "warm_up": "The share of steps before the largest one.",
    "weight_decay": "Makes every weight slightly smaller in each step.",
    "dropout": "The share of values that a dropout row drops in training.",
    "masks": "The same distribution of masks, computed faster for a small p.",
    "affine": "Each digit gets a new random rotation, shear, scaling and shift each time it is used.",
    "label_smoothing": "The share of the target probability that is spread over all ten classes.",
    "bend": "The largest random displacement of a grid of points; positions between them move smoothly.",
    "plain_epochs": "Training ends with undistorted images, like those of the evaluation.",
    "averaging": "The share of the moving average of the weights that each step keeps; 0 is no average.",
    "channels_last": "The order of values in memory; it changes only the order of sums.",
}


def title(choice: str) -> str:
    """Return the name of a recipe's choice for the page.

    >>> title("affine.shift"), title("label_smoothing")
    ('shift, pixels', 'label smoothing')
    """
    return _TITLES.get(choice, choice.replace("_", " ").replace(".", " "))


def say_value(value: Any) -> str:
    """Return the value of a choice as text.

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
    return _VALUES.get(str(value), str(value))


def say_changes(found: Sequence[RecipeChange]) -> str:
    """Describe the changes of a trial from the chosen recipe.

    >>> say_changes((RecipeChange("dropout", 0.03, 0.1),))
    'dropout: 0.1 instead of 0.03'
    """
    said = [f"{title(each.choice)}: {say_value(each.other)} instead of {say_value(each.base)}" for each in found]
    return "; ".join(said) or "the recipe itself"


def choice_columns(found: Iterable[RecipeChange]) -> dict[str, list[str]]:
    """Return the differing choices of two recipes as columns: the assignment's, ours, and the purpose."""
    lines = [
        (title(each.choice), say_value(each.base), say_value(each.other), _REASONS.get(each.choice, ""))
        for each in found
    ]
    heads = ("choice", "the assignment", "ours", "purpose")
    return {head: [line[place] for line in lines] for place, head in enumerate(heads)}


def recipe_columns(recipe: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return every choice of a recipe as columns, those left out that are off."""
    kept = {name: value for name, value in recipe.items() if name not in _NAMES and value not in (None, 0, False)}
    lines = [(title(name), say_value(value)) for name, value in kept.items()]
    return {head: [line[place] for line in lines] for place, head in enumerate(("choice", "value"))}


def say_same(recipe: Mapping[str, Any], found: Iterable[RecipeChange]) -> str:
    """List the common choices of two recipes that are not zero or off."""
    differing = {each.choice.partition(".")[0] for each in found}
    same = [
        f"{title(name)} {say_value(value)}"
        for name, value in recipe.items()
        if name not in {*differing, *_ASIDE} and value not in (None, 0, False)
    ]
    return f"The same in both: the network, {', '.join(same)}."


def text_table(columns: Mapping[str, Sequence[str]], label: str) -> str:
    """Draw columns as an HTML table for cells with text."""
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
    """Describe the first, highest and last learning rate of each recipe."""
    said = []
    for name, (places, rates) in found.items():
        top = int(rates.argmax())
        if np.ptp(rates) == 0:
            said.append(f"{name_of(name).capitalize()} keeps {rates[0]:g} in all steps.")
        else:
            said.append(
                f"{name_of(name).capitalize()} starts at {rates[0]:.2g}, reaches {rates[top]:.2g} after "
                f"{places[top]:.1f} epochs, and ends at {words.fine(float(rates[-1]))}: the last steps are tiny, so "
                "the result depends little on the last batch."
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
    """Return the trials with a single change, the largest loss first."""
    return tuple(sorted((each for each in trials if len(each.changes) == 1), key=lambda each: each.difference))


def part_effects(trials: Sequence[Trial]) -> go.Figure:
    """Draw, for each part of the recipe, the change in accuracy if it alone is changed.

    Args:
        trials: As ``parts`` returns them; at least one.
    """
    hundredths = np.array([(each.low, each.difference, each.high) for each in trials]) * 100
    low, high = min(0.0, float(hundredths.min())), max(0.0, float(hundredths.max()))
    room = 0.05 * (high - low) or 0.1
    said = [f"{say_changes(each.changes)} ({points(each.difference)})" for each in trials]
    titles = [textwrap.fill(each, _LINE) for each in said]
    lines = np.array([title.count("\n") + 1 for title in titles])
    heights = lines + _BELOW
    tops = heights[::-1].cumsum()[::-1]
    dots = tops - lines - 0.6
    apart = np.array([_apart(each) for each in trials])
    intervals = np.array([f"{points(each.difference)} ({points(each.low)} to {points(each.high)})" for each in trials])
    drawn: list[Part] = [Series("no change", [0, 0], [0, tops[0]], "", "line", 1, keyed=False)]
    for name, chosen, colour in (
        ("interval contains zero", ~apart, theme.MUTED),
        ("interval without zero", apart, theme.ACCENT),
    ):
        here, ends, says = hundredths[chosen], (hundredths[chosen, 0], hundredths[chosen, 2]), [*intervals[chosen]]
        drawn.append(Series(name, here[:, 1], dots[chosen], colour, "points", 13, reach=ends, says=says))
    drawn.append(Texts([low - room] * len(trials), tops, titles))
    across = Axis("change in held-out accuracy, points", (low - room, high + room))
    return draw(drawn, across, Axis("", (0, int(tops[0]))), height=_TEXT * int(tops[0]) + 110, alone=True)


def say_part_effects(trials: Sequence[Trial], base: RecipeResult) -> str:
    """Explain the figure, list the parts with an effect beyond chance, and the limits of few seeds."""
    apart = [each for each in trials if _apart(each)]
    named = "; ".join(f"{say_changes(each.changes)} ({points(each.difference)})" for each in apart)
    return (
        f"Each line changes one choice of our recipe. The dot is the change in accuracy on {base.images:,} held-out "
        "images, the bar is its 95\xa0% interval, and the vertical line is no change: to the left of it the accuracy "
        f"is lower. One image is {100 / base.images:.2f} points, so these images cannot show small differences, and by "
        "chance one of twenty intervals does not contain zero. "
        f"{f'Here these do not: {named}.' if apart else 'Here all contain zero.'} "
        f"{_say_seeds(min(len(each.accuracies) for each in trials), len(base.accuracies))}"
    )


def _say_seeds(fewest: int, own: int) -> str:
    """Explain what the bars say about the choice of the seed, by the numbers of seeds."""
    if min(fewest, own) > 1:
        return (
            f"The bars come from resampled seeds and images, with n = {own} seeds of our recipe and {fewest} or more "
            "of the others. With few seeds, a bar is probably too short."
        )
    return (
        "Some trials have one seed (n = 1; see the log). With one seed, the bars show only the variation over images, "
        "but the accuracy also varies from seed to seed, as the dots of the Curves view show. One seed can reveal a "
        "large effect. It cannot rank small effects, nor show that a part has no effect."
    )


def trial_columns(trials: Sequence[Trial], base: RecipeResult) -> dict[str, list[str]]:
    """Return the log of the search as columns: our recipe, then every trial, the most accurate first."""
    order = sorted(trials, key=lambda each: -float(each.accuracies.mean()))
    own = Trial("our recipe", (), base.accuracies, base.validation_loss[:, -1:].ravel(), 0.0, 0.0, 0.0)
    return {
        "trial": [own.key, *(each.key for each in order)],
        "changes": ["", *(say_changes(each.changes) for each in order)],
        "seeds": [str(len(each.accuracies)) for each in (own, *order)],
        "held-out accuracy": [share(float(each.accuracies.mean())) for each in (own, *order)],
        "held-out loss": [f"{each.losses.mean():.4f}" if each.losses.size else "" for each in (own, *order)],
        "difference": ["", *(points(each.difference) for each in order)],
        "95\xa0% interval": ["", *(f"{points(each.low)} to {points(each.high)}" for each in order)],
    }


def _apart(trial: Trial) -> bool:
    return trial.low > 0 or trial.high < 0
