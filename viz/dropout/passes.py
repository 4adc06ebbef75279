"""The probabilities of many passes, each with another mask: a chart, words and numbers."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from model.dropout.records import Passes
from model.records import Activation
from viz import theme
from viz.charts.draw import Axis, Bars, Part, Series, draw
from viz.dropout.answers import MOST_CLASSES, name_of, say_prediction
from viz.dropout.figures import percent, say_p
from viz.pictures import swatches
from viz.pictures.markdown import escape_markdown

_MIDDLE_NAME = "middle 80\xa0% of the passes"
_MIDDLE = (0.1, 0.9)  # quantiles that limit the box of a class


def spread(passes: Passes, digests: tuple[str, str], names: Sequence[str] = ()) -> go.Figure:
    """Draw the probabilities of many passes, of at most ten classes: the range, the middle 80 %, and the mean.

    Args:
        passes: The passes.
        digests: The digests of the passes and of the weights.
        names: The names of the classes; without, they are called by their numbers.
    """
    drawn_classes = _most_likely(passes)
    shares = passes.probabilities[:, drawn_classes]
    low, high = shares.min(axis=0), shares.max(axis=0)
    bottom, top = np.quantile(shares, _MIDDLE, axis=0)
    classes = [names[c] if names else str(c) for c in drawn_classes]

    def between(name: str, start: Activation, end: Activation, colour: str, width: float) -> Bars:
        said = [f"{percent(float(a))} to {percent(float(b))}" for a, b in zip(start, end, strict=True)]
        pale = [name == _MIDDLE_NAME] * len(classes)
        return Bars(name, classes, end - start, colour, start, width, pale, said)

    drawn: list[Part] = [
        between("lowest to highest", low, high, theme.MUTED, 0.08),
        between(_MIDDLE_NAME, bottom, top, theme.ACCENT, 0.5),
        Series("mean of all passes", classes, passes.mean[drawn_classes], theme.HIGHLIGHT, "points", 12, "diamond"),
        Series("dropout off", classes, passes.off[drawn_classes], "", "points", 16, "circle-open"),
    ]
    counts = zip(classes, passes.predictions[drawn_classes], strict=True)
    counted = [f"{c}\n{count:,}" for c, count in counts]
    across = Axis("class, and its number of passes", categories=classes, ticks=classes, names=counted)
    figure = draw(drawn, across, Axis("probability", (0, 1), tick_format=".0%", hover_format=".1%"), height=400)
    return figure.update_layout(meta={"digest": digests[0], "weights": digests[1]})


def _most_likely(passes: Passes) -> list[int]:
    """Return the classes that are drawn: all, or of many the ten that are most likely with dropout off."""
    if len(passes.off) <= MOST_CLASSES:
        return [*range(len(passes.off))]
    return [int(c) for c in (-passes.off).argsort(kind="stable")[:MOST_CLASSES]]


def say_passes(passes: Passes, p: float | None, names: Sequence[str] = ()) -> str:
    """Say how many passes predict the same class, and give the mean of the passes and its entropy.

    Args:
        passes: The passes.
        p: Probability that a value is dropped; None where each row has its own.
        names: The names of the classes; without, they are called by their numbers.
    """
    count, predicted = len(passes.probabilities), escape_markdown(name_of(int(passes.off.argmax()), names))
    shared_p = "the p of each row" if p is None else f"p = {say_p(p)}"
    masks = f"masks {passes.first:,} to {passes.first + count - 1:,}"
    total, limit = len(passes.off), ""
    if total > MOST_CLASSES:
        limit = f" Of the {total:,} classes the {MOST_CLASSES} most likely with dropout off are drawn."
    off, mean = (say_prediction(shares, names) for shares in (passes.off, passes.mean))
    same = "all" if not passes.changed else f"{count - passes.changed:,} of {count:,}"
    return (
        f"With dropout off: {off}, entropy {passes.off_entropy:.3f} bits. {count:,} passes "
        f"with {shared_p}, {masks}: {same} also predict {predicted}; the mean of their probabilities gives "
        f"{mean}, entropy {passes.entropy:.3f} bits. This mean can differ from the result "
        "with dropout off: dropout keeps the mean of each dropout row, but not the mean of "
        f"the layers after it.{limit}"
    )


def passes_columns(passes: Passes, names: Sequence[str] = ()) -> dict[str, list[str]]:
    """Return the statistics of many passes as columns, with a line for each class."""
    low, high = passes.probabilities.min(axis=0), passes.probabilities.max(axis=0)
    deviation = passes.probabilities.std(axis=0)
    return {
        "class": [names[c] if names else str(c) for c in range(len(low))],
        "dropout off": [f"{share:.4f}" for share in passes.off],
        "mean": [f"{share:.4f}" for share in passes.mean],
        "standard deviation": [f"{share:.4f}" for share in deviation],
        "lowest": [f"{share:.4f}" for share in low],
        "highest": [f"{share:.4f}" for share in high],
        "predictions": [f"{count}" for count in passes.predictions],
    }


def passes_csv(passes: Passes, names: Sequence[str] = ()) -> str:
    """Return the probabilities of every pass as CSV, with the seed of its mask."""
    classes = names or range(passes.probabilities.shape[1])
    lines = [
        [passes.first + number, *(f"{share:.8g}" for share in shares)]
        for number, shares in enumerate(passes.probabilities)
    ]
    return swatches.as_csv([["mask", *classes], *lines])


def changed_answer(passes: Passes) -> str:
    """Return whether ``none``, ``few`` (at most one in ten) or ``many`` passes predict another class."""
    if not passes.changed:
        return "none"
    return "few" if passes.changed * 10 <= len(passes.probabilities) else "many"
