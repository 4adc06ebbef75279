"""Class maps over the digit, in HTML: for each class, what every place adds to its logit."""

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

Link = Callable[[int], str]  # gives the address that shows the class of this number
_ZOOM = 6  # picture pixels for each pixel of an outline


def stage(head: Head, k: int, field: ReceptiveField, pixels: Pixels) -> str:
    """Draw the map of class k over the digit (H, W), on one scale with those of the other classes, and its sum."""
    maps = head.class_maps
    range_ = swatches.signed(maps)
    drawn = overlay(maps[k], range_, field, pixels, f"Class map of {k} over the digit")
    line = sum_line(maps[k].mean(), f"mean of {head.places} places", head.biases[k], head.scores[k], "logit")
    return f'<section class="class-map">{drawn}{scale_bar(range_)}{line}</section>'


def versus(head: Head, k: int, other: int, field: ReceptiveField, pixels: Pixels) -> str:
    """Draw the maps of two classes and their difference over the digit, each with its sum."""
    maps, biases = head.class_maps, head.biases
    gap = maps[k] - maps[other]
    together, apart = swatches.signed(maps[[k, other]]), swatches.signed(gap)
    panels = [(f"Class {c}", maps[c], together, biases[c], head.scores[c], "logit") for c in (k, other)] + [
        (f"{k} less {other}", gap, apart, biases[k] - biases[other], head.scores[k] - head.scores[other], "lead")
    ]
    figures = "".join(
        f"<figure><figcaption>{title}</figcaption>{overlay(values, range_, field, pixels, title)}"
        f"{scale_bar(range_)}{sum_line(values.mean(), 'mean', bias, total, what)}</figure>"
        for title, values, range_, bias, total, what in panels
    )
    return f'<div class="versus">{figures}</div>'


def overlay(values: Numbers, range_: Range, field: ReceptiveField, pixels: Pixels, label: str) -> str:
    """Draw a map (H, W) over a digit, every unit a tile around the place that it looks at, one jump wide."""
    style = "; ".join(f"{side}: {share:.3%}" for side, share in tile_box(values.shape, field, pixels.shape).items())
    return (
        f'<div class="over" role="img" aria-label="{escape(label)}"><img src="{raster.grey(pixels)}" alt=""/>'
        f'<img src="{_picture(values, range_)}" alt="" style="{style}"/>'
        f'<img src="{raster.outline(pixels, _ZOOM)}" alt=""/></div>'
    )


def tile_box(units: Sequence[int], field: ReceptiveField, image: Sequence[int]) -> dict[str, float]:
    """Return where the tiles of all units lie on an image, as shares of its height and width.

    The centre of pixel 0 is 0 for a receptive field, but half a pixel from the picture's edge.
    """
    starts = [center + 0.5 - jump / 2 for center, jump in zip(field.center, field.jump, strict=True)]
    (top, left), (height, width) = (
        [value / side for value, side in zip(values, image, strict=True)]
        for values in (starts, [count * jump for count, jump in zip(units, field.jump, strict=True)])
    )
    return {"top": top, "left": left, "height": height, "width": width}


def sum_line(mean: float, count: str, bias: float, total: float, what: str) -> str:
    """Write a mean, a bias and their sum under one another, as a sum is written."""
    parts = [("", mean, count), ("+", bias, "bias"), ("=", total, what)]
    lines = "".join(f"<dt>{sign}</dt><dd>{words.number(value)}</dd><dd>{name}</dd>" for sign, value, name in parts)
    return f'<dl class="column-sum">{lines}</dl>'


def ten(head: Head, selected: int, link: Link) -> str:
    """Draw the maps of all classes side by side on one scale, each with its logit and a link."""
    maps = head.class_maps
    items = "".join(
        f'<li{swatches.marked(k == selected)}><a href="{escape(link(k))}" '
        f'target="_self"><b>{k}</b><i class="thumb" style="--at: {k}"></i>'
        f"<span>{swatches.short(logit, 1)}</span></a></li>"
        for k, logit in enumerate(head.logits)
    )
    sheet = f"--maps: url({swatches.sheet(swatches.single(maps), swatches.signed(maps))}); --count: {len(maps)}"
    return f'<ol class="ten" start="0" style="{sheet}; --mark: {theme.HIGHLIGHT}">{items}</ol>'


def say_class_map(head: Head, k: int, field: ReceptiveField) -> str:
    """Say what the map of class k adds up to, where it speaks most, and what its tiles are."""
    values = head.class_maps[k]
    y, x = np.unravel_index(int(np.abs(values).argmax()), values.shape)
    high, wide = field.size
    return (
        f"Class {k}: the {head.places} places have the mean {words.number(values.mean())}; with the bias of "
        f"{words.number(head.biases[k])} that is {words.number(head.scores[k])}, and the network computed "
        f"{words.number(head.logits[k])}. {int((values > 0).sum())} places speak for {k} (red), "
        f"{int((values < 0).sum())} against it (blue); loudest is y {y}, x {x} with {words.number(values[y, x])}. "
        f"A tile marks the middle of what a unit sees: {high} × {wide} pixels, far more than the tile, so the border "
        f"of the digit is seen too. Divided by {head.places}, this map is what Grad-CAM gives at {head.source}; "
        "further back, where ReLU and batch norm come between, Grad-CAM is no longer a sum that makes the logit."
    )


def say_versus(head: Head, k: int, other: int) -> str:
    """Say which class leads, by how much, and which maps make the lead."""
    if k == other:
        return f"Class {k} against itself differs at no place. Choose another class."
    lead = head.scores[k] - head.scores[other]
    gains = head.parts[k] - head.parts[other]
    order = (-gains * np.sign(lead)).argsort(kind="stable")[:3]
    makers = ", ".join(f"map {c} ({words.number(gains[c])})" for c in order)
    gap = head.class_maps[k] - head.class_maps[other]
    ahead, behind = (k, other) if lead > 0 else (other, k)
    return (
        f"The logit of {k} less that of {other} is {words.number(lead)}: {ahead} is ahead of {behind}. "
        f"{int((gap > 0).sum())} of {head.places} places say {k} rather than {other}. Of the {len(gains)} maps, "
        f"these put {ahead} ahead most: {makers}."
    )


def class_maps_csv(head: Head) -> str:
    """Return the class maps with all digits, a line for each class and place."""
    lines = [(*at, float(value)) for at, value in np.ndenumerate(head.class_maps)]
    return swatches.as_csv([("class", "y", "x", "value"), *lines])


def _picture(values: Numbers, range_: Range) -> str:
    return raster.mosaic(swatches.single(values)[None], [range_], [(0, 0)])
