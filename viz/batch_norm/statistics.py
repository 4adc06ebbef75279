"""Evaluation mode against a batch's own statistics, in maps, logits and accuracy; and the running average."""

from collections.abc import Iterable

import numpy as np
import plotly.graph_objects as go

from model.batch_norm.records import BatchScore, BatchStatistics, Forgotten, RunningAverage, Supply
from model.trace.records import LayerKind, Trace
from viz import theme
from viz.batch_norm.figures import bracketed, lines
from viz.charts.draw import Axis, Series, draw
from viz.pictures import raster, words
from viz.pictures.scaling import range_of

ANSWERS = {
    "same": "About as many right",
    "fewer": "Some fewer",
    "ruined": "Under half as many",
}
_COLOUR = theme.KIND_COLOURS[LayerKind.BATCH_NORM]
_SAME = 0.02  # of the images: a smaller loss is called none


def outcome(score: BatchScore) -> str:
    """Return which of the answers is so."""
    if score.forgotten < score.trained / 2:
        return "ruined"
    return "fewer" if score.trained - score.forgotten > _SAME * score.count else "same"


def say_score(score: BatchScore, supply: Supply, size: int) -> str:
    """Say how many images are read right both ways, which they are, and how they were cut into batches."""
    kind = f"{supply.content}s only" if supply.content.isdigit() else "mixed digits"
    return (
        f"In evaluation mode {score.trained} of {score.count} are right ({_rate(score.trained, score.count)}); "
        f"forgotten, {score.forgotten} ({_rate(score.forgotten, score.count)}). The images: {supply.source}, {kind}, "
        f"in {score.count // size} {'batch' if score.count == size else 'batches'} of {size}. Dropout is off in both."
    )


def maps(trace: Trace, batch: Forgotten, name: str, channel: int) -> str:
    """Draw in HTML what a batch norm makes of one map both ways, on one scale."""
    statistics = batch.rows[name]
    both = np.stack([trace[name].output[channel], statistics.output[channel]])
    range_ = range_of(both, signed=True)
    captions = [
        ("evaluation mode", statistics.trained_mean[channel], statistics.trained_variance[channel]),
        (f"a batch of {batch.size}", statistics.mean[channel], statistics.biased[channel]),
    ]
    figures = "".join(
        f'<figure><img src="{raster.mosaic(each[None], [range_], [(0, 0)])}" alt="The map in {title}">'
        f"<figcaption><b>{title.capitalize()}</b><br>mean {words.number(float(mean))}<br>"
        f"deviation {words.number(float(np.sqrt(variance)))}</figcaption></figure>"
        for each, (title, mean, variance) in zip(both, captions, strict=True)
    )
    return f'<div class="norm-maps">{figures}</div>'


def say_maps(trace: Trace, batch: Forgotten, name: str, channel: int) -> str:
    """Say how far the two maps lie apart, and on which scale they are drawn."""
    as_trained, own = trace[name].output[channel], batch.rows[name].output[channel]
    most = float(max(np.abs(as_trained).max(), np.abs(own).max()))
    return (
        f"What map {channel} of {name} puts out for your digit; the two differ by up to "
        f"{words.number(float(np.abs(as_trained - own).max()))}. Blue −{words.number(most)}, red {words.number(most)}. "
        ""
        f"All {len(batch.rows)} batch norms use the batch's statistics, so what comes in differs too."
    )


