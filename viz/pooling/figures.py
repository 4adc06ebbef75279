"""Figures of a max pool: its winners, the discarded values, its gradient, and an average pool in its place."""

import base64
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from model.layers.records import Explanation
from model.pooling.records import PoolAccuracy, Pooled, PoolGradient, places
from model.receptive_field.records import Box, ReceptiveField, Window
from model.records import Activation, Pair, Unit
from model.trace.records import Step, Trace
from viz import theme
from viz.layers import worked_unit
from viz.pictures import raster, swatches, words
from viz.pictures.markdown import escape_markdown
from viz.pictures.panels import picture
from viz.pictures.scaling import range_of

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


def is_overlapping(pooled: Pooled) -> bool:
    """Tell whether a value of the input can lie in several windows."""
    rows, columns = places(pooled.window, (pooled.output.shape[1], pooled.output.shape[2]))
    return len({*rows.flat}) < rows.size or len({*columns.flat}) < columns.size


def _dots(name: str, places: Sequence[Pair], size: float, colour: str) -> str:
    """Draw dots with a black edge, as lines of length 0 with round ends: shorter than one circle each."""
    points = "".join(f"M{x}.5 {y}.5h0" for y, x in places)
    return (
        f'<path d="{points}" stroke="black" stroke-width="{size + 2 * _EDGE}"/>'
        f'<path class="{name}" d="{points}" stroke="{colour}" stroke-width="{size}"/>'
    )


def window_places(window: Window, unit: Unit) -> list[Pair]:
    """Return the positions (y, x) of a unit's window, row by row; in padding these are no places."""
    _, y, x = unit
    rows, columns = places(window, (y + 1, x + 1))
    return [(down, across) for down in rows[y].tolist() for across in columns[x].tolist()]


def _covered_places(pooled: Pooled, unit: Unit) -> list[Pair]:
    """Return the positions of a unit's window that lie on the map."""
    height, width = pooled.input.shape[1:]
    return [(y, x) for y, x in window_places(pooled.window, unit) if 0 <= y < height and 0 <= x < width]


def tied_places(pooled: Pooled, unit: Unit) -> list[Pair]:
    """Return the positions of the largest values of a unit's window; the first is its winner."""
    largest = pooled.output[unit]
    return [(y, x) for y, x in _covered_places(pooled, unit) if pooled.input[unit[0], y, x] == largest]


def place_of(pooled: Pooled, unit: Unit, name: str) -> Pair:
    """Return the position of a value of a unit's window: the winner, or ``y.x``, its place in the window."""
    if name == "winner":
        y, x = pooled.winners[unit].tolist()
        return y, x
    (top, left), kernel_place = window_places(pooled.window, unit)[0], map(int, name.split("."))
    down, across = (each * apart for each, apart in zip(kernel_place, pooled.window.dilation, strict=True))
    return top + down, left + across


def name_of(pooled: Pooled, unit: Unit, where: Pair) -> str:
    """Return the name of a value of a unit's window, as ``place_of`` takes it; the winner is ``winner``."""
    if where == place_of(pooled, unit, "winner"):
        return "winner"
    down, across = divmod(window_places(pooled.window, unit).index(where), pooled.window.kernel[1])
    return f"{down}.{across}"


def traceable(pooled: Pooled, unit: Unit) -> dict[str, str]:
    """Return what each value of a unit's window is called, by the name that ``place_of`` takes."""
    if pooled.window.kernel == (2, 2):
        called = dict(zip(np.ndindex(2, 2), ("Top left", "Top right", "Bottom left", "Bottom right"), strict=True))
    else:
        called = {(y, x): f"y {y}, x {x} of the window" for y, x in np.ndindex(pooled.window.kernel)}
    on_map = {*_covered_places(pooled, unit)}
    every = zip(called.items(), window_places(pooled.window, unit), strict=True)
    return {"winner": "The winner"} | {f"{y}.{x}": said for ((y, x), said), place in every if place in on_map}


def largest(pooled: Pooled | Step, channel: int) -> Pair:
    """Return the position of the largest value of an output map."""
    y, x = divmod(int(pooled.output[channel].argmax()), pooled.output.shape[2])
    return y, x


def legend() -> str:
    """Explain the marks in HTML."""
    kinds = {
        "winner": f"background: {theme.HIGHLIGHT}",
        "winner of a tie: the first of equal values": "background: var(--white)",
        "equal value, not first": "background: var(--black); transform: scale(0.5)",
    }
    marks = "".join(f'<li><i style="{style}"></i>{name}</li>' for name, style in kinds.items())
    return f'<ul class="marks">{marks}</ul>'


