"""Figures of a max pool: its winners, the discarded values, its gradient, and an average pool in its place."""

import base64
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from model.layers.records import Explanation
from model.pooling.records import Pooled
from model.receptive_field.records import Window
from model.records import Pair, Unit
from model.trace.records import Trace
from viz import theme
from viz.layers import worked_unit
from viz.pictures import raster, words
from viz.pictures.scaling import range_of
from viz.pooling.windows import covered_places, is_overlapping, tied_places

_MOST_TERMS = 100  # values of a window that are shown one by one
_SHOWN_TERMS = 12  # of a larger window, the largest
_DOT, _RING, _POINT, _EDGE = 0.46, 0.3, 0.1, 0.06  # sizes of marks; a unit is 1 wide


def prepare(trace: Trace, explained: Explanation, window: Window, pooled: Pooled) -> dict[str, Any]:
    """Return what the browser shows of the arithmetic of a unit, with the winners drawn on the map that goes in."""
    shown = worked_unit.prepare(trace, _shortened(explained), window)
    for group in shown["groups"]:
        if len(explained.terms) > _MOST_TERMS:
            group["columns"] = _SHOWN_TERMS // 2
    return {**shown, "input": {**shown["input"], "picture": marked(pooled, explained.unit[0])}}


def _shortened(explained: Explanation) -> Explanation:
    """Keep the largest terms of a very large window; in order, so that of equal values the first is the winner."""
    if len(explained.terms) <= _MOST_TERMS:
        return explained
    order = np.argsort([-term.value for term in explained.terms], kind="stable")[:_SHOWN_TERMS]
    terms = tuple(explained.terms[int(index)] for index in order)
    formula = f"max({', '.join(f'{term.value:.4f}' for term in terms)}, …) = {explained.value:.4f}".replace("-", "−")
    return replace(explained, terms=terms, formula=formula)


def marked(pooled: Pooled, channel: int) -> str:
    """Draw an input map of a pool, its windows, and the winner of each, as a data URI of SVG; a unit is 1 wide.

    Windows that overlap are not drawn: their edges could not be told apart.
    A winner without a tie is a large dot. With a tie it is a white dot, and each equal value is a small black dot.
    """
    values = pooled.input[channel]
    height, width = values.shape
    rows, columns = pooled.output.shape[1:]
    picture = raster.mosaic(values[None], [range_of(pooled.input)], [(0, 0)])
    groups = [tied_places(pooled, (channel, y, x)) for y, x in np.ndindex(rows, columns)]
    marks = _dots("alone", [group[0] for group in groups if len(group) == 1], _DOT, theme.HIGHLIGHT)
    marks += _dots("first", [group[0] for group in groups if len(group) > 1], _RING, "white")
    marks += _dots("equal", [each for group in groups for each in group[1:]], _POINT, "black")
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width * 20}" '
        f'height="{height * 20}" stroke-linecap="round"><image href="{picture}" width="{width}" height="{height}" '
        f'style="image-rendering: pixelated"/><path d="{_edges(pooled)}" fill="none" stroke="black" '
        'stroke-opacity="0.4" '
        f'stroke-width="{_EDGE}"/>{marks}</svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.encode()).decode()


def _edges(pooled: Pooled) -> str:
    """Return the edges of all windows as a path; nothing where windows overlap or have gaps."""
    window, (rows, columns) = pooled.window, pooled.output.shape[1:]
    if is_overlapping(pooled) or window.dilation != (1, 1):
        return ""
    (high, wide), (down, across), (above, before) = window.kernel, window.stride, window.padding
    if window.stride == window.kernel:
        lines = "".join(f"M{-before} {y * high - above}H{columns * wide - before}" for y in range(rows + 1))
        return lines + "".join(f"M{x * wide - before} {-above}V{rows * high - above}" for x in range(columns + 1))
    corners = [(y * down - above, x * across - before) for y, x in np.ndindex(rows, columns)]
    return "".join(f"M{left} {top}h{wide}v{high}h{-wide}z" for top, left in corners)


def _dots(name: str, places: Sequence[Pair], size: float, colour: str) -> str:
    """Draw dots with a black edge, as lines of length 0 with round ends: shorter than one circle each."""
    points = "".join(f"M{x}.5 {y}.5h0" for y, x in places)
    return (
        f'<path d="{points}" stroke="black" stroke-width="{size + 2 * _EDGE}"/>'
        f'<path class="{name}" d="{points}" stroke="{colour}" stroke-width="{size}"/>'
    )


