"""The arithmetic of one unit: the data for the browser, its words, and its CSV."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

import numpy as np

from model.layers.records import Explanation, Term
from model.receptive_field.records import Box, Window
from model.records import IMAGE, Activation, Pixels, Unit
from model.trace.records import LayerKind, Row, Step, Trace
from viz import theme
from viz.pictures import raster, swatches, words
from viz.pictures.mathematics import typeset
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import range_of

_PLAYABLE = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL}
_NO_WEIGHTS = {LayerKind.BATCH_NORM, LayerKind.RELU}  # their formula is not a product of input and weight


def prepare(trace: Trace, explained: Explanation, window: Window, *, hidden: bool = False) -> dict[str, Any]:
    """Return the data of the component ``workings``.

    Values are text as shown, formulas are HTML; a unit is ``[c, y, x]``. The input map shown is the one that adds
    most.

    Args:
        trace: The recorded forward pass.
        explained: The arithmetic of the unit.
        window: The window of its step.
        hidden: Whether the value is an open question; it is left out then.
    """
    step, (channel, y, x) = trace[explained.name], explained.unit
    values = [words.number(value) for value in step.maps[channel].ravel().tolist()]
    source = trace.maps_of(explained.source)
    reveals = hidden and step.kind is LayerKind.MAX_POOL  # its weights reveal the largest value
    weighted = step.kind not in _NO_WEIGHTS and not reveals
    front = max(explained.channels, key=lambda c: abs(explained.channels[c])) if explained.terms else 0
    return {
        "name": explained.name,
        "source": explained.source,
        "unit": [channel, y, x],
        "window": asdict(window),
        "input": _map(source, front),
        "output": _map(step.maps, channel) | ({"values": [], "scale": ""} if hidden else {"values": values}),
        "bias": words.number(explained.bias),
        "groups": [_group(c, list(terms), weighted=weighted) for c, terms in groupby(explained.terms, key=_channel)],
        "symbols": typeset(explained.symbols),
        "formula": typeset(f"{explained.formula.rpartition(' = ')[0]} = ?" if hidden else explained.formula),
        "recorded": "?" if hidden else f"{explained.recorded:z.4f}".replace("-", "−"),
        "play": None if hidden else _play(step, source, channel, front),
    }


def _play(step: Step, source: Activation, channel: int, front: int) -> dict[str, Any] | None:
    """Return what the browser needs to play the window over one input map; None where the output is one unit.

    The values (H, W) of the map, row by row, and the weights (kH, kW) of its kernel slice; none for a max pool.
    """
    if step.kind not in _PLAYABLE or step.output[0].size == 1:
        return None
    weight = step.parameters.get("weight")
    return {
        "values": _shortest(source[front]),
        # With groups a kernel has slices for the maps of its own group only.
        "weights": None if weight is None else _shortest(weight[channel, front % weight.shape[1]]),
    }


def _shortest(values: Activation) -> list[float]:
    """Return values with nine digits, which are enough to distinguish any two float32."""
    return [float(f"{value:.9g}") for value in values.ravel().tolist()]


def receptive_field(pixels: Pixels, box: Box, *, large: bool = False) -> str:
    """Draw in HTML a digit (H, W) and the receptive field of a unit on it; large where it is the main figure."""
    height, width = pixels.shape
    visible = box.clipped((height, width))
    sides = {
        "top": visible.top / height,
        "left": visible.left / width,
        "height": visible.height / height,
        "width": visible.width / width,
    }
    style = "; ".join(f"{name}: {share:.2%}" for name, share in sides.items())
    return (
        f'<div class="field{" large" if large else ""}">'
        f'<img src="{raster.image(pixels)}" alt="The digit, with the receptive field of the unit">'
        f'<i style="{style}; outline-color: {theme.HIGHLIGHT}"></i></div>'
    )


def say_receptive_field(pixels: Pixels, box: Box) -> str:
    """Say the size and the place of a unit's receptive field on a digit (H, W), and how many pixels have ink."""
    visible = box.clipped(pixels.shape)
    inked = int((pixels[visible.top : visible.bottom, visible.left : visible.right] > 0).sum())
    return (
        f"The receptive field of this unit is {words.shape((box.height, box.width))} pixels: {words.box(box)}. "
        f"{inked} of them have ink."
    )


