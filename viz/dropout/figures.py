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
from viz.pictures.markdown import escape_markdown
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range, range_of

_GAP = 2  # picture pixels between two maps; also the width of one unit
_PANELS = ("Dropout off", "What the mask drops", "Dropout on", "Difference: on − off")
_DROPPED = Range(0.0, 1.0, theme.SEQUENTIAL)
_COLUMNS = ("y", "x", "off", "kept", "on", "difference")
_AS_FACTOR = 10  # from this ratio on a difference is given as a factor: 57 times, not 5,700 %
_MIDDLE_NAME = "middle 80\xa0% of the passes"
_MOST_CLASSES = 10
_MIDDLE = (0.1, 0.9)  # quantiles that limit the box of a class


def stage(off: Step, on: Step, channel: int, digests: tuple[str, str]) -> str:
    """Draw in HTML one map of a dropout row, large, and all its maps below: off, mask, on and difference.

    Of a vector, or of maps of one unit, all values are drawn, and none of them large.

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
    scales = f"{_scale(large, f'map {channel}')}{_scale(small, 'all maps')}"
    legend = (
        f"{_scale(small, 'all values') if is_vector(off) else scales}"
        f'<span class="scale"><i style="background: {kept}"></i>kept<i style="background: {dropped}"></i>dropped</span>'
    )
    return (
        f'<section class="masks" aria-label="{escape(on.name)} with dropout off and on" data-digest="{digests[0]}" '
        f'data-weights="{digests[1]}"><div>{figures}</div><p>{legend}</p></section>'
    )


def _panel(title: str, maps: Activation, channel: int, large: Range, small: Range) -> str:
    if maps[0].size == 1:
        return f"<figure><figcaption>{title}</figcaption>{_all_values(maps, small, title)}</figure>"
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


def say_differences(
    differences: Sequence[RowDifference],
    off: Activation,
    on: Activation,
    classes: Sequence[str] = (),
    *,
    at_logits: bool = True,
) -> str:
    """Say where the difference begins, where it is largest, and how large it is at the last row.

    Args:
        differences: All rows.
        off: Probabilities with dropout off, (K,).
        on: Probabilities with dropout on, (K,).
        classes: The names of the classes; without, they are called by their numbers.
        at_logits: Whether the last row gives the logits.
    """
    first = next((row for row in differences if row.rms), None)
    if first is None:
        return "No row differs: nothing is dropped."
    largest, last = max(differences, key=lambda row: row.relative), differences[-1]
    end = f"the logits of {last.name}" if at_logits else f"{last.name}, the last row"
    return (
        f"Differences and activations are measured as root mean squares. The difference begins at {first.name} with "
        f"{_ratio(first.relative)} of the activation, is largest at {largest.name} with {_ratio(largest.relative)}, "
        f"and is {_ratio(last.relative)} at {end}. "
        f"Prediction with dropout off: {_prediction(off, classes)}; with this mask: {_prediction(on, classes)}."
    )


def difference_columns(differences: Sequence[RowDifference]) -> dict[str, list[str]]:
    """Return the differences of all rows as columns."""
    return {
        "row": [row.name for row in differences],
        "difference (RMS)": [f"{row.rms:.4f}" for row in differences],
        "activation (RMS)": [f"{row.activation_rms:.4f}" for row in differences],
        "difference / activation": [_percent(row.relative) for row in differences],
    }


def spread(passes: Passes, digests: tuple[str, str], names: Sequence[str] = ()) -> go.Figure:
    """Draw the probabilities of many passes, of at most ten classes: the range, the middle 80 %, and the mean.

    Args:
        passes: The passes.
        digests: The digests of the passes and of the weights.
        names: The names of the classes; without, they are called by their numbers.
    """
    drawn_classes = _most_likely(passes)
    shares = passes.probabilities[:, drawn_classes]
    low, high = shares.min(axis=0), shares.max(axis=0)
    bottom, top = np.quantile(shares, _MIDDLE, axis=0)
    classes = [names[c] if names else str(c) for c in drawn_classes]

    def between(name: str, start: Activation, end: Activation, colour: str, width: float) -> Bars:
        said = [f"{_percent(float(a))} to {_percent(float(b))}" for a, b in zip(start, end, strict=True)]
        pale = [name == _MIDDLE_NAME] * len(classes)
        return Bars(name, classes, end - start, colour, start, width, pale, said)

    drawn: list[Part] = [
        between("lowest to highest", low, high, theme.MUTED, 0.08),
        between(_MIDDLE_NAME, bottom, top, theme.ACCENT, 0.5),
        Series("mean of all passes", classes, passes.mean[drawn_classes], theme.HIGHLIGHT, "points", 12, "diamond"),
        Series("dropout off", classes, passes.off[drawn_classes], "", "points", 16, "circle-open"),
    ]
    counts = zip(classes, passes.predictions[drawn_classes], strict=True)
    counted = [f"{c}\n{count:,}" for c, count in counts]
    across = Axis("class, and its number of passes", categories=classes, ticks=classes, names=counted)
    figure = draw(drawn, across, Axis("probability", (0, 1), tick_format=".0%", hover_format=".1%"), height=400)
    return figure.update_layout(meta={"digest": digests[0], "weights": digests[1]})


def _most_likely(passes: Passes) -> list[int]:
    """Return the classes that are drawn: all, or of many the ten that are most likely with dropout off."""
    if len(passes.off) <= _MOST_CLASSES:
        return [*range(len(passes.off))]
    return [int(c) for c in (-passes.off).argsort(kind="stable")[:_MOST_CLASSES]]


def say_passes(passes: Passes, p: float | None, names: Sequence[str] = ()) -> str:
    """Say how many passes predict the same class, and give the mean of the passes and its entropy.

    Args:
        passes: The passes.
        p: Probability that a value is dropped; None where each row has its own.
        names: The names of the classes; without, they are called by their numbers.
    """
    count, predicted = len(passes.probabilities), _called(int(passes.off.argmax()), names)
    shared_p = "the p of each row" if p is None else f"p = {say_p(p)}"
    masks = f"masks {passes.first:,} to {passes.first + count - 1:,}"
    total, limit = len(passes.off), ""
    if total > _MOST_CLASSES:
        limit = f" Of the {total:,} classes the {_MOST_CLASSES} most likely with dropout off are drawn."
    same = "all" if not passes.changed else f"{count - passes.changed:,} of {count:,}"
    return (
        f"With dropout off: {_prediction(passes.off, names)}, entropy {passes.off_entropy:.3f} bits. {count:,} passes "
        f"with {shared_p}, {masks}: {same} also predict {predicted}; the mean of their probabilities gives "
        f"{_prediction(passes.mean, names)}, entropy {passes.entropy:.3f} bits. This mean can differ from the result "
        "with dropout off: dropout keeps the mean of each dropout row, but not the mean of "
        f"the layers after it.{limit}"
    )


def passes_columns(passes: Passes, names: Sequence[str] = ()) -> dict[str, list[str]]:
    """Return the statistics of many passes as columns, with a line for each class."""
    low, high = passes.probabilities.min(axis=0), passes.probabilities.max(axis=0)
    deviation = passes.probabilities.std(axis=0)
    return {
        "class": [names[c] if names else str(c) for c in range(len(low))],
        "dropout off": [f"{share:.4f}" for share in passes.off],
        "mean": [f"{share:.4f}" for share in passes.mean],
        "standard deviation": [f"{share:.4f}" for share in deviation],
        "lowest": [f"{share:.4f}" for share in low],
        "highest": [f"{share:.4f}" for share in high],
        "predictions": [f"{count}" for count in passes.predictions],
    }


def passes_csv(passes: Passes, names: Sequence[str] = ()) -> str:
    """Return the probabilities of every pass as CSV, with the seed of its mask."""
    classes = names or range(passes.probabilities.shape[1])
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


def _scale(range_: Range, said: str) -> str:
    """Draw a colour scale with its label."""
    return f"<span>{said}: {scale_bar(range_)}</span>"


def _prediction(shares: Activation, names: Sequence[str]) -> str:
    return f"{_called(int(shares.argmax()), names)} with {words.percent(float(shares.max()))}"


def _called(target: int, names: Sequence[str]) -> str:
    return escape_markdown(names[target]) if names else str(target)


def _ratio(ratio: float) -> str:
    """Say a ratio in per cent, or as a factor if it is large."""
    return f"{ratio:,.0f}\xa0times" if ratio >= _AS_FACTOR else _percent(ratio)


def _percent(share: float) -> str:
    return f"{share * 100:,.1f}\xa0%"
