"""A max pool: its winners on the map, what it throws away, where its gradient goes, and a digit that moves under it."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from model.layers.records import Explanation
from model.pooling.records import Pooled, PoolGradient, PoolScore
from model.receptive_field.records import ReceptiveField, Window
from model.records import Activation, Pair, Unit
from model.trace.records import Trace
from viz import theme
from viz.layers import workings
from viz.pictures import raster, swatches, words
from viz.pictures.panels import picture
from viz.pictures.scaling import range_of

_DOT, _RING, _POINT, _EDGE = 0.46, 0.3, 0.1, 0.06  # sizes of marks, where a unit is 1 wide; ties are quieter


def prepare(trace: Trace, explained: Explanation, window: Window, pooled: Pooled) -> dict[str, Any]:
    """Return what the browser shows of a unit worked out, with the winners drawn on the map that goes in."""
    shown = workings.prepare(trace, explained, window)
    return {**shown, "input": {**shown["input"], "picture": marked(pooled, explained.unit[0])}}


def marked(pooled: Pooled, channel: int) -> str:
    """Draw a map that goes into a pool, its windows, and the winner in each, as a data URI of SVG; a unit is 1 wide.

    A winner alone is a filled dot. Where others are as large it is a ring, and each of the others a point.
    """
    values = pooled.input[channel]
    height, width = values.shape
    (high, wide), (rows, columns) = pooled.window.kernel, pooled.output.shape[1:]
    picture = raster.mosaic(values[None], [range_of(pooled.input)], [(0, 0)])
    lines = "".join(f"M0 {y * high}H{columns * wide}" for y in range(rows + 1))
    lines += "".join(f"M{x * wide} 0V{rows * high}" for x in range(columns + 1))
    groups = [equals(pooled, (channel, y, x)) for y, x in np.ndindex(rows, columns)]
    marks = _dots("alone", [group[0] for group in groups if len(group) == 1], _DOT, theme.HIGHLIGHT)
    marks += _dots("first", [group[0] for group in groups if len(group) > 1], _RING, "white")
    marks += _dots("equal", [each for group in groups for each in group[1:]], _POINT, "black")
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width * 20}" '
        f'height="{height * 20}" stroke-linecap="round"><image href="{picture}" width="{width}" height="{height}" '
        f'style="image-rendering: pixelated"/><path d="{lines}" stroke="black" stroke-opacity="0.4" '
        f'stroke-width="{_EDGE}"/>{marks}</svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.encode()).decode()


def _dots(name: str, places: Sequence[Pair], size: float, colour: str) -> str:
    """Draw dots with a black edge: lines of no length with round ends, far less text than a circle each."""
    points = "".join(f"M{x}.5 {y}.5h0" for y, x in places)
    return (
        f'<path d="{points}" stroke="black" stroke-width="{size + 2 * _EDGE}"/>'
        f'<path class="{name}" d="{points}" stroke="{colour}" stroke-width="{size}"/>'
    )


def covered(window: Window, unit: Unit) -> list[Pair]:
    """Return the places (y, x) of a unit's window, line by line."""
    (high, wide), (_, y, x) = window.kernel, unit
    return [(y * high + down, x * wide + across) for down, across in np.ndindex(high, wide)]


def equals(pooled: Pooled, unit: Unit) -> list[Pair]:
    """Return where the largest values of a unit's window lie; the first of them is its winner."""
    largest = pooled.output[unit]
    return [(y, x) for y, x in covered(pooled.window, unit) if pooled.input[unit[0], y, x] == largest]


def place(pooled: Pooled, unit: Unit, name: str) -> Pair:
    """Return where a value of a unit's window lies: its winner, or the one ``y.x`` from the window's corner."""
    if name == "winner":
        y, x = pooled.winners[unit].tolist()
        return y, x
    (top, left), (down, across) = covered(pooled.window, unit)[0], map(int, name.split("."))
    return top + down, left + across


def name_of(pooled: Pooled, unit: Unit, where: Pair) -> str:
    """Return the name that ``place`` knows a value of a unit's window by; the winner's is ``winner``."""
    top, left = covered(pooled.window, unit)[0]
    return "winner" if where == place(pooled, unit, "winner") else f"{where[0] - top}.{where[1] - left}"


