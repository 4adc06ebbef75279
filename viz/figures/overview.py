"""The whole network as one picture, and its answer."""

import math
from dataclasses import dataclass

import plotly.graph_objects as go

from model.records import Row, Trace
from viz import theme
from viz.figures import raster, words

_WIDEST = 78  # picture pixels of the widest map, which has 26 units
_BEHIND = 2  # picture pixels for each card behind the first: the depth of a deck counts its channels


@dataclass(frozen=True, slots=True)
class Tile:
    """One row of the network as it is drawn: words, colour, and a picture of its activation."""

    name: str
    kind: str
    colour: str
    shape: str
    picture: str
    width: int
    height: int


def blocks(trace: Trace) -> list[list[Tile]]:
    """Draw every row, block by block; the last pool and the classifier behind it share a block.

    A row's picture is a deck of its feature maps: wider maps make wider cards, more channels a deeper deck.
    """
    drawn: list[list[Tile]] = []
    for block in trace.blocks:
        tiles = [tile(step) for step in block if isinstance(step, Row)]
        if drawn and len(tiles) <= 1 and len(drawn[-1]) == 1:
            drawn[-1] += tiles
        else:
            drawn.append(tiles)
    return drawn


def tile(row: Row) -> Tile:
    """Draw one row."""
    colour = theme.KIND_COLOURS[row.kind]
    channels, height, width = row.output.shape
    if height == width == 1:  # a column of cells says more than a deck of dots
        cell = (96 // channels, 18)
        picture = raster.column(row.output.reshape(-1), cell, colour)
        size = raster.deck_size((1, channels * cell[0], cell[1]), 1, 0)
    else:
        # Small maps are enlarged more than wide ones, or nothing could be seen on them; they stay the smaller ones.
        zoom = round(_WIDEST / 26 * math.sqrt(26 / width))
        picture = raster.deck(row.output, zoom, _BEHIND, colour)
        size = raster.deck_size(row.output.shape, zoom, _BEHIND)
    return Tile(row.name, row.kind, colour, words.shape(row.output.shape), picture, *size)


def probabilities(trace: Trace) -> go.Figure:
    """Draw the ten probabilities as bars, the largest one strong and with its percentage.

    Accepts a ``Trace``; draws from ``probabilities`` (10,).
    """
    shares = trace.probabilities
    figure = go.Figure(
        go.Bar(
            x=list(range(10)),
            y=shares,
            marker_color=[theme.ACCENT if c == trace.prediction else theme.MUTED for c in range(10)],
            text=[f"{share:.0%}" if share >= 0.005 else "" for share in shares],
            textfont_size=20,
            textposition="outside",
            cliponaxis=False,
            customdata=trace.logits,
            hovertemplate="class %{x}<br>probability %{y:.4f}<br>logit %{customdata:.3f}<extra></extra>",
        )
    )
    figure.update_layout(height=260, margin={"l": 0, "r": 0, "t": 24, "b": 0}, font_size=16)
    figure.update_xaxes(dtick=1, fixedrange=True, tickfont_size=18)
    figure.update_yaxes(range=[0, 1.02], visible=False, fixedrange=True)
    return figure


def say_probabilities(trace: Trace) -> str:
    """Say the answer in words, with the classes that compete for it."""
    shares = trace.probabilities
    first, *others = sorted(range(10), key=lambda c: -shares[c])
    rivals = [f"{c} with {words.percent(shares[c])}" for c in others[:2] if shares[c] >= 0.001]
    rest = f"Next: {' and '.join(rivals)}." if rivals else "No other class comes near."
    return f"The network reads {first} with {words.percent(shares[first])}. {rest}"
