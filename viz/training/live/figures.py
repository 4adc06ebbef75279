"""A small training while it runs and after it: charts that grow, the first kernels, and the maps of a digit.

All axes are those of the whole training from its beginning on, so that nothing moves while it grows.
"""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from model.records import Activation, Numbers
from model.trace.records import Trace
from model.training.live.records import LiveChoices, LiveRun, LiveStatus, Shipped, Snapshot
from viz import theme
from viz.charts.draw import Axis, Series, draw
from viz.overview import figures
from viz.pictures import raster, swatches, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of

KERNELS = "Conv2d-1"
_SMOOTHED = 25  # steps
_GUESSING = math.log(10)  # the loss of who gives each class the same probability
_LOSS = Axis("loss", (0, 3), hover_format=".3f")
_RIGHT = Axis("held-out right, %", (0, 100), hover_format=".1f")
_HEIGHT = 280  # pixels of each chart
_FEW = 4  # maps side by side, or twice as many where there are more than two lines of them
_REACH = 1e30
_TILE, _GAP = 26, 3  # pixels: about as wide is a map made, whatever its own width


def losses(choices: LiveChoices, run: LiveRun | None, step: int | None) -> go.Figure:
    """Draw the loss of each step.

    Args:
        choices: What decides the training.
        run: As far as it has come; None before its start.
        step: Of the snapshot that is shown; None for none.
    """
    values = np.zeros(0) if run is None else within(run.losses, 3)
    steps = np.arange(1, len(values) + 1)
    drawn = [
        _level("guessing", choices, _GUESSING),
        _marker(step, 3),
        Series("loss of each step", steps, values, theme.MUTED, "points", 4),
        Series(f"mean of {_SMOOTHED}", steps, smoothed(values), theme.ACCENT),
    ]
    return draw(drawn, _steps(choices), _LOSS, height=_HEIGHT)


def accuracies(choices: LiveChoices, run: LiveRun | None, shipped: Shipped | None, step: int | None) -> go.Figure:
    """Draw the accuracy on the held-out images at each snapshot.

    Args:
        choices: What decides the training.
        run: As far as it has come; None before its start.
        shipped: The app's own network, where it is known.
        step: Of the snapshot that is shown; None for none.
    """
    judged = run.snapshots if run else ()
    shares = [100 * run.accuracy(each) for each in judged] if run else []
    own = 100 * shipped.correct / run.held_out if run and shipped else None
    drawn = [
        _level("guessing", choices, 10),
        _level("the app's own network", choices, own, theme.HIGHLIGHT),
        _marker(step, 100),
        Series("this one", [each.step for each in judged], shares, theme.ACCENT, "joined"),
    ]
    return draw(drawn, _steps(choices), _RIGHT, height=_HEIGHT)


def _steps(choices: LiveChoices) -> Axis:
    return Axis("step", (0, choices.steps))


def _level(name: str, choices: LiveChoices, value: float | None, colour: str = theme.MUTED) -> Series:
    """Return a level line; the legend has it where there is no value yet, too, so that nothing moves."""
    places = [] if value is None else [0, choices.steps]
    return Series(name, places, [value or 0.0] * len(places), colour, "dashed", 2)


def _marker(step: int | None, top: float) -> Series:
    """Return an upright line at the step that is shown."""
    places = [] if step is None else [step, step]
    return Series("step shown", places, [0, top][: len(places)], theme.HIGHLIGHT, width=2)


def within(values: Numbers, most: float) -> Numbers:
    """Return values with none above ``most``; what is no number any more lies there too.

    >>> within(np.array([1.0, 7e28, np.nan]), 3).tolist()
    [1.0, 3.0, 3.0]
    """
    kept: Numbers = np.where(np.isfinite(values), np.minimum(values, most), most)
    return kept


