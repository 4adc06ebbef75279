"""The whole network as one picture, and the prediction, in HTML."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from model.records import Activation
from model.trace.records import Step, Trace
from viz import theme
from viz.overview.layout import Item, columns, items
from viz.pictures import raster, swatches, words

_WIDEST = 78  # picture pixels of the widest map, which has 26 units
_LARGEST = 108  # picture pixels of a whole stack
_CELLS = 96  # of a vector in one column
_MOST_CARDS = 32  # of a stack
MOST_BARS = 10
_SHORT_NAME = 2  # letters; longer names of classes stand beside their bars, not below
_OFFSET = 2  # picture pixels from one card of a stack to the next; a stack has a card for each channel


@dataclass(frozen=True, slots=True)
class Tile:
    """One step of the network as it is drawn, or a folded module: name, colour and a picture of its activation.

    Attributes:
        channel: The feature map in front.
        module: The path of a folded module, which a click unfolds; empty for a step.
    """

    name: str
    kind: str
    colour: str
    shape: str
    picture: str
    width: int
    height: int
    channel: int
    module: str = ""


def blocks(trace: Trace, folded: Mapping[str, Sequence[str]]) -> list[list[list[Tile]]]:
    """Draw the network, column by column; a column has a lane, or one for each way where the network branches.

    A picture is a stack of feature maps: wider maps give wider cards, more channels a deeper stack. All pictures of a
    lane show the same map in front, the one that is most active in its last step.

    Args:
        trace: The recorded forward pass.
        folded: The steps of each folded module, by its path.
    """
    return [[_lane(lane) for lane in lanes] for lanes in columns(items(trace, folded))]


def _lane(lane: Sequence[Item]) -> list[Tile]:
    order = by_activity(lane[-1].step) if lane else []
    return [tile(item.step, order, item) for item in lane]


def legend(trace: Trace, elsewhere: str = "The page Feature maps shows every step.") -> str:
    """Draw the legend in HTML: the colour of each kind of layer, and how to read a stack.

    Args:
        trace: The recorded forward pass.
        elsewhere: Where the steps are that are not drawn, as a sentence.
    """
    drawn = items(trace, {})
    left_out = _say_left_out(trace, drawn, elsewhere)
    kinds = dict.fromkeys(item.step.kind for item in drawn)
    keys = "".join(f'<li><i style="background: {theme.KIND_COLOURS[kind]}"></i>{kind}</li>' for kind in kinds)
    return (
        f'<ul class="legend">{keys}</ul><p>A stack holds the feature maps of one step: wider cards are larger maps, '
        f"and a deeper stack has more maps{_say_limit(drawn)}. All stacks of a column show the same map in front, the "
        f"one that is most active in the last. Blue is negative, red is positive. {left_out}</p>"
    )


def _say_limit(drawn: Sequence[Item]) -> str:
    most = max((len(item.step.maps) for item in drawn if item.step.maps[0].size > 1), default=0)
    return f" (the {_MOST_CARDS} most active are drawn)" if most > _MOST_CARDS else ""


def _say_left_out(trace: Trace, drawn: Sequence[Item], elsewhere: str) -> str:
    """Say which steps are not drawn."""
    shown = {item.step.name for item in drawn}
    left_out = Counter(step.kind for step in trace.steps if step.name not in shown)
    said = [f"{count} × {kind}" for kind, count in left_out.items()]
    return f"Not drawn: {', '.join(said)}. {elsewhere}" if said else ""


def say(trace: Trace) -> str:
    """Say how large the values become, and the range of the logits."""
    rows = [item.step for item in items(trace, {})]
    strongest = max(rows, key=lambda row: float(np.abs(row.output).max()))
    channel = int(np.abs(strongest.maps).max(axis=(1, 2)).argmax())
    values = sum(row.output.size for row in rows)
    computed = f"{words.count(len(rows), 'step')} {'computes' if len(rows) == 1 else 'compute'} {values:,} values"
    return (
        f"For this picture {computed}. The largest absolute value is "
        f"{words.number(float(np.abs(strongest.output).max()))}, in map {channel} of {strongest.name}. The "
        f"{len(trace.logits):,} logits range from {words.number(float(trace.logits.min()))} to "
        f"{words.number(float(trace.logits.max()))}; the largest is the logit of {trace.class_name(trace.prediction)}."
    )


def activations_csv(trace: Trace) -> str:
    """Return every value of every row as CSV."""
    return swatches.activations_as_csv({item.step.name: item.step.maps for item in items(trace, {})})


def answer_csv(trace: Trace) -> str:
    """Return logit, log-probability and probability of each class as CSV, in full precision."""
    columns = (trace.logits, trace.log_probabilities, trace.probabilities)
    lines = zip(*([f"{value:.9g}" for value in each] for each in columns), strict=True)
    head = ("class", "logit", "log-probability", "probability")
    return swatches.as_csv([head, *((trace.class_name(k), *line) for k, line in enumerate(lines))])


def by_activity(step: Step) -> list[int]:
    """Return the channels of a step by their mean absolute value, the largest first."""
    return [int(channel) for channel in (-np.abs(step.maps).mean(axis=(1, 2))).argsort(kind="stable")]


def tile(step: Step, order: Sequence[int], item: Item | None = None) -> Tile:
    """Draw one step, with its channels from front to back in this order.

    Args:
        step: What it puts out is drawn.
        order: The channels of a step beside it; of a step with another number of maps, its own are taken.
        item: Where it stands in the picture; by default alone.
    """
    if len(order) != len(step.maps):
        order = by_activity(step)
    kind = words.count(item.count, "step") if item and item.module else step.kind
    colour, module = theme.KIND_COLOURS[step.kind], item.module if item else ""
    height, width = step.maps.shape[1:]
    if height == width == 1:  # cells are easier to read than a stack of dots
        cells = vector(step.maps.reshape(-1))
        cell = max(1, min(_CELLS // len(cells), 18)), max(1, 18 // cells.shape[1])
        picture = raster.cells(cells, cell, colour)
        size = raster.deck_size((1, cells.shape[0] * cell[0], cells.shape[1] * cell[1]), 1, 0)
    else:
        maps = _smaller(step.maps[list(order[:_MOST_CARDS])])
        zoom, offset = _enlargement(maps.shape)
        picture = raster.deck(maps, range(len(maps)), zoom, offset, colour)
        size = raster.deck_size(maps.shape, zoom, offset)
    name = item.name if item else step.name
    return Tile(name, kind, colour, words.shape(step.output.shape), picture, *size, order[0], module)


def _enlargement(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the picture pixels for each unit, and from one card to the next.

    Small maps are enlarged more, so that their units can be seen, but never become wider than large maps.
    """
    cards, *sides = shape
    wanted = max(1, round(_WIDEST / 26 * math.sqrt(26 / max(sides))))
    sizes = [(zoom, offset) for zoom in range(wanted, 0, -1) for offset in (_OFFSET, 1)]
    return next((each for each in sizes if max(sides) * each[0] + (cards - 1) * each[1] <= _LARGEST), sizes[-1])