def say_traced(pooled: Pooled, unit: Unit, place: Pair, source: ReceptiveField, whole: ReceptiveField) -> str:
    """Describe the receptive field of one value of a window, and compare it with that of the unit.

    Args:
        pooled: The pool.
        unit: A unit of the pool.
        place: Position of one value of its window, (y, x).
        source: Receptive field of the input of the pool.
        whole: Receptive field of the output of the pool.
    """
    return (
        f"{say_origin(pooled, unit, place, source.box(place), source.size)} The receptive field of the "
        f"unit has {words.shape(whole.size)} pixels, but its value comes from those of its winner only."
    )


def say_origin(pooled: Pooled, unit: Unit, place: Pair, box: Box, size: Pair) -> str:
    """Say which pixels one value of a unit's window depends on.

    Args:
        pooled: The pool.
        unit: A unit of the pool.
        place: Position of one value of its window, (y, x).
        box: Where the pixels are.
        size: How many these are, (y, x).
    """
    y, x = place
    won = place == tuple(pooled.winners[unit])
    return (
        f"{'The winner' if won else 'Another value'}, {words.number(pooled.input[unit[0], y, x])} at y {y}, x {x} of "
        f"the input map, depends on {words.shape(size)} pixels: {words.box(box)}."
    )


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
    many, size = len(tied_places(pooled, unit)), len(_covered_places(pooled, unit))
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


def totals_columns(pooled: Pooled, channel: int) -> dict[str, list[str]]:
    """Return the counts and sums of inputs and outputs as columns, for one map and for all maps."""
    columns: dict[str, list[str]] = {
        "What": [
            "Input values",
            "Output values",
            "Discarded values",
            "Sum of inputs",
            "Sum of outputs",
            "Sum of absolute inputs",
            "Sum of absolute outputs",
            "Windows with a tie",
            "… at a zero of the ReLU",
            "Discarded absolute sum",
        ]
    }
    several = is_overlapping(pooled)
    if several:
        columns["What"].append("Values that win several windows")
    wins = pooled.wins
    for name, part in {f"Map {channel}": slice(channel, channel + 1), "All maps": slice(None)}.items():
        totals, won = pooled.totals(channel if part.stop else None), wins[part] > 0
        magnitude = float(np.abs(pooled.input[part][won], dtype=np.float64).sum())
        columns[name] = [
            f"{totals.inputs:,}",
            f"{totals.outputs:,}",
            f"{totals.inputs - int(won.sum()):,}",
            _long(totals.input_sum),
            _long(totals.output_sum),
            _long(totals.input_magnitude),
            _long(totals.output_magnitude),
            f"{totals.tied:,} of {totals.windows:,}",
            f"{totals.tied_at_relu_zero:,}",
            words.share_of_units(discarded_share(magnitude, totals.input_magnitude)),
        ]
        if several:
            columns[name].append(f"{int((wins[part] > 1).sum()):,}")
    return columns


def discarded_share(kept: float, whole: float) -> float:
    """Return the discarded share of a sum of absolute values; 0 if the sum is 0."""
    return 1 - kept / whole if whole else 0.0


def say_totals(pooled: Pooled) -> str:
    """Say how much is discarded, and why the sum does not measure it."""
    totals, wins = pooled.totals(), pooled.wins
    won = wins > 0
    kept = int(won.sum())
    lost = words.share_of_units(
        discarded_share(float(np.abs(pooled.input[won], dtype=np.float64).sum()), totals.input_magnitude)
    )
    said = [
        f"The pool keeps {kept:,} of {totals.inputs:,} values and discards "
        f"{words.share_of_units(1 - kept / totals.inputs)}."
    ]
    if is_overlapping(pooled):
        several = int((wins > 1).sum())
        said.append(f"{several:,} values win several windows each, so {totals.outputs:,} outputs hold {kept:,} values.")
    else:
        said.append(f"Their sum goes from {_long(totals.input_sum)} to {_long(totals.output_sum)}.")
        if (pooled.input < 0).any():
            said.append(
                "This does not measure what is lost: values can be negative, and the sum grows when a negative value "
                "is discarded."
            )
    said.append(
        f"The sum of the absolute values falls by {lost}. {totals.tied:,} of {totals.windows:,} windows have a tie."
    )
    if totals.tied_at_relu_zero:
        same = pooled.output[(pooled.ties > 1) & pooled.at_relu_zero]
        moved = ", and batch norm maps all zeros of a map to the same number" if same.any() else ""
        said.append(
            f"In {totals.tied_at_relu_zero:,} of them the ReLU set the largest values to 0{moved}; in the other "
            "windows the values were equal before, for example where the image is blank."
        )
    return " ".join(said)


def _long(value: float) -> str:
    return f"{value:z,.1f}".replace("-", "−")


