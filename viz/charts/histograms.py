"""Histograms below one another, on one axis."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from viz import theme
from viz.charts.draw import Axis, Bars, Part, Series, Texts, draw

_ROW, _AROUND = 96, 116  # pixels: of a histogram with its title, and of what is around all
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

    All are in one coordinate system, each in a row of height 1: an axis for each would take twice as long to draw.

    Args:
        every: From the top; all with the same number of bins.
        ends: Where the first bin begins and the last one ends.
        title: Of the shared axis, with its unit.
        colour: Of a bar, ``#rrggbb``.
        marked: What a marked bin is, for the legend.
    """
    rows = np.arange(len(every))[::-1]
    edges = np.linspace(*ends, len(every[0].counts) + 1)
    counts = np.array([each.counts for each in every])
    heights = _TALLEST * np.sqrt(counts / counts.max(axis=1, keepdims=True))
    chosen = np.array([np.arange(len(edges) - 1) == each.marked for each in every])
    zero = [end for row in rows for end in (row, row + _TALLEST, np.nan)]  # a line in each row, none over its title
    parts: list[Part] = [Series("zero", [0] * len(zero), zero, width=1, keyed=False)]
    for name, here, paint in (("values", ~chosen, colour), (marked, chosen, theme.HIGHLIGHT)):
        if not here.any():
            continue
        row, place = np.nonzero(here)
        bins = zip(row.tolist(), counts[here], edges[place], edges[place + 1], strict=True)
        parts.append(
            Bars(
                name,
                (edges[place] + edges[place + 1]) / 2,
                heights[here],
                paint,
                base=rows[row],
                width=0.95 * float(edges[1] - edges[0]),
                says=[f"{every[n].title}\n{count:,} from {low:.3f} to {high:.3f}" for n, count, low, high in bins],
            )
        )
    parts.append(Texts([ends[0]] * len(every), rows + 0.91, [each.title for each in every]))
    return draw(parts, Axis(title, ends), Axis("", (0, len(every))), height=_ROW * len(every) + _AROUND, alone=True)
