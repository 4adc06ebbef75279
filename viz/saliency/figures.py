"""Attributions over the digit: one to read, many to compare, and what their sum is held against."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from model.images.records import MEAN, STD
from model.records import Activation, Pixels
from model.saliency.records import Attribution, Method, Output
from viz import theme
from viz.pictures import raster, readable, swatches, words
from viz.pictures.mathematics import typeset
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import Range

Link = Callable[[str], str]  # gives the address that shows a method or a step
CLIPPED_AT = 99  # per cent of the pixels lie within the ends of a clipped scale
_NO_GAP = 0.0005  # a smaller one is said as 0.0 %
_ZOOM = 6  # picture pixels for each pixel of an outline
_SCORES: Mapping[Output, str] = {
    "logit": "logit of {target}",
    "log_probability": "log-probability of {target}",
    "difference": "logit of {target} less that of {against}",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How a map is painted.

    Attributes:
        absolute: Its sizes, without their signs.
        clipped: On a scale that the largest of its values lie beyond.
        opacity: In per cent, over the digit.
    """

    absolute: bool = False
    clipped: bool = False
    opacity: int = 100


def score_of(found: Attribution) -> str:
    """Say what of the network is explained.

    It is the logit of a class, its log-probability, or the difference of two logits.
    """
    return _SCORES[found.output].format(target=found.target, against=found.against)


def stage(found: Attribution, pixels: Pixels, look: Look) -> dict[str, Any]:
    """Return what the browser shows of one map over its digit (H, W), every value to be read."""
    values, range_ = painted(found.values, look)
    return readable.over(values, range_, raster.grey(pixels), raster.outline(pixels, _ZOOM), look.opacity)


def painted(values: Activation, look: Look) -> tuple[Activation, Range]:
    """Return the values that a look paints, and the range that it paints them in; zero has its own colour."""
    sizes = np.abs(values)
    most = float(np.percentile(sizes, CLIPPED_AT)) if look.clipped else 0.0
    most = most or float(sizes.max()) or 1.0
    if look.absolute:
        return sizes, Range(0.0, most, theme.SEQUENTIAL)
    return values, Range(-most, most, theme.DIVERGING)


def caption(found: Attribution, method: Method) -> str:
    """Say in a line what a map shows."""
    if method.is_slope:
        return f"What would raise the {score_of(found)} if it were brighter, by {method.title}."
    return f"What speaks for the {score_of(found)}, by {method.title}."


def say(found: Attribution, method: Method, look: Look) -> str:
    """Say what a map shows: how much speaks for the score, how much against, and where most."""
    values = found.settled
    doing, undoing = ("if brighter, would raise", "lower") if method.is_slope else ("speak for", "speak against")
    y, x = np.unravel_index(int(np.abs(values).argmax()), values.shape)
    red, blue = ("", "") if look.absolute else (" (red)", " (blue)")
    return (
        f"{int((values > 0).sum())} of {values.size} pixels {doing} the {score_of(found)}{red}, together "
        f"{words.fine(_for(found))}; {int((values < 0).sum())} {undoing} it{blue}, {words.fine(_against(found))}. "
        f"Loudest is y {y}, x {x} with {words.fine(float(values[y, x]))}.{_say_clipped(values, look)} "
        "Point at a pixel to read its value."
    )


def _for(found: Attribution) -> float:
    return float(found.values.clip(0).sum(dtype=np.float64))


def _against(found: Attribution) -> float:
    return float(found.values.clip(None, 0).sum(dtype=np.float64))


def _say_clipped(values: Activation, look: Look) -> str:
    """Say how many values lie beyond a clipped scale, nothing where it is not clipped."""
    outside = int((np.abs(values) > painted(values, look)[1].high).sum())
    if not look.clipped:
        return ""
    if not outside:
        return " Clipping the scale leaves no pixel beyond it."
    return f" The scale is clipped at the {CLIPPED_AT}th percentile: {outside} of {values.size} pixels lie beyond it."


