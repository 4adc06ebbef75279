"""Accuracy and loss of both recipes by epoch, and the gain from choosing an epoch."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from model.records import Numbers
from model.training.records import BestEpochs, CurveBand, LoggedRun, RecipeResult, Spread
from viz import theme
from viz.charts.draw import Axis, Band, Series, Texts, draw

Curves = Literal["accuracy", "loss"]
COLOURS = {"glass": theme.ACCENT, "assignment": theme.HIGHLIGHT}
NAMES = {"glass": "our recipe", "assignment": "the assignment's recipe"}
LOGGED = "the assignment's logged run"
_SETS = "Lines: held-out training images\nDots: test images"
_FLOOR = 98.0  # per cent: the first epochs lie below, and would press all others to the top
_LOSSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


def name_of(recipe: str) -> str:
    """Return the name of a recipe for the page.

    >>> name_of("glass"), name_of("other")
    ('our recipe', 'the recipe other')
    """
    return NAMES.get(recipe, f"the recipe {recipe}")


def share(value: float) -> str:
    r"""Format an accuracy; its precision is one image in 10,000.

    >>> share(0.9941)
    '99.41\xa0%'
    """
    return f"{value * 100:.2f}\xa0%"


def points(value: float) -> str:
    r"""Format the difference of two accuracies in percentage points, with its sign.

    >>> points(-0.00061), points(0.0)
    ('−0.061\xa0points', '0.000\xa0points')
    """
    said = f"{value * 100:+z.3f}".replace("-", "−")
    return ("0.000" if float(f"{value:.5f}") == 0 else said) + "\xa0points"


def accuracy(found: Mapping[str, CurveBand], logged: LoggedRun, bar: float) -> go.Figure:
    """Draw the accuracy after each epoch: recipes on held-out images, the logged run on the test images.

    Args:
        found: For each recipe, the band of its seeds, (E,).
        logged: The assignment's run.
        bar: The goal of the assignment.
    """
    hundredths = {name: _times(each, 100) for name, each in found.items()}
    known = 100 * logged.accuracies
    last = max([len(logged.numbers), *(len(each.mean) for each in found.values())])
    level = Series(f"the goal, {bar * 100:.1f} %", [1, last], np.full(2, 100 * bar), theme.MUTED, "dashed", 2)
    dots = Series(f"{LOGGED}, test images", logged.numbers, known, COLOURS["assignment"], "points", 9)
    ends = [float(known[-1]), *(float(each.low[-1]) for each in hundredths.values())]
    highest = max(float(known.max()), 100 * bar, *(float(each.high.max()) for each in hundredths.values()), 0)
    low = float(min(_FLOOR, np.floor(min(ends))))
    up = Axis("accuracy, %", (low, highest + 0.05), hover_format=".2f")
    note = Texts([last / 3], [low + 0.3 * (highest - low)], [_SETS])
    return draw([*_bands(hundredths), level, *_means(hundredths, "held-out images"), dots, note], _epochs(last), up)


def say_accuracy(found: Mapping[str, CurveBand], logged: LoggedRun, bar: float) -> str:
    """Describe the end of each curve, and what is below the chart."""
    said = [
        f"After its last epoch, {name_of(name)} classifies {share(each.mean[-1])} of the held-out images correctly"
        f"{'' if _is_one(each) else f' ({share(each.low[-1])} to {share(each.high[-1])} over seeds)'}."
        for name, each in found.items()
    ]
    peak = logged.peak
    said.append(
        f"The dots are the run that the assignment logged, evaluated on the test images after every epoch: "
        f"{share(logged.accuracies[0])} after the first, {share(logged.reported)} after epoch {logged.numbers[peak]}. "
        f"This was the first epoch above {share(bar)}, and the run stopped there."
    )
    said.append(
        "Lines and dots are accuracies on different images, so compare a line with a line, and a dot with a dot."
    )
    below = [name_of(name) for name, each in found.items() if 100 * float(each.low[0]) < _FLOOR]
    if below:
        said.append(f"The first epochs of {' and '.join(below)} are below the chart; the table contains them.")
    return " ".join(said)


def loss(trained: Mapping[str, CurveBand], held_out: Mapping[str, CurveBand], logged: LoggedRun) -> go.Figure:
    """Draw the loss of each epoch, where equal factors are equally far apart.

    Args:
        trained: For each recipe, of the batches that it learned from.
        held_out: For each recipe, of the images that it did not see.
        logged: The assignment's run, on the test images.
    """
    drawn = _means(held_out, "held-out") + [
        Series(f"{name_of(name)}, training", _numbers(each), each.mean, COLOURS.get(name, theme.MUTED), "dotted")
        for name, each in trained.items()
    ]
    drawn.append(Series(LOGGED, logged.numbers, logged.losses, COLOURS["assignment"], "points", 8))
    last = max(len(each.values) for each in drawn)
    up = Axis("loss", logarithmic=True, ticks=_LOSSES, hover_format=".4f")
    return draw(drawn, _epochs(last), up, height=420)


def say_loss(trained: Mapping[str, CurveBand], held_out: Mapping[str, CurveBand], logged: LoggedRun) -> str:
    """Describe the end of each loss, and why the training loss can be higher."""
    ends: dict[str, list[str]] = {}
    for where, found in (("on held-out images", held_out), ("in training", trained)):
        for name, each in found.items():
            ends.setdefault(name_of(name), []).append(f"{each.mean[-1]:.4f} {where}")
    ends[LOGGED] = [f"{logged.losses[-1]:.4f} on the test images"]
    said = "; ".join(f"{name} at {' and '.join(values)}" for name, values in ends.items())
    return (
        f"The last values: {said}. The training loss is the loss of the training batches, with dropout on and, in our "
        "recipe, with distorted digits. These are harder than held-out images, so the training loss can be higher than "
        "the held-out loss without any fault."
    )


def say_peak(logged: LoggedRun, around: Spread) -> str:
    """Describe how far the reported peak is above the epochs before it, and why that is chance.

    Args:
        logged: The assignment's run.
        around: The accuracies of the epochs just before its peak.
    """
    first, last = (int(logged.numbers[logged.around][place]) for place in (0, -1))
    above = logged.reported - around.mean
    return (
        f"The assignment reports {share(logged.reported)}. Its run was evaluated on the test images after every epoch "
        f"and stopped at the first accuracy above its goal. Epochs {first} to {last}, which were not chosen, average "
        f"**{share(around.mean)}**, with a standard deviation of {around.deviation * 100:.2f} points. The peak is "
        f"{above * 100:.2f} points above them: the best of {len(logged.numbers)} evaluations. With enough evaluations, "
        "the best one passes any goal nearby by chance."
    )


def say_best_epochs(found: Mapping[str, BestEpochs]) -> str:
    """Describe the gain from choosing each seed's best epoch, on the images that chose it."""
    each = "; ".join(
        f"for {name_of(name)} {share(float(one.best.mean()))} instead of {share(float(one.last.mean()))}, "
        f"**{points(one.gain)}** over {len(one.best)} {'seeds' if len(one.best) > 1 else 'seed'}"
        for name, one in found.items()
    )
    return (
        f"If each seed's best epoch were chosen by the held-out images, they would show {each}. This makes no "
        "network better: the best epoch cannot look worse than the last, so the gain is never below zero, even if "
        "the accuracy on other images is lower. So every seed is evaluated at its last epoch, as decided before."
    )


