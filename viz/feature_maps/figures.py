"""Feature maps side by side, and their values in words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.records import Activation
from model.trace.records import LayerKind, Step, Trace
from viz.pictures import raster, swatches, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of

_WITH_KERNELS = {LayerKind.CONVOLUTION, LayerKind.LINEAR}  # a weight for each map, and for each of its inputs


@dataclass(frozen=True, slots=True)
class Statistics:
    """Four statistics of a feature map; ``zeros`` is the share of units that are exactly zero."""

    minimum: float
    maximum: float
    mean: float
    zeros: float

    @classmethod
    def of(cls, values: Activation) -> "Statistics":
        """Compute the statistics of values of any shape."""
        return cls(float(values.min()), float(values.max()), float(values.mean()), float((values == 0).mean()))


def titles(trace: Trace, step: Step) -> list[str]:
    """Return what the maps of a step are called: the names of classes where each is a score of one, else numbers."""
    scores = (trace.logits, trace.log_probabilities, trace.probabilities)
    if any(np.array_equal(step.output.ravel(), score) for score in scores):
        return [trace.class_name(k) for k in range(len(trace.logits))]
    return [str(channel) for channel in range(len(step.maps))]


def choices(
    maps: Activation, shown: Sequence[int], names: Sequence[str], *, shared: bool, selected: int
) -> dict[str, Any]:
    """Return the data of the component ``map_grid``, which shows maps (N, H, W) to choose from.

    Maps of one unit are a strip of cells, each with its name and its value.

    Args:
        maps: On the diverging scale where any value is negative.
        shown: The maps that are shown, in this order.
        names: What each map is called.
        shared: Whether all maps have one scale, shown below them; otherwise each map has its own.
        selected: The selected map.
    """
    ranges = _ranges(maps, shared, shown)
    tiles = [
        {
            "picture": _paint(each, range_),
            "title": names[n],
            "says": f"Map {n}{'' if names[n] == str(n) else f', {names[n]}'}: {_say_values(each)}",
            "note": _note(each, range_, shared),
        }
        for n, each, range_ in zip(shown, maps[list(shown)], ranges, strict=True)
    ]
    return {
        "tiles": tiles,
        "selected": shown.index(selected) if selected in shown else -1,
        "columns": columns(len(shown)),
        "strip": maps[0].size == 1,
        "size": list(maps.shape[1:]),
        "scale": scale_bar(ranges[0]) if shared else "",
    }


def tiled(maps: Activation, titles: Sequence[str], *, shared: bool) -> str:
    """Draw maps (N, H, W) side by side in HTML.

    Args:
        maps: As for ``choices``.
        titles: One below each map.
        shared: As for ``choices``.
    """
    ranges = _ranges(maps, shared, range(len(maps)))
    drawn = ""
    for each, title, range_ in zip(maps, titles, ranges, strict=True):
        says, note = f"{title}: {_say_values(each)}", _note(each, range_, shared)
        small = f"<small>{note}</small>" if note else ""
        image = f'<span class="picture"><img src="{_paint(each, range_)}" alt="{says}"></span>'
        drawn += f'<figure data-says="{says}">{image}<figcaption>{title}{small}</figcaption></figure>'
    bar = scale_bar(ranges[0]) if shared else ""
    read = 'role="group" aria-label="Maps" tabindex="0" data-reads=""'
    kind = "tiles strip" if maps[0].size == 1 else "tiles"
    return f'<div class="{kind}"><div {read} style="--columns: {columns(len(maps))}">{drawn}</div>{bar}</div>'


def say_tiled(step: Step, shared: bool) -> str:
    """Say what the figure of all maps of a step shows."""
    measured = Statistics.of(step.output)
    scale = "one scale for all" if shared else "each on its own scale"
    sign = "blue is negative, red is positive" if measured.minimum < 0 else "black is zero"
    return (
        f"{step.name} ({step.kind}): {words.count(len(step.maps), 'map')}, {scale}; {sign}. The values range from "
        f"{words.number(measured.minimum)} to {words.number(measured.maximum)}; "
        f"{words.share_of_units(measured.zeros)} of them are exactly zero."
    )


def say_map(trace: Trace, step: Step, channel: int) -> str:
    """Say the statistics of one map of a step, and what it means where it is a score."""
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
    """Say what the figure of one map through its block shows."""
    off = " Dropout is off here and changes nothing." if any(s.kind is LayerKind.DROPOUT for s in block) else ""
    steps = ", ".join(f"{step.name} ({_say_values(step.maps[channel])})" for step in block)
    return f"Map {channel} after each step of its block, with its smallest and its largest value: {steps}.{off}"


def say_input(step: Step, channel: int) -> str:
    """Say the range of one input map of a step."""
    ends = _say_values(step.input[channel])
    return f"Input map {channel} of {step.name}, on its own scale: {ends}."


def say_others(step: Step, channel: int, maps: Mapping[str, Activation]) -> str:
    """Say for which class one map of a step is most and least active."""
    largest = {label: float(np.abs(values).max()) for label, values in maps.items()}
    most, least = max(largest, key=largest.__getitem__), min(largest, key=largest.__getitem__)
    return (
        f"Map {channel} of {step.name} for one sample of each class, on their own scale. Its largest absolute value "
        f"ranges from {words.number(largest[least])} for the {least} to {words.number(largest[most])} "
        f"for the {most}."
    )


def say_parameters(step: Step, channel: int) -> str:
    """Say the parameters and buffers that one map of a step has."""
    values = {**step.parameters, **step.buffers}
    if step.kind in _WITH_KERNELS:
        kernel = values["weight"][channel]
        bias = f", and a bias of {words.number(values['bias'][channel])}" if "bias" in values else ""
        kind = "one square for each input map" if kernel.ndim == 3 else "one for each input"
        return f"{step.name}: {words.shape(kernel.shape)} weights, {kind}{bias}."
    if step.kind == LayerKind.BATCH_NORM and "running_mean" in values:
        mean, variance = (words.number(values[key][channel]) for key in ("running_mean", "running_var"))
        scale, shift = (words.number(values[key][channel]) if key in values else "" for key in ("weight", "bias"))
        affine, learned = (f" × {scale} + {shift}", "Scale and shift are learned; mean") if scale else ("", "Mean")
        return (
            f"{step.name}: (x − {mean}) / √{variance}{affine}. {learned} and variance are running averages over the "
            "training images."
        )
    said = [f"{key} {words.shape(each.shape)}" for key, each in step.parameters.items()]
    return f"{step.name}: {', '.join(said)}."


def columns(count: int) -> int:
    """Return the number of columns: as square as possible, with full lines where possible.

    >>> [columns(count) for count in (1, 4, 7, 8, 10, 16, 32)]
    [1, 2, 3, 4, 5, 4, 8]
    """
    root = math.ceil(math.sqrt(count))
    return next((n for n in range(root, 2 * root) if count % n == 0), root)


def _ranges(maps: Activation, shared: bool, shown: Sequence[int]) -> list[Range]:
    """Return the range of each map that is shown, all on the same kind of scale."""
    signed = bool((maps < 0).any())
    if shared:
        return [range_of(maps, signed=signed)] * len(shown)
    return [range_of(maps[n], signed=signed) for n in shown]


def _paint(values: Activation, range_: Range) -> str:
    return raster.mosaic(values[None], [range_], [(0, 0)])


def _say_values(values: Activation) -> str:
    ends = [words.number(float(end)) for end in (values.min(), values.max())]
    return ends[0] if values.size == 1 else " to ".join(ends)


def _note(values: Activation, range_: Range, shared: bool) -> str:
    """Return the note below a map: the value of a single unit, or the range of the map's own scale."""
    if values.size == 1:
        return swatches.short(float(values.item()))
    if shared:
        return ""
    return f"{'±' if range_.signed else '0 to '}{swatches.short(range_.high)}"
