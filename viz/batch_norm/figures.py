"""A batch norm step by step: one map after each of its four operations, and where its zeros come from."""

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from model.batch_norm.records import Normalisation, NormStep
from model.trace.records import LayerKind, Step, Trace
from viz import theme
from viz.charts.histograms import Histogram, draw_histograms
from viz.pictures import raster, words
from viz.pictures.scaling import range_of
from viz.pictures.swatches import as_csv

BINS = 28
_COLOUR = theme.KIND_COLOURS[LayerKind.BATCH_NORM]
_RELU = "ReLU"


def stage(normal: Normalisation) -> str:
    """Draw in HTML the map after each step: the map, and two units worked out."""
    every = np.stack([step.values for step in normal.steps]).astype(np.float32)
    range_ = range_of(every, signed=True)
    places = _followed(normal)
    cards = []
    for index, (step, values) in enumerate(zip(normal.steps, every, strict=True)):
        worked = "".join(f"<li>{name} {_line(normal, index, place)}</li>" for name, place in places.items())
        operand = "" if step.operand is None else f" {step.sign} {words.number(step.operand)}"
        picture = raster.mosaic(values[None], [range_], [(0, 0)])
        cards.append(
            f'<li><b>{escape(step.name.capitalize())}</b><span class="operand">{operand or "&nbsp;"}</span>'
            f'<img src="{picture}" alt="The map: {escape(step.name)}">'
            f"<ul>{worked}<li>mean <b>{words.number(values.mean())}</b></li>"
            f"<li>deviation <b>{words.number(values.std())}</b></li></ul></li>"
        )
    return f'<ol class="norm-steps" style="--mark: {theme.HIGHLIGHT}">{"".join(cards)}</ol>'


def _axis(normal: Normalisation) -> tuple[float, float]:
    """Return the least and the largest value of all steps, with zero between them."""
    values = [step.values for step in normal.steps]
    low, high = min(0.0, *(each.min() for each in values)), max(0.0, *(each.max() for each in values))
    return float(low), float(high) if high > low else float(low) + 1


def bins(normal: Normalisation, index: int) -> tuple[list[int], int | None]:
    """Count the values of one step in bins of the axis that all steps share.

    Returns:
        The counts, and the bin that holds what became of the exact zeros; None where there are none.
    """
    low, high = _axis(normal)
    values = normal.steps[index].values
    counts, edges = np.histogram(values, bins=BINS, range=(low, high))
    zeros = normal.steps[0].values == 0
    if not zeros.any():
        return counts.tolist(), None
    return counts.tolist(), int(np.histogram(values[zeros][:1], bins=edges)[0].argmax())


def histograms(normal: Normalisation) -> go.Figure:
    """Draw how the values are spread after each step, all on one axis; what became of the exact zeros is marked."""
    found = (bins(normal, index) for index in range(len(normal.steps)))
    every = [Histogram(_named(step), *each) for step, each in zip(normal.steps, found, strict=True)]
    return draw_histograms(every, _axis(normal), "value", _COLOUR)


def bin_columns(normal: Normalisation) -> dict[str, list[str]]:
    """Return how many values lie in each bin after each step as columns."""
    edges = np.linspace(*_axis(normal), BINS + 1)
    columns = {"from": [words.number(edge) for edge in edges[:-1]], "to": [words.number(edge) for edge in edges[1:]]}
    for index, step in enumerate(normal.steps):
        columns[step.name] = [f"{count:,}" for count in bins(normal, index)[0]]
    return columns


def _named(step: NormStep) -> str:
    operand = "" if step.operand is None else f": {step.sign} {words.number(step.operand)}"
    return f"{step.name.capitalize()}{operand}"


def _followed(normal: Normalisation) -> dict[str, tuple[int, ...]]:
    """Return the units that are worked out: where the input is largest, and where it is zero or least."""
    values = normal.steps[0].values
    places = [np.unravel_index(int(index), values.shape) for index in (values.argmax(), values.argmin())]
    least = "a zero" if values.min() == 0 else "least"
    return dict(zip(("largest", least), (tuple(map(int, place)) for place in places), strict=True))


def _line(normal: Normalisation, index: int, place: tuple[int, ...]) -> str:
    step, value = normal.steps[index], words.number(float(normal.steps[index].values[place]))
    if step.operand is None:
        return f"<span>y {place[0]}, x {place[1]}</span> <b>{value}</b>"
    before = float(normal.steps[index - 1].values[place])
    return f"<span>{bracketed(before)} {step.sign} {bracketed(step.operand)} =</span> <b>{value}</b>"


def bracketed(value: float) -> str:
    """Say a number, in brackets where it is negative."""
    text = words.number(value)
    return f"({text})" if text.startswith("−") else text