def why_blank(found: Attribution, signed: Attribution | None = None) -> str:
    """Say why a map is blank.

    Args:
        found: The blank map.
        signed: The same without the method's last ReLU, where it has one and it is on.
    """
    if signed is not None and not signed.is_blank:
        return (
            f"The map is blank: at {found.layer} no place speaks for the {score_of(found)}, and the ReLU of this "
            "method makes 0 of what speaks against it. Switch the ReLU off to see the signed map."
        )
    return f"The map is blank: by this method no pixel changes the {score_of(found)}."


def sums(found: Attribution, method: Method) -> str:
    """Write in HTML the sum of a map under what it is held against, and what is between the two.

    It is held against what the digit gained on the baseline; for a method that starts from the score, against that.
    """
    lines = [
        ("", found.score, score_of(found)),
        ("−", found.baseline_score, "what the baseline scores"),
        ("=", found.gained, "what the digit gained"),
        ("", found.total, "sum of the map"),
        ("", found.delta, "sum less gain: the gap"),
    ]
    if method.starts_from_score:
        lines = [
            ("", found.score, f"{score_of(found)}: what it starts from"),
            ("−", found.total, "sum of the map: what arrives"),
            ("=", found.kept, "what stays on the way"),
        ]
    rows = "".join(f"<dt>{sign}</dt><dd>{words.fine(value)}</dd><dd>{name}</dd>" for sign, value, name in lines)
    return f'<dl class="column-sum gained" aria-label="Does {escape(method.title)} add up?">{rows}</dl>'


def say_sums(found: Attribution, method: Method) -> str:
    """Say whether a map adds up to what the digit gained, and whether its method means it to."""
    rounded = "Numbers are rounded here, not in the CSV."
    if method.starts_from_score:
        return (
            f"This method starts from the {score_of(found)}, {words.fine(found.score)}, and hands it back row by row. "
            f"{words.fine(found.total)} arrives at the pixels; {words.fine(found.kept)} stays on the way, with the "
            f"biases and the batch norms, which put something out whatever comes in, and with ε. It knows no baseline, "
            f"and does not claim to add up to what is gained on one. {rounded}"
        )
    baseline_too = "The baseline scores too: the biases and batch norms put something out whatever comes in."
    if not method.adds_up:
        return (
            f"This method does not claim to add up to what the digit gained on the baseline, so a gap is no fault of "
            f"it: its sum, {words.fine(found.total)}, need not be the gain, {words.fine(found.gained)}. "
            f"{baseline_too} {rounded}"
        )
    if not np.isfinite(found.gap):
        here = f"Here the digit gained nothing, and the map sums to {words.fine(found.total)}"
    elif found.gap < _NO_GAP:
        here = "Here it does, with no gap to speak of"
    else:
        here = f"Here it misses that by {say_gap(found)}"
    return f"This method is meant to add up to what the digit gained on the baseline. {here}. {baseline_too} {rounded}"


def say_gap(found: Attribution) -> str:
    """Say the gap as a share of what was gained."""
    return f"{found.gap * 100:,.1f}\xa0%" if np.isfinite(found.gap) else "no share, for nothing was gained"


def say_claim(found: Attribution, method: Method) -> str:
    """Say the gap for a table; where the method does not claim to have none, say that first."""
    return say_gap(found) if method.adds_up else f"no claim: {say_gap(found)}"


def about(method: Method) -> str:
    """Draw in HTML what a method does: its idea, its formula, its cost, its source."""
    return (
        f'<section class="method"><p>{escape(method.idea)}</p><p class="rule">{typeset(method.formula)}</p>'
        f"<p><small>Here {escape(method.where)}. It takes {escape(method.cost)}. "
        f'<a href="{escape(method.link)}" target="_blank" rel="noreferrer">{escape(method.paper)}</a>.</small></p>'
        "</section>"
    )


def baseline(found: Attribution) -> str:
    """Draw in HTML the baseline as a picture of ink: normalised 2.8 is white, −0.4242 black."""
    ink = ((found.baseline * STD + MEAN) * 255).clip(0, 255).round().astype(np.uint8)
    return f'<figure class="baseline"><img src="{raster.grey(ink)}" alt="The baseline"></figure>'


