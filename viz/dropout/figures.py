"""One digit with dropout off and on: maps, masks, how far the difference travels, and the spread of many answers."""

import math
from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from model.dropout.records import Change, Passes
from model.layers.records import Explanation
from model.records import Activation, Unit
from model.trace.records import Step
from viz import theme
from viz.charts.draw import Axis, Bars, Part, Series, draw
from viz.pictures import raster, swatches, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of

_GAP = 2  # picture pixels between two maps, of which each unit takes as many
_PANELS = ("Dropout off", "What the mask drops", "Dropout on", "Difference: on − off")
_DROPPED = Range(0.0, 1.0, theme.SEQUENTIAL)
_COLUMNS = ("y", "x", "off", "kept", "on", "difference")
_WHOLES = 10  # from here on per cent would be read wrongly: 5,700 % is 57 times
_EIGHT = "eight of ten passes"
_MIDDLE = (0.1, 0.9)  # where the box of a class begins and ends: eight of ten passes lie in it


def stage(off: Step, on: Step, channel: int, digests: tuple[str, str]) -> str:
    """Draw in HTML one map of a dropout row, large, and beneath it all its maps: off, mask, on and difference.

    Args:
        off: The row with dropout off.
        on: The same with dropout on; it has a mask where it drops.
        channel: The map that is large.
        digests: Of all that was computed, and of the weights that it was computed with.
    """
    panels = (off.maps, (~_mask(on)).astype(np.float32), on.maps, on.maps - off.maps)
    values = np.stack([panels[0], panels[2], panels[3]])
    large, small = (range_of(part, signed=True) for part in (values[:, channel], values))
    figures = "".join(
        _panel(title, maps, channel, *((_DROPPED, _DROPPED) if title == _PANELS[1] else (large, small)))
        for title, maps in zip(_PANELS, panels, strict=True)
    )
    kept, dropped = (str(theme.SEQUENTIAL[end][1]) for end in (0, -1))
    legend = (
        f"{_scale(large, f'map {channel}')}{_scale(small, 'all maps')}"
        f'<span class="scale"><i style="background: {kept}"></i>kept<i style="background: {dropped}"></i>dropped</span>'
    )
    return (
        f'<section class="masks" aria-label="{escape(on.name)} with dropout off and on" data-digest="{digests[0]}" '
        f'data-weights="{digests[1]}"><div>{figures}</div><p>{legend}</p></section>'
    )


def _panel(title: str, maps: Activation, channel: int, large: Range, small: Range) -> str:
    picture = raster.mosaic(maps[channel : channel + 1], [large], [(0, 0)])
    return (
        f'<figure><figcaption>{title}</figcaption><img src="{picture}" alt="{title}, map {channel}">'
        f"{_every(maps, small, channel, title)}</figure>"
    )


def say_stage(on: Step, channel: int, seed: int) -> str:
    """Say how much the mask drops, and what becomes of the rest."""
    mask, p = _mask(on), float(on.settings["p"])
    here, everywhere = (
        f"{int((~kept).sum()):,} of {kept.size:,} values ({_percent(float((~kept).mean()))})"
        for kept in (mask[channel], mask)
    )
    return (
        f"Mask {seed} with p = {p:.2f} drops {here} in map {channel} of {on.name}, and {everywhere} in the whole row. "
        f"Every value kept is multiplied by 1 / (1 − {p:.2f}) = {1 / (1 - p):.3f}."
    )


def examples(on: Step, channel: int) -> list[Unit]:
    """Return the strongest unit kept and the strongest dropped of a map, as far as there are any."""
    mask, values = _mask(on)[channel], np.abs(on.input[channel])
    found = []
    for wanted in (mask, ~mask):
        if wanted.any():
            y, x = divmod(int(np.where(wanted, values, -1).argmax()), values.shape[1])
            found.append((channel, y, x))
    return found


def say_examples(explained: Sequence[Explanation]) -> str:
    """Work out units in Markdown, and say what the network computed."""
    return "\n".join(
        f"- **{'dropped' if not each.terms[0].weight else 'kept'}**, y {each.unit[1]}, x {each.unit[2]}: "
        f"{each.formula}. Recorded by the network: {words.number(each.recorded)}"
        for each in explained
    )


def map_csv(off: Step, on: Step, channel: int) -> str:
    """Return one map as CSV, a line for each unit."""
    return swatches.as_csv([_COLUMNS, *_units(off, on, channel)])


