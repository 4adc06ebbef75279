"""One unit worked out, ready for the browser: the two maps, every term, the sum."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from model.records import Activation, Box, Explanation, LayerKind, Pixels, Step, Term, Trace, Unit, Window
from viz import theme
from viz.figures import raster, words
from viz.figures.mathematics import typeset
from viz.figures.scaling import range_of

_PLAYABLE = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL}


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
    front = max(explained.channels, key=lambda c: abs(explained.channels[c])) if explained.terms else 0
    return {
        "name": explained.name,
        "source": explained.source,
        "unit": [channel, y, x],
        "window": asdict(window),
        "input": _map(source, front),
        "output": {**_map(step.maps, channel), "values": [] if hidden else values},
        "groups": [_group(c, list(terms)) for c, terms in groupby(explained.terms, key=lambda term: term.unit[0])],
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


def field(pixels: Pixels, box: Box) -> str:
    """Draw in HTML a digit (H, W) and on it the box that a unit can see."""
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
        f'<div class="field"><img src="{raster.grey(pixels)}" alt="The digit, and on it what the unit can see">'
        f'<i style="{style}; outline-color: {theme.HIGHLIGHT}"></i></div>'
    )


def pixel_box(unit: Unit) -> Box:
    """Return the box of one pixel."""
    _, y, x = unit
    return Box(y, x, y + 1, x + 1)


def say(explained: Explanation, *, hidden: bool = False) -> str:
    """Say in words which unit is worked out, what the network recorded for it unless hidden, and what it takes in."""
    channel, y, x = explained.unit
    value = "?" if hidden else words.number(explained.recorded)
    return (
        f"Unit y {y}, x {x} of map {channel} of {explained.name}: {value}. "
        f"It takes in {len(explained.terms)} {'unit' if len(explained.terms) == 1 else 'units'} of {explained.source}."
    )


def _map(maps: Activation, channel: int) -> dict[str, Any]:
    values = maps[channel]
    height, width = values.shape
    return {
        "channel": channel,
        "height": height,
        "width": width,
        "picture": raster.mosaic(values[None], [range_of(maps)], [(0, 0)]),
    }


def _group(channel: int, terms: Sequence[Term]) -> dict[str, Any]:
    across = len({term.unit[2] for term in terms})
    return {
        "channel": channel,
        "columns": across,
        "sum": words.number(sum(term.product for term in terms)),
        "terms": [
            {
                "unit": list(term.unit),
                "value": words.number(term.value),
                "rule": _rule(term),
                "counts": term.weight is None or term.weight != 0,
            }
            for term in terms
        ],
    }


def _rule(term: Term) -> str:
    return f"exp {term.product:.4g}" if term.weight is None else f"× {words.number(term.weight)}"