def gradients(gradient: PoolGradient, channel: int) -> str:
    """Draw in HTML the gradient of the logit at one input map, with the max pool and with the average pool."""
    maps = {"with the max pool": gradient.max_pool[channel], "with an average pool": gradient.average_pool[channel]}
    figures = (
        picture(values, range_of(values, signed=True), f"Map {channel}, {name}") for name, values in maps.items()
    )
    return f'<div class="pictures two">{"".join(figures)}</div>'


def say_gradient(gradient: PoolGradient, pooled: Pooled, unit: Unit, target: str = "") -> str:
    """Count the inputs with a gradient over all maps, and give the gradient at one unit and at its winner.

    Args:
        gradient: The gradient.
        pooled: The pool.
        unit: A unit of the pool.
        target: What the class of the logit is called; by default its number.
    """
    at_input, won = gradient.max_pool, pooled.won
    others, others_reached = int((~won).sum()), int((at_input[~won] != 0).sum())
    share = words.percent(1 / len(_covered_places(pooled, unit)))
    y, x = pooled.winners[unit].tolist()
    wins = int(pooled.wins[unit[0], y, x])
    gets = "gets all of it," if wins == 1 else f"gets it and that of the other windows it wins, {wins - 1}: together"
    called = escape_markdown(target or str(gradient.target))
    return (
        f"The gradient of the logit of {called} with respect to each of the {at_input.size:,} input values. "
        f"**Max pool:** {int((at_input[won] != 0).sum()):,} of the {int(won.sum()):,} winners have a gradient other "
        f"than 0, and {others_reached:,} of the {others:,} other values. The gradient at unit y {unit[1]}, "
        f"x {unit[2]} is {_small(gradient.output[unit])}; its winner {gets} "
        f"{_small(at_input[unit[0], y, x])}. **Average pool:** {int((gradient.average_pool != 0).sum()):,} values have "
        f"a gradient other than 0; each value of this window gets {share} of the gradient of its unit."
    )


def _small(value: float) -> str:
    return f"{value:z.5f}".replace("-", "−")


def both_pools(pooled: Pooled | Step, averaged: Activation, channel: int) -> str:
    """Draw in HTML one output map of the max pool and of the average pool, on one scale.

    Args:
        pooled: The max pool.
        averaged: Output of the average pool, (C, h, w).
        channel: Channel of the map.
    """
    range_ = range_of(np.stack([pooled.output[channel], averaged[channel]]))
    maps = {"the largest of each window": pooled.output[channel], "the mean of each window": averaged[channel]}
    return f'<div class="pictures two">{"".join(picture(v, range_, name) for name, v in maps.items())}</div>'


def say_average(trace: Trace, averaged: Trace) -> str:
    """Say what the network predicts with each pool."""
    first, now = trace.prediction, averaged.prediction
    was, is_now = (escape_markdown(trace.class_name(k)) for k in (first, now))
    return (
        f"With the max pool the network predicts {was} with {words.percent(trace.probabilities[first])}; with an "
        f"average pool in its place it {'still ' if now == first else ''}predicts {is_now} with "
        f"{words.percent(averaged.probabilities[now])}. The logit of {was} goes from "
        f"{words.number(trace.logits[first])} to {words.number(averaged.logits[first])}. The weights were trained with "
        "the max pool, not with the average pool."
    )


def accuracy_columns(accuracy: PoolAccuracy) -> dict[str, list[str]]:
    """Return the accuracy with each pool as columns."""
    counts = (accuracy.average_pool, accuracy.max_pool)
    return {
        "pool": ["average, not trained", "max, as trained"],
        "correct": [f"{count:,} of {accuracy.images:,}" for count in counts],
        "accuracy": [f"{count / accuracy.images * 100:.2f}\xa0%" for count in counts],
    }


def as_csv(pooled: Pooled, gradient: PoolGradient, channel: int) -> str:
    """Return every window of one map as CSV: its values, its winner, the number of equal values, and its gradient."""
    names = [f"value {y}.{x}" for y, x in np.ndindex(pooled.window.kernel)]
    lines: list[Sequence[object]] = [["y", "x", *names, "winner y", "winner x", "equal values", "gradient"]]
    on_map = {*np.ndindex(pooled.input.shape[1:])}
    for y, x in np.ndindex(pooled.output.shape[1:]):
        unit = (channel, y, x)
        values = [
            f"{pooled.input[(channel, *place)]:.6g}" if place in on_map else ""
            for place in window_places(pooled.window, unit)
        ]
        at_output = f"{gradient.output[unit]:.6g}"
        lines.append([y, x, *values, *pooled.winners[unit].tolist(), int(pooled.ties[unit]), at_output])
    return swatches.as_csv(lines)