def maps_csv(off: Step, on: Step) -> str:
    """Return all maps as CSV, a line for each unit."""
    lines = [(channel, *line) for channel in range(len(on.maps)) for line in _units(off, on, channel)]
    return swatches.as_csv([("map", *_COLUMNS), *lines])


def _units(off: Step, on: Step, channel: int) -> list[tuple[object, ...]]:
    mask, before, after = _mask(on)[channel], off.maps[channel], on.maps[channel]
    return [
        (y, x, f"{off_:.6g}", int(mask[y, x]), f"{on_:.6g}", f"{on_ - off_:.6g}")
        for (y, x), off_, on_ in zip(np.ndindex(*mask.shape), before.flat, after.flat, strict=True)
    ]


def journey(changes: Sequence[Change], selected: str) -> str:
    """Draw in HTML, for each row, how large the difference is beside the activation, and where it lies.

    A difference d beside an activation a is drawn as d / (d + a): 0 where there is none, a half where both are as
    large, never more than 1. So a bar is as long for one mask as for another, and a mask that drops nearly all, with
    differences of fifty times the activation, still lets the first rows be seen.
    """
    maps = [change.map / (change.map + (change.size or 1.0)) for change in changes]
    range_ = range_of(np.asarray([each.max() for each in maps]))
    items = "".join(
        _row(change, values, range_, change.name == selected) for change, values in zip(changes, maps, strict=True)
    )
    return (
        f'<ol class="journey" aria-label="Difference between dropout on and off at every row">{items}</ol>'
        "<p>Bars and maps show the difference as its part of difference and activation together: at the line, half of "
        "a bar, both are as large, and no bar is ever full. The number is difference ÷ activation.</p>"
        f'<p class="scales">{_scale(range_, "Maps: mean absolute difference, as its part")}</p>'
    )


def _row(change: Change, values: Activation, range_: Range, selected: bool) -> str:
    picture = raster.mosaic(values[None], [range_], [(0, 0)])
    said = "none" if change.rms == 0 else _times(change.relative)
    mark = ' aria-current="true"' if selected else ""
    share = change.relative / (1 + change.relative)
    return (
        f'<li{mark} style="--share: {share:.4f}; --colour: {theme.KIND_COLOURS[change.kind]}">'
        f'<div><i></i></div><b>{said}</b><img src="{picture}" alt=""><span>{escape(change.name)}</span></li>'
    )


def say_journey(changes: Sequence[Change], off: Activation, on: Activation) -> str:
    """Say where the difference begins, where it is largest, and what is left of it at the end.

    Args:
        changes: All rows.
        off: Probabilities with dropout off, (10,).
        on: The same with dropout on.
    """
    begun = next((change for change in changes if change.rms), None)
    if begun is None:
        return "No row differs: nothing is dropped."
    largest, last = max(changes, key=lambda change: change.relative), changes[-1]
    return (
        f"The size of a row is the root of its mean squared value, and that of the difference likewise. It begins at "
        f"{begun.name} with {_times(begun.relative)}, is largest at {largest.name} with "
        f"{_times(largest.relative)}, and is {_times(last.relative)} at the logits of {last.name}. "
        f"The answer with dropout off: {_answer(off)}; with this mask: {_answer(on)}."
    )


def journey_columns(changes: Sequence[Change]) -> dict[str, list[str]]:
    """Return the numbers of the journey as columns."""
    return {
        "row": [change.name for change in changes],
        "difference (RMS)": [f"{change.rms:.4f}" for change in changes],
        "activation (RMS)": [f"{change.size:.4f}" for change in changes],
        "difference / activation": [_percent(change.relative) for change in changes],
    }


