"""The arithmetic of one unit: the data for the browser, its words, and its CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from model.layers.records import Explanation, Term
from model.receptive_field.records import Box, Field, NoSingleWindow, ReceptiveField, Window
from model.records import IMAGE, Activation, Pixels, Unit
from model.trace.records import LayerKind, Row, Step, Trace
from viz import theme
from viz.feature_maps.figures import titles
from viz.layers import sums
from viz.pictures import raster, swatches, words
from viz.pictures.mathematics import typeset
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import range_of

_PLAYABLE = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL}
_WINDOWS = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL}
_MOST_CELLS = 128  # of a strip
_MOST_INPUTS = 3  # further steps whose maps are drawn
_MOST_MAPS = 64  # input maps that are shown one by one
_CLEARLY = 0.25  # of the range of a map: that much its values differ where there is ink
_POINT = Window((1, 1))
_MOST_UNITS = 100_000  # of the input maps that can be shown in place of the first one
_NO_WEIGHTS = {LayerKind.BATCH_NORM, LayerKind.RELU}  # their formula is not a product of input and weight


def prepare(trace: Trace, explained: Explanation, window: Window | None, *, hidden: bool = False) -> dict[str, Any]:
    """Return the data of the component ``workings``.

    Values are text as shown, formulas are HTML; a unit is ``[c, y, x]``. The input map shown is the one that adds
    most. Of very many input maps those that add most are shown one by one, and the others as one sum.

    Args:
        trace: The recorded forward pass.
        explained: The arithmetic of the unit.
        window: The window of its step; None where it has no single one.
        hidden: Whether the value is an open question; it is left out then.
    """
    step, (channel, y, x) = trace[explained.name], explained.unit
    values = [words.number(value) for value in step.maps[channel].ravel().tolist()]
    reveals = hidden and step.kind == LayerKind.MAX_POOL  # its weights reveal the largest value
    about = traits(step, window)
    weighted = about["weighted"] and not reveals
    groups = _by_map(explained)
    name, front = max(groups, key=lambda each: abs(sums.total(groups[each]))) if groups else (explained.source, 0)
    source = trace.maps_of(name) if name else step.maps
    shown = _most(groups)
    several = len({source for source, _ in groups}) > 1
    pictures = _pictures(trace, shown)
    return {
        "name": explained.name,
        "source": name,
        "unit": [channel, y, x],
        "window": about["window"],
        "covered": None if about["sliding"] else _covered(groups.get((name, front), ())),
        "input": _map(source, min(front, len(source) - 1)),
        "others": _other_inputs(trace, groups, name),
        "output": _map(step.maps, channel)
        | ({"values": [], "scale": ""} if hidden else {"values": values, "strip": strip(trace, step)}),
        "bias": words.number(explained.bias),
        "groups": [
            _group(key, groups[key], weighted=weighted, named=several, hidden=hidden)
            | {"picture": pictures.get(key, "")}
            for key in shown
        ],
        "more": f"{'All ' if len(shown) == len(groups) else f'{len(shown)} of '}{len(groups):,} input maps",
        "symbols": typeset(explained.symbols),
        "formula": sums.draw(explained, groups, shown, hidden=hidden),
        "recorded": "?" if hidden else f"{explained.recorded:z.4f}".replace("-", "−"),
        "play": _play(step, source, channel, front, window) if window and about["playable"] and not hidden else None,
    }


def traits(step: Step, window: Window | None) -> dict[str, Any]:
    """Return what the browser needs to know of a step, whichever unit of it is shown.

    Args:
        step: The step.
        window: Its window; None where it has no single one.
    """
    return {
        "window": asdict(window or _POINT),
        "sliding": window is not None and step.kind in _WINDOWS,
        "playable": window is not None and step.kind in _PLAYABLE and step.output[0].size > 1,
        "weighted": step.kind not in _NO_WEIGHTS,
    }


def _by_map(explained: Explanation) -> dict[tuple[str, int], list[Term]]:
    """Return the terms by input step and map, in order."""
    groups = dict[tuple[str, int], list[Term]]()
    for term in explained.terms:
        groups.setdefault((term.source or explained.source, term.unit[0]), []).append(term)
    return groups


def _most(groups: Mapping[tuple[str, int], Sequence[Term]]) -> list[tuple[str, int]]:
    """Return the input maps that add most, in order; all of them where they are few."""
    if len(groups) <= _MOST_MAPS:
        return [*groups]
    largest = {*sorted(groups, key=lambda each: -abs(sums.total(groups[each])))[:_MOST_MAPS]}
    return [each for each in groups if each in largest]


def _other_inputs(trace: Trace, groups: Mapping[tuple[str, int], Sequence[Term]], name: str) -> list[dict[str, Any]]:
    """Return the map that adds most of each other step that goes into this one, such as the second one of an add."""
    fronts = dict[str, int]()
    for source, channel in sorted(groups, key=lambda each: -abs(sums.total(groups[each]))):
        fronts.setdefault(source, channel)
    return [
        _map(trace.maps_of(source), channel) | {"source": source, "covered": _covered(groups[source, channel])}
        for source, channel in fronts.items()
        if source != name
    ][:_MOST_INPUTS]


def _pictures(trace: Trace, shown: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Return a picture of each input map that is shown, where they are several and not very large."""
    if len(shown) < 2 or not all(name for name, _ in shown):
        return {}
    maps = {key: trace.maps_of(key[0])[key[1]] for key in shown}
    if max(each.size for each in maps.values()) == 1 or sum(each.size for each in maps.values()) > _MOST_UNITS:
        return {}
    ranges = {name: range_of(trace.maps_of(name)) for name, _ in shown}
    return {key: raster.mosaic(each[None], [ranges[key[0]]], [(0, 0)]) for key, each in maps.items()}


