"""Histograms below one another, on one axis."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz import theme
from viz.charts.draw import Axis, Bars, Part, Series, Texts, draw

_ROW, _AROUND = 90, 116  # pixels: of a histogram with its title, and of what is around all
_TALLEST = 0.7  # of a row; the title needs the rest


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values are in each bin, and which bin is marked.

    Attributes:
        title: What the values are.
        counts: One for each bin, at least one above zero.
        marked: The position of a bin in another colour; None for none.
    """

    title: str
    counts: Sequence[int]
    marked: int | None = None


def draw_histograms(
    every: Sequence[Histogram], ends: tuple[float, float], title: str, colour: str, marked: str
) -> go.Figure:
    """Draw histograms below one another; the height of a bar is the square root of its count.

    All are in one coordinate system, each in a row of height 1: a chart with an axis for each takes twice as long.

    Args:
        every: From the top; all with the same number of bins.
        ends: Where the first bin begins and the last one ends.
        title: Of the shared axis, with its unit.
        colour: Of a bar, ``#rrggbb``.
        marked: What a marked bin is, for the legend.
    """
    rows = range(len(every))[::-1]
    edges = np.linspace(*ends, len(every[0].counts) + 1)
    zero = [end for row in rows for end in (row, row + _TALLEST, np.nan)]  # a line in each row, none over its title
    parts: list[Part] = [Series("zero", [0] * len(zero), zero, width=1, keyed=False)]
    for row, each in zip(rows, every, strict=True):
        parts += _bars(each, row, edges, colour, marked)
    parts.append(Texts([ends[0]] * len(every), [row + 0.97 for row in rows], [each.title for each in every]))
    return draw(parts, Axis(title, ends), Axis("", (0, len(every))), height=_ROW * len(every) + _AROUND, alone=True)


def _bars(histogram: Histogram, row: int, edges: NDArray[np.float64], colour: str, marked: str) -> list[Part]:
    counts = np.asarray(histogram.counts)
    heights = _TALLEST * np.sqrt(counts / counts.max())
    bins = zip(counts, edges[:-1], edges[1:], strict=True)
    said = [f"{count:,} from {low:.3f} to {high:.3f}" for count, low, high in bins]
    chosen = np.arange(len(counts)) == histogram.marked
    middles, width = (edges[:-1] + edges[1:]) / 2, float(edges[1] - edges[0])
    return [
        Bars(
            name,
            middles[here],
            heights[here],
            paint,
            base=np.full(int(here.sum()), row),
            width=0.95 * width,
            says=[text for text, is_here in zip(said, here, strict=True) if is_here],
            keyed=keyed,
        )
        for name, here, paint, keyed in (
            (histogram.title, ~chosen, colour, False),
            (marked, chosen, theme.HIGHLIGHT, row == 0),
        )
        if here.any()
    ]