def vector(values: Activation) -> Activation:
    """Lay a vector (N,) out in columns of at most 96 cells, top to bottom; cells beyond the last are 0.

    >>> vector(np.arange(3, dtype=np.float32)).tolist()
    [[0.0], [1.0], [2.0]]
    """
    wide = -(-len(values) // _CELLS)
    high = -(-len(values) // wide)
    padded = np.zeros(wide * high, np.float32)
    padded[: len(values)] = values
    return padded.reshape(wide, high).T


def _smaller(maps: Activation) -> Activation:
    """Return maps (C, H, W) of at most about 80 units a side, each the mean of a square of units."""
    by = -(-max(maps.shape[1:]) // _WIDEST)
    if by == 1:
        return maps
    high, wide = (max(1, side // by) for side in maps.shape[1:])
    squares = maps[:, : high * by, : wide * by].reshape(len(maps), high, by, wide, by)
    smaller: Activation = squares.mean(axis=(2, 4))
    return smaller


def probability_bars(trace: Trace) -> str:
    """Draw the probabilities of the most likely classes, at most ten, as bars in HTML, the largest one emphasised.

    HTML repaints several times faster than a chart, and a screen reader can read its numbers.
    """
    count = len(trace.logits)
    shown = most_likely(trace) if count > MOST_BARS else range(count)
    label = f"Probability of each class, {trace.class_name(0)} to {trace.class_name(count - 1)}"
    if count > MOST_BARS:
        label = f"Probability of the {MOST_BARS} most likely of {count:,} classes"
    named = " named" if max(len(trace.class_name(c)) for c in shown) > _SHORT_NAME else ""
    bars = "".join(_bar(trace, c) for c in shown)
    return f'<ol class="bars{named}" tabindex="0" data-reads="" aria-label="{escape(label)}">{bars}</ol>'


def most_likely(trace: Trace) -> Sequence[int]:
    """Return the most likely classes, at most ten, the first of them first."""
    return [int(c) for c in (-trace.logits).argsort(kind="stable")[:MOST_BARS]]


def _bar(trace: Trace, c: int) -> str:
    share, first, name = trace.probabilities[c], c == trace.prediction, escape(trace.class_name(c))
    rank = "most" if first else "least" if share < 0.005 else ""
    return (
        f'<li class="{rank}" style="--share: {share:.4f}; --colour: {theme.ACCENT if first else theme.MUTED}"'
        f' data-says="class {name}: logit {words.number(trace.logits[c])}, probability {share:.6f}">'
        f"<span>{words.percent(share)}</span><i></i><b>{name}</b></li>"
    )


def say_probabilities(trace: Trace) -> str:
    """Say the prediction in words, with the classes that follow."""
    shares = trace.probabilities
    first, *others = (int(c) for c in (-shares).argsort(kind="stable")[:3])
    rivals = [f"{trace.class_name(c)} with {words.percent(shares[c])}" for c in others if shares[c] >= 0.001]
    rest = f"Next: {' and '.join(rivals)}." if rivals else "No other class has 0.1\xa0% or more."
    return f"The network predicts {trace.class_name(first)} with {words.percent(shares[first])}. {rest}"
