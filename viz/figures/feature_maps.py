"""Feature maps: many as one tiled figure, one of them large with its values."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from model.records import Activation, LayerKind, Step, Trace
from viz import theme
from viz.figures import raster, words
from viz.figures.scaling import range_of

_FEW = 11  # up to this many units a side there is room to print every value
_BAR_HEIGHT = 60
_COLOUR_BAR = {"orientation": "h", "y": 0, "yanchor": "top", "thickness": 12, "len": 0.8, "tickformat": ".3~g"}
_WIDE_ENOUGH = 9  # up to this many squares side by side there is room to print every weight
_FINEST = 24  # picture pixels that the narrowest map takes, so that the gaps can be thin beside it


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a feature map holds, in four numbers; ``zeros`` is the share of units that are exactly zero."""

    minimum: float
    maximum: float
    mean: float
    zeros: float

    @classmethod
    def of(cls, values: Activation) -> "Statistics":
        """Measure values of any shape."""
        return cls(float(values.min()), float(values.max()), float(values.mean()), float((values == 0).mean()))


def tiled(
    maps: Activation,
    titles: Sequence[str],
    *,
    shared: bool,
    selected: int | None = None,
    columns: int | None = None,
    width: int = 400,
) -> go.Figure:
    """Draw maps side by side in one figure.

    Accepts (N, H, W). A click selects a point whose ``customdata`` is the position of the map.

    Args:
        maps: What to draw; on the diverging scale where any value is negative.
        titles: One above each map.
        shared: One scale for all of them, shown beside them; else one for each map, from its own extreme.
        selected: Position of the map that is framed.
        columns: How many stand in a line; by default about as many as there are lines.
        width: Pixels that it will roughly have; they decide its height.
    """
    columns = columns or _columns(len(maps))
    signed = bool((maps < 0).any())
    ranges = [range_of(maps if shared else each, signed=signed) for each in maps]
    zoom = math.ceil(_FINEST / maps.shape[2])
    cards = maps.repeat(zoom, axis=1).repeat(zoom, axis=2)
    high, wide = cards.shape[1:]
    gap = max(1, wide // 12)
    corners = [(line * (high + 4 * gap), place * (wide + gap)) for line, place in _places(len(maps), columns)]

    figure = go.Figure(go.Image(source=raster.mosaic(cards, ranges, corners), hoverinfo="skip"))
    tops, lefts = (np.asarray(axis) - 0.5 for axis in zip(*corners, strict=True))  # a pixel's centre is its index
    figure.add_scatter(
        x=lefts + wide / 2, y=tops - 1.5 * gap, mode="text", text=list(titles), textfont_size=14, hoverinfo="skip"
    )
    figure.add_scatter(
        x=lefts + wide / 2,
        y=tops + high / 2,
        mode="markers",
        marker={"symbol": "square", "size": 30, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=list(range(len(maps))),
        text=[f"{title}<br>{_say_range(each)}" for title, each in zip(titles, maps, strict=True)],
        hovertemplate="%{text}<extra></extra>",
    )
    if selected is not None:
        top, left = tops[selected], lefts[selected]
        frame = {"color": theme.HIGHLIGHT, "width": 4}
        figure.add_shape(x0=left, y0=top, x1=left + wide, y1=top + high, line=frame)
    if shared:
        _show_scale(figure, ranges[0].low, ranges[0].high, ranges[0].scale)
    bottom, right = max(tops) + high, max(lefts) + wide
    _stage(figure, width * bottom / max(right, 2 * wide))  # a single map need not fill the page
    figure.update_xaxes(range=[-0.5 - gap / 2, right + gap / 2])
    figure.update_yaxes(range=[bottom + gap / 2, -0.5 - 3.5 * gap])
    # A click anywhere goes to the nearest map: an image itself gives no event.
    figure.update_layout(hovermode="closest", hoverdistance=-1, clickmode="event+select")
    return figure


def large(values: Activation, *, like: Activation | None = None) -> go.Figure:
    """Draw one map with its values: printed where there is room, else when pointed at.

    Accepts (H, W).

    Args:
        values: The map.
        like: Values whose range it is drawn in; by default its own.
    """
    range_ = range_of(values if like is None else like)
    figure = go.Figure(
        go.Heatmap(
            z=values,
            zmin=range_.low,
            zmax=range_.high,
            colorscale=range_.scale,
            texttemplate="%{z:.1f}" if max(values.shape) <= _FEW else None,
            textfont_size=12,
            hovertemplate="y %{y}, x %{x}<br>%{z:.4f}<extra></extra>",
            colorbar=_COLOUR_BAR,
        )
    )
    _stage(figure, 320 if values.size > 1 else 80)
    figure.update_yaxes(autorange="reversed")
    return figure


def kernels(weights: Activation) -> go.Figure:
    """Draw the kernel of one feature map, one square for each channel that it reads, on one scale.

    Accepts (C_in, kH, kW); every weight can be read when pointed at, and where there is room it is printed.
    """
    count, high, wide = weights.shape
    columns = _columns(count)
    lines = -(-count // columns)
    sheet = np.full((lines * (high + 1), columns * (wide + 1)), np.nan)
    where = np.full(sheet.shape, "", dtype=object)
    for channel, (line, place) in enumerate(_places(count, columns)):
        top, left = line * (high + 1), place * (wide + 1)
        sheet[top : top + high, left : left + wide] = weights[channel]
        for y, x in np.ndindex(high, wide):
            where[top + y, left + x] = f"from map {channel}, y {y}, x {x}"
    range_ = range_of(weights, signed=True)
    figure = go.Figure(
        go.Heatmap(
            z=sheet[:-1, :-1],
            zmin=range_.low,
            zmax=range_.high,
            colorscale=range_.scale,
            customdata=where[:-1, :-1],
            texttemplate="%{z:.2f}" if sheet.shape[1] <= _WIDE_ENOUGH else None,
            textfont_size=13,
            hovertemplate="%{customdata}<br>%{z:.4f}<extra></extra>",
            hoverongaps=False,
            colorbar=_COLOUR_BAR,
        )
    )
    _stage(figure, 360 * lines / columns)
    figure.update_yaxes(autorange="reversed")
    return figure


def say_tiled(step: Step, shared: bool) -> str:
    """Say what the tiled figure of a step shows."""
    measured = Statistics.of(step.output)
    scale = "one scale for all" if shared else "each on a scale of its own"
    sign = "blue below zero, red above" if measured.minimum < 0 else "black is zero"
    return (
        f"{step.name} ({step.kind}): {len(step.output)} maps, {scale}; {sign}. Its values run from "
        f"{words.number(measured.minimum)} to {words.number(measured.maximum)}; "
        f"{words.share_of_units(measured.zeros)} of them are exactly zero."
    )


def say_map(trace: Trace, step: Step, channel: int) -> str:
    """Say what one map of a step holds, and what it means where it is a score."""
    values = step.maps[channel]
    if values.size == 1:
        scores = {"logit": trace.logits, "log-probability": trace.log_probabilities}
        meaning = next((word for word, score in scores.items() if np.array_equal(step.output.ravel(), score)), None)
        return (
            f"Map {channel} of {step.name} is a single number, {words.number(float(values.item()))}"
            f"{f': the {meaning} of class {channel}' if meaning else ''}."
        )
    measured = Statistics.of(values)
    return (
        f"Map {channel} of {step.name}: minimum {words.number(measured.minimum)}, maximum "
        f"{words.number(measured.maximum)}, mean {words.number(measured.mean)}; "
        f"{words.share_of_units(measured.zeros)} of its values are exactly zero."
    )


def say_block(block: Sequence[Step], channel: int) -> str:
    """Say what the tiled figure of one channel through its block shows."""
    off = " Dropout is off here, so it changes nothing." if any(s.kind is LayerKind.DROPOUT for s in block) else ""
    return f"Map {channel} after each step of its block: {', '.join(step.name for step in block)}.{off}"


def say_parameters(step: Step, channel: int) -> str:
    """Say what one channel of a convolution or a batch norm has learned and keeps."""
    if step.kind is LayerKind.CONVOLUTION:
        kernel = step.parameters["weight"][channel]
        bias = f", and a bias of {words.number(step.parameters['bias'][channel])}" if "bias" in step.parameters else ""
        return f"{step.name}: {words.shape(kernel.shape)} weights, a square for each map that it reads{bias}."
    values = {**step.parameters, **step.buffers}
    mean, variance, scale, shift = (
        words.number(values[key][channel]) for key in ("running_mean", "running_var", "weight", "bias")
    )
    return (
        f"{step.name}: (x − {mean}) / √{variance} × {scale} + {shift}. Scale and shift are learned; mean and variance "
        "are running averages over the training images."
    )


def _columns(count: int) -> int:
    """Return how many stand in a line: as square as it gets with no line left short, if that can be.

    >>> [_columns(count) for count in (1, 4, 7, 8, 10, 16, 32)]
    [1, 2, 3, 4, 5, 4, 8]
    """
    root = math.ceil(math.sqrt(count))
    return next((n for n in range(root, 2 * root) if count % n == 0), root)


def _places(count: int, columns: int) -> list[tuple[int, int]]:
    return [divmod(position, columns) for position in range(count)]


def _say_range(values: Activation) -> str:
    return f"{words.number(float(values.min()))} to {words.number(float(values.max()))}"


def _show_scale(figure: go.Figure, low: float, high: float, scale: theme.Scale) -> None:
    """Add a colour bar; an image has none of its own, so an empty trace carries it."""
    marker = {"color": [low], "cmin": low, "cmax": high, "colorscale": scale, "showscale": True}
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        marker={**marker, "colorbar": _COLOUR_BAR},
        hoverinfo="skip",
    )


def _stage(figure: go.Figure, height: float) -> None:
    """Take away everything but a picture of this height and its colour bar, and keep its proportions."""
    margin = {"l": 0, "r": 0, "t": 4, "b": 4}
    figure.update_layout(height=height + _BAR_HEIGHT, margin=margin, showlegend=False, dragmode=False, font_size=14)
    figure.update_xaxes(visible=False, fixedrange=True, constrain="domain")
    figure.update_yaxes(visible=False, fixedrange=True, constrain="domain", scaleanchor="x")