def say_stage(normal: Normalisation) -> str:
    """Say what comes in, what goes out, how the deviation is made, and that it is what the network computed."""
    first, last = normal.steps[0].values, normal.steps[-1].values
    operands = [step.operand or 0.0 for step in normal.steps]
    zeros = float((first == 0).mean())
    became = words.number(float(last[first == 0][0])) if zeros else ""
    away = float(np.abs(last - normal.recorded).max())
    said = (
        f"Map {normal.channel} of {normal.name} on your digit, {first.size:,} values from {normal.source}. "
        f"Deviation: √(variance + ε) = √({words.number(normal.variance)} + {small(normal.eps)}) = "
        f"{words.number(operands[2])}. Mean and variance come from training, so this digit's own mean after the "
        f"division is not 0 but {words.number(normal.steps[2].values.mean())}, and its deviation not 1 but "
        f"{words.number(normal.steps[2].values.std())}. "
    )
    if zeros:
        said += f"Exactly zero come in: {words.share_of_units(zeros)} (orange); each of them goes out as {became}. "
    return said + f"The last step is what the network computed, to {small(away)}."


def say_scale(normal: Normalisation) -> str:
    """Say which colours the stage uses."""
    most = max(float(np.abs(step.values).max()) for step in normal.steps)
    return (
        f"One scale for all five: blue −{words.number(most)}, white 0, red {words.number(most)}. Numbers are shown "
        "rounded, and worked out with all their digits."
    )


def say_histograms(normal: Normalisation) -> str:
    """Say between which values all histograms run, and how high a bar is."""
    low, high = _axis(normal)
    marked = " The orange bar holds the values that came in as exactly zero." if bins(normal, 0)[1] is not None else ""
    return (
        f"The {normal.recorded.size:,} values of the map after each step, from {words.number(low)} to "
        f"{words.number(high)}; the thin line is 0. A bar is as high as the square root of its count, so that few "
        f"values are seen too.{marked}"
    )


def steps_csv(normal: Normalisation) -> str:
    """Return every value of the map after each step as CSV, a line for each unit."""
    header = ["y", "x", *(step.name for step in normal.steps), "recorded"]
    places = np.ndindex(normal.recorded.shape)
    rows = [
        [*place, *(f"{step.values[place]:.6g}" for step in normal.steps), f"{normal.recorded[place]:.6g}"]
        for place in places
    ]
    return as_csv([header, *rows])


def zeros(trace: Trace, selected: str) -> str:
    """Draw in HTML which part of every batch norm's input is exactly zero."""
    items = []
    for step in _norms(trace):
        share = float((step.input == 0).mean())
        mark = ' aria-current="true"' if step.name == selected else ""
        items.append(
            f"<li{mark}><span>{escape(step.name)}</span><small>after {escape(trace.source(step.name))}</small>"
            f'<i style="--share: {share:.4f}"></i><b>{words.share_of_units(share)}</b></li>'
        )
    return f'<ol class="norm-zeros" style="--mark: {theme.HIGHLIGHT}">{"".join(items)}</ol>'


def zeros_columns(trace: Trace) -> dict[str, list[str]]:
    """Return as columns how many of the values that come into every batch norm are exactly zero."""
    norms = _norms(trace)
    counts = [int((step.input == 0).sum()) for step in norms]
    return {
        "batch norm": [step.name for step in norms],
        "after": [trace.source(step.name) for step in norms],
        "values in": [str(step.input.size) for step in norms],
        "exactly zero": [str(count) for count in counts],
        "share": [f"{count / step.input.size:.6g}" for count, step in zip(counts, norms, strict=True)],
    }


def say_zeros(trace: Trace) -> str:
    """Say where the inputs of the batch norms are exactly zero, and where they are not."""
    shares = {step.name: float((step.input == 0).mean()) for step in _norms(trace)}
    after = {name: share for name, share in shares.items() if trace.source(name).startswith(_RELU)}
    other = [name for name in shares if name not in after]
    said = "No batch norm here comes after a ReLU."
    if after:
        said = (
            f"{len(after)} of the {len(shares)} batch norms come after a ReLU: on your digit between "
            f"{words.share_of_units(min(after.values()))} and {words.share_of_units(max(after.values()))} of what "
            "they take in is exactly zero."
        )
    for name in other:
        said += f" {name} comes after {trace.source(name)}, with {words.share_of_units(shares[name])} exactly zero."
    out = max(float((step.output == 0).mean()) for step in _norms(trace))
    said += f" Of what they put out, {words.share_of_units(out)} is{' at most' if out else ''}."
    return f"{said} It goes below zero again: the other way round, ReLU would cut what batch norm has centred."


def _norms(trace: Trace) -> list[Step]:
    return [step for step in trace.steps if step.kind is LayerKind.BATCH_NORM]


def lines(them: Sequence[tuple[str, str]]) -> str:
    """List in HTML what is worked out, each line under its name."""
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(worked)}</dd>" for name, worked in them)
    return f'<dl class="norm-lines">{items}</dl>'


def small(value: float) -> str:
    """Say a difference, in powers of ten where it is tiny.

    >>> small(0.0), small(7.6e-06), small(1e-05), small(0.25)
    ('0', '7.6e−6', '1e−5', '0.250')
    """
    if value == 0:
        return "0"
    if value >= 1e-3:
        return words.number(value)
    digits, _, exponent = f"{value:.1e}".partition("e-")
    return f"{digits.removesuffix('.0')}e−{int(exponent)}"
