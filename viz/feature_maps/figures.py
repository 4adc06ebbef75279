"""Feature maps: many side by side, and what they hold in words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.records import Activation
from model.trace.records import LayerKind, Step, Trace
from viz import theme
from viz.pictures import raster, swatches, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of


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


def choices(maps: Activation, *, shared: bool, selected: int) -> dict[str, Any]:
    """Return what the browser shows of maps (N, H, W) to choose from, numbered from 0.

    Args:
        maps: What to paint; on the diverging scale where any value is negative.
        shared: One scale for all of them, shown beneath; else one for each map, from its own extreme.
        selected: Position of the map that is framed.
    """
    ranges = _ranges(maps, shared)
    tiles = [
        {
            "picture": _paint(each, range_),
            "title": str(n),
            "says": f"Map {n}: {_say_values(each)}",
            "note": _note(each, range_, shared),
        }
        for n, (each, range_) in enumerate(zip(maps, ranges, strict=True))
    ]
    return {
        "tiles": tiles,
        "selected": selected,
        "columns": columns(len(maps)),
        "size": list(maps.shape[1:]),
        "scale": scale_bar(ranges[0]) if shared else "",
        "highlight": theme.HIGHLIGHT,
    }


def tiled(maps: Activation, titles: Sequence[str], *, shared: bool) -> str:
    """Draw maps (N, H, W) side by side in HTML.

    Args:
        maps: As for ``choices``.
        titles: One beneath each map.
        shared: As for ``choices``.
    """
    ranges = _ranges(maps, shared)
    drawn = ""
    for each, title, range_ in zip(maps, titles, ranges, strict=True):
        says, note = f"{title}: {_say_values(each)}", _note(each, range_, shared)
        small = f"<small>{note}</small>" if note else ""
        image = f'<img src="{_paint(each, range_)}" alt="{says}">'
        drawn += f'<figure data-says="{says}">{image}<figcaption>{title}{small}</figcaption></figure>'
    bar = scale_bar(ranges[0]) if shared else ""
    read = 'role="group" aria-label="Maps" tabindex="0" data-reads=""'
    return f'<div class="tiles"><div {read} style="--columns: {columns(len(maps))}">{drawn}</div>{bar}</div>'


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
    steps = ", ".join(f"{step.name} ({_say_values(step.maps[channel])})" for step in block)
    return f"Map {channel} after each step of its block, with its least and its largest value: {steps}.{off}"


def say_entering(step: Step, channel: int) -> str:
    """Say what one map holds that goes into a step."""
    ends = _say_values(step.input[channel])
    return f"Map {channel} as it goes into {step.name}, on its own scale: {ends}."


def say_others(step: Step, channel: int, maps: Mapping[str, Activation]) -> str:
    """Say how one map of a step answers to each digit, and to which most."""
    largest = {label: float(np.abs(values).max()) for label, values in maps.items()}
    most, least = max(largest, key=largest.__getitem__), min(largest, key=largest.__getitem__)
    return (
        f"Map {channel} of {step.name} for one sample of each digit, 0 to 9, on a scale of their own. Its largest "
        f"value, without the sign, is {words.number(largest[most])} for the {most}, and no more than "
        f"{words.number(largest[least])} for the {least}."
    )


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


def columns(count: int) -> int:
    """Return how many stand in a line: as square as it gets with no line left short, if that can be.

    >>> [columns(count) for count in (1, 4, 7, 8, 10, 16, 32)]
    [1, 2, 3, 4, 5, 4, 8]
    """
    root = math.ceil(math.sqrt(count))
    return next((n for n in range(root, 2 * root) if count % n == 0), root)


def _ranges(maps: Activation, shared: bool) -> list[Range]:
    """Return the range of each map; all are on the same scale."""
    signed = bool((maps < 0).any())
    return [range_of(maps if shared else each, signed=signed) for each in maps]


def _paint(values: Activation, range_: Range) -> str:
    return raster.mosaic(values[None], [range_], [(0, 0)])


def _say_values(values: Activation) -> str:
    ends = [words.number(float(end)) for end in (values.min(), values.max())]
    return ends[0] if values.size == 1 else " to ".join(ends)


def _note(values: Activation, range_: Range, shared: bool) -> str:
    """Return what stands beneath a map: its number, where it is a single one, and the range of a scale of its own."""
    if values.size == 1:
        return swatches.short(float(values.item()))
    if shared:
        return ""
    return f"{'±' if range_.signed else '0 to '}{swatches.short(range_.high)}"