def pixels_csv(pixels: Pixels, box: Box) -> str:
    """Return the pixels of a digit (H, W) in a box as CSV: a line for each pixel, with its ink from 0 to 255."""
    inside = box.clipped(pixels.shape)
    positions = [(y, x) for y in range(inside.top, inside.bottom) for x in range(inside.left, inside.right)]
    return swatches.as_csv([("y", "x", "ink"), *((*position, int(pixels[position])) for position in positions)])


def pixel_box(unit: Unit) -> Box:
    """Return the box of one pixel."""
    _, y, x = unit
    return Box(y, x, y + 1, x + 1)


def say(explained: Explanation, *, hidden: bool = False) -> str:
    """Say the unit, its recorded value unless hidden, and its input units."""
    channel, y, x = explained.unit
    value = "?" if hidden else words.number(explained.recorded)
    maps = explained.channels
    said = (
        f"Unit y {y}, x {x} of map {channel} of {explained.name}, all counted from 0: {value}. "
        f"Its input is {len(explained.terms)} {'unit' if len(explained.terms) == 1 else 'units'} of {explained.source}."
    )
    if len(maps) > 1 and explained.bias:
        front = max(maps, key=lambda c: abs(maps[c]))
        said += (
            f" The sum has one number for each of the {len(maps)} input maps, in order, and the bias; "
            f"map {front} adds most."
        )
    return f"{said} Numbers are rounded on screen only."


def say_logits(trace: Trace, step: Step) -> str:
    """Say what the maps of a step mean for the prediction; empty where they are not the scores of classes."""
    prediction = f"{trace.prediction} ({words.percent(float(trace.probabilities[trace.prediction]))})"
    if step.kind is LayerKind.LOG_SOFTMAX:
        return f"Each unit is the log-probability of a class. The largest is the prediction: {prediction}."
    if step.maps.size == trace.logits.size and np.array_equal(step.maps.ravel(), trace.logits):
        return (
            f"Each of these {trace.logits.size} maps has one unit, the logit of one class. "
            f"The largest is the prediction: {prediction}. Log-softmax, the last step, turns all logits into "
            "log-probabilities."
        )
    return ""


def say_unprinted(trace: Trace, step: Step) -> str:
    """Say whether this step or its source is missing in the printed table; empty where neither is."""
    if not isinstance(step, Row):
        return "The printed table leaves this step out, so it has no number above."
    before = trace.source(step.name)
    if before == IMAGE or isinstance(trace[before], Row):
        return ""
    return f"The input comes from {before}, which the printed table leaves out. Click a number to see it."


def _map(maps: Activation, channel: int) -> dict[str, Any]:
    values, range_ = maps[channel], range_of(maps)
    height, width = values.shape
    return {
        "channel": channel,
        "scale": scale_bar(range_),
        "height": height,
        "width": width,
        "picture": raster.mosaic(values[None], [range_], [(0, 0)]),
    }


def _group(channel: int, terms: Sequence[Term], *, weighted: bool) -> dict[str, Any]:
    across = len({term.unit[2] for term in terms})
    return {
        "channel": channel,
        "columns": across,
        "sum": words.number(sum(term.product for term in terms)),
        "terms": [
            {
                "unit": list(term.unit),
                "value": words.number(term.value),
                "rule": _factor(term) if weighted else "",
                "counts": not weighted or term.weight is None or term.weight != 0,
            }
            for term in terms
        ],
    }


def _channel(term: Term) -> int:
    return term.unit[0]


def _factor(term: Term) -> str:
    return f"exp {term.product:.4g}" if term.weight is None else f"× {words.number(term.weight)}"


def terms_csv(explained: Explanation) -> str:
    """Return the terms of a unit as CSV in full precision, then the bias and the recorded value."""
    head = (f"map of {explained.source}", "y", "x", "value", "weight", "product")
    lines = [(*term.unit, term.value, term.weight, term.product) for term in explained.terms]
    ends = [("bias", *[""] * 4, explained.bias), ("recorded", *[""] * 4, explained.recorded)]
    return swatches.as_csv([head, *lines, *ends])
