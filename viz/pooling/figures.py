"""Figures of a max pool: its winners, the discarded values, its gradient, and an average pool in its place."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from model.layers.records import Explanation
from model.pooling.records import PoolAccuracy, Pooled, PoolGradient
from model.receptive_field.records import ReceptiveField, Window
from model.records import Activation, Pair, Unit
from model.trace.records import Trace
from viz import theme
from viz.layers import worked_unit
from viz.pictures import raster, swatches, words
from viz.pictures.panels import picture
from viz.pictures.scaling import range_of

_DOT, _RING, _POINT, _EDGE = 0.46, 0.3, 0.1, 0.06  # sizes of marks; a unit is 1 wide


def prepare(trace: Trace, explained: Explanation, window: Window, pooled: Pooled) -> dict[str, Any]:
    """Return what the browser shows of the arithmetic of a unit, with the winners drawn on the map that goes in."""
    shown = worked_unit.prepare(trace, explained, window)
    return {**shown, "input": {**shown["input"], "picture": marked(pooled, explained.unit[0])}}


def marked(pooled: Pooled, channel: int) -> str:
    """Draw an input map of a pool, its windows, and the winner of each, as a data URI of SVG; a unit is 1 wide.

    A winner without a tie is a large dot. With a tie it is a white dot, and each equal value is a small black dot.
    """
    values = pooled.input[channel]
    height, width = values.shape
    (high, wide), (rows, columns) = pooled.window.kernel, pooled.output.shape[1:]
    picture = raster.mosaic(values[None], [range_of(pooled.input)], [(0, 0)])
    lines = "".join(f"M0 {y * high}H{columns * wide}" for y in range(rows + 1))
    lines += "".join(f"M{x * wide} 0V{rows * high}" for x in range(columns + 1))
    groups = [tied_places(pooled, (channel, y, x)) for y, x in np.ndindex(rows, columns)]
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
    """Draw dots with a black edge, as lines of length 0 with round ends: shorter than one circle each."""
    points = "".join(f"M{x}.5 {y}.5h0" for y, x in places)
    return (
        f'<path d="{points}" stroke="black" stroke-width="{size + 2 * _EDGE}"/>'
        f'<path class="{name}" d="{points}" stroke="{colour}" stroke-width="{size}"/>'
    )


def window_places(window: Window, unit: Unit) -> list[Pair]:
    """Return the positions (y, x) of a unit's window, row by row."""
    (high, wide), (_, y, x) = window.kernel, unit
    return [(y * high + down, x * wide + across) for down, across in np.ndindex(high, wide)]


def tied_places(pooled: Pooled, unit: Unit) -> list[Pair]:
    """Return the positions of the largest values of a unit's window; the first is its winner."""
    largest = pooled.output[unit]
    return [(y, x) for y, x in window_places(pooled.window, unit) if pooled.input[unit[0], y, x] == largest]


def place_of(pooled: Pooled, unit: Unit, name: str) -> Pair:
    """Return the position of a value of a unit's window: the winner, or ``y.x`` from the corner of the window."""
    if name == "winner":
        y, x = pooled.winners[unit].tolist()
        return y, x
    (top, left), (down, across) = window_places(pooled.window, unit)[0], map(int, name.split("."))
    return top + down, left + across


def name_of(pooled: Pooled, unit: Unit, where: Pair) -> str:
    """Return the name of a value of a unit's window, as ``place_of`` takes it; the winner is ``winner``."""
    top, left = window_places(pooled.window, unit)[0]
    return "winner" if where == place_of(pooled, unit, "winner") else f"{where[0] - top}.{where[1] - left}"


def largest(pooled: Pooled, channel: int) -> Pair:
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
    channel, (y, x) = unit[0], place
    won = place == tuple(pooled.winners[unit])
    box = source.box(place)
    return (
        f"{'The winner' if won else 'Another value'}, {words.number(pooled.input[channel, y, x])} at y {y}, x {x} of "
        f"the input map, depends on {words.shape(source.size)} pixels: {words.box(box)}. The receptive field of the "
        f"unit has {words.shape(whole.size)} pixels, but its value comes from those of its winner only."
    )