def legend() -> str:
    """Explain the marks in HTML."""
    kinds = {
        "winner": f"background: {theme.HIGHLIGHT}",
        "winner of a tie: the first of equal values": "background: var(--white)",
        "equal value, not first": "background: var(--black); transform: scale(0.5)",
    }
    marks = "".join(f'<li><i style="{style}"></i>{name}</li>' for name, style in kinds.items())
    return f'<ul class="marks">{marks}</ul>'


def say_pools(windows: Collection[Window | None]) -> str:
    """Say what a max pool does, for the windows of all max pools of a network; None where a pool has several sizes."""
    kernels = {window.kernel if window else None for window in windows}
    kernel = next(iter(kernels)) if len(kernels) == 1 else None
    if kernel == (2, 2) and all(window == Window((2, 2), (2, 2)) for window in windows):
        said = "keeps the largest of every 2 × 2 values and discards three"
    elif kernel:
        said = f"keeps the largest value of each window of {words.shape(kernel)} values"
    else:
        said = "keeps the largest value of each window"
    return f"A max pool {said}. Which are kept, and what is lost?"


def say_without_winners(averages: Sequence[str], means: Sequence[str], maxima: Sequence[str]) -> str:
    """Say what the pools are whose windows have no winner that is shown.

    Args:
        averages: The names of average pools with windows.
        means: Those of global average pools.
        maxima: Those of global max pools, which have no window.
    """
    said = []
    if averages:
        pools = _are(averages, "an average pool", "average pools")
        said.append(f"{pools}: each value of a window has the same weight in its mean, so no value wins.")
    if means:
        pools = _are(means, "a global average pool", "global average pools")
        said.append(f"{pools}: the mean over all places of each map, so no value wins.")
    if maxima:
        said.append(f"{_are(maxima, 'a global max pool', 'global max pools')}: the largest value of each map.")
    return " ".join(said)


def _are(names: Sequence[str], one: str, several: str) -> str:
    return f"{names[0]} is {one}" if len(names) == 1 else f"{', '.join(names)} are {several}"


def say_windows(pooled: Pooled) -> str:
    """Say how the windows lie, where they do not just divide the map: overlap, padding, and what no window covers."""
    window, (rows, columns), said = pooled.window, pooled.uncovered, list[str]()
    overlapping = is_overlapping(pooled)
    if pooled.output[0].size > 1 and (overlapping or window.stride != window.kernel or window.dilation != (1, 1)):
        apart = "" if window.dilation == (1, 1) else f", {words.shape(window.dilation)} positions apart,"
        said.append(
            f"Each window has {words.shape(window.kernel)} values{apart} and begins {_counted(window.stride)} after "
            f"the one before{'; the windows overlap' if overlapping else ''}."
        )
    if window.padding != (0, 0):
        said.append(f"At its edges the input has a padding of {_counted(window.padding)}, which never wins.")
    if rows or columns:
        said.append(f"No window covers {_counted((rows, columns))} of the input.")
    return " ".join(said)


def _counted(of: Pair) -> str:
    """Say a number of rows and of columns; a number that is 0 is left out.

    >>> _counted((2, 1)), _counted((0, 3))
    ('2 rows and 1 column', '3 columns')
    """
    parts = zip(of, ("row", "column"), strict=True)
    return " and ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in parts if count)


def say_stage(pooled: Pooled, unit: Unit) -> str:
    """Name the winner of a unit's window, and say how many windows of its map have a tie."""
    channel, y, x = unit
    winner_y, winner_x = pooled.winners[unit].tolist()
    many, size = len(tied_places(pooled, unit)), len(covered_places(pooled, unit))
    tie = f" {many} of its {size} values are equal, so the first is the winner." if many > 1 else ""
    totals, said = pooled.totals(channel), say_windows(pooled)
    said = f"{said} " if said else ""
    if size > _MOST_TERMS:
        said += f"Shown are the {_SHOWN_TERMS} largest of the {size:,} values of the window. "
    return (
        f"Unit y {y}, x {x} of map {channel}: the winner of its window is {words.number(pooled.output[unit])}, at "
        f"y {winner_y}, x {winner_x} of the input map.{tie} {totals.tied:,} of the {totals.windows:,} windows of this "
        f"map have a tie. {said}Click the right map to choose a unit, or a number to trace it."
    )
