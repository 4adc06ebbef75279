"""A small training during and after its run: curves, the first kernels, and the maps of a digit.

The axes always show the whole training, so that they do not move during the run.
"""

import math
from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from model.records import Activation, Numbers
from model.trace.records import Trace
from model.training.live.records import LiveChoices, LiveRun, LiveStatus, Shipped, Snapshot
from viz import theme
from viz.charts.draw import Axis, Series, draw
from viz.overview import figures
from viz.pictures import raster, swatches, words
from viz.pictures.markdown import escape_markdown
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of

_SMOOTHED = 25  # steps
_HIGHEST = 3  # loss on the axis
_LOSS = Axis("loss", (0, _HIGHEST), hover_format=".3f")
_MOST, _MOST_MAPS = 16, 64  # kernels and maps that are drawn
_CHANNELS = ("red", "green", "blue")
_ACCURACY = Axis("accuracy, %", (0, 100), hover_format=".1f")
_HEIGHT = 280  # pixels of each chart
_FEW = 4  # maps in a line; twice as many if there were more than two lines
_REACH = 1e30
_TILE, _GAP = 26, 3  # pixels: the approximate width of a drawn map, and the gap


def losses(run: LiveRun, step: int) -> go.Figure:
    """Draw the loss of each step.

    Args:
        run: The run so far.
        step: The step of the snapshot shown.
    """
    values = within(run.losses, _HIGHEST)
    steps = np.arange(1, len(values) + 1)
    drawn = [
        _level("guessing", run, math.log(run.classes)),  # each class has the same probability
        _marker(step, _HIGHEST),
        Series("loss of each step", steps, values, theme.MUTED, "points", 4),
        Series(f"mean of {_SMOOTHED}", steps, smoothed(values), theme.ACCENT),
    ]
    return draw(drawn, _steps(run), _LOSS, height=_HEIGHT)


def accuracies(run: LiveRun, shipped: Shipped | None, step: int) -> go.Figure:
    """Draw the accuracy on the held-out images at each snapshot.

    Args:
        run: The run so far.
        shipped: The trained network; None if it is unknown.
        step: The step of the snapshot shown.
    """
    own = 100 * shipped.correct / run.held_out if shipped else None
    shares = [100 * run.accuracy(each) for each in run.snapshots]
    drawn = [
        _level("guessing", run, 100 / run.classes),
        _level("the trained network", run, own, theme.HIGHLIGHT),
        _marker(step, 100),
        Series("this training", [each.step for each in run.snapshots], shares, theme.ACCENT, "joined"),
    ]
    return draw(drawn, _steps(run), _ACCURACY, height=_HEIGHT)


def _steps(run: LiveRun) -> Axis:
    return Axis("step", (0, run.choices.steps))


def _level(name: str, run: LiveRun, value: float | None, colour: str = theme.MUTED) -> Series:
    """Return a level line; without a value it is only in the legend."""
    places = [] if value is None else [0, run.choices.steps]
    return Series(name, places, [value or 0.0] * len(places), colour, "dashed", 2)


def _marker(step: int, top: float) -> Series:
    """Return a vertical line at the step that is shown."""
    return Series("step shown", [step, step], [0, top], theme.HIGHLIGHT, width=2)


def within(values: Numbers, most: float) -> Numbers:
    """Return values clipped to ``most``; values that are not finite become ``most``.

    >>> within(np.array([1.0, 7e28, np.nan]), 3).tolist()
    [1.0, 3.0, 3.0]
    """
    kept: Numbers = np.where(np.isfinite(values), np.minimum(values, most), most)
    return kept