def smoothed(values: Numbers) -> Numbers:
    """Return for each value the mean of it and those before it, as far as it reaches back.

    >>> smoothed(np.array([4.0, 2.0, 0.0])).tolist()
    [4.0, 3.0, 2.0]
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - _SMOOTHED, 0)
    means: Numbers = (sums[ends] - sums[starts]) / (ends - starts)
    return means


def mean_loss(losses: Numbers) -> float:
    """Return the mean of the last losses that the smoothed curve takes together."""
    return float(losses[-_SMOOTHED:].mean())


def _say_loss(loss: float) -> str:
    return words.number(loss) if loss < 1000 else "over\xa01,000" if np.isfinite(loss) else "no number"


def say_progress(run: LiveRun) -> str:
    """Say in a sentence how far a training is, and how good."""
    last = run.snapshots[-1]
    right = f"{last.correct} of {run.held_out} held-out images right"
    return f"After step {last.step} of {run.choices.steps} it reads {right}."


def say_result(run: LiveRun, shipped: Shipped | None) -> str:
    """Say what a training came to, beside the app's own network, and how far that can be trusted."""
    last = run.snapshots[-1]
    share = run.accuracy(last)
    error = 2 * math.sqrt(share * (1 - share) / run.held_out)
    after = f"after step {last.step}"
    said = [
        f"**{last.correct} of {run.held_out} held-out images are read right {after}: {_percent(share)}** "
        f"(two standard errors: {100 * error:.1f} points)."
    ]
    if run.diverged:
        said.append(f"At step {run.step} the loss was no number any more, so it ended there: the steps were too long.")
    if shipped:
        also = "; it learned from these very images too, which flatters it" if shipped.learned_from_them else ""
        own = _percent(shipped.correct / run.held_out)
        said.append(
            f"The app's own network reads {shipped.correct} of the same {run.held_out} right ({own}), "
            f"after {shipped.epochs} epochs of {shipped.images:,} images{also}."
        )
    said.append(
        f"This is a short run of {run.choices.batch_size} images a step on {run.images:,} of MNIST's 60,000 training "
        "images, and one seed: another seed gives another curve, so a difference of a point or two says nothing."
    )
    return " ".join(said)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}\xa0%"


def say_status(status: LiveStatus | None, choices: LiveChoices) -> tuple[float, str]:
    """Return which share of a training is done, and how it stands in a sentence."""
    if status is None:
        return 0.0, f"Not started: {choices.steps} steps of {choices.batch_size} images."
    done = status.run.step if status.run else 0
    return done / choices.steps, _say_stage(status, done)


def _say_stage(status: LiveStatus, done: int) -> str:
    others = "one training is" if status.before == 1 else f"{status.before} trainings are"
    place = f"step {done} of {status.choices.steps}"
    ended = (
        f"All {done} steps are done; change a choice to train again."
        if done == status.choices.steps
        else f"Ended at {place}: no number is left."
    )
    running = (
        f"Step {done} of {status.choices.steps}{_about(status.seconds, 'left')}." if status.run else "Reading MNIST."
    )
    return {
        "waiting": f"Waiting: {others} before yours{_about(status.seconds, 'until it starts')}.",
        "running": running,
        "finished": ended,
        "failed": f"Failed at {place}.",
        "cancelled": f"Cancelled at {place}.",
    }[status.stage]


def _about(seconds: float | None, what: str) -> str:
    """Say a time as exactly as it is known.

    >>> _about(None, "left"), _about(7.2, "left"), _about(93, "left")
    ('', ', about 10 s left', ', about 2 min left')
    """
    if seconds is None:
        return ""
    if seconds < 90:
        return f", about {max(5, 5 * math.ceil(seconds / 5))} s {what}"
    return f", about {math.ceil(seconds / 60)} min {what}"


