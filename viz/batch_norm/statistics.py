"""Evaluation mode and training mode compared in maps, logits and accuracy; and the running average."""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from model.batch_norm.records import BatchAccuracy, BatchStatistics, ImageSet, RunningAverage, TrainingModeBatch
from model.records import Activation
from model.trace.records import LayerKind, Trace
from viz import theme
from viz.batch_norm.figures import bracketed, definitions
from viz.charts.draw import Axis, Series, draw
from viz.pictures import raster, words
from viz.pictures.markdown import escape_markdown
from viz.pictures.scaling import range_of

ANSWERS = {
    "same": "About as many",
    "fewer": "Fewer",
    "ruined": "Less than half as many",
}
_COLOUR = theme.KIND_COLOURS[LayerKind.BATCH_NORM]
_MOST_CLASSES = 10  # of which logits are drawn
_SAME = 0.02  # a loss of at most this share of the images counts as none


def outcome(score: BatchAccuracy) -> str:
    """Return which of ``ANSWERS`` is correct."""
    if score.training_mode < score.evaluation_mode / 2:
        return "ruined"
    return "fewer" if score.evaluation_mode - score.training_mode > _SAME * score.count else "same"


def say_content(content: str, word: str) -> str:
    """Say which images a batch contains.

    >>> say_content("mixed", "digit"), say_content("3", "digit"), say_content("circle", "picture")
    ('mixed digits', '3s only', 'circle only')
    """
    if content == "mixed":
        return f"mixed {word}s"
    return f"{content}s only" if content.isdigit() else f"{content} only"


def say_accuracy(score: BatchAccuracy, images: ImageSet, size: int, word: str = "digit") -> str:
    """Say how many images are classified correctly in both modes, and describe the images and the batches."""
    kind = say_content(images.content, word)
    return (
        f"In evaluation mode {score.evaluation_mode} of {score.count} predictions are correct "
        f"({_rate(score.evaluation_mode, score.count)}); in training mode {score.training_mode} "
        f"({_rate(score.training_mode, score.count)}). The images: {images.source}, {kind}, "
        f"in {score.count // size} {'batch' if score.count == size else 'batches'} of {size}. Dropout is off in both."
    )


def maps(trace: Trace, batch: TrainingModeBatch, name: str, channel: int) -> str:
    """Draw in HTML one output map of a batch norm in both modes, on one scale."""
    statistics = batch.rows[name]
    both = np.stack(_both(trace, batch, name, channel))
    range_ = range_of(both, signed=True)
    captions = [
        ("evaluation mode", statistics.trained_mean[channel], statistics.trained_variance[channel]),
        (f"training mode, batch of {batch.size}", statistics.mean[channel], statistics.biased[channel]),
    ]
    figures = "".join(
        f'<figure><img src="{raster.mosaic(each[None], [range_], [(0, 0)])}" alt="The map in {title}">'
        f"<figcaption><b>{title.capitalize()}</b><br>mean {words.number(float(mean))}<br>"
        f"deviation {words.number(float(np.sqrt(variance)))}</figcaption></figure>"
        for each, (title, mean, variance) in zip(both, captions, strict=True)
    )
    return f'<div class="norm-maps">{figures}</div>'


def _both(trace: Trace, batch: TrainingModeBatch, name: str, channel: int) -> tuple[Activation, Activation]:
    """Return an output map of a batch norm in evaluation mode and in training mode, (H, W) each."""
    maps = trace[name].maps
    return maps[channel], batch.rows[name].output.reshape(maps.shape)[channel]


def both_maps(trace: Trace, batch: TrainingModeBatch, name: str, channel: int) -> dict[str, Activation]:
    """Return an output map of a batch norm by its mode."""
    evaluation, training = _both(trace, batch, name, channel)
    return {"evaluation mode": evaluation, "training mode": training}


def say_maps(trace: Trace, batch: TrainingModeBatch, name: str, channel: int, word: str = "digit") -> str:
    """Say how much the two maps differ, and give their scale."""
    evaluation, training = _both(trace, batch, name, channel)
    most = float(max(np.abs(evaluation).max(), np.abs(training).max()))
    others = ""
    if len(batch.rows) > 1:
        others = f" All {len(batch.rows)} batch norms use the statistics of the batch, so their inputs differ too."
    return (
        f"Output map {channel} of {name} for your {word}; the two maps differ by up to "
        f"{words.number(float(np.abs(evaluation - training).max()))}. Blue −{words.number(most)}, "
        f"red {words.number(most)}.{others}"
    )