def _covered(terms: Sequence[Term]) -> list[int]:
    """Return the smallest box around the units of some terms, half-open: top, left, bottom, right."""
    if not terms:
        return [0, 0, 0, 0]
    ys, xs = [term.unit[1] for term in terms], [term.unit[2] for term in terms]
    return [min(ys), min(xs), max(ys) + 1, max(xs) + 1]


def _play(step: Step, source: Activation, channel: int, front: int, window: Window) -> dict[str, Any]:
    """Return what the browser needs to play the window over one input map.

    The values (H, W) of the map, row by row, the weights (kH, kW) of its kernel slice, none for a max pool, and the
    position where playing starts.
    """
    weight = step.weights.get("weight")
    return {
        "values": _shortest(source[front]),
        # With groups a kernel has slices for the maps of its own group only.
        "weights": None if weight is None else _shortest(weight[channel, front % weight.shape[1]]),
        "start": first_ink(source[front], window, step.output.shape[1:]),
    }


def first_ink(values: Activation, window: Window, units: Sequence[int]) -> int:
    """Return the first position, line by line, whose window holds clearly different values; 0 where none does.

    Args:
        values: The input map, (H, W).
        window: Of the step.
        units: How many positions it has, (y, x).
    """
    low, high = np.full(tuple(units), np.inf), np.full(tuple(units), -np.inf)
    for place in np.ndindex(*window.kernel):
        along = [
            np.arange(count) * stride - padding + step * dilation
            for count, stride, padding, step, dilation in zip(
                units, window.stride, window.padding, place, window.dilation, strict=True
            )
        ]
        inside = [(at >= 0) & (at < side) for at, side in zip(along, values.shape, strict=True)]
        taken = values[np.ix_(*(at.clip(0, side - 1) for at, side in zip(along, values.shape, strict=True)))]
        on_map = inside[0][:, None] & inside[1]
        low, high = np.where(on_map, np.minimum(low, taken), low), np.where(on_map, np.maximum(high, taken), high)
    return int((high - low > _CLEARLY * np.ptp(values)).argmax())


def _shortest(values: Activation) -> list[float]:
    """Return values with nine digits, which are enough to distinguish any two float32."""
    return [float(f"{value:.9g}") for value in values.ravel().tolist()]