def best_epoch_columns(found: Mapping[str, tuple[Sequence[int], BestEpochs]]) -> dict[str, list[str]]:
    """Return best and last epoch of each recipe's seeds as columns."""
    lines = [
        (name_of(name), f"{seed}", f"{epoch}", share(best), share(last), points(best - last))
        for name, (seeds, each) in found.items()
        for seed, epoch, best, last in zip(seeds, each.epochs, each.best, each.last, strict=True)
    ]
    heads = ("recipe", "seed", "best epoch", "held-out there", "at the last epoch", "apparent gain")
    return {head: [line[place] for line in lines] for place, head in enumerate(heads)}


def curve_columns(results: Iterable[RecipeResult], logged: LoggedRun, what: Curves) -> dict[str, list[str]]:
    """Return every seed's curves of one kind and the logged run's as columns, a line for each epoch."""
    values = logged.accuracies if what == "accuracy" else logged.losses
    columns: dict[str, Numbers] = {f"logged run, test {what}": values}
    for result in results:
        named = {"held-out loss": result.validation_loss, "training loss": result.training_loss}
        if what == "accuracy":
            named = {"held-out accuracy": result.held_out}
        for name, values in named.items():
            seeds = zip(result.seeds, values, strict=True) if values.size else ()
            columns |= {f"{result.name} seed {seed}, {name}": curve for seed, curve in seeds}
    last = max(map(len, columns.values()))
    padded = {
        name: [*(f"{value:.6g}" for value in values), *[""] * (last - len(values))] for name, values in columns.items()
    }
    return {"epoch": [str(number) for number in range(1, last + 1)], **padded}


def _means(found: Mapping[str, CurveBand], what: str = "") -> list[Series]:
    """Return the mean of each recipe's seeds as a series."""
    return [
        Series(
            ", ".join(filter(None, (name_of(name), what))),
            _numbers(each),
            each.mean,
            COLOURS.get(name, theme.MUTED),
            width=4,
        )
        for name, each in found.items()
    ]


def _bands(found: Mapping[str, CurveBand]) -> list[Band]:
    """Return the range of each recipe's seeds as a band; a single seed has none."""
    return [
        Band(
            f"{name_of(name)}, range of its seeds", _numbers(each), each.low, each.high, COLOURS.get(name, theme.MUTED)
        )
        for name, each in found.items()
        if not _is_one(each)
    ]


def _is_one(each: CurveBand) -> bool:
    """Tell whether there is one seed alone: then its band has no width."""
    return np.array_equal(each.low, each.high)


def _numbers(each: CurveBand) -> Numbers:
    return np.arange(1, len(each.mean) + 1, dtype=float)


def _times(each: CurveBand, factor: float) -> CurveBand:
    return CurveBand(factor * each.low, factor * each.mean, factor * each.high)


def _epochs(last: int) -> Axis:
    return Axis("epoch", (0.5, last + 0.5))
