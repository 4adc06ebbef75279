"""How recipes learn, epoch by epoch: accuracy and loss as charts, and what choosing an epoch is worth."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from model.records import Numbers
from model.training.records import Choosing, Extent, LoggedRun, Spread, Study
from viz import theme
from viz.charts.draw import Axis, Band, Series, draw

Curves = Literal["accuracy", "loss"]
COLOURS = {"glass": theme.ACCENT, "assignment": theme.HIGHLIGHT}
NAMES = {"glass": "our recipe", "assignment": "the assignment's recipe"}
LOGGED = "the assignment's logged run"
_FLOOR = 98.0  # per cent: the first epochs lie below, and would press all others to the top
_LOSSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


def name_of(recipe: str) -> str:
    """Say whose recipe it is.

    >>> name_of("glass"), name_of("other")
    ('our recipe', 'the recipe other')
    """
    return NAMES.get(recipe, f"the recipe {recipe}")


def share(value: float) -> str:
    r"""Say an accuracy so that one image in 10,000 shows.

    >>> share(0.9941)
    '99.41\xa0%'
    """
    return f"{value * 100:.2f}\xa0%"


def points(value: float) -> str:
    r"""Say the difference of two accuracies in hundredths, with its sign.

    >>> points(-0.00061), points(0.0)
    ('−0.061\xa0points', '0.000\xa0points')
    """
    said = f"{value * 100:+z.3f}".replace("-", "−")
    return ("0.000" if float(f"{value:.5f}") == 0 else said) + "\xa0points"


def accuracy(found: Mapping[str, Extent], logged: LoggedRun, bar: float) -> go.Figure:
    """Draw the accuracy after each epoch: recipes on held-out images, the logged run on the test images.

    Args:
        found: For each recipe, the band of its seeds, (E,).
        logged: The assignment's run.
        bar: What the assignment asks for.
    """
    hundredths = {name: _times(each, 100) for name, each in found.items()}
    known = 100 * logged.accuracies
    last = max([len(logged.numbers), *(len(each.mean) for each in found.values())])
    level = Series(f"the bar, {bar * 100:.1f} %", [1, last], np.full(2, 100 * bar), theme.MUTED, "dashed", 2)
    dots = Series(f"{LOGGED} (test images)", logged.numbers, known, COLOURS["assignment"], "points", 9)
    ends = [float(known[-1]), *(float(each.low[-1]) for each in hundredths.values())]
    highest = max(float(known.max()), 100 * bar, *(float(each.high.max()) for each in hundredths.values()), 0)
    low = float(min(_FLOOR, np.floor(min(ends))))
    up = Axis("images right, %", (low, highest + 0.05), hover_format=".2f")
    return draw([*_bands(hundredths), level, *_means(hundredths), dots], _epochs(last), up)


def say_accuracy(found: Mapping[str, Extent], logged: LoggedRun, bar: float) -> str:
    """Say where each curve ends, and what lies below the chart."""
    said = [
        f"After its last epoch {name_of(name)} has {share(each.mean[-1])} of the held-out images right"
        f"{'' if _is_one(each) else f' ({share(each.low[-1])} to {share(each.high[-1])} over seeds)'}."
        for name, each in found.items()
    ]
    peak = logged.peak
    said.append(
        f"The dots are the one run that the assignment logged, judged on the test images after every epoch: "
        f"{share(logged.accuracies[0])} after the first, {share(logged.reported)} after epoch {logged.numbers[peak]}, "
        f"the first above {share(bar)}; there it stopped."
    )
    below = [name_of(name) for name, each in found.items() if 100 * float(each.low[0]) < _FLOOR]
    if below:
        said.append(f"The first epochs of {' and '.join(below)} lie below the chart; they are in the table below.")
    return " ".join(said)


def loss(trained: Mapping[str, Extent], held_out: Mapping[str, Extent], logged: LoggedRun) -> go.Figure:
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


def say_loss(trained: Mapping[str, Extent], held_out: Mapping[str, Extent], logged: LoggedRun) -> str:
    """Say where each loss ends, and why that of training can be the higher one."""
    ends: dict[str, list[str]] = {}
    for where, found in (("on held-out images", held_out), ("in training", trained)):
        for name, each in found.items():
            ends.setdefault(name_of(name), []).append(f"{each.mean[-1]:.4f} {where}")
    ends[LOGGED] = [f"{logged.losses[-1]:.4f} on the test images"]
    said = "; ".join(f"{name} at {' and '.join(values)}" for name, values in ends.items())
    return (
        f"Where each ends: {said}. The loss of training is that of the batches as they are learned from: with dropout "
        "on, and with digits turned and shifted where the recipe does so. That makes them harder than held-out images, "
        "so it can lie above the other and still be well."
    )


def say_flattery(logged: LoggedRun, around: Spread) -> str:
    """Say by how much the reported peak stands above the epochs before it, and why that is no skill.

    Args:
        logged: The assignment's run.
        around: Of the accuracies of the epochs just before its peak.
    """
    first, last = (int(logged.numbers[logged.around][place]) for place in (0, -1))
    above = logged.reported - around.mean
    return (
        f"The assignment reports {share(logged.reported)}. Its run was judged on the test images after every epoch and "
        f"stopped when it liked the answer. Epochs {first} to {last}, which nobody chose, average "
        f"**{share(around.mean)}**, and go up and down from one to the next with a standard deviation of "
        f"{around.deviation * 100:.2f} points. The peak is {above * 100:.2f} points above them: the best of "
        f"{len(logged.numbers)} looks. Look often enough, and the luckiest moment passes any bar nearby."
    )


def say_choosing(found: Mapping[str, Choosing]) -> str:
    """Say what choosing each seed's best epoch would have looked like on the images that chose it."""
    each = "; ".join(
        f"for {name_of(name)} {share(float(one.best.mean()))} in place of {share(float(one.last.mean()))}, "
        f"**{points(one.gain)}** over {len(one.best)} {'seeds' if len(one.best) > 1 else 'seed'}"
        for name, one in found.items()
    )
    return (
        f"Choosing each seed's best epoch by the held-out images would have shown, on those very images, {each}. No "
        "network is better for it: the best epoch cannot look worse than the last, so the gain is never below zero, "
        "whatever it is worth on images that nobody chose by. That is why every seed is judged at its last epoch, "
        "which was settled before it began."
    )


