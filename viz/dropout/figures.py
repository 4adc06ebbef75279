"""Figures of dropout: maps and masks, the difference in every row, and the probabilities of many passes."""

import math
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from model.layers.records import Explanation
from model.records import Activation, Unit
from model.trace.records import Step
from viz import theme
from viz.pictures import raster, swatches, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of

_GAP = 2  # picture pixels between two maps; also the width of one unit
_PANELS = ("Dropout off", "What the mask drops", "Dropout on", "Difference: on − off")
_DROPPED = Range(0.0, 1.0, theme.SEQUENTIAL)
_COLUMNS = ("y", "x", "off", "kept", "on", "difference")


def stage(off: Step, on: Step, channel: int, digests: tuple[str, str]) -> str:
    """Draw in HTML one map of a dropout row, large, and all its maps below: off, mask, on and difference.

    Of a vector, or of maps of one unit, all values are drawn, and none of them large.

    Args:
        off: The row with dropout off.
        on: The row with dropout on; it has a mask if it is active.
        channel: The large map.
        digests: The digests of the trace and of the weights.
    """
    difference = on.maps - off.maps
    kept_at = np.stack([on.maps, difference])  # scaled up by 1 / (1 - p), so these have a scale of their own
    of_off, of_on = _ranges(off.maps[None], channel), _ranges(kept_at, channel)
    mask = (~_mask(on)).astype(np.float32)
    drawn = ((off.maps, of_off), (mask, (_DROPPED, _DROPPED)), (on.maps, of_on), (difference, of_on))
    figures = "".join(
        _panel(title, maps, channel, *ranges) for title, (maps, ranges) in zip(_PANELS, drawn, strict=True)
    )
    return (
        f'<section class="masks" aria-label="{escape(on.name)} with dropout off and on" data-digest="{digests[0]}" '
        f'data-weights="{digests[1]}">{figures}</section>'
    )


def _ranges(maps: Activation, channel: int) -> tuple[Range, Range]:
    """Return the range of one channel of maps (N, C, H, W), and that of all channels."""
    return range_of(maps[:, channel], signed=True), range_of(maps, signed=True)


def _panel(title: str, maps: Activation, channel: int, large: Range, small: Range) -> str:
    if maps[0].size == 1:
        drawn, scales = _all_values(maps, small, title), scale(small, "all values")
    else:
        picture = raster.mosaic(maps[channel : channel + 1], [large], [(0, 0)])
        drawn = f'<img src="{picture}" alt="{title}, map {channel}">{_all_maps(maps, small, channel, title)}'
        scales = f"{scale(large, f'map {channel}')}{scale(small, 'all maps')}"
    if large is _DROPPED:
        kept, dropped = (str(theme.SEQUENTIAL[end][1]) for end in (0, -1))
        scales = f'<span class="scale"><i style="background: {kept}"></i>kept</span>'
        scales += f'<span class="scale"><i style="background: {dropped}"></i>dropped</span>'
    return f"<figure><figcaption>{title}</figcaption>{drawn}<p>{scales}</p></figure>"


def say_stage(on: Step, channel: int, seed: int) -> str:
    """Say how much the mask drops, and the factor of the kept values."""
    mask, p = _mask(on), float(on.settings["p"])
    here, everywhere = (
        f"{int((~kept).sum()):,} of {kept.size:,} values ({percent(float((~kept).mean()))})"
        for kept in (mask[channel], mask)
    )
    said = f"Mask {seed} with p = {say_p(p)} drops"
    if is_vector(on):
        said += f" {everywhere} of {on.name}."
    else:
        said += f" {here} in map {channel} of {on.name}, and {everywhere} in the whole row."
    if on.settings["whole_channels"] and not is_vector(on):
        said += f" It drops whole maps: {int((~mask).all(axis=(1, 2)).sum()):,} of {len(mask):,}."
    if p < 1:
        said += f" Every kept value is multiplied by 1 / (1 − {say_p(p)}) = {1 / (1 - p):.3f}."
    return said


def say_p(p: float) -> str:
    """Say a probability of dropping with two decimals, or with more where it has more.

    >>> say_p(0.1), say_p(0.125)
    ('0.10', '0.125')
    """
    return f"{p:.2f}" if abs(round(p, 2) - p) < 1e-9 else f"{p:g}"