def largest(pooled: Pooled, channel: int) -> Pair:
    """Return where a map of the pool is largest: a window that somebody won."""
    y, x = divmod(int(pooled.output[channel].argmax()), pooled.output.shape[2])
    return y, x


def key() -> str:
    """Explain the marks in HTML."""
    kinds = {
        "won alone": f"background: {theme.HIGHLIGHT}",
        "first of equals": "background: white",
        "as large, but not first": "background: black; transform: scale(0.5)",
    }
    marks = "".join(f'<li><i style="{style}"></i>{name}</li>' for name, style in kinds.items())
    return f'<ul class="marks">{marks}</ul>'


def say_traced(pooled: Pooled, unit: Unit, place: Pair, source: ReceptiveField, whole: ReceptiveField) -> str:
    """Say which value of a window the digit's box belongs to, and how much of what the unit could see that is.

    Args:
        pooled: The pool.
        unit: Of the pool.
        place: Of one value of its window, (y, x).
        source: The field of what goes in.
        whole: The field of what comes out.
    """
    channel, (y, x) = unit[0], place
    won = place == tuple(pooled.winners[unit])
    box = source.box(place)
    return (
        f"{'The winner' if won else 'A value that lost'}, {words.number(pooled.input[channel, y, x])} at y {y}, x {x} "
        f"of the map that goes in, was made of {words.shape(source.size)} pixels: {words.box(box)}. The unit could see "
        f"{words.shape(whole.size)} of them, but passes on only what its winner saw."
    )


def say_stage(pooled: Pooled, unit: Unit) -> str:
    """Say what a unit's window holds, which value wins, and how many windows of its map tie."""
    channel, y, x = unit
    line, place = pooled.winners[unit].tolist()
    many = len(equals(pooled, unit))
    tie = f" {many} of the {len(covered(pooled.window, unit))} are equal, so the first wins." if many > 1 else ""
    account = pooled.account(channel)
    return (
        f"Unit y {y}, x {x} of map {channel}: the winner of its window is {words.number(pooled.output[unit])}, at "
        f"y {line}, x {place} of the map that goes in.{tie} In {account.tied} of the {account.windows} windows of this "
        "map the largest value stands more than once. Click the right map to choose a unit, or a number to trace it."
    )


def accounts(pooled: Pooled, channel: int) -> dict[str, list[str]]:
    """Return as columns what goes into the pool and what comes out, for one map and for all of them."""
    columns: dict[str, list[str]] = {
        "What": [
            "Values in",
            "Values out",
            "Thrown away",
            "Sum in",
            "Sum out",
            "Absolute sum in",
            "Absolute sum out",
            "Windows with a tie",
            "… of zeros of the ReLU",
            "Absolute sum thrown away",
        ]
    }
    for name, account in {f"Map {channel}": pooled.account(channel), "All maps": pooled.account()}.items():
        columns[name] = [
            f"{account.values:,}",
            f"{account.kept:,}",
            f"{account.values - account.kept:,}",
            *(_long(value) for value in (account.total, account.kept_total, account.magnitude, account.kept_magnitude)),
            f"{account.tied:,} of {account.windows:,}",
            f"{account.silent:,}",
            words.share_of_units(lost_share(account.kept_magnitude, account.magnitude)),
        ]
    return columns


def lost_share(kept: float, whole: float) -> float:
    """Return which share of a sum of absolute values is thrown away; 0 where there is nothing to lose."""
    return 1 - kept / whole if whole else 0.0


def say_account(pooled: Pooled) -> str:
    """Say how much is thrown away, and why the plain sum cannot tell."""
    account = pooled.account()
    lost = lost_share(account.kept_magnitude, account.magnitude)
    gone = words.share_of_units(1 - account.kept / account.values)
    return (
        f"Of {account.values:,} values {account.kept:,} are kept: {gone} are thrown away. Their sum goes from "
        f"{_long(account.total)} to {_long(account.kept_total)}. That is no measure of what is lost: after batch norm "
        "values have signs, and a negative one that goes makes the sum larger. The sum of the absolute values loses "
        f"{words.share_of_units(lost)}. {account.tied:,} of {account.windows:,} windows tie. In {account.silent:,} of "
        "these the ReLU had made the largest values 0, which batch norm turns into one number for all of a map; in the "
        "rest they were equal before that, as where nothing is drawn."
    )