def smoothed(values: Numbers) -> Numbers:
    """Return the moving average of the last values.

    >>> smoothed(np.array([4.0, 2.0, 0.0])).tolist()
    [4.0, 3.0, 2.0]
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - _SMOOTHED, 0)
    means: Numbers = (sums[ends] - sums[starts]) / (ends - starts)
    return means


def mean_loss(losses: Numbers) -> float:
    """Return the mean of the last losses, as in the smoothed curve."""
    return float(losses[-_SMOOTHED:].mean())


def _say_loss(loss: float) -> str:
    return words.number(loss) if loss < 1000 else "over\xa01,000" if np.isfinite(loss) else "not finite"


def say_progress(run: LiveRun) -> str:
    """Describe the progress and accuracy of a training in a sentence."""
    last = run.snapshots[-1]
    correct = f"{last.correct} of {run.held_out} held-out images correctly"
    return f"After step {last.step} of {run.choices.steps} the network classifies {correct}."


def say_result(run: LiveRun, shipped: Shipped | None) -> str:
    """Describe the result of a training, compared with the trained network, and its uncertainty."""
    last = run.snapshots[-1]
    share = run.accuracy(last)
    error = 2 * math.sqrt(share * (1 - share) / run.held_out)
    after = f"after step {last.step}"
    said = [
        f"**{last.correct} of {run.held_out} held-out images are classified correctly {after}: {_percent(share)}** "
        f"(two standard errors: {100 * error:.1f} points)."
    ]
    if run.diverged:
        said.append(
            f"At step {run.step} the loss was no longer finite, so the training ended: the learning rate was too high."
        )
    if shipped:
        said.append(_say_shipped(shipped, run))
    said.append(
        f"This is a short run with {run.choices.batch_size} images in each step, on {run.images:,} of {run.pictures}, "
        "with one seed. Another seed gives another curve, so a point or two means nothing."
    )
    return " ".join(said)


def _say_shipped(shipped: Shipped, run: LiveRun) -> str:
    own = _percent(shipped.correct / run.held_out)
    said = f"The trained network classifies {shipped.correct} of the same {run.held_out} correctly ({own})"
    if shipped.epochs is None:
        return f"{said}; how it was trained is not known, so it may have seen them."
    also = "; it was also trained on these images, which is an advantage" if shipped.trained_on_them else ""
    return f"{said}, after {shipped.epochs} epochs of {shipped.images:,} images{also}."


def _percent(share: float) -> str:
    return f"{100 * share:.1f}\xa0%"


def say_status(status: LiveStatus | None, choices: LiveChoices) -> tuple[float, str]:
    """Return the finished share of a training, and its status as a sentence."""
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
        else f"Ended at {place}: the loss is not finite."
    )
    running = (
        f"Step {done} of {status.choices.steps}{about(status.seconds, 'left')}."
        if status.run
        else "Reading the images."
    )
    return {
        "waiting": f"Waiting: {others} ahead of yours{about(status.seconds, 'until it starts')}.",
        "running": running,
        "finished": ended,
        "failed": f"Failed at {place}.",
        "cancelled": f"Cancelled at {place}.",
    }[status.stage]


def about(seconds: float | None, what: str) -> str:
    """Format an estimated time with its precision.

    >>> about(None, "left"), about(2.5, "left"), about(7.2, "left"), about(93, "left")
    ('', ', a few seconds left', ', about 10 s left', ', about 2 min left')
    """
    if seconds is None:
        return ""
    if seconds < 5:
        return f", a few seconds {what}"
    if seconds < 90:
        return f", about {5 * math.ceil(seconds / 5)} s {what}"
    return f", about {math.ceil(seconds / 60)} min {what}"


def first_kernels(run: LiveRun, snapshot: Snapshot) -> str:
    """Draw the kernels of the first convolution, on one scale for all snapshots; nothing without a convolution."""
    if snapshot.kernels is None:
        return ""
    every = np.concatenate([each.kernels for each in run.snapshots if each.kernels is not None])
    range_ = range_of(finite(every), signed=True)
    kernels = snapshot.kernels[:_MOST]
    count, channels = kernels.shape[:2]
    lines = kernels.swapaxes(0, 1).reshape(-1, *kernels.shape[2:])  # a line of kernels for each channel
    drawn = _tiles(finite(lines), range_, count if channels > 1 else 0)
    some = f"The {count}" if count == len(snapshot.kernels) else f"{count} of the {len(snapshot.kernels)}"
    colours = f", a line each for {', '.join(_CHANNELS)}" if channels == len(_CHANNELS) else ""
    said = f"{some} kernels of {escape(run.first)} after step {snapshot.step}{colours}"
    return _panel(f"The first kernels ({escape(run.first)}){colours}", drawn, said, range_)


def digit_maps(trace: Trace, name: str, step: int, word: str = "digit") -> str:
    """Draw the feature maps of a step for a digit or a picture, on one scale."""
    maps = finite(trace[name].maps)[:_MOST_MAPS]
    range_ = range_of(maps)
    some = f"The {len(maps)}" if len(maps) == len(trace[name].maps) else f"{len(maps)} of the {len(trace[name].maps)}"
    said = f"{some} maps of {escape(name)} for your {word} after step {step}"
    return _panel("", _tiles(maps, range_), said, range_)


def prediction(trace: Trace) -> str:
    """Draw the probabilities, if they are finite."""
    bars = figures.probability_bars(trace) if np.isfinite(trace.logits).all() else ""
    return f'<div class="live-answer">{bars}</div>'


def say_prediction(trace: Trace, step: int, own: Trace | None) -> str:
    """Describe the prediction of the network after a step, and of the trained network."""
    if not np.isfinite(trace.logits).all():
        return f"After step {step} its logits are not finite: there is no prediction."
    first, other = (-trace.probabilities).argsort(kind="stable").tolist()[:2]
    sure, less = (words.percent(trace.probabilities[k]) for k in (first, other))
    one, two = (escape_markdown(trace.class_name(k)) for k in (first, other))
    said = f"**After step {step} it predicts {one}** with {sure}, then {two} with {less}."
    if own is None:
        return said
    ready = words.percent(own.probabilities.max())
    return f"{said} The trained network predicts {escape_markdown(own.class_name(own.prediction))} with {ready}."


def finite(values: Activation) -> Activation:
    """Return finite values for painting; a failed training has values that are not finite."""
    kept: Activation = np.nan_to_num(values).clip(-_REACH, _REACH)
    return kept


def _panel(title: str, picture: str, said: str, range_: Range) -> str:
    head = f"<p>{title}{scale_bar(range_)}</p>"
    return f'<section class="live-maps">{head}<img src="{picture}" alt="{said}"></section>'


def _tiles(maps: Activation, range_: Range, across: int = 0) -> str:
    """Paint maps (N, H, W) in lines, with tiles of about the same size for any H and W.

    Args:
        maps: What is painted.
        range_: Of the colours.
        across: How many in a line, or 0 for a number that fits.
    """
    zoom = max(1, round(_TILE / maps.shape[1]))
    large: Activation = maps.repeat(zoom, axis=1).repeat(zoom, axis=2)
    down, right = (side + _GAP for side in large.shape[1:])
    across = across or (_FEW if len(maps) <= 2 * _FEW else 2 * _FEW)
    corners = [(number // across * down, number % across * right) for number in range(len(maps))]
    return raster.mosaic(large, [range_] * len(maps), corners)


def columns(run: LiveRun) -> dict[str, list[str]]:
    """Return the course of a training as columns, one line for each snapshot."""
    return {
        "step": [f"{each.step}" for each in run.snapshots],
        f"loss, mean of the last {_SMOOTHED}": [
            _say_loss(mean_loss(run.losses[: each.step])) if each.step else "" for each in run.snapshots
        ],
        f"correct of {run.held_out}": [f"{each.correct}" for each in run.snapshots],
        "accuracy": [f"{run.accuracy(each):.1%}" for each in run.snapshots],
    }


def losses_csv(run: LiveRun) -> str:
    """Return the loss of every step."""
    return swatches.as_csv([("step", "loss"), *enumerate(run.losses.tolist(), start=1)])


def kernels_csv(run: LiveRun) -> str:
    """Return the kernels of the first convolution at each snapshot."""
    lines: list[Sequence[object]] = [("step", "kernel", "channel", "y", "x", "weight")]
    for each in run.snapshots:
        if each.kernels is not None:
            lines += [(each.step, *place, float(value)) for place, value in np.ndenumerate(each.kernels)]
    return swatches.as_csv(lines)
