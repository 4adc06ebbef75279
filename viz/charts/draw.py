"""Parts of a chart, and the function that draws them between two axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, Protocol

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from viz import theme

HEIGHT = 360  # pixels
_BUTTONS = 30  # pixels kept free for Plotly's buttons above the legend
_PALE = 0.22  # opacity of a band
_DOT = 8  # pixels of a point on a line
_THIN = {"type": "data", "width": 4, "thickness": 2}  # the line of an error
_DASHES = {"line": "solid", "dashed": "dash", "dotted": "dot"}

Values = NDArray[np.floating[Any]] | NDArray[np.integer[Any]] | Sequence[float] | Sequence[str]
Style = Literal["line", "dashed", "dotted", "steps", "points", "joined"]


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis says, and where it begins and ends.

    Attributes:
        title: What is measured, with its unit; an axis without one is not drawn.
        ends: The values at its ends; by default as the values need it.
        ticks: Values that are written beside it; by default as Plotly chooses.
        names: What is written there in their place, one for each tick.
        categories: Where the values are names: all of them, in order.
        logarithmic: Whether equal factors, not equal differences, are equally far apart.
        zero: Whether zero lies on it, where it has no ends.
        tick_format: Of the numbers beside it, as D3 writes it, such as ``.0%``.
        hover_format: Of a value that is pointed at, likewise.
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
        """Return the axis as Plotly takes it."""
        found: dict[str, Any] = {"title": {"text": self.title}, "visible": bool(self.title)}
        if self.ends:
            found["range"] = [*(np.log10(self.ends).tolist() if self.logarithmic else self.ends)]
        if self.logarithmic:
            found["type"] = "log"
        if self.categories:
            found |= {"type": "category", "categoryorder": "array", "categoryarray": [*self.categories]}
        if self.ticks:
            found |= {"tickmode": "array", "tickvals": [*self.ticks]}
            found |= {"ticktext": [*map(plain, self.names)]} if self.names else {}
        if self.zero:
            found["rangemode"] = "tozero"
        if self.tick_format:
            found["tickformat"] = self.tick_format
        return found

    def pointed_at(self, letter: str) -> str:
        """Return the part of a hover text that says a value of this axis."""
        return f"%{{{letter}:{self.hover_format}}}" if self.hover_format else f"%{{{letter}}}"


class Part(Protocol):
    """What can be drawn between two axes."""

    def traces(self, across: Axis, up: Axis) -> list[dict[str, Any]]:
        """Return it as traces of Plotly's."""


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """Values, (N,), over their places, (N,).

    Attributes:
        name: In the legend, and beside a value that is pointed at.
        places: Along the axis across.
        values: Along the axis that goes up.
        colour: ``#rrggbb``; by default the colour of the text.
        style: How they are drawn; ``joined`` are points on a line, ``steps`` hold their value until the next place.
        width: Of the line, or of a point, in pixels.
        symbol: Of the points, as Plotly names it.
        error: How far the true value may lie off, (N,), to either side; drawn as thin lines.
        reach: From where to where each goes along the axis across, (N,) each; drawn likewise.
        says: What is said of each in place of its value.
        keyed: Whether the legend has it.
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
        """Return it as a trace of Plotly's."""
        del across
        colour = {"color": theme.rgb(self.colour)} if self.colour else {}
        there = len(self.values) > 0  # else Plotly would leave it out of the legend, and what is below would move
        trace: dict[str, Any] = {
            "type": "scatter",
            "name": plain(self.name),
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
    """An area between two curves, (N,) each, over their places, (N,)."""

    name: str
    places: Values
    low: Values
    high: Values
    colour: str

    def traces(self, across: Axis, up: Axis) -> list[dict[str, Any]]:
        """Return its lower and its upper edge, and the area between them, as traces of Plotly's."""
        del across
        edges: list[dict[str, Any]] = []
        for end, values in (("lowest", self.low), ("highest", self.high)):
            said = f"{up.pointed_at('y')}<extra>{plain(self.name)}, {end}</extra>"
            edge = {"type": "scatter", "mode": "lines", "line": {"width": 0, "color": theme.rgb(self.colour)}}
            edges.append({**edge, "name": plain(self.name), "x": self.places, "y": values, "hovertemplate": said})
        edges[0]["showlegend"] = False
        edges[1] |= {"fill": "tonexty", "fillcolor": theme.rgb(self.colour, _PALE)}
        return edges


@dataclass(frozen=True, eq=False, slots=True)
class Bars:
    """A bar for each value, (N,), at its place, (N,).

    Attributes:
        name: In the legend, and beside a value that is pointed at.
        places: Along the axis across.
        values: How high they are.
        colour: ``#rrggbb``.
        base: Where they begin, (N,); by default at zero.
        width: Of all, in units of the axis across; by default most of the room.
        pale: Which of them are pale, (N,).
        says: What is said of each in place of its value.
        keyed: Whether the legend has it.
        printed: What stands over each, upright where ``turned``.
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
        """Return it as a trace of Plotly's."""
        del across
        marker: dict[str, Any] = {"color": theme.rgb(self.colour), "line": {"width": 0}}
        if len(self.pale):
            marker["opacity"] = [0.4 if pale else 1.0 for pale in self.pale]
        trace: dict[str, Any] = {
            "type": "bar",
            "name": plain(self.name),
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
    """Words beside their places, (N,) each; by default to the right and hanging from them."""

    places: Values
    values: Values
    texts: Sequence[str]
    position: str = "bottom right"

    def traces(self, across: Axis, up: Axis) -> list[dict[str, Any]]:
        """Return them as a trace of Plotly's."""
        del across, up
        text = {"mode": "text", "text": [*map(plain, self.texts)], "textposition": self.position}
        place = {"x": self.places, "y": self.values, "showlegend": False, "hoverinfo": "skip", "cliponaxis": False}
        return [{"type": "scatter", **place, **text}]


def plain(text: str) -> str:
    r"""Return text as Plotly shows it letter by letter: it takes some tags for what they do.

    >>> plain("1 < 2\nand <b>")
    '1 &lt; 2<br>and &lt;b&gt;'
    """
    return escape(text, quote=False).replace("\n", "<br>")


def _said(says: Sequence[str], value: str) -> dict[str, Any]:
    """Return what a trace says where it is pointed at: the name of the series stands beside it."""
    if not says:
        return {"hovertemplate": value}
    return {"customdata": [*map(plain, says)], "hovertemplate": "%{customdata}"}


def draw(parts: Sequence[Part], across: Axis, up: Axis, *, height: int = HEIGHT, alone: bool = False) -> go.Figure:
    """Draw parts of a chart between two axes.

    Args:
        parts: The later ones lie on the earlier.
        across: The axis of their places.
        up: The axis of their values.
        height: Of the chart in pixels.
        alone: Whether the value that is nearest is said alone; else all values at its place.
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
