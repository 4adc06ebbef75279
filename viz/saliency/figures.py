"""Attributions: one over its picture, many side by side, and their sums in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from model.networks.records import ImageSpec
from model.records import Activation, Pixels
from model.saliency.records import Attribution, Method, Output
from viz import theme
from viz.pictures import raster, readable, swatches, words
from viz.pictures.markdown import escape_markdown
from viz.pictures.mathematics import typeset
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range

Link = Callable[[str], str]  # gives the address that shows a method or a step
CLIPPED_AT = 99  # per cent of the pixels lie within a clipped scale
_NO_GAP = 0.0005  # a smaller gap rounds to 0.0 %
_LISTED = 6  # steps that a sentence names
_COLOURS = ("red", "green", "blue")
_ZOOM = 6  # picture pixels for each pixel of an outline
_SCORES: Mapping[Output, str] = {
    "logit": "logit of {target}",
    "log_probability": "log-probability of {target}",
    "difference": "logit of {target} less that of {against}",
}


@dataclass(frozen=True, slots=True)
class MapStyle:
    """How a map is drawn.

    Attributes:
        absolute: Absolute values instead of signed ones.
        clipped: On a scale that the largest values exceed.
        opacity: In per cent, over the picture.
    """

    absolute: bool = False
    clipped: bool = False
    opacity: int = 100


def score_of(found: Attribution) -> str:
    """Name the score explained: the logit of a class, its log-probability, or the difference of two logits."""
    against = "" if found.against is None else found.class_name(found.against)
    return _SCORES[found.output].format(target=found.class_name(found.target), against=against)


def _score(found: Attribution) -> str:
    """Name the score explained in Markdown."""
    return escape_markdown(score_of(found))


def map_over_picture(found: Attribution, pixels: Pixels, style: MapStyle) -> dict[str, Any]:
    """Return what the browser needs to show one map over its picture, with all values.

    Args:
        found: The map.
        pixels: The picture, (H, W), or (H, W, 3) in colour, which has no outline.
        style: How the map is drawn.
    """
    values, range_ = styled(found.values, style)
    return readable.over(values, range_, raster.image(pixels), raster.outline(pixels, _ZOOM), style.opacity)


def styled(values: Activation, style: MapStyle) -> tuple[Activation, Range]:
    """Return the values that a style shows and the range of its colour scale; zero has a colour of its own."""
    magnitudes = np.abs(values)
    end = float(np.percentile(magnitudes, CLIPPED_AT)) if style.clipped else 0.0
    end = end or float(magnitudes.max()) or 1.0
    if style.absolute:
        return magnitudes, Range(0.0, end, theme.SEQUENTIAL)
    return values, Range(-end, end, theme.DIVERGING)


def caption(found: Attribution, method: Method) -> str:
    """Say in one line what a map shows."""
    if method.is_gradient:
        return f"How a brighter pixel would change the {score_of(found)}, by {method.title}."
    return f"Contribution of each pixel to the {score_of(found)}, by {method.title}."


def say(found: Attribution, method: Method, style: MapStyle) -> str:
    """Say how many pixels raise the score and how many lower it, by how much, and which value is the largest."""
    values = found.significant
    would, if_brighter = ("would ", " if they were brighter") if method.is_gradient else ("", "")
    y, x = np.unravel_index(int(np.abs(values).argmax()), values.shape)
    red, blue = ("", "") if style.absolute else (" (red)", " (blue)")
    return (
        f"{int((values > 0).sum()):,} of {values.size:,} pixels {would}raise the {_score(found)}{if_brighter}{red}, "
        f"{words.fine(_positive(found))} in total; {int((values < 0).sum()):,} {would}lower it{blue}, "
        f"{words.fine(_negative(found))} in total. The pixel with the largest absolute value is y {y}, x {x}: "
        f"{words.fine(float(values[y, x]))}.{_say_clipped(values, style)}{_say_channels(found)} Point at a pixel to "
        "read its value."
    )


def _say_channels(found: Attribution) -> str:
    """Say how the channels of a colour picture share its map; nothing of a grey one."""
    if found.baseline.ndim == 2:
        return ""
    if len(found.channels) != len(found.baseline):
        return " The method treats all channels of a pixel at once."
    sums = [words.fine(float(each.sum(dtype=np.float64))) for each in found.channels]
    each = ", ".join(f"{name} {total}" for name, total in zip(_channel_names(found), sums, strict=True))
    return f" The value of a pixel is the sum over its channels, which have in total: {each}."


def _channel_names(found: Attribution) -> Sequence[str]:
    count = len(found.channels)
    return _COLOURS if count == len(_COLOURS) else [f"channel {number}" for number in range(count)]


def _positive(found: Attribution) -> float:
    return float(found.values.clip(0).sum(dtype=np.float64))


def _negative(found: Attribution) -> float:
    return float(found.values.clip(None, 0).sum(dtype=np.float64))


def _say_clipped(values: Activation, style: MapStyle) -> str:
    """Say how many values exceed a clipped scale; return nothing if it is not clipped."""
    beyond = int((np.abs(values) > styled(values, style)[1].high).sum())
    if not style.clipped:
        return ""
    if not beyond:
        return " The scale is clipped, but no pixel exceeds it."
    return f" The scale is clipped at the {CLIPPED_AT}th percentile: {beyond:,} of {values.size:,} pixels exceed it."


def why_blank(found: Attribution, signed: Attribution | None = None) -> str:
    """Say why a map is blank.

    Args:
        found: The blank map.
        signed: The same map without the method's last ReLU, if it has one and it is on.
    """
    if signed is not None and not signed.is_blank:
        return (
            f"The map is blank: at {found.layer} no place raises the {_score(found)}, and the ReLU of this method "
            "sets negative values to 0. Switch the ReLU off to see the signed map."
        )
    return f"The map is blank: according to this method no pixel changes the {_score(found)}."


def sums(found: Attribution, method: Method) -> str:
    """Draw in HTML the sum of a map, the gain over the baseline, and the gap between them.

    For a method that starts from the score, draw the score instead of the gain.
    """
    lines = [
        ("", found.score, score_of(found)),
        ("−", found.baseline_score, "score of the baseline"),
        ("=", found.gain, "gain over the baseline"),
        ("", found.total, "sum of the map"),
        ("", found.delta, "gap: the sum less the gain"),
    ]
    if method.starts_from_score:
        lines = [
            ("", found.score, f"{score_of(found)}: the start"),
            ("−", found.total, "sum of the map"),
            ("=", found.remainder, "lost on the way"),
        ]
    rows = "".join(f"<dt>{sign}</dt><dd>{words.fine(value)}</dd><dd>{escape(name)}</dd>" for sign, value, name in lines)
    return f'<dl class="column-sum gained" aria-label="Does {escape(method.title)} add up?">{rows}</dl>'


def say_sums(found: Attribution, method: Method) -> str:
    """Say whether a map adds up to the gain over the baseline, and whether it should."""
    rounded = "Numbers are rounded here, not in the CSV."
    if method.starts_from_score:
        return (
            f"This method starts from the {_score(found)}, {words.fine(found.score)}, and passes it back row by row. "
            f"{words.fine(found.total)} arrives at the pixels. {words.fine(found.remainder)} is lost on the way: at "
            f"the biases and batch norms, which have an output for any input, and at ε. The method uses no baseline, "
            f"so it does not claim to add up to a gain. {rounded}"
        )
    baseline_too = "The baseline has a score too: biases and batch norms have an output for any input."
    if not method.adds_up:
        return (
            f"This method does not claim to add up to the gain over the baseline, so a gap is not an error: its sum is "
            f"{words.fine(found.total)}, and the gain is {words.fine(found.gain)}. "
            f"{baseline_too} {rounded}"
        )
    if not np.isfinite(found.gap):
        here = f"Here there is no gain, and the sum of the map is {words.fine(found.total)}"
    elif found.gap < _NO_GAP:
        here = "Here it does: the gap rounds to 0.0\xa0%"
    else:
        here = f"Here the gap is {say_gap(found)}"
    return f"This method is meant to add up to the gain over the baseline. {here}. {baseline_too} {rounded}"


def say_gap(found: Attribution) -> str:
    """Say the gap as a share of the gain."""
    return f"{found.gap * 100:,.1f}\xa0%" if np.isfinite(found.gap) else "undefined: no gain"


def say_claim(found: Attribution, method: Method) -> str:
    """Say the gap for a table; if the method does not claim to add up, say that first."""
    return say_gap(found) if method.adds_up else f"no claim: {say_gap(found)}"


def about(method: Method) -> str:
    """Draw in HTML a method: its idea, its formula, its cost, its source."""
    return (
        f'<section class="method"><p>{escape(method.idea)}</p><p class="rule">{typeset(method.formula)}</p>'
        f"<p><small>Here, {escape(method.where)}. Cost: {escape(method.cost)}. "
        f'<a href="{escape(method.link)}" target="_blank" rel="noreferrer">{escape(method.paper)}</a>.</small></p>'
        "</section>"
    )


def baseline(found: Attribution, image: ImageSpec) -> str:
    """Draw in HTML the baseline as a picture, (H, W), or (C, H, W) in colour, normalised as the network takes it."""
    shape = (-1, 1, 1)
    planes = found.baseline.reshape(image.shape) * np.reshape(image.std, shape) + np.reshape(image.mean, shape)
    pixels = (planes * 255).clip(0, 255).round().astype(np.uint8)  # (C, H, W)
    drawn = pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    return f'<figure class="baseline"><img src="{raster.image(drawn)}" alt="The baseline"></figure>'


def say_baseline(found: Attribution, label: str) -> str:
    """Say what the baseline is, and the range of its normalised pixels."""
    least, most = (words.number(float(end)) for end in (found.baseline.min(), found.baseline.max()))
    ends = f"{least} everywhere" if least == most else f"{least} to {most}"
    return f"Baseline. {label}. Normalised pixels: {ends}."


def grid(
    titles: Mapping[str, str],
    found: Mapping[str, Attribution],
    link: Link,
    *,
    one_scale: bool = False,
    show_times: bool = True,
) -> str:
    """Draw many maps side by side in HTML, and a placeholder for each that is not ready.

    Args:
        titles: By the name of the map.
        found: The maps that are ready, by name.
        link: Returns the address that shows one of them large.
        one_scale: One scale for all, shown below; otherwise one for each.
        show_times: Whether the time of each map is shown below it; otherwise its sum.
    """
    everything = np.concatenate([each.values.ravel() for each in found.values()]) if found else np.zeros(1, np.float32)
    shared = styled(everything, MapStyle())[1] if one_scale else None
    tiles = "".join(_tile(name, title, found.get(name), link, shared, show_times) for name, title in titles.items())
    scale = f"<p>One scale for all: {scale_bar(shared)}</p>" if shared else ""
    return f'<ol class="attributions">{tiles}</ol>{scale}'


def _tile(name: str, title: str, found: Attribution | None, link: Link, shared: Range | None, show_times: bool) -> str:
    if found is None:
        return f'<li class="pending"><b>{escape(title)}</b><i></i><span>…</span></li>'
    values, range_ = styled(found.values, MapStyle())
    picture = raster.mosaic(values[None], [shared or range_], [(0, 0)])
    note = _say_seconds(found.seconds) if show_times else f"sum {words.fine(found.total, 2)}"
    scale = "blank" if found.is_blank else "" if shared else f"± {words.fine(range_.high, 2)}"
    return (
        f'<li><a href="{escape(link(name))}" target="_self"><b>{escape(title)}</b>'
        f'<img src="{picture}" alt=""></a><span>{scale}</span>'
        f"<span>{note}</span></li>"
    )


def _say_seconds(seconds: float) -> str:
    """Say how long a map took, at least 1 ms."""
    return f"{max(round(seconds * 1000), 1):,}\xa0ms"


def say_grid(titles: Mapping[str, str], found: Mapping[str, Attribution]) -> str:
    """Say how many maps there are, how many are blank, and which have the smallest and the largest sum.

    Args:
        titles: By name, in the order of the maps.
        found: The maps that are ready, by name; at least one.
    """
    most, least = (choose(found, key=lambda name: found[name].total) for choose in (max, min))
    low, high = (words.fine(found[name].total) for name in (least, most))
    sums = f"range from {low} ({titles[least]}) to {high} ({titles[most]})" if low != high else f"are all {high}"
    blank = sum(each.is_blank for each in found.values())
    return f"{len(found)} maps, {blank or 'none'} of them blank. Their sums {sums}."


def say_passed(steps: Sequence[str]) -> str:
    """Say which steps have no map, because another way goes around them; nothing where there are none."""
    if not steps:
        return ""
    more = f" and {len(steps) - _LISTED} more" if len(steps) > _LISTED else ""
    return (
        f" There is no map of {', '.join(steps[:_LISTED])}{more}: another way goes around "
        f"{'it' if len(steps) == 1 else 'each of them'}, so the score does not depend on "
        f"{'it' if len(steps) == 1 else 'one of them'} alone."
    )


def say_times(found: Sequence[Attribution]) -> str:
    """Say how long it took to compute all maps."""
    return f"Computed in {sum(each.seconds for each in found):.2f}\xa0s, then kept in the cache."


def table(
    titles: Mapping[str, str], found: Mapping[str, Attribution], methods: Mapping[str, Method]
) -> dict[str, list[str]]:
    """Return the sums of the maps as columns.

    Args:
        titles: By name, in the order of the maps.
        found: The maps that are ready, by name.
        methods: All methods, by name.
    """
    chosen = {name: found[name] for name in titles if name in found}
    every = list(chosen.values())
    return {
        "map": [titles[name] for name in chosen],
        "positive": [words.fine(_positive(each)) for each in every],
        "negative": [words.fine(_negative(each)) for each in every],
        "sum": [words.fine(each.total) for each in every],
        "gain": [words.fine(each.gain) for each in every],
        "gap": [say_claim(each, methods[each.method]) for each in every],
    }


def as_csv(found: Attribution) -> str:
    """Return all values of a map with all digits, one line for each place; in colour with the share of each channel."""
    head, columns = ["y", "x", "attribution"], [found.values]
    if found.baseline.ndim == 3 and found.channels.shape == found.baseline.shape:
        head, columns = [*head, *_channel_names(found)], [*columns, *found.channels]
    lines = ((*at, *(float(each[at]) for each in columns)) for at in np.ndindex(found.values.shape))
    return swatches.as_csv([head, *lines])
