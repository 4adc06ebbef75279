"""The parts of a chart, and the function that draws them on two axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, Protocol

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz import theme

HEIGHT = 360  # pixels
_BUTTONS = 30  # pixels above the legend for Plotly's buttons
_PALE = 0.22  # opacity of a band
_DOT = 8  # pixels: the size of a point on a line
_THIN = {"type": "data", "width": 4, "thickness": 2}  # of an error bar
_DASHES = {"line": "solid", "dashed": "dash", "dotted": "dot"}

Values = NDArray[np.floating[Any]] | NDArray[np.integer[Any]] | Sequence[float] | Sequence[str]
Style = Literal["line", "dashed", "dotted", "steps", "points", "joined"]


@dataclass(frozen=True, slots=True)
class Axis:
    """The labels and the range of an axis.

    Attributes:
        title: What is measured, with its unit; an axis without a title is not drawn.
        ends: The values at its ends; by default Plotly chooses them.
        ticks: The values with a label; by default Plotly chooses them.
        names: The labels of the ticks; by default their values.
        categories: All values in order, if they are names.
        logarithmic: Whether equal factors, not equal differences, are equally far apart.
        zero: Whether an axis without ``ends`` includes zero.
        tick_format: D3 format of the labels, such as ``.0%``.
        hover_format: D3 format of the value in a hover text.
    """

    title: str
    ends: tuple[float, float] | None = None
    ticks: Sequence[float | str] = ()
    names: Sequence[str] = ()
    categories: Sequence[str] = ()
    logarithmic: bool = False
    zero: bool = False
    tick_format: str = ""
    hover_format: str = ""

    def layout(self) -> dict[str, Any]:
        """Return the layout of a Plotly axis."""
        found: dict[str, Any] = {"title": {"text": self.title}, "visible": bool(self.title)}
        if self.ends:
            found["range"] = [*(np.log10(self.ends).tolist() if self.logarithmic else self.ends)]
        if self.logarithmic:
            found["type"] = "log"
        if self.categories:
            found |= {"type": "category", "categoryorder": "array", "categoryarray": [*self.categories]}
        if self.ticks:
            found |= {"tickmode": "array", "tickvals": [*self.ticks]}
            found |= {"ticktext": [*map(escape_tags, self.names)]} if self.names else {}
        if self.zero:
            found["rangemode"] = "tozero"
        if self.tick_format:
            found["tickformat"] = self.tick_format
        return found

    def pointed_at(self, letter: str) -> str:
        """Return the placeholder of a value of this axis in a hover text."""
        return f"%{{{letter}:{self.hover_format}}}" if self.hover_format else f"%{{{letter}}}"


class Part(Protocol):
    """A part of a chart."""

    def traces(self, across: Axis, up: Axis) -> list[dict[str, Any]]:
        """Return its Plotly traces."""


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """Values, (N,), at places, (N,).

    Attributes:
        name: Its name in the legend and in hover texts.
        places: Places on the horizontal axis.
        values: Places on the vertical axis.
        colour: ``#rrggbb``; by default the colour of the text.
        style: ``joined`` draws points on a line; ``steps`` keeps each value until the next place.
        width: The width of the line, or of a point, in pixels.
        symbol: Plotly's name for the symbol of a point.
        error: Half the height of a vertical error bar, (N,).
        reach: The ends of a horizontal error bar, (N,) each.
        says: Hover texts, (N,), instead of the values.
        keyed: Whether it is in the legend.
    """

    name: str
    places: Values
    values: Values
    colour: str = ""
    style: Style = "line"
    width: int = 3
    symbol: str = "circle"
    error: NDArray[np.floating[Any]] | None = None
    reach: tuple[Values, Values] | None = None
    says: Sequence[str] = ()
    keyed: bool = True

    def traces(self, across: Axis, up: Axis) -> list[dict[str, Any]]:
        """Return its Plotly trace."""
        del across
        colour = {"color": theme.rgb(self.colour)} if self.colour else {}
        there = len(self.values) > 0  # an empty trace has no legend entry, and the chart would move
        trace: dict[str, Any] = {
            "type": "scatter",
            "name": escape_tags(self.name),
            "x": self.places if there else [None],
            "y": self.values if there else [None],
            "mode": {"points": "markers", "joined": "lines+markers", "steps": "lines+markers"}.get(self.style, "lines"),
            "showlegend": self.keyed,
            **_said(self.says, up.pointed_at("y")),
        }
        if self.style != "points":
            trace["line"] = {**colour, "width": self.width, "dash": _DASHES.get(self.style, "solid")}
            trace["line"] |= {"shape": "hv"} if self.style == "steps" else {}
        if trace["mode"] != "lines":
            size = self.width if self.style == "points" else _DOT
            trace["marker"] = {**colour, "size": size, "symbol": self.symbol}
        if self.error is not None:
            trace["error_y"] = {**_THIN, **colour, "array": self.error}
        if self.reach is not None:
            places, (low, high) = np.asarray(self.places), map(np.asarray, self.reach)
            trace["error_x"] = {**_THIN, **colour, "arrayminus": places - low, "array": high - places}
        return [trace]


@dataclass(frozen=True, eq=False, slots=True)
class Band:
    """The area between two curves, (N,) each, at places, (N,)."""

    name: str
    places: Values
    low: Values
    high: Values
    colour: str

    def traces(self, across: Axis, up: Axis) -> list[dict[str, Any]]:
        """Return a trace of the lower edge, and one of the upper edge with the area."""
        del across
        edges: list[dict[str, Any]] = []
        for end, values in (("lowest", self.low), ("highest", self.high)):
            said = f"{up.pointed_at('y')}<extra>{escape_tags(self.name)}, {end}</extra>"
            edge = {"type": "scatter", "mode": "lines", "line": {"width": 0, "color": theme.rgb(self.colour)}}
            edges.append({**edge, "name": escape_tags(self.name), "x": self.places, "y": values, "hovertemplate": said})
        edges[0]["showlegend"] = False
        edges[1] |= {"fill": "tonexty", "fillcolor": theme.rgb(self.colour, _PALE)}
        return edges


@dataclass(frozen=True, eq=False, slots=True)
class Bars:
    """A bar for each value, (N,), at its place, (N,).

    Attributes:
        name: Its name in the legend and in hover texts.
        places: Places on the horizontal axis.
        values: The heights of the bars.
        colour: ``#rrggbb``.
        base: The lower ends of the bars, (N,); by default zero.
        width: The width of every bar, in units of the horizontal axis; by default Plotly chooses it.
        pale: Whether a bar is pale, (N,).
        says: Hover texts, (N,), instead of the values.
        keyed: Whether it is in the legend.
        printed: The text above each bar, (N,).
        turned: Whether these texts are vertical.
    """

    name: str
    places: Values
    values: Values
    colour: str
    base: Values | None = None
    width: float | None = None
    pale: Sequence[bool] = ()
    says: Sequence[str] = ()
    keyed: bool = True
    printed: Sequence[str] = ()
    turned: bool = False

    def traces(self, across: Axis, up: Axis) -> list[dict[str, Any]]:
        """Return its Plotly trace."""
        del across
        marker: dict[str, Any] = {"color": theme.rgb(self.colour), "line": {"width": 0}}
        if len(self.pale):
            marker["opacity"] = [0.4 if pale else 1.0 for pale in self.pale]
        trace: dict[str, Any] = {
            "type": "bar",
            "name": escape_tags(self.name),
            "x": self.places,
            "y": self.values,
            "base": self.base,
            "width": self.width,
            "marker": marker,
            "showlegend": self.keyed,
            **_said(self.says, up.pointed_at("y")),
        }
        if self.printed:
            trace |= {"text": [*self.printed], "textposition": "outside", "cliponaxis": False}
            trace |= {"textangle": -90 if self.turned else 0, "constraintext": "none"}
        return [trace]


@dataclass(frozen=True, eq=False, slots=True)
class Texts:
    """Texts, (N,), at places and values, (N,) each; by default below and to the right of them."""

    places: Values
    values: Values
    texts: Sequence[str]
    position: str = "bottom right"

    def traces(self, across: Axis, up: Axis) -> list[dict[str, Any]]:
        """Return a Plotly trace."""
        del across, up
        text = {"mode": "text", "text": [*map(escape_tags, self.texts)], "textposition": self.position}
        place = {"x": self.places, "y": self.values, "showlegend": False, "hoverinfo": "skip", "cliponaxis": False}
        return [{"type": "scatter", **place, **text}]


def escape_tags(text: str) -> str:
    r"""Escape text for Plotly, which interprets some HTML tags.

    >>> escape_tags("1 < 2\nand <b>")
    '1 &lt; 2<br>and &lt;b&gt;'
    """
    return escape(text, quote=False).replace("\n", "<br>")


def _said(says: Sequence[str], value: str) -> dict[str, Any]:
    """Return the hover text of a trace; Plotly adds the name of the series."""
    if not says:
        return {"hovertemplate": value}
    return {"customdata": [*map(escape_tags, says)], "hovertemplate": "%{customdata}"}


def draw(parts: Sequence[Part], across: Axis, up: Axis, *, height: int = HEIGHT, alone: bool = False) -> go.Figure:
    """Draw the parts of a chart.

    Args:
        parts: Later parts are drawn on top of earlier ones.
        across: The horizontal axis.
        up: The vertical axis.
        height: The height of the chart in pixels.
        alone: Whether a hover text shows only the nearest value, instead of all values at its place.
    """
    layout: dict[str, Any] = {
        "height": height,
        "xaxis": across.layout(),
        "yaxis": up.layout(),
        "hovermode": "closest" if alone else "x unified",
        "barmode": "overlay",
        "legend": {"yref": "container", "y": 1 - _BUTTONS / height},
    }
    if not alone:
        title = "%{x}" if across.categories else f"{across.title} {across.pointed_at('x')}"
        layout["xaxis"]["unifiedhovertitle"] = {"text": title}
    return go.Figure([trace for part in parts for trace in part.traces(across, up)], layout)