def receptive_field(pixels: Pixels, box: Box, *, large: bool = False) -> str:
    """Draw in HTML a picture and the receptive field of a unit on it; large where it is the main figure.

    Args:
        pixels: (H, W) or (H, W, 3).
        box: The field.
        large: Whether it is the main figure.
    """
    height, width = pixels.shape[:2]
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
        f'<img src="{raster.image(pixels)}" alt="The picture, with the receptive field of the unit">'
        f'<i style="{style}; outline-color: {theme.HIGHLIGHT}"></i></div>'
    )


def say_field(trace: Trace, step: Step, every: Mapping[str, Field]) -> str:
    """Say why a step has no receptive field of one size; ``every`` has the fields of all steps that have maps."""
    field = every.get(step.name)
    if isinstance(field, NoSingleWindow):
        return f"There is no single window. {field.reason}"
    name = step.name
    while name not in every and name != IMAGE and trace[name].inputs:
        name = trace.source(name)
    before, size = every.get(name), trace.image.shape[1:]
    whole = Box(0, 0, *size)
    single = isinstance(before, ReceptiveField) and trace[name].output[0].size == 1
    if isinstance(before, ReceptiveField) and single and before.box((0, 0)).clipped((size[0], size[1])) == whole:
        return "The whole image: the receptive field of every input unit is the whole image."
    return f"{step.name} gives a vector, which has no places: each of its values can depend on many units of {name}."


def say_receptive_field(pixels: Pixels, box: Box) -> str:
    """Say the size and the place of a unit's receptive field, and of a grey picture how many pixels have ink.

    Args:
        pixels: (H, W) or (H, W, 3).
        box: The field.
    """
    visible = box.clipped((pixels.shape[0], pixels.shape[1]))
    said = f"The receptive field of this unit is {words.shape((box.height, box.width))} pixels: {words.box(box)}."
    if visible != box:
        said += f" On the picture these are {words.box(visible)}; beyond its border is padding."
    if pixels.ndim == 3:
        return said
    inked = int((pixels[visible.top : visible.bottom, visible.left : visible.right] > 0).sum())
    return f"{said} {inked} of them have ink."


def pixels_csv(pixels: Pixels, box: Box) -> str:
    """Return the pixels of a picture in a box as CSV: a line for each pixel, with its levels from 0 to 255.

    Args:
        pixels: (H, W) or (H, W, 3).
        box: Which of them.
    """
    inside = box.clipped((pixels.shape[0], pixels.shape[1]))
    positions = [(y, x) for y in range(inside.top, inside.bottom) for x in range(inside.left, inside.right)]
    names = ("ink",) if pixels.ndim == 2 else ("red", "green", "blue")
    lines = [(*position, *np.atleast_1d(pixels[position]).tolist()) for position in positions]
    return swatches.as_csv([("y", "x", *names), *lines])


def pixel_box(unit: Unit) -> Box:
    """Return the box of one pixel."""
    _, y, x = unit
    return Box(y, x, y + 1, x + 1)


def _say_place(unit: Unit, *, vector: bool) -> str:
    channel, y, x = unit
    return f"Unit {channel}" if vector else f"Unit y {y}, x {x} of map {channel}"


def say(explained: Explanation, *, hidden: bool = False, vector: bool = False) -> str:
    """Say the unit, its recorded value unless hidden, and its input units; ``vector`` where it is one of a vector."""
    counted = "counted from 0" if vector else "all counted from 0"
    value = "?" if hidden else words.number(explained.recorded)
    maps = explained.channels
    sources = dict.fromkeys(term.source or explained.source for term in explained.terms)
    if not explained.is_worked_out:
        return (
            f"{_say_place(explained.unit, vector=vector)} of {explained.name}, counted from 0: {value}, as the network "
            "computed it. This operation is not worked out term by term."
        )
    said = (
        f"{_say_place(explained.unit, vector=vector)} of {explained.name}, {counted}: {value}. "
        f"Its input is {len(explained.terms):,} {'unit' if len(explained.terms) == 1 else 'units'} of "
        f"{' and '.join(sources) or 'no other step'}."
    )
    if len(sources) > 1:
        said += " Click one of them to take its way back; the trail shows which way was taken."
    elif len(maps) > _MOST_MAPS:
        said += (
            f" Shown are the {_MOST_MAPS} input maps that add most. The sum adds up these, the other "
            f"{len(maps) - _MOST_MAPS:,} maps, and the bias if there is one."
        )
    elif len(maps) > 1 and explained.bias:
        front = max(maps, key=lambda c: abs(maps[c]))
        said += (
            f" The sum has one number for each of the {len(maps)} input maps, in order, and the bias; "
            f"map {front} adds most."
        )
    return f"{said} Numbers are rounded on screen only."