def logits(trace: Trace, batch: Forgotten) -> str:
    """Draw in HTML the logits of the digit in evaluation mode and with the batch's own statistics."""
    both = np.stack([trace.logits, batch.logits], axis=1)
    most = float(np.abs(both).max()) or 1.0
    best = both.argmax(axis=0)
    rows = []
    for number, pair in enumerate(both):
        bars = "".join(
            f'<i class="{way}" style="--from: {0.5 + min(share, 0):.4f}; --share: {abs(share):.4f}"></i>'
            for way, share in zip(("kept", "own"), pair / most / 2, strict=True)
        )
        cells = "".join(
            f"<td>{f'<b>{words.number(float(value))}</b>' if best[way] == number else words.number(float(value))}</td>"
            for way, value in enumerate(pair)
        )
        rows.append(f'<tr><th scope="row">{number}</th><td class="two-bars">{bars}</td>{cells}</tr>')
    return (
        f'<table class="norm-logits" style="--kept: {_COLOUR}; --own: {theme.HIGHLIGHT}"><thead><tr>'
        '<th scope="col">Class</th><th scope="col">Logits</th><th scope="col"><i class="kept"></i>evaluation</th>'
        f'<th scope="col"><i class="own"></i>batch of {batch.size}</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def say_logits(trace: Trace, batch: Forgotten) -> str:
    """Say what is read both ways, and how far the logits moved."""
    read = int(batch.logits.argmax())
    moved = np.abs(trace.logits - batch.logits)
    verdict = f"also as {read}" if read == trace.prediction else f"as {read}"
    return (
        f"Your digit, first of a batch of {batch.size}: read as {trace.prediction} in evaluation mode, and {verdict} "
        f"when that is forgotten. Its logits move by up to {words.number(float(moved.max()))} "
        f"(class {int(moved.argmax())})."
    )


def variances(statistics: BatchStatistics, channel: int) -> str:
    """Work out in HTML which variance of a batch normalises, and what goes into the running average."""
    m, n = statistics.momentum, statistics.count
    mean, biased, unbiased, was_mean, was, now_mean, now = (
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
        """Show enough decimals that one value in thousands makes a difference."""
        return f"{value:.6f}"

    them = [
        ("values of this map in the batch", f"n = {n:,}"),
        ("variance that normalises, biased", f"Σ (x − mean)² / n = {say(biased)}"),
        ("variance that is remembered, unbiased", f"{say(biased)} × {n:,} / {n - 1:,} = {say(unbiased)}"),
        (
            "running mean afterwards",
            f"{1 - m:g} × {bracketed(was_mean)} + {m:g} × {bracketed(mean)} = {words.number(now_mean)}",
        ),
        ("running variance afterwards", f"{1 - m:g} × {say(was)} + {m:g} × {say(unbiased)} = {say(now)}"),
    ]
    return lines(them)


def running_chart(average: RunningAverage, channel: int) -> go.Figure:
    """Draw the running mean of one map over batches, each batch's own, and what training arrived at."""
    own, mean, m = average.batch_means[:, channel], average.means[:, channel], average.momentum
    count = np.arange(len(mean), dtype=float)
    closed, trained = own.mean() * (1 - (1 - m) ** count), np.full(len(mean), average.trained_mean[channel])
    drawn = [
        Series("a batch's own mean", count[1:], own, theme.MUTED, "points", 6),
        Series("running mean", count, mean, _COLOUR, width=4),
        Series(f"average × (1 − {1 - m:g}ᵏ)", count, closed, theme.HIGHLIGHT, "dotted"),
        Series("as trained", count, trained, theme.ACCENT, "dashed", 2),
    ]
    up = Axis(f"mean of map {channel}", zero=True, hover_format=".3f")
    return draw(drawn, Axis("batches k", (0, len(own) + 0.5)), up)


def say_running(average: RunningAverage, channel: int, size: int) -> str:
    """Say where the running statistics begin, where they arrive, and how much of the start is left."""
    batches, left = len(average.batch_means), 1 - average.momentum
    say = words.number
    return (
        f"A copy starts at mean 0 and variance 1 and sees {batches} batches of {size}. Each batch counts "
        f"{average.momentum:g} of the new average, so after k batches {left:g}ᵏ of the start is left: "
        f"{left**10:.1%} after 10, {left**batches:.1%} after {batches}. This map's running mean goes from 0 to "
        f"{say(average.means[-1, channel])} (as trained {say(average.trained_mean[channel])}), its variance from 1 to "
        f"{say(average.variances[-1, channel])} (as trained {say(average.trained_variance[channel])})."
    ).replace("%", "\xa0%")


def running_columns(average: RunningAverage, channel: int) -> dict[str, list[str]]:
    """Return the running statistics of one map as columns, a line for each batch and one for the start."""

    def said(values: Iterable[float]) -> list[str]:
        return [f"{value:.6g}" for value in values]

    return {
        "batches": [str(k) for k in range(len(average.means))],
        "batch mean": ["", *said(average.batch_means[:, channel])],
        "batch variance, unbiased": ["", *said(average.batch_variances[:, channel])],
        "running mean": said(average.means[:, channel]),
        "running variance": said(average.variances[:, channel]),
    }


def _rate(right: int, count: int) -> str:
    return f"{right / count * 100:.1f}\xa0%"