def is_vector(step: Step) -> bool:
    """Tell whether a step puts out single values, not maps."""
    return bool(step.maps[0].size == 1)


def examples(on: Step, channel: int) -> list[Unit]:
    """Return the strongest kept and the strongest dropped unit of a map, or of a whole vector, where they exist."""
    first = 0 if is_vector(on) else channel
    part = slice(None) if is_vector(on) else slice(channel, channel + 1)
    mask, values = _mask(on)[part], np.abs(on.input.reshape(on.maps.shape)[part])
    found = []
    for wanted in (mask, ~mask):
        if wanted.any():
            c, y, x = np.unravel_index(int(np.where(wanted, values, -1).argmax()), values.shape)
            found.append((first + int(c), int(y), int(x)))
    return found


def say_examples(explained: Sequence[Explanation], *, of_vector: bool = False) -> str:
    """Show the arithmetic of units in Markdown, and what the network computed."""

    def place(unit: Unit) -> str:
        return f"value {unit[0]}" if of_vector else f"y {unit[1]}, x {unit[2]}"

    return "\n".join(
        f"- **{'dropped' if not each.terms[0].weight else 'kept'}**, {place(each.unit)}: "
        f"{each.formula}. The network computed: {words.number(each.recorded)}"
        for each in explained
    )


def map_csv(off: Step, on: Step, channel: int) -> str:
    """Return one map as CSV, with a line for each unit."""
    return swatches.as_csv([_COLUMNS, *_units(off, on, channel)])


def maps_csv(off: Step, on: Step) -> str:
    """Return all maps as CSV, with a line for each unit."""
    lines = [(channel, *line) for channel in range(len(on.maps)) for line in _units(off, on, channel)]
    return swatches.as_csv([("map", *_COLUMNS), *lines])


def _units(off: Step, on: Step, channel: int) -> list[tuple[object, ...]]:
    mask, before, after = _mask(on)[channel], off.maps[channel], on.maps[channel]
    return [
        (y, x, f"{off_:.6g}", int(mask[y, x]), f"{on_:.6g}", f"{on_ - off_:.6g}")
        for (y, x), off_, on_ in zip(np.ndindex(*mask.shape), before.flat, after.flat, strict=True)
    ]


def _mask(step: Step) -> NDArray[np.bool_]:
    return np.ones(step.maps.shape, np.bool_) if step.mask is None else step.mask.reshape(step.maps.shape)


def _all_maps(maps: Activation, range_: Range, channel: int, title: str) -> str:
    """Draw all maps side by side, with a frame around one of them."""
    count, height, width = maps.shape
    columns = max(8, math.ceil(math.sqrt(count))) if count > 16 else min(count, 4)
    lines = math.ceil(count / columns)
    across, down = width * _GAP + _GAP, height * _GAP + _GAP
    corners = [(line * down, column * across) for line, column in (divmod(c, columns) for c in range(count))]
    picture = raster.mosaic(maps.repeat(_GAP, axis=1).repeat(_GAP, axis=2), [range_] * count, corners)
    total_down, total_across = lines * down - _GAP, columns * across - _GAP
    top, left = corners[channel]
    style = "; ".join(
        f"{name}: {share:.2%}"
        for name, share in {
            "top": top / total_down,
            "left": left / total_across,
            "height": (down - _GAP) / total_down,
            "width": (across - _GAP) / total_across,
        }.items()
    )
    return (
        f'<div class="all-maps"><img src="{picture}" alt="{title}, all {count} maps">'
        f'<i style="{style}; outline-color: {theme.HIGHLIGHT}"></i></div>'
    )


def _all_values(maps: Activation, range_: Range, title: str) -> str:
    """Draw all values (N, 1, 1) in lines of equal length."""
    columns = math.ceil(math.sqrt(len(maps)))
    corners = [divmod(number, columns) for number in range(len(maps))]
    return f'<img src="{raster.mosaic(maps, [range_] * len(maps), corners)}" alt="{title}, all {len(maps):,} values">'


def scale(range_: Range, said: str) -> str:
    """Draw a colour scale with its label."""
    return f"<span>{said}: {scale_bar(range_)}</span>"


def percent(share: float) -> str:
    """Say a share in per cent with one decimal; unlike a probability it can be none or all."""
    return f"{share * 100:,.1f}\xa0%"
