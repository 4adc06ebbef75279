"""One unit worked out, ready for the browser: the two maps, every term, the sum."""

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
_UNRULED = {LayerKind.BATCH_NORM, LayerKind.RELU}  # their formula says it all; its parts are no product


def prepare(trace: Trace, explained: Explanation, window: Window, *, hidden: bool = False) -> dict[str, Any]:
    """Return what the browser shows of an explanation.

    Values are text as they are shown, formulas are HTML; a unit is ``[c, y, x]``. In front of the input is the map
    that adds most.

    Args:
        trace: What was recorded.
        explained: The unit.
        window: Of the units of its step.
        hidden: Whether its value is still asked for, so that nothing may give it away.
    """
    step, (channel, y, x) = trace[explained.name], explained.unit
    values = [words.number(value) for value in step.maps[channel].ravel().tolist()]
    source = trace.maps_of(explained.source)
    telling = hidden and step.kind is LayerKind.MAX_POOL  # its weights tell which value wins
    ruled = step.kind not in _UNRULED and not telling
    front = max(explained.channels, key=lambda c: abs(explained.channels[c])) if explained.terms else 0
    return {
        "name": explained.name,
        "source": explained.source,
        "unit": [channel, y, x],
        "window": asdict(window),
        "input": _map(source, front),
        "output": _map(step.maps, channel) | ({"values": [], "scale": ""} if hidden else {"values": values}),
        "bias": words.number(explained.bias),
        "groups": [_group(c, list(terms), ruled=ruled) for c, terms in groupby(explained.terms, key=_channel)],
        "symbols": typeset(explained.symbols),
        "formula": typeset(f"{explained.formula.rpartition(' = ')[0]} = ?" if hidden else explained.formula),
        "recorded": "?" if hidden else f"{explained.recorded:z.4f}".replace("-", "−"),
        "play": None if hidden else _play(step, source, channel, front),
    }


def _play(step: Step, source: Activation, channel: int, front: int) -> dict[str, Any] | None:
    """Return what the browser needs to work out every place of one input map; None where a window has one place.

    Values (H, W) of the map, row by row, and the weights (kH, kW) of its slice of the kernel; none for a max pool.
    """
    if step.kind not in _PLAYABLE or step.output[0].size == 1:
        return None
    weight = step.parameters.get("weight")
    return {
        "values": _exact(source[front]),
        # With groups a kernel has slices for its own group's maps only, counted from the group's first.
        "weights": None if weight is None else _exact(weight[channel, front % weight.shape[1]]),
    }


def _exact(values: Activation) -> list[float]:
    """Return values in as few digits as tell any two float32 apart."""
    return [float(f"{value:.9g}") for value in values.ravel().tolist()]


def field(pixels: Pixels, box: Box, *, large: bool = False) -> str:
    """Draw in HTML a digit (H, W) and on it the box that a unit can see; large where it is what to look at."""
    height, width = pixels.shape
    seen = box.clipped((height, width))
    places = {
        "top": seen.top / height,
        "left": seen.left / width,
        "height": seen.height / height,
        "width": seen.width / width,
    }
    style = "; ".join(f"{name}: {share:.2%}" for name, share in places.items())
    return (
        f'<div class="field{" large" if large else ""}">'
        f'<img src="{raster.grey(pixels)}" alt="The digit, and on it what the unit can see">'
        f'<i style="{style}; outline-color: {theme.HIGHLIGHT}"></i></div>'
    )


def say_field(pixels: Pixels, box: Box) -> str:
    """Say how many pixels of a digit (H, W) a unit can see, where they lie, and how many hold ink."""
    seen = box.clipped(pixels.shape)
    inked = int((pixels[seen.top : seen.bottom, seen.left : seen.right] > 0).sum())
    return (
        f"This unit can see {words.shape((box.height, box.width))} pixels of the digit: {words.box(box)}. "
        f"{inked} of them hold ink."
    )


def pixels_csv(pixels: Pixels, box: Box) -> str:
    """Return the pixels of a digit (H, W) that lie in a box as CSV: a line for each, with its ink from 0 to 255."""
    seen = box.clipped(pixels.shape)
    places = [(y, x) for y in range(seen.top, seen.bottom) for x in range(seen.left, seen.right)]
    return swatches.as_csv([("y", "x", "ink"), *((*place, int(pixels[place])) for place in places)])


def pixel_box(unit: Unit) -> Box:
    """Return the box of one pixel."""
    _, y, x = unit
    return Box(y, x, y + 1, x + 1)


def say(explained: Explanation, *, hidden: bool = False) -> str:
    """Say in words which unit is worked out, what the network recorded for it unless hidden, and what it takes in."""
    channel, y, x = explained.unit
    value = "?" if hidden else words.number(explained.recorded)
    maps = explained.channels
    said = (
        f"Unit y {y}, x {x} of map {channel} of {explained.name}, all counted from 0: {value}. "
        f"It takes in {len(explained.terms)} {'unit' if len(explained.terms) == 1 else 'units'} of {explained.source}."
    )
    if len(maps) > 1 and explained.bias:
        front = max(maps, key=lambda c: abs(maps[c]))
        said += (
            f" The sum has a number for each of the {len(maps)} input maps, in order, and last the bias; "
            f"map {front} counts most."
        )
    return f"{said} Numbers are shown rounded, and worked out with all their digits."


def say_logits(trace: Trace, name: str) -> str:
    """Say what the maps of a step have to do with the answer; nothing where they are no scores of classes."""
    step = trace[name]
    answer = f"{trace.prediction} ({words.percent(float(trace.probabilities[trace.prediction]))})"
    if step.kind is LayerKind.LOG_SOFTMAX:
        return f"Each unit is the logarithm of a class's probability. The largest is the answer: {answer}."
    if step.maps.size == trace.logits.size and np.array_equal(step.maps.ravel(), trace.logits):
        return (
            f"Each of these {trace.logits.size} maps stands for one digit, and its one unit is that digit's logit. "
            f"The largest is the answer: {answer}; log-softmax, the last step, makes probabilities of all of them."
        )
    return ""


def say_unprinted(trace: Trace, name: str) -> str:
    """Say where the step before is one that the printed table leaves out, or this one is; else nothing."""
    if not isinstance(trace[name], Row):
        return "The printed table leaves this step out, so it has no number above."
    before = trace.source(name)
    if before == IMAGE or isinstance(trace[before], Row):
        return ""
    return f"What comes in is from {before}, which the printed table leaves out: click a number to see it."


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


def _group(channel: int, terms: Sequence[Term], *, ruled: bool) -> dict[str, Any]:
    across = len({term.unit[2] for term in terms})
    return {
        "channel": channel,
        "columns": across,
        "sum": words.number(sum(term.product for term in terms)),
        "terms": [
            {
                "unit": list(term.unit),
                "value": words.number(term.value),
                "rule": _rule(term) if ruled else "",
                "counts": not ruled or term.weight is None or term.weight != 0,
            }
            for term in terms
        ],
    }


def _channel(term: Term) -> int:
    return term.unit[0]


def _rule(term: Term) -> str:
    return f"exp {term.product:.4g}" if term.weight is None else f"× {words.number(term.weight)}"


def terms_csv(explained: Explanation) -> str:
    """Return what a unit was made of with all digits: a line for each term, then the bias and what comes of them."""
    head = (f"map of {explained.source}", "y", "x", "value", "weight", "product")
    lines = [(*term.unit, term.value, term.weight, term.product) for term in explained.terms]
    ends = [("bias", *[""] * 4, explained.bias), ("recorded", *[""] * 4, explained.recorded)]
    return swatches.as_csv([head, *lines, *ends])
