"""Figures of dropout: maps and masks, the difference in every row, and the probabilities of many passes."""

import math
from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from model.dropout.records import Passes, RowDifference
from model.layers.records import Explanation
from model.records import Activation, Unit
from model.trace.records import Step
from viz import theme
from viz.charts.draw import Axis, Bars, Part, Series, draw
from viz.pictures import raster, swatches, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of

_GAP = 2  # picture pixels between two maps; also the width of one unit
_PANELS = ("Dropout off", "What the mask drops", "Dropout on", "Difference: on − off")
_DROPPED = Range(0.0, 1.0, theme.SEQUENTIAL)
_COLUMNS = ("y", "x", "off", "kept", "on", "difference")
_AS_FACTOR = 10  # from this ratio on a difference is given as a factor: 57 times, not 5,700 %
_MIDDLE_NAME = "middle 80\xa0% of the passes"
_MIDDLE = (0.1, 0.9)  # quantiles that limit the box of a class


def stage(off: Step, on: Step, channel: int, digests: tuple[str, str]) -> str:
    """Draw in HTML one map of a dropout row, large, and all its maps below: off, mask, on and difference.

    Args:
        off: The row with dropout off.
        on: The row with dropout on; it has a mask if it is active.
        channel: The large map.
        digests: The digests of the trace and of the weights.
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
        f"{_all_maps(maps, small, channel, title)}</figure>"
    )


def say_stage(on: Step, channel: int, seed: int) -> str:
    """Say how much the mask drops, and the factor of the kept values."""
    mask, p = _mask(on), float(on.settings["p"])
    here, everywhere = (
        f"{int((~kept).sum()):,} of {kept.size:,} values ({_percent(float((~kept).mean()))})"
        for kept in (mask[channel], mask)
    )
    return (
        f"Mask {seed} with p = {p:.2f} drops {here} in map {channel} of {on.name}, and {everywhere} in the whole row. "
        f"Every kept value is multiplied by 1 / (1 − {p:.2f}) = {1 / (1 - p):.3f}."
    )


def examples(on: Step, channel: int) -> list[Unit]:
    """Return the strongest kept and the strongest dropped unit of a map, where they exist."""
    mask, values = _mask(on)[channel], np.abs(on.input[channel])
    found = []
    for wanted in (mask, ~mask):
        if wanted.any():
            y, x = divmod(int(np.where(wanted, values, -1).argmax()), values.shape[1])
            found.append((channel, y, x))
    return found


def say_examples(explained: Sequence[Explanation]) -> str:
    """Show the arithmetic of units in Markdown, and what the network computed."""
    return "\n".join(
        f"- **{'dropped' if not each.terms[0].weight else 'kept'}**, y {each.unit[1]}, x {each.unit[2]}: "
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


def row_differences(differences: Sequence[RowDifference], selected: str) -> str:
    """Draw in HTML, for each row, the difference compared with the activation, as a bar and as a map.

    A difference d and an activation a are drawn as d / (d + a): 0 for no difference, 0.5 where both are equal, never
    more than 1. So bars can be compared between masks, and small differences stay visible beside one that is fifty
    times the activation.
    """
    maps = [row.map / (row.map + (row.activation_rms or 1.0)) for row in differences]
    range_ = range_of(np.asarray([each.max() for each in maps]))
    items = "".join(
        _row(row, values, range_, row.name == selected) for row, values in zip(differences, maps, strict=True)
    )
    return (
        f'<ol class="row-differences" aria-label="Difference between dropout on and off in every row">{items}</ol>'
        "<p>Bars and maps show difference ÷ (difference + activation). The dashed line marks one half: there the "
        "difference is as large as the activation. The number is difference ÷ activation.</p>"
        f'<p class="scales">{_scale(range_, "Maps: mean absolute difference, drawn in the same way")}</p>'
    )


def _row(row: RowDifference, values: Activation, range_: Range, selected: bool) -> str:
    picture = raster.mosaic(values[None], [range_], [(0, 0)])
    said = "none" if row.rms == 0 else _ratio(row.relative)
    mark = ' aria-current="true"' if selected else ""
    share = row.relative / (1 + row.relative)
    return (
        f'<li{mark} style="--share: {share:.4f}; --colour: {theme.KIND_COLOURS[row.kind]}">'
        f'<div><i></i></div><b>{said}</b><img src="{picture}" alt=""><span>{escape(row.name)}</span></li>'
    )


def say_differences(differences: Sequence[RowDifference], off: Activation, on: Activation) -> str:
    """Say where the difference begins, where it is largest, and how large it is at the logits.

    Args:
        differences: All rows.
        off: Probabilities with dropout off, (10,).
        on: Probabilities with dropout on, (10,).
    """
    first = next((row for row in differences if row.rms), None)
    if first is None:
        return "No row differs: nothing is dropped."
    largest, last = max(differences, key=lambda row: row.relative), differences[-1]
    return (
        f"Differences and activations are measured as root mean squares. The difference begins at {first.name} with "
        f"{_ratio(first.relative)} of the activation, is largest at {largest.name} with {_ratio(largest.relative)}, "
        f"and is {_ratio(last.relative)} at the logits of {last.name}. "
        f"Prediction with dropout off: {_prediction(off)}; with this mask: {_prediction(on)}."
    )


def difference_columns(differences: Sequence[RowDifference]) -> dict[str, list[str]]:
    """Return the differences of all rows as columns."""
    return {
        "row": [row.name for row in differences],
        "difference (RMS)": [f"{row.rms:.4f}" for row in differences],
        "activation (RMS)": [f"{row.activation_rms:.4f}" for row in differences],
        "difference / activation": [_percent(row.relative) for row in differences],
    }


def spread(passes: Passes, digests: tuple[str, str]) -> go.Figure:
    """Draw the ten probabilities of many passes: the range, the middle 80 %, and the mean.

    Args:
        passes: The passes.
        digests: The digests of the passes and of the weights.
    """
    low, high = passes.probabilities.min(axis=0), passes.probabilities.max(axis=0)
    bottom, top = np.quantile(passes.probabilities, _MIDDLE, axis=0)
    classes = [str(c) for c in range(len(low))]

    def between(name: str, start: Activation, end: Activation, colour: str, width: float) -> Bars:
        said = [f"{_percent(float(a))} to {_percent(float(b))}" for a, b in zip(start, end, strict=True)]
        pale = [name == _MIDDLE_NAME] * len(classes)
        return Bars(name, classes, end - start, colour, start, width, pale, said)

    drawn: list[Part] = [
        between("lowest to highest", low, high, theme.MUTED, 0.08),
        between(_MIDDLE_NAME, bottom, top, theme.ACCENT, 0.5),
        Series("mean of all passes", classes, passes.mean, theme.HIGHLIGHT, "points", 12, "diamond"),
        Series("dropout off", classes, passes.off, "", "points", 16, "circle-open"),
    ]
    names = [f"{c}\n{count:,}" for c, count in zip(classes, passes.predictions, strict=True)]
    across = Axis("class, and its number of passes", categories=classes, ticks=classes, names=names)
    figure = draw(drawn, across, Axis("probability", (0, 1), tick_format=".0%", hover_format=".1%"), height=400)
    return figure.update_layout(meta={"digest": digests[0], "weights": digests[1]})


def say_passes(passes: Passes, p: float) -> str:
    """Say how many passes predict the same class, and give the mean of the passes and its entropy."""
    count, predicted = len(passes.probabilities), int(passes.off.argmax())
    same = "all" if not passes.changed else f"{count - passes.changed:,} of {count:,}"
    return (
        f"With dropout off: {_prediction(passes.off)}, entropy {passes.off_entropy:.3f} bits. {count:,} passes with "
        f"p = {p:.2f}, masks {passes.first:,} to {passes.first + count - 1:,}: {same} also predict {predicted}; the "
        f"mean of their probabilities gives {_prediction(passes.mean)}, entropy {passes.entropy:.3f} bits. This mean "
        "can differ from the result with dropout off: dropout keeps the mean of each dropout row, but not the mean of "
        "the layers after it."
    )


def passes_columns(passes: Passes) -> dict[str, list[str]]:
    """Return the statistics of many passes as columns, with a line for each class."""
    low, high = passes.probabilities.min(axis=0), passes.probabilities.max(axis=0)
    deviation = passes.probabilities.std(axis=0)
    return {
        "class": [str(c) for c in range(len(low))],
        "dropout off": [f"{share:.4f}" for share in passes.off],
        "mean": [f"{share:.4f}" for share in passes.mean],
        "standard deviation": [f"{share:.4f}" for share in deviation],
        "lowest": [f"{share:.4f}" for share in low],
        "highest": [f"{share:.4f}" for share in high],
        "predictions": [f"{count}" for count in passes.predictions],
    }


def passes_csv(passes: Passes) -> str:
    """Return the probabilities of every pass as CSV, with the seed of its mask."""
    classes = range(passes.probabilities.shape[1])
    lines = [
        [passes.first + number, *(f"{share:.8g}" for share in shares)]
        for number, shares in enumerate(passes.probabilities)
    ]
    return swatches.as_csv([["mask", *classes], *lines])


def changed_answer(passes: Passes) -> str:
    """Return whether ``none``, ``few`` (at most one in ten) or ``many`` passes predict another class."""
    if not passes.changed:
        return "none"
    return "few" if passes.changed * 10 <= len(passes.probabilities) else "many"


def _mask(step: Step) -> NDArray[np.bool_]:
    return np.ones(step.maps.shape, np.bool_) if step.mask is None else step.mask


def _all_maps(maps: Activation, range_: Range, channel: int, title: str) -> str:
    """Draw all maps side by side, with a frame around one of them."""
    count, height, width = maps.shape
    columns = 8 if count > 16 else min(count, 4)
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


def _scale(range_: Range, said: str) -> str:
    """Draw a colour scale with its label."""
    return f"<span>{said}: {scale_bar(range_)}</span>"


def _prediction(shares: Activation) -> str:
    return f"{int(shares.argmax())} with {words.percent(float(shares.max()))}"


def _ratio(ratio: float) -> str:
    """Say a ratio in per cent, or as a factor if it is large."""
    return f"{ratio:,.0f}\xa0times" if ratio >= _AS_FACTOR else _percent(ratio)


def _percent(share: float) -> str:
    return f"{share * 100:,.1f}\xa0%"