def first_kernels(run: LiveRun, snapshot: Snapshot) -> str:
    """Draw the eight kernels of the first convolution, on one scale with those of the other snapshots."""
    every = np.concatenate([each.weights[f"{KERNELS}.weight"] for each in run.snapshots])
    range_ = range_of(within_reach(every), signed=True)
    kernels = snapshot.weights[f"{KERNELS}.weight"][:, 0]  # (8, 3, 3)
    drawn = _tiles(within_reach(kernels), range_)
    said = f"The {len(kernels)} kernels of {KERNELS} after step {snapshot.step}"
    return _panel(f"The first kernels ({KERNELS})", drawn, said, range_)


def digit_maps(trace: Trace, name: str, step: int) -> str:
    """Draw the feature maps of a digit that a step puts out, on one scale."""
    maps = within_reach(trace[name].maps)
    range_ = range_of(maps)
    said = f"The {len(maps)} maps of {name} for your digit after step {step}"
    return _panel("", _tiles(maps, range_), said, range_)


def answer(trace: Trace) -> str:
    """Draw the ten probabilities, where there are any."""
    bars = figures.probability_bars(trace) if np.isfinite(trace.logits).all() else ""
    return f'<div class="live-answer">{bars}</div>'


def say_answer(trace: Trace, step: int, own: Trace | None) -> str:
    """Say what the network in training reads after a step, beside the app's own where that is there."""
    if not np.isfinite(trace.logits).all():
        return f"After step {step} its logits are no numbers any more: there is no answer."
    first, *others = (-trace.probabilities).argsort(kind="stable").tolist()
    sure, less = (words.percent(trace.probabilities[k]) for k in (first, others[0]))
    said = f"**After step {step} it reads {first}** with {sure}, then {others[0]} with {less}."
    if own is None:
        return said
    ready = words.percent(own.probabilities.max())
    return f"{said} The app's own network reads {own.prediction} with {ready}."


def within_reach(values: Activation) -> Activation:
    """Return values that can be painted: where a training has failed, some are no numbers any more."""
    kept: Activation = np.nan_to_num(values).clip(-_REACH, _REACH)
    return kept


def _panel(title: str, picture: str, said: str, range_: Range) -> str:
    head = f"<p>{title}{scale_bar(range_)}</p>"
    return f'<section class="live-maps">{head}<img src="{picture}" alt="{said}"></section>'


def _tiles(maps: Activation, range_: Range) -> str:
    """Paint maps (N, H, W) in lines, all tiles about as large whatever H and W are."""
    zoom = max(1, round(_TILE / maps.shape[1]))
    large: Activation = maps.repeat(zoom, axis=1).repeat(zoom, axis=2)
    pace = large.shape[1] + _GAP
    across = _FEW if len(maps) <= 2 * _FEW else 2 * _FEW
    corners = [(number // across * pace, number % across * pace) for number in range(len(maps))]
    return raster.mosaic(large, [range_] * len(maps), corners)


def columns(run: LiveRun) -> dict[str, list[str]]:
    """Return how a training went as columns, a line for each snapshot."""
    return {
        "step": [f"{each.step}" for each in run.snapshots],
        f"loss, mean of the last {_SMOOTHED}": [
            _say_loss(mean_loss(run.losses[: each.step])) if each.step else "" for each in run.snapshots
        ],
        f"right of {run.held_out}": [f"{each.correct}" for each in run.snapshots],
        "accuracy": [f"{run.accuracy(each):.1%}" for each in run.snapshots],
    }


def losses_csv(run: LiveRun) -> str:
    """Return the loss of every step."""
    return swatches.as_csv([("step", "loss"), *enumerate(run.losses.tolist(), start=1)])


def kernels_csv(run: LiveRun) -> str:
    """Return the kernels of the first convolution at each snapshot."""
    lines: list[Sequence[object]] = [("step", "kernel", "y", "x", "weight")]
    for each in run.snapshots:
        kernels: NDArray[np.float32] = each.weights[f"{KERNELS}.weight"][:, 0]
        lines += [(each.step, *place, float(value)) for place, value in np.ndenumerate(kernels)]
    return swatches.as_csv(lines)