def choosing_columns(found: Mapping[str, tuple[Sequence[int], Choosing]]) -> dict[str, list[str]]:
    """Return best and last epoch of each recipe's seeds as columns."""
    lines = [
        (name_of(name), f"{seed}", f"{epoch}", share(best), share(last), points(best - last))
        for name, (seeds, each) in found.items()
        for seed, epoch, best, last in zip(seeds, each.epochs, each.best, each.last, strict=True)
    ]
    heads = ("recipe", "seed", "best epoch", "held-out there", "at the last epoch", "flattered by")
    return {head: [line[place] for line in lines] for place, head in enumerate(heads)}


def curve_columns(studies: Iterable[Study], logged: LoggedRun, what: Curves) -> dict[str, list[str]]:
    """Return every seed's curves of one kind and the logged run's as columns, a line for each epoch."""
    values = logged.accuracies if what == "accuracy" else logged.losses
    columns: dict[str, Numbers] = {f"logged run, test {what}": values}
    for study in studies:
        named = {"held-out loss": study.validation_loss, "training loss": study.training_loss}
        if what == "accuracy":
            named = {"held-out accuracy": study.held_out}
        for name, values in named.items():
            seeds = zip(study.seeds, values, strict=True) if values.size else ()
            columns |= {f"{study.name} seed {seed}, {name}": curve for seed, curve in seeds}
    last = max(map(len, columns.values()))
    padded = {
        name: [*(f"{value:.6g}" for value in values), *[""] * (last - len(values))] for name, values in columns.items()
    }
    return {"epoch": [str(number) for number in range(1, last + 1)], **padded}


def _means(found: Mapping[str, Extent], what: str = "") -> list[Series]:
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


def _bands(found: Mapping[str, Extent]) -> list[Band]:
    """Return the band of each recipe's seeds; one seed alone has none."""
    return [
        Band(
            f"{name_of(name)}, range of its seeds", _numbers(each), each.low, each.high, COLOURS.get(name, theme.MUTED)
        )
        for name, each in found.items()
        if not _is_one(each)
    ]


def _is_one(each: Extent) -> bool:
    """Tell whether there is one seed alone: then its band has no width."""
    return np.array_equal(each.low, each.high)


def _numbers(each: Extent) -> Numbers:
    return np.arange(1, len(each.mean) + 1, dtype=float)


def _times(each: Extent, factor: float) -> Extent:
    return Extent(factor * each.low, factor * each.mean, factor * each.high)


def _epochs(last: int) -> Axis:
    return Axis("epoch", (0.5, last + 0.5))