def say_logits(trace: Trace, step: Step) -> str:
    """Say what the maps of a step mean for the prediction; empty where they are not the scores of classes."""
    prediction = f"{trace.class_name(trace.prediction)} ({words.percent(float(trace.probabilities[trace.prediction]))})"
    if step.kind == LayerKind.LOG_SOFTMAX:
        return f"Each unit is the log-probability of a class. The largest is the prediction: {prediction}."
    if step.maps.size == trace.logits.size and np.array_equal(step.maps.ravel(), trace.logits):
        what = (
            "maps has one unit, the logit of one class" if step.output.ndim == 3 else "values is the logit of a class"
        )
        return (
            f"Each of these {trace.logits.size:,} {what}. "
            f"The largest is the prediction: {prediction}. Log-softmax, the last step, turns all logits into "
            "log-probabilities."
        )
    return ""


def say_unprinted(trace: Trace, step: Step) -> str:
    """Say whether a printed table leaves this step or its source out: function calls; empty where neither is."""
    if not isinstance(step, Row):
        return "It is a function call, which a printed table leaves out, so it has no number above."
    before = trace.source(step.name)
    if before == IMAGE or isinstance(trace[before], Row):
        return ""
    return (
        f"The input comes from {before}, a function call without a line in a printed table. Click a number to see it."
    )


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


def strip(trace: Trace, step: Step) -> list[dict[str, str]]:
    """Return name, value and colour of each map of a step whose maps have one unit; none where they are very many."""
    if step.maps[0].size > 1 or not 1 < len(step.maps) <= _MOST_CELLS:
        return []
    range_ = range_of(step.maps)
    return [
        {"name": name, "value": words.number(value), "style": swatches.fill(range_, value)}
        for name, value in zip(titles(trace, step), step.maps.ravel().tolist(), strict=True)
    ]


def _group(key: tuple[str, int], terms: Sequence[Term], *, weighted: bool, named: bool, hidden: bool) -> dict[str, Any]:
    """Return the terms of one input map; ``named`` where the step has several inputs, ``hidden`` without products."""
    source, channel = key
    across = len({term.unit[2] for term in terms})
    products = weighted and not hidden and any(term.weight not in {None, 0.0, 1.0} for term in terms)
    return {
        "source": source,
        "channel": channel,
        "heading": f"{source}, map {channel}" if named else f"Input map {channel}",
        "name": source if named else "",
        "columns": across,
        "sum": "" if hidden else sums.fine(sums.total(terms)),
        "terms": [
            {
                "unit": list(term.unit),
                "value": words.number(term.value),
                "rule": _factor(term) if weighted else "",
                "product": f"= {sums.fine(term.product)}" if products else "",
                "counts": not weighted or term.weight is None or term.weight != 0,
            }
            for term in terms
        ],
    }


def _factor(term: Term) -> str:
    """Write what a value is multiplied by; whole where it only says whether the value is kept."""
    if term.weight is None:
        return f"exp {term.product:.4g}"
    return f"× {int(term.weight)}" if term.weight in {0.0, 1.0} else f"× {words.number(term.weight)}"


def terms_csv(explained: Explanation) -> str:
    """Return the terms of a unit as CSV in full precision, then the bias and the recorded value."""
    several = any(term.source for term in explained.terms)
    first = ["step", "map"] if several else [f"map of {explained.source}"]
    lines: list[list[object]] = [[*term.unit, term.value, term.weight, term.product] for term in explained.terms]
    if several:
        lines = [[term.source or explained.source, *line] for term, line in zip(explained.terms, lines, strict=True)]
    empty = [""] * (len(first) + 4)
    ends = [["bias", *empty[1:], explained.bias], ["recorded", *empty[1:], explained.recorded]]
    return swatches.as_csv([[*first, "y", "x", "value", "weight", "product"], *lines, *ends])
