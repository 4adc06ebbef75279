"""Class maps over the digit, in HTML."""

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from model.head.records import Head
from model.receptive_field.records import ReceptiveField
from model.records import Numbers, Pixels
from viz import theme
from viz.pictures import raster, swatches, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range

Link = Callable[[int], str]  # returns the address of a class
_MOST = 10  # classes side by side
_ZOOM = 6  # picture pixels for each pixel of an outline


def stage(head: Head, k: int, field: ReceptiveField | None, pixels: Pixels) -> str:
    """Draw the class map of k over the picture, on one scale for all classes, and its sum."""
    maps = head.class_maps
    range_ = swatches.signed(maps)
    drawn = overlay(maps[k], range_, field, pixels, f"Class map of {head.class_name(k)} over the picture")
    count = f"{'mean' if head.averages else 'sum'} of {head.units} units"
    line = sum_line(float(head.totals[k]), count, head.biases[k], head.exact_logits[k], "logit")
    return f'<section class="class-map">{drawn}{scale_bar(range_)}{line}</section>'


def two_classes(head: Head, k: int, other: int, field: ReceptiveField | None, pixels: Pixels) -> str:
    """Draw the class maps of two classes and their difference over the picture, each with its sum."""
    maps, biases = head.class_maps, head.biases
    gap = maps[k] - maps[other]
    together, apart = swatches.signed(maps[[k, other]]), swatches.signed(gap)
    names = {c: head.class_name(c) for c in (k, other)}
    panels = [(f"Class {names[c]}", maps[c], together, biases[c], head.exact_logits[c], "logit") for c in names] + [
        (
            f"{names[k]} minus {names[other]}",
            gap,
            apart,
            biases[k] - biases[other],
            head.exact_logits[k] - head.exact_logits[other],
            "difference",
        )
    ]
    count = "mean" if head.averages else "sum"
    figures = "".join(
        f"<figure><figcaption>{title}</figcaption>{overlay(values, range_, field, pixels, title)}"
        f"{scale_bar(range_)}{sum_line(_total(head, values), count, bias, total, what)}</figure>"
        for title, values, range_, bias, total, what in panels
    )
    return f'<div class="two-classes">{figures}</div>'


def _total(head: Head, values: Numbers) -> float:
    return float(values.mean() if head.averages else values.sum())


def overlay(values: Numbers, range_: Range, field: ReceptiveField | None, pixels: Pixels, label: str) -> str:
    """Draw a map (H, W) over a picture: each unit is a tile, one jump wide, at the center of its receptive field.

    Without a single window the units have no such place, and the map is drawn alone.
    """
    height, width = pixels.shape[:2] if field else values.shape
    opened = f'<div class="over" style="--high: {height}; --wide: {width}" role="img" aria-label="{escape(label)}">'
    if field is None:
        return f'{opened}<img src="{_picture(values, range_)}" alt=""/></div>'
    style = "; ".join(f"{side}: {share:.3%}" for side, share in tile_box(values.shape, field, pixels.shape).items())
    see_through = "" if pixels.ndim == 2 else "; opacity: 0.6"  # a coloured picture has no outline on top
    outline = f'<img src="{raster.outline(pixels, _ZOOM)}" alt=""/>' if pixels.ndim == 2 else ""
    return (
        f'{opened}<img src="{raster.image(pixels)}" alt=""/>'
        f'<img src="{_picture(values, range_)}" alt="" style="{style}{see_through}"/>{outline}</div>'
    )


def tile_box(units: Sequence[int], field: ReceptiveField, image: Sequence[int]) -> dict[str, float]:
    """Return the box of all tiles on an image, as shares of its height and width.

    A receptive field has the center of pixel 0 at 0; in the picture it is half a pixel from the edge.
    """
    starts = [center + 0.5 - jump / 2 for center, jump in zip(field.center, field.jump, strict=True)]
    (top, left), (height, width) = (
        [value / side for value, side in zip(values, image[:2], strict=True)]
        for values in (starts, [count * jump for count, jump in zip(units, field.jump, strict=True)])
    )
    return {"top": top, "left": left, "height": height, "width": width}


def sum_line(mean: float, count: str, bias: float, total: float, what: str) -> str:
    """Write a mean or a sum, a bias, and both together in a column."""
    parts = [("", mean, count), ("+", bias, "bias"), ("=", total, what)]
    lines = "".join(f"<dt>{sign}</dt><dd>{words.number(value)}</dd><dd>{name}</dd>" for sign, value, name in parts)
    return f'<dl class="column-sum">{lines}</dl>'