def _long(value: float) -> str:
    return f"{value:z,.1f}".replace("-", "−")


def gradients(gradient: PoolGradient, channel: int) -> str:
    """Draw in HTML the gradient of the logit at one map that goes into the pool: max pool, then average pool."""
    maps = {"with the max pool": gradient.kept[channel], "with an average pool": gradient.shared[channel]}
    figures = (
        picture(values, range_of(values, signed=True), f"Map {channel}, {name}") for name, values in maps.items()
    )
    return f'<div class="pictures two">{"".join(figures)}</div>'


def say_gradient(gradient: PoolGradient, pooled: Pooled, unit: Unit) -> str:
    """Say where the gradient goes, counted over all maps, and at the winner of one unit."""
    kept, shared, won = gradient.kept, gradient.shared, pooled.won
    losers, reached = int((~won).sum()), int((kept[~won] != 0).sum())
    quarter = words.share_of_units(1 / len(covered(pooled.window, unit)))
    y, x = pooled.winners[unit].tolist()
    return (
        f"How the logit of {gradient.target} changes with each of the {kept.size:,} values that go in. "
        f"**Max pool:** {reached:,} of the {losers:,} values that lost have a gradient, and "
        f"{int((kept[won] != 0).sum()):,} of the {int(won.sum()):,} that won. "
        f"Unit y {unit[1]}, x {unit[2]} is sent {_small(gradient.passed[unit])}, and hands all of it, "
        f"{_small(kept[unit[0], y, x])}, to its winner. **Average pool:** {int((shared != 0).sum()):,} values have a "
        f"gradient; each value of a window gets {quarter} of what its unit is sent."
    )


def _small(value: float) -> str:
    return f"{value:z.5f}".replace("-", "−")


def kinds(pooled: Pooled, averaged: Activation, channel: int) -> str:
    """Draw in HTML what the two kinds of pool make of one map, on one scale.

    Args:
        pooled: By the largest value.
        averaged: By the mean, (C, h, w).
        channel: Of the map.
    """
    range_ = range_of(np.stack([pooled.output[channel], averaged[channel]]))
    maps = {"the largest of each window": pooled.output[channel], "the mean of each window": averaged[channel]}
    return f'<div class="pictures two">{"".join(picture(v, range_, name) for name, v in maps.items())}</div>'


def say_average(trace: Trace, averaged: Trace) -> str:
    """Say what the network reads with either pool."""
    first, now = trace.prediction, averaged.prediction
    return (
        f"With the max pool it reads {first} with {words.percent(trace.probabilities[first])}; with an average pool in "
        f"its place {'still ' if now == first else ''}{now} with {words.percent(averaged.probabilities[now])}. The "
        f"logit of {first} goes from {words.number(trace.logits[first])} to {words.number(averaged.logits[first])}. "
        "No weight was trained for the average pool: what comes after it still expects the largest values."
    )


def scores(score: PoolScore) -> dict[str, list[str]]:
    """Return as columns how many images are read right with either pool."""
    return {
        "pool": ["average, not trained for", "max, as trained"],
        "right": [f"{right:,} of {score.images:,}" for right in (score.mean, score.maximum)],
        "share": [f"{right / score.images * 100:.2f}\xa0%" for right in (score.mean, score.maximum)],
    }


def as_csv(pooled: Pooled, gradient: PoolGradient, channel: int) -> str:
    """Return every window of one map as CSV: its values, its winner, how many tie, and what gradient it is sent."""
    places = [f"value {y}.{x}" for y, x in np.ndindex(pooled.window.kernel)]
    lines: list[Sequence[object]] = [["y", "x", *places, "winner y", "winner x", "as large", "gradient"]]
    for y, x in np.ndindex(pooled.output.shape[1:]):
        unit = (channel, y, x)
        values = [f"{pooled.input[channel, down, across]:.6g}" for down, across in covered(pooled.window, unit)]
        passed = f"{gradient.passed[unit]:.6g}"
        lines.append([y, x, *values, *pooled.winners[unit].tolist(), int(pooled.ties[unit]), passed])
    return swatches.as_csv(lines)