def say_baseline(found: Attribution, label: str) -> str:
    """Say what the baseline is, and between which values of normalised ink it lies."""
    least, most = (words.number(float(end)) for end in (found.baseline.min(), found.baseline.max()))
    ends = f"{least} everywhere" if least == most else f"{least} to {most}"
    return f"The baseline. {label}. Normalised {ends}."


def grid(
    titles: Mapping[str, str],
    found: Mapping[str, Attribution],
    link: Link,
    *,
    together: bool = False,
    timed: bool = True,
) -> str:
    """Draw many maps side by side in HTML, and an empty place for each that is still to come.

    Args:
        titles: For each name of a map, what stands above it.
        found: The maps that are there, by name.
        link: Gives the address that shows one of them large.
        together: One scale for all, shown beneath; else one for each.
        timed: Whether it stands beneath each how long it took; else its sum does.
    """
    everything = np.concatenate([each.values.ravel() for each in found.values()]) if found else np.zeros(1, np.float32)
    shared = painted(everything, Look())[1] if together else None
    tiles = "".join(_tile(name, title, found.get(name), link, shared, timed) for name, title in titles.items())
    scale = f"<p>One scale for all: {scale_bar(shared)}</p>" if shared else ""
    return f'<ol class="attributions">{tiles}</ol>{scale}'


def _tile(name: str, title: str, found: Attribution | None, link: Link, shared: Range | None, timed: bool) -> str:
    if found is None:
        return f'<li class="awaited"><b>{escape(title)}</b><i></i><span>…</span></li>'
    values, range_ = painted(found.values, Look())
    picture = raster.mosaic(values[None], [shared or range_], [(0, 0)])
    note = _say_seconds(found.seconds) if timed else f"sum {words.fine(found.total, 2)}"
    scale = "blank" if found.is_blank else "" if shared else f"± {words.fine(range_.high, 2)}"
    return (
        f'<li><a href="{escape(link(name))}" target="_self"><b>{escape(title)}</b>'
        f'<img src="{picture}" alt=""></a><span>{scale}</span>'
        f"<span>{note}</span></li>"
    )


def _say_seconds(seconds: float) -> str:
    """Say how long a map took, as a thousandth of a second at least."""
    return f"{max(round(seconds * 1000), 1):,}\xa0ms"


def say_grid(titles: Mapping[str, str], found: Mapping[str, Attribution]) -> str:
    """Say how many maps there are, which of them has the largest sum and which the smallest, and how many are blank.

    Args:
        titles: By name, in their order.
        found: The maps that are there, by name; at least one.
    """
    most, least = (choose(found, key=lambda name: found[name].total) for choose in (max, min))
    low, high = (words.fine(found[name].total) for name in (least, most))
    sums = f"go from {low} ({titles[least]}) to {high} ({titles[most]})" if low != high else f"are all {high}"
    blank = sum(each.is_blank for each in found.values())
    return f"{len(found)} maps, {blank or 'none'} of them blank. Their sums {sums}."


def say_times(found: Sequence[Attribution]) -> str:
    """Say how long maps took together when they were made."""
    return f"Made in {sum(each.seconds for each in found):.2f}\xa0s; kept since, so that they come at once."


def table(
    titles: Mapping[str, str], found: Mapping[str, Attribution], methods: Mapping[str, Method]
) -> dict[str, list[str]]:
    """Return the maps in numbers, as columns.

    Args:
        titles: By name, in their order.
        found: The maps that are there, by name.
        methods: All methods, by name.
    """
    chosen = {name: found[name] for name in titles if name in found}
    every = list(chosen.values())
    return {
        "map": [titles[name] for name in chosen],
        "for": [words.fine(_for(each)) for each in every],
        "against": [words.fine(_against(each)) for each in every],
        "sum": [words.fine(each.total) for each in every],
        "gained": [words.fine(each.gained) for each in every],
        "gap": [say_claim(each, methods[each.method]) for each in every],
    }


def as_csv(found: Attribution) -> str:
    """Return every value of a map with all digits, a line for each place."""
    lines = [(*at, float(value)) for at, value in np.ndenumerate(found.values)]
    return swatches.as_csv([("y", "x", "attribution"), *lines])
