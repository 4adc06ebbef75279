"""The whole network as one picture, and the prediction, in HTML."""

import math
from dataclasses import dataclass

import numpy as np

from model.trace.records import Row, Trace
from viz import theme
from viz.pictures import raster, swatches, words

_WIDEST = 78  # picture pixels of the widest map, which has 26 units
_OFFSET = 2  # picture pixels from one card of a stack to the next; a stack has a card for each channel


@dataclass(frozen=True, slots=True)
class Tile:
    """One row of the network as it is drawn: name, colour and a picture of its activation.

    Attributes:
        channel: The feature map in front.
    """

    name: str
    kind: str
    colour: str
    shape: str
    picture: str
    width: int
    height: int
    channel: int


def blocks(trace: Trace) -> list[list[Tile]]:
    """Draw every row, block by block; the last pool and the classifier after it share a block.

    A row's picture is a stack of its feature maps: wider maps give wider cards, more channels a deeper stack. All
    rows of a block show the same map in front, the one that is most active in the last row.
    """
    drawn: list[list[Tile]] = []
    for block in trace.blocks:
        rows = [step for step in block if isinstance(step, Row)]
        order = by_activity(rows[-1]) if rows else []
        tiles = [tile(row, order) for row in rows]
        if drawn and len(tiles) <= 1 and len(drawn[-1]) == 1:
            drawn[-1] += tiles
        else:
            drawn.append(tiles)
    return drawn


def legend(trace: Trace) -> str:
    """Draw the legend in HTML: the colour of each kind of layer, and how to read a stack."""
    kinds = dict.fromkeys(row.kind for row in trace.rows)
    keys = "".join(f'<li><i style="background: {theme.KIND_COLOURS[kind]}"></i>{kind}</li>' for kind in kinds)
    return (
        f'<ul class="legend">{keys}</ul><p>A stack holds the feature maps of one row: wider cards are larger maps, and '
        "a deeper stack has more maps. All stacks of a column show the same map in front, the one that is most active "
        "in the last row. Blue is negative, red is positive. A ReLU, which sets negative values to zero, follows every "
        "convolution but the last. The table has no row for ReLU; the page Feature maps shows it.</p>"
    )


def say(trace: Trace) -> str:
    """Say how large the values become, and the range of the logits."""
    strongest = max(trace.rows, key=lambda row: float(np.abs(row.output).max()))
    channel = int(np.abs(strongest.output).max(axis=(1, 2)).argmax())
    values = sum(row.output.size for row in trace.rows)
    return (
        f"For your digit {len(trace.rows)} rows compute {values:,} values. The largest absolute value is "
        f"{words.number(float(np.abs(strongest.output).max()))}, in map {channel} of {strongest.name}. The ten logits "
        f"range from {words.number(float(trace.logits.min()))} to {words.number(float(trace.logits.max()))}; the "
        f"largest is the logit of {trace.prediction}."
    )


def activations_csv(trace: Trace) -> str:
    """Return every value of every row as CSV."""
    return swatches.activations_as_csv({row.name: row.maps for row in trace.rows})


def answer_csv(trace: Trace) -> str:
    """Return logit, log-probability and probability of each class as CSV, in full precision."""
    columns = (trace.logits, trace.log_probabilities, trace.probabilities)
    lines = zip(*([f"{value:.9g}" for value in each] for each in columns), strict=True)
    head = ("class", "logit", "log-probability", "probability")
    return swatches.as_csv([head, *((k, *line) for k, line in enumerate(lines))])


def by_activity(row: Row) -> list[int]:
    """Return the channels of a row by their mean absolute value, the largest first."""
    return [int(channel) for channel in (-np.abs(row.output).mean(axis=(1, 2))).argsort(kind="stable")]


def tile(row: Row, order: list[int]) -> Tile:
    """Draw one row, with its channels from front to back in this order."""
    colour = theme.KIND_COLOURS[row.kind]
    channels, height, width = row.output.shape
    if height == width == 1:  # a column of cells is easier to read than a stack of dots
        cell = (96 // channels, 18)
        picture = raster.column(row.output.reshape(-1), cell, colour)
        size = raster.deck_size((1, channels * cell[0], cell[1]), 1, 0)
    else:
        # Small maps are enlarged more, so that their units can be seen, but never become wider than large maps.
        zoom = round(_WIDEST / 26 * math.sqrt(26 / width))
        picture = raster.deck(row.output, order, zoom, _OFFSET, colour)
        size = raster.deck_size(row.output.shape, zoom, _OFFSET)
    return Tile(row.name, row.kind, colour, words.shape(row.output.shape), picture, *size, order[0])


def probability_bars(trace: Trace) -> str:
    """Draw the ten probabilities as bars in HTML, with the largest one emphasised.

    HTML repaints several times faster than a chart, and a screen reader can read its numbers.
    """
    bars = "".join(_bar(trace, c) for c in range(len(trace.logits)))
    label = "Probability of each class, 0 to 9"
    return f'<ol class="bars" start="0" tabindex="0" data-reads="" aria-label="{label}">{bars}</ol>'


def _bar(trace: Trace, c: int) -> str:
    share, first = trace.probabilities[c], c == trace.prediction
    rank = "most" if first else "least" if share < 0.005 else ""
    return (
        f'<li class="{rank}" style="--share: {share:.4f}; --colour: {theme.ACCENT if first else theme.MUTED}"'
        f' data-says="class {c}: logit {words.number(trace.logits[c])}, probability {share:.6f}">'
        f"<span>{words.percent(share)}</span><i></i><b>{c}</b></li>"
    )


def say_probabilities(trace: Trace) -> str:
    """Say the prediction in words, with the classes that follow."""
    shares = trace.probabilities
    first, *others = sorted(range(10), key=lambda c: -shares[c])
    rivals = [f"{c} with {words.percent(shares[c])}" for c in others[:2] if shares[c] >= 0.001]
    rest = f"Next: {' and '.join(rivals)}." if rivals else "No other class has 0.1\xa0% or more."
    return f"The network predicts {first} with {words.percent(shares[first])}. {rest}"