def say_stage(pooled: Pooled, unit: Unit) -> str:
    """Name the winner of a unit's window, and say how many windows of its map have a tie."""
    channel, y, x = unit
    winner_y, winner_x = pooled.winners[unit].tolist()
    many, size = len(tied_places(pooled, unit)), len(window_places(pooled.window, unit))
    tie = f" {many} of its {size} values are equal, so the first is the winner." if many > 1 else ""
    totals = pooled.totals(channel)
    return (
        f"Unit y {y}, x {x} of map {channel}: the winner of its window is {words.number(pooled.output[unit])}, at "
        f"y {winner_y}, x {winner_x} of the input map.{tie} {totals.tied} of the {totals.windows} windows of this map "
        "have a tie. Click the right map to choose a unit, or a number to trace it."
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
    for name, totals in {f"Map {channel}": pooled.totals(channel), "All maps": pooled.totals()}.items():
        columns[name] = [
            f"{totals.inputs:,}",
            f"{totals.outputs:,}",
            f"{totals.inputs - totals.outputs:,}",
            _long(totals.input_sum),
            _long(totals.output_sum),
            _long(totals.input_magnitude),
            _long(totals.output_magnitude),
            f"{totals.tied:,} of {totals.windows:,}",
            f"{totals.tied_at_relu_zero:,}",
            words.share_of_units(discarded_share(totals.output_magnitude, totals.input_magnitude)),
        ]
    return columns


def discarded_share(kept: float, whole: float) -> float:
    """Return the discarded share of a sum of absolute values; 0 if the sum is 0."""
    return 1 - kept / whole if whole else 0.0


def say_totals(pooled: Pooled) -> str:
    """Say how much is discarded, and why the sum does not measure it."""
    totals = pooled.totals()
    magnitude = discarded_share(totals.output_magnitude, totals.input_magnitude)
    discarded = words.share_of_units(1 - totals.outputs / totals.inputs)
    return (
        f"The pool keeps {totals.outputs:,} of {totals.inputs:,} values and discards {discarded}. Their sum goes from "
        f"{_long(totals.input_sum)} to {_long(totals.output_sum)}. This does not measure what is lost: after batch "
        "norm values can be negative, and the sum grows when a negative value is discarded. The sum of the absolute "
        f"values falls by {words.share_of_units(magnitude)}. {totals.tied:,} of {totals.windows:,} windows have a tie. "
        f"In {totals.tied_at_relu_zero:,} of them the ReLU set the largest values to 0, and batch norm maps all zeros "
        "of a map to the same number; in the other windows the values were equal before, for example where the image "
        "is blank."
    )


def _long(value: float) -> str:
    return f"{value:z,.1f}".replace("-", "−")


def gradients(gradient: PoolGradient, channel: int) -> str:
    """Draw in HTML the gradient of the logit at one input map, with the max pool and with the average pool."""
    maps = {"with the max pool": gradient.max_pool[channel], "with an average pool": gradient.average_pool[channel]}
    figures = (
        picture(values, range_of(values, signed=True), f"Map {channel}, {name}") for name, values in maps.items()
    )
    return f'<div class="pictures two">{"".join(figures)}</div>'


def say_gradient(gradient: PoolGradient, pooled: Pooled, unit: Unit) -> str:
    """Count the inputs with a gradient over all maps, and give the gradient at one unit and at its winner."""
    at_input, won = gradient.max_pool, pooled.won
    others, others_reached = int((~won).sum()), int((at_input[~won] != 0).sum())
    share = words.share_of_units(1 / len(window_places(pooled.window, unit)))
    y, x = pooled.winners[unit].tolist()
    return (
        f"The gradient of the logit of {gradient.target} with respect to each of the {at_input.size:,} input values. "
        f"**Max pool:** {int((at_input[won] != 0).sum()):,} of the {int(won.sum()):,} winners have a gradient other "
        f"than 0, and {others_reached:,} of the {others:,} other values. The gradient at unit y {unit[1]}, "
        f"x {unit[2]} is {_small(gradient.output[unit])}; its winner gets all of it, "
        f"{_small(at_input[unit[0], y, x])}. **Average pool:** {int((gradient.average_pool != 0).sum()):,} values have "
        f"a gradient other than 0; each value of a window gets {share} of the gradient of its unit."
    )


def _small(value: float) -> str:
    return f"{value:z.5f}".replace("-", "−")


def both_pools(pooled: Pooled, averaged: Activation, channel: int) -> str:
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
    return (
        f"With the max pool the network predicts {first} with {words.percent(trace.probabilities[first])}; with an "
        f"average pool in its place it {'still ' if now == first else ''}predicts {now} with "
        f"{words.percent(averaged.probabilities[now])}. The logit of {first} goes from "
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
    places = [f"value {y}.{x}" for y, x in np.ndindex(pooled.window.kernel)]
    lines: list[Sequence[object]] = [["y", "x", *places, "winner y", "winner x", "equal values", "gradient"]]
    for y, x in np.ndindex(pooled.output.shape[1:]):
        unit = (channel, y, x)
        values = [f"{pooled.input[channel, down, across]:.6g}" for down, across in window_places(pooled.window, unit)]
        at_output = f"{gradient.output[unit]:.6g}"
        lines.append([y, x, *values, *pooled.winners[unit].tolist(), int(pooled.ties[unit]), at_output])
    return swatches.as_csv(lines)