def logits(trace: Trace, batch: TrainingModeBatch) -> str:
    """Draw in HTML the logits of a picture in both modes, of at most ten classes, those most likely."""
    both = np.stack([trace.logits, batch.logits], axis=1)
    most = float(np.abs(both).max()) or 1.0
    best = both.argmax(axis=0)
    rows = []
    for number in _shown(trace):
        pair = both[number]
        bars = "".join(
            f'<i class="{mode}" style="--from: {0.5 + min(share, 0):.4f}; --share: {abs(share):.4f}"></i>'
            for mode, share in zip(("evaluation", "training"), pair / most / 2, strict=True)
        )
        cells = "".join(
            f"<td>{f'<b>{words.number(float(value))}</b>' if best[mode] == number else words.number(float(value))}</td>"
            for mode, value in enumerate(pair)
        )
        rows.append(
            f'<tr><th scope="row">{escape(trace.class_name(number))}</th><td class="two-bars">{bars}</td>{cells}</tr>'
        )
    return (
        f'<table class="norm-logits" style="--evaluation: {_COLOUR}; --training: {theme.HIGHLIGHT}"><thead><tr>'
        '<th scope="col">Class</th><th scope="col">Logits</th><th scope="col"><i class="evaluation"></i>evaluation</th>'
        f'<th scope="col"><i class="training"></i>batch of {batch.size}</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _shown(trace: Trace) -> Sequence[int]:
    """Return the classes that are drawn: all, or of many the most likely in evaluation mode."""
    count = len(trace.logits)
    if count <= _MOST_CLASSES:
        return range(count)
    return [int(k) for k in (-trace.logits).argsort(kind="stable")[:_MOST_CLASSES]]


def say_logits(trace: Trace, batch: TrainingModeBatch, word: str = "digit") -> str:
    """Say what the network predicts in both modes, and how much the logits differ."""
    predicted = int(batch.logits.argmax())
    difference = np.abs(trace.logits - batch.logits)
    also, limit = "also " if predicted == trace.prediction else "", ""
    first, now, most = (
        escape_markdown(trace.class_name(k)) for k in (trace.prediction, predicted, int(difference.argmax()))
    )
    if len(difference) > _MOST_CLASSES:
        limit = f" Of the {len(difference):,} classes the {_MOST_CLASSES} most likely are shown."
    return (
        f"Your {word}, the first of a batch of {batch.size}: classified as {first} in evaluation mode, and "
        f"{also}as {now} in training mode. Its logits differ by up to {words.number(float(difference.max()))} "
        f"(class {most}).{limit}"
    )


def variances(statistics: BatchStatistics, channel: int) -> str:
    """Show in HTML which variance of a batch normalises, and which goes into the running average."""
    m, n = statistics.momentum, statistics.count
    mean, biased, unbiased, trained_mean, trained_variance, after_mean, after_variance = (
        float(values[channel])
        for values in (
            statistics.mean,
            statistics.biased,
            statistics.unbiased,
            statistics.trained_mean,
            statistics.trained_variance,
            statistics.after_mean,
            statistics.after_variance,
        )
    )

    def say(value: float) -> str:
        """Show enough decimals to tell n from n − 1 for thousands of values."""
        return f"{value:.6f}"

    lines = [
        ("values of this map in the batch", f"n = {n:,}"),
        ("biased variance, used to normalise", f"Σ (x − mean)² / n = {say(biased)}"),
        ("unbiased variance, used for the running average", f"{say(biased)} × {n:,} / {n - 1:,} = {say(unbiased)}"),
        (
            "new running mean",
            f"{1 - m:g} × {bracketed(trained_mean)} + {m:g} × {bracketed(mean)} = {words.number(after_mean)}",
        ),
        (
            "new running variance",
            f"{1 - m:g} × {say(trained_variance)} + {m:g} × {say(unbiased)} = {say(after_variance)}",
        ),
    ]
    return definitions(lines)


def running_chart(average: RunningAverage, channel: int) -> go.Figure:
    """Draw the running mean of one map over batches, the mean of each batch, and the trained running mean."""
    own, mean, m = average.batch_means[:, channel], average.means[:, channel], average.momentum
    count = np.arange(len(mean), dtype=float)
    closed, trained = own.mean() * (1 - (1 - m) ** count), np.full(len(mean), average.trained_mean[channel])
    drawn = [
        Series("mean of the batch", count[1:], own, theme.MUTED, "points", 6),
        Series("running mean", count, mean, _COLOUR, width=4),
        Series(f"average × (1 − {1 - m:g}ᵏ)", count, closed, theme.HIGHLIGHT, "dotted"),
        Series("as trained", count, trained, theme.ACCENT, "dashed", 2),
    ]
    up = Axis(f"mean of map {channel}", zero=True, hover_format=".3f")
    return draw(drawn, Axis("batches k", (0, len(own) + 0.5)), up)


def say_running(average: RunningAverage, channel: int, size: int) -> str:
    """Say how the running statistics start and end, and how much weight the start still has."""
    batches, left = len(average.batch_means), 1 - average.momentum
    say, after_ten = words.number, f"{left**10:.1%} after 10, " if batches > 10 else ""
    return (
        f"A copy starts at mean 0 and variance 1 and gets {batches} batches of {size}. Each batch has the weight "
        f"{average.momentum:g} in the new average, so after k batches the start has the weight {left:g}ᵏ: "
        f"{after_ten}{left**batches:.1%} after {batches}. The running mean of this map goes from 0 to "
        f"{say(average.means[-1, channel])} (as trained {say(average.trained_mean[channel])}), its variance from 1 to "
        f"{say(average.variances[-1, channel])} (as trained {say(average.trained_variance[channel])})."
    ).replace("%", "\xa0%")


def running_columns(average: RunningAverage, channel: int) -> dict[str, list[str]]:
    """Return the running statistics of one map as columns, one line for the start and one for each batch."""

    def said(values: Iterable[float]) -> list[str]:
        return [f"{value:.6g}" for value in values]

    return {
        "batches": [str(k) for k in range(len(average.means))],
        "batch mean": ["", *said(average.batch_means[:, channel])],
        "batch variance, unbiased": ["", *said(average.batch_variances[:, channel])],
        "running mean": said(average.means[:, channel]),
        "running variance": said(average.variances[:, channel]),
    }


def _rate(correct: int, count: int) -> str:
    return f"{correct / count * 100:.1f}\xa0%"