def spread(passes: Passes, digests: tuple[str, str]) -> go.Figure:
    """Draw the ten probabilities of many passes: from the lowest to the highest, the middle, the mean.

    Args:
        passes: Many.
        digests: Of them, and of the weights that they were computed with.
    """
    low, high = passes.probabilities.min(axis=0), passes.probabilities.max(axis=0)
    bottom, top = np.quantile(passes.probabilities, _MIDDLE, axis=0)
    classes = [str(c) for c in range(len(low))]

    def between(name: str, start: Activation, end: Activation, colour: str, width: float) -> Bars:
        said = [f"{_percent(float(a))} to {_percent(float(b))}" for a, b in zip(start, end, strict=True)]
        return Bars(name, classes, end - start, colour, start, width, [name == _EIGHT] * len(classes), said)

    drawn: list[Part] = [
        between("lowest to highest", low, high, theme.MUTED, 0.08),
        between(_EIGHT, bottom, top, theme.ACCENT, 0.5),
        Series("mean of all", classes, passes.mean, theme.HIGHLIGHT, "points", 12, "diamond"),
        Series("dropout off", classes, passes.off, "", "points", 16, "circle-open"),
    ]
    names = [f"{c}\n{count:,}" for c, count in zip(classes, passes.answers, strict=True)]
    across = Axis("class, and how many passes answer it", categories=classes, ticks=classes, names=names)
    figure = draw(drawn, across, Axis("probability", (0, 1), tick_format=".0%", hover_format=".1%"), height=400)
    return figure.update_layout(meta={"digest": digests[0], "weights": digests[1]})


def say_passes(passes: Passes, p: float) -> str:
    """Say how often the answer is another one, and what the mean and its entropy are."""
    count, answer = len(passes.probabilities), int(passes.off.argmax())
    reading = "all" if not passes.changed else f"{count - passes.changed:,} of {count:,}"
    return (
        f"With dropout off: {_answer(passes.off)}, entropy {passes.off_entropy:.3f} bits. {count:,} passes with "
        f"p = {p:.2f}, masks {passes.first:,} to {passes.first + count - 1:,}: {reading} answer {answer} as well; "
        f"their mean gives {_answer(passes.mean)}, entropy {passes.entropy:.3f} bits. The mean of the answers need "
        "not be the answer with dropout off: only each dropout row keeps its mean, not what is computed of it."
    )


def passes_columns(passes: Passes) -> dict[str, list[str]]:
    """Return what many passes come to as columns, a line for each class."""
    low, high = passes.probabilities.min(axis=0), passes.probabilities.max(axis=0)
    deviation = passes.probabilities.std(axis=0)
    return {
        "class": [str(c) for c in range(len(low))],
        "dropout off": [f"{share:.4f}" for share in passes.off],
        "mean": [f"{share:.4f}" for share in passes.mean],
        "standard deviation": [f"{share:.4f}" for share in deviation],
        "lowest": [f"{share:.4f}" for share in low],
        "highest": [f"{share:.4f}" for share in high],
        "answers": [f"{count}" for count in passes.answers],
    }


def passes_csv(passes: Passes) -> str:
    """Return the probabilities of every pass as CSV, each with the seed of its mask."""
    classes = range(passes.probabilities.shape[1])
    lines = [
        [passes.first + number, *(f"{share:.8g}" for share in shares)]
        for number, shares in enumerate(passes.probabilities)
    ]
    return swatches.as_csv([["mask", *classes], *lines])


def how_many_changed(passes: Passes) -> str:
    """Return ``none``, ``few`` (at most one in ten) or ``many``: how many passes give another answer."""
    if not passes.changed:
        return "none"
    return "few" if passes.changed * 10 <= len(passes.probabilities) else "many"


def _mask(step: Step) -> NDArray[np.bool_]:
    return np.ones(step.maps.shape, np.bool_) if step.mask is None else step.mask


def _every(maps: Activation, range_: Range, channel: int, title: str) -> str:
    """Draw all maps side by side, one of them framed."""
    count, height, width = maps.shape
    columns = 8 if count > 16 else min(count, 4)
    lines = math.ceil(count / columns)
    across, down = width * _GAP + _GAP, height * _GAP + _GAP
    corners = [(line * down, place * across) for line, place in (divmod(c, columns) for c in range(count))]
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
        f'<div class="every"><img src="{picture}" alt="{title}, all {count} maps">'
        f'<i style="{style}; outline-color: {theme.HIGHLIGHT}"></i></div>'
    )


def _scale(range_: Range, said: str) -> str:
    """Draw a colour scale and what it belongs to."""
    return f"<span>{said}: {scale_bar(range_)}</span>"


def _answer(shares: Activation) -> str:
    return f"{int(shares.argmax())} with {words.percent(float(shares.max()))}"


def _times(share: float) -> str:
    """Say a share in per cent; of ten wholes and more say how many."""
    return f"{share:,.0f}\xa0times" if share >= _WHOLES else _percent(share)


def _percent(share: float) -> str:
    return f"{share * 100:,.1f}\xa0%"
