"""The training of a network as its author kept it: a chart for each kind of number, in words, and as columns."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from model.records import Numbers
from viz import theme
from viz.charts.draw import Axis, Series, draw, escape_tags
from viz.pictures import words
from viz.pictures.markdown import escape_markdown

EPOCH = "epoch"
_KINDS = {"accuracy": ("acc",), "loss": ("loss", "error")}  # by a part of a column's name
_COLOURS = (theme.ACCENT, theme.HIGHLIGHT, theme.MUTED)
_POWERS = 4  # of ten; more leave no room for labels between them
_SPREAD = 10  # a larger factor between the ends is drawn with equal factors equally far apart

History = Sequence[Mapping[str, float]]


def kinds(history: History) -> dict[str, list[str]]:
    """Return the columns that share a chart, by what they measure; each other column has a chart of its own.

    >>> kinds([{"epoch": 1, "train loss": 2.0, "held-out loss": 2.1, "accuracy": 0.3, "rate": 0.1}])
    {'loss': ['train loss', 'held-out loss'], 'accuracy': ['accuracy'], 'rate': ['rate']}
    """
    found: dict[str, list[str]] = {}
    for name in _names(history):
        kind = next((kind for kind, parts in _KINDS.items() if any(part in name.lower() for part in parts)), name)
        found.setdefault(kind, []).append(name)
    return found


def _names(history: History) -> list[str]:
    return [name for name in dict.fromkeys(name for row in history for name in row) if name.lower() != EPOCH]


def epochs(history: History) -> Numbers:
    """Return the number of each epoch: the author's, or else from 1."""
    own = [next((value for name, value in row.items() if name.lower() == EPOCH), None) for row in history]
    counted = [number if each is None else each for number, each in enumerate(own, start=1)]
    return np.array(counted, dtype=np.float64)


def curves(history: History, names: Sequence[str], kind: str) -> go.Figure:
    """Draw some columns over the epochs."""
    across, values = epochs(history), {name: _column(history, name) for name in names}
    colours = [_COLOURS[place % len(_COLOURS)] for place in range(len(names))]
    drawn = [Series(name, across, values[name], colour, "joined") for name, colour in zip(names, colours, strict=True)]
    known = np.concatenate([each[np.isfinite(each)] for each in values.values()])
    wide = bool(known.size and known.min() > 0 and known.max() > _SPREAD * known.min())
    low, high = float(across.min()) - 0.5, float(across.max()) + 0.5
    logarithmic = wide and kind != "accuracy"
    ticks = _ticks(float(known.min()), float(known.max())) if logarithmic else ()
    up = Axis(escape_tags(kind), logarithmic=logarithmic, ticks=ticks, hover_format=".4g")
    return draw(drawn, Axis(EPOCH, (low, high)), up)


def _ticks(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times the powers of ten between two values; over many powers the powers alone."""
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    factors = (1, 2, 5) if last - first <= _POWERS else (1,)
    return [float(f"{factor}e{power}") for power in range(first, last + 1) for factor in factors]


def _column(history: History, name: str) -> Numbers:
    return np.array([row.get(name, np.nan) for row in history], dtype=np.float64)


def say(history: History, names: Sequence[str], kind: str) -> str:
    """Say the last value of each column, and of an accuracy or a loss the best."""
    return " ".join(_say_columns(history, names, kind))


def _say_columns(history: History, names: Sequence[str], kind: str) -> Iterator[str]:
    numbers = epochs(history)
    for name in names:
        values = _column(history, name)
        known = np.flatnonzero(np.isfinite(values))
        title, last = escape_markdown(name), known[-1]
        said = f"{title}: {words.fine(float(values[last]), 4)} after epoch {numbers[last]:g}"
        if kind not in _KINDS:
            yield f"{said}."
            continue
        best = known[(values[known].argmax if kind == "accuracy" else values[known].argmin)()]
        if best == last:
            yield f"{said}, which is the best of {len(known)}."
        else:
            yield f"{said}; the best is {words.fine(float(values[best]), 4)} after epoch {numbers[best]:g}."


def columns(history: History, names: Sequence[str]) -> dict[str, list[str]]:
    """Return some columns as text, a line for each epoch."""
    found = {name: _column(history, name) for name in names}
    numbers = [f"{number:g}" for number in epochs(history)]
    return {EPOCH: numbers, **{name: [_said(value) for value in values] for name, values in found.items()}}


def _said(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6g}"