def all_classes(head: Head, selected: int, link: Link) -> str:
    """Draw the class maps of all classes, or of the ten most likely, on one scale, each with its logit and a link."""
    shown = [*range(len(head.logits))] if len(head.logits) <= _MOST else [*head.ranking[:_MOST]]
    maps = head.class_maps[shown]
    items = "".join(
        f'<li{swatches.selected_class(k == selected)}><a href="{escape(link(k))}" '
        f'target="_self"><b>{escape(head.class_name(k))}</b><i class="thumb" style="--at: {place}"></i>'
        f"<span>{swatches.short(head.logits[k], 1)}</span></a></li>"
        for place, k in enumerate(shown)
    )
    sheet = f"--maps: url({swatches.sheet(swatches.single(maps), swatches.signed(maps))}); --count: {len(maps)}"
    named = " named" if max(len(head.class_name(k)) for k in shown) > 2 else ""
    return f'<ol class="all-classes{named}" style="{sheet}; --mark: {theme.HIGHLIGHT}">{items}</ol>'


def say_class_map(head: Head, k: int, field: ReceptiveField | None) -> str:
    """Say what the class map of k adds up to, give its largest value, and explain its tiles."""
    values, name = head.class_maps[k], head.class_name(k)
    y, x = np.unravel_index(int(np.abs(values).argmax()), values.shape)
    return (
        f"Class {name}: the {'mean' if head.averages else 'sum'} of the {head.units} units is "
        f"{words.number(head.totals[k])}; with the bias of "
        f"{words.number(head.biases[k])} the sum is {words.number(head.exact_logits[k])}, and the network computed "
        f"{words.number(head.logits[k])}. {int((values > 0).sum())} units support class {name} (red), "
        f"{int((values < 0).sum())} oppose it (blue). The largest absolute value is at y {y}, x {x}: "
        f"{words.number(values[y, x])}. {_say_tiles(field)} {_say_grad_cam(head)} Layer by "
        f"layer works out each unit of {head.source}."
    )


def _say_tiles(field: ReceptiveField | None) -> str:
    if field is None:
        return "The units have no single window on the picture, so the map is drawn alone."
    height, width = field.size
    larger = field.size[0] > 2 * field.jump[0]
    return (
        f"A tile marks the center of the receptive field of a unit. The field has {height} × {width} pixels"
        f"{' and is much larger than the tile, so it includes the border of the picture' if larger else ''}."
    )


def _say_grad_cam(head: Head) -> str:
    if not head.averages:
        return "Each unit has a weight of its own here, so Grad-CAM, which gives each map one weight, is not this map."
    return (
        f"Start shows this map divided by {head.units}, so that its values and the bias add up to the logit. "
        f"Divided by {head.units}, this map is Grad-CAM at {head.source}. At earlier layers, before ReLU and batch "
        "norm, Grad-CAM does not add up to the logit."
    )


def say_two_classes(head: Head, k: int, other: int) -> str:
    """Say how much the logits of two classes differ, and which maps contribute most to the difference."""
    one, two = head.class_name(k), head.class_name(other)
    if k == other:
        return f"Both classes are {one}, so the difference is 0 everywhere. Choose another class."
    difference = head.exact_logits[k] - head.exact_logits[other]
    by_map = head.contributions[k] - head.contributions[other]
    order = (-by_map * np.sign(difference)).argsort(kind="stable")[:3]
    largest = ", ".join(f"map {c} ({words.number(by_map[c])})" for c in order)
    gap = head.class_maps[k] - head.class_maps[other]
    higher, lower = (one, two) if difference > 0 else (two, one)
    return (
        f"The logit of {one} minus the logit of {two} is {words.number(difference)}: class {higher} has the higher "
        f"logit. {int((gap > 0).sum())} of {head.units} units support {one} more than {two}. The maps that contribute "
        f"most to the difference between {higher} and {lower}: {largest}."
    )


def class_maps_csv(head: Head) -> str:
    """Return the class maps with all digits as CSV, with a line for each class and unit."""
    lines = [(*at, float(value)) for at, value in np.ndenumerate(head.class_maps)]
    return swatches.as_csv([("class", "y", "x", "value"), *lines])


def _picture(values: Numbers, range_: Range) -> str:
    return raster.mosaic(swatches.single(values)[None], [range_], [(0, 0)])
