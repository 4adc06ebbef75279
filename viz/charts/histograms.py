"""Several histograms, one below the other, on a shared axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from viz import theme
from viz.charts.draw import escape_tags

_ROW, _TITLE, _AROUND = 64, 26, 116  # pixels: the height of a histogram, of its title, and of the rest of the figure


@dataclass(frozen=True, slots=True)
class Histogram:
    """The number of values in each bin, and a marked bin.

    Attributes:
        title: The name of the values.
        counts: One for each bin; at least one is above zero.
        marked: The index of the marked bin; None for none.
    """

    title: str
    counts: Sequence[int]
    marked: int | None = None


def draw_histograms(every: Sequence[Histogram], ends: tuple[float, float], title: str, colour: str) -> go.Figure:
    """Draw histograms one below the other; the height of a bar is the square root of its count.

    So small counts are visible.

    Args:
        every: From top to bottom; all have the same number of bins.
        ends: The start of the first bin and the end of the last one.
        title: The title of the shared axis, with its unit.
        colour: The colour of the bars, ``#rrggbb``.
    """
    height = len(every) * (_ROW + _TITLE) + _AROUND
    layout: dict[str, Any] = {
        "height": height,
        "showlegend": False,
        "hovermode": "closest",
        "bargap": 0.05,
        "margin": {"t": 34},  # Plotly's buttons
        "xaxis": {"title": {"text": title}, "range": [*ends], "anchor": "free", "position": 0, "showgrid": False},
        "shapes": [],
        "annotations": [],
    }
    traces = []
    for row, each in enumerate(every):
        low, top = (1 - (row + part) / len(every) for part in (1.0, _TITLE / (_ROW + _TITLE)))
        axis = f"y{row + 1}" if row else "y"
        layout[axis.replace("y", "yaxis")] = {"domain": [low, top], "visible": False, "fixedrange": True}
        line = {"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": f"{axis} domain", "line": {"width": 1}}
        layout["shapes"].append(line)
        layout["annotations"].append(
            {"text": escape_tags(each.title), "x": 0, "xref": "paper", "xanchor": "left", "y": top, "yref": "paper"}
            | {"yanchor": "bottom", "showarrow": False}
        )
        traces.append(_bars(each, ends, axis, colour))
    return go.Figure(traces, layout)


def _bars(histogram: Histogram, ends: tuple[float, float], axis: str, colour: str) -> dict[str, Any]:
    edges = np.linspace(*ends, len(histogram.counts) + 1)
    colours = [theme.rgb(colour)] * len(histogram.counts)
    if histogram.marked is not None:
        colours[histogram.marked] = theme.rgb(theme.HIGHLIGHT)
    said = [
        f"{count:,} from {low:.3f} to {high:.3f}"
        for count, low, high in zip(histogram.counts, edges[:-1], edges[1:], strict=True)
    ]
    return {
        "type": "bar",
        "name": escape_tags(histogram.title),
        "x": (edges[:-1] + edges[1:]) / 2,
        "y": np.sqrt(histogram.counts),
        "yaxis": axis,
        "width": edges[1] - edges[0],
        "customdata": said,
        "hovertemplate": "%{customdata}",
        "marker": {"color": colours, "line": {"width": 0}},
    }
