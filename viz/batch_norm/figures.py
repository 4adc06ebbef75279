"""Figures of batch norm: a map and its histogram after each operation, and the zeros in the inputs."""

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from model.batch_norm.records import Normalisation, NormStep
from model.records import IMAGE
from model.trace.records import LayerKind, Step, Trace
from viz import theme
from viz.charts.histograms import Histogram, draw_histograms
from viz.pictures import raster, words
from viz.pictures.scaling import range_of
from viz.pictures.swatches import as_csv

BINS = 28
_COLOUR = theme.KIND_COLOURS[LayerKind.BATCH_NORM]


def stage(normal: Normalisation) -> str:
    """Draw in HTML, for each operation, the map and the arithmetic of two units."""
    every = np.stack([step.values for step in normal.steps]).astype(np.float32)
    range_ = range_of(every, signed=True)
    places = _example_units(normal)
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
    """Return a range that contains all values of all steps, and zero."""
    values = [step.values for step in normal.steps]
    low, high = min(0.0, *(each.min() for each in values)), max(0.0, *(each.max() for each in values))
    return float(low), float(high) if high > low else float(low) + 1


def bins(normal: Normalisation, index: int) -> tuple[list[int], int | None]:
    """Count the values of one step in bins of the axis that all steps share.

    Returns:
        The counts, and the bin of the inputs that are exactly zero; None if there are none.
    """
    low, high = _axis(normal)
    values = normal.steps[index].values
    counts, edges = np.histogram(values, bins=BINS, range=(low, high))
    zeros = normal.steps[0].values == 0
    if not zeros.any():
        return counts.tolist(), None
    return counts.tolist(), int(np.histogram(values[zeros][:1], bins=edges)[0].argmax())


def histograms(normal: Normalisation) -> go.Figure:
    """Draw a histogram of the values after each step, on a shared axis, and mark the bin of the exact zeros."""
    found = (bins(normal, index) for index in range(len(normal.steps)))
    every = [Histogram(_named(step), *each) for step, each in zip(normal.steps, found, strict=True)]
    return draw_histograms(every, _axis(normal), "value", _COLOUR, "exactly zero in the input")


def bin_columns(normal: Normalisation) -> dict[str, list[str]]:
    """Return the number of values in each bin after each step as columns."""
    edges = np.linspace(*_axis(normal), BINS + 1)
    columns = {"from": [words.number(edge) for edge in edges[:-1]], "to": [words.number(edge) for edge in edges[1:]]}
    for index, step in enumerate(normal.steps):
        columns[step.name] = [f"{count:,}" for count in bins(normal, index)[0]]
    return columns


def _named(step: NormStep) -> str:
    operand = "" if step.operand is None else f": {step.sign} {words.number(step.operand)}"
    return f"{step.name.capitalize()}{operand}"


def _example_units(normal: Normalisation) -> dict[str, tuple[int, ...]]:
    """Return the units whose arithmetic is shown: the largest input, and a zero or the smallest input."""
    values = normal.steps[0].values
    places = [np.unravel_index(int(index), values.shape) for index in (values.argmax(), values.argmin())]
    smallest = "a zero" if values.min() == 0 else "smallest"
    if values.size == 1:
        smallest = "largest"  # a value alone is shown once
    return dict(zip(("largest", smallest), (tuple(map(int, place)) for place in places), strict=True))


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


def say_stage(normal: Normalisation, word: str = "digit") -> str:
    """Describe the input and the deviation, and compare the last step with what the network computed."""
    first, last = normal.steps[0].values, normal.steps[-1].values
    operands = [step.operand or 0.0 for step in normal.steps]
    zeros = float((first == 0).mean())
    zero_output = words.number(float(last[first == 0][0])) if zeros else ""
    error = float(np.abs(last - normal.recorded).max())
    said = (
        f"Map {normal.channel} of {normal.name} on your {word}, {first.size:,} "
        f"{'value' if first.size == 1 else 'values'} from {normal.source}. "
        f"Deviation: √(variance + ε) = √({words.number(normal.variance)} + {scientific(normal.eps)}) = "
        f"{words.number(operands[2])}. {_say_origin(normal, word)} "
    )
    if zeros:
        share = words.share_of_units(zeros).capitalize()
        said += f"{share} of the inputs are exactly zero (orange); each becomes {zero_output}. "
    return said + f"The last step agrees with what the network computed, to {scientific(error)}."


def _say_origin(normal: Normalisation, word: str) -> str:
    """Say where mean and variance come from, and what mean and deviation the map has after the division."""
    divided, size = normal.steps[2].values, normal.recorded.size
    mean, deviation = words.number(divided.mean()), words.number(divided.std())
    if not normal.values:
        said = "Mean and variance come from training."
        if size == 1:
            return said
        return (
            f"{said} So after the division the mean of this map is {mean}, not 0, and its deviation is {deviation}, "
            "not 1."
        )
    if normal.values == size:
        return (
            f"Mean and variance are those of this map of this {word}, so after the division its mean is {mean} and its "
            f"deviation {deviation}."
        )
    return (
        f"Mean and variance are those of {normal.values:,} values of this {word}, of several maps together. After the "
        f"division the mean of this map alone is {mean} and its deviation {deviation}."
    )


def say_scale(normal: Normalisation) -> str:
    """Describe the colours of the stage."""
    most = max(float(np.abs(step.values).max()) for step in normal.steps)
    return (
        f"All five maps share one scale: blue −{words.number(most)}, white 0, red {words.number(most)}. Numbers are "
        "rounded for display only."
    )


def say_histograms(normal: Normalisation) -> str:
    """Describe the axis and the bars of the histograms."""
    low, high = _axis(normal)
    marked = " The orange bar contains the inputs that are exactly zero." if bins(normal, 0)[1] is not None else ""
    noun = "value" if normal.recorded.size == 1 else "values"
    return (
        f"The {normal.recorded.size:,} {noun} of the map after each step, from {words.number(low)} to "
        f"{words.number(high)}; the thin line is 0. The height of a bar is the square root of its count, so that small "
        f"counts are visible.{marked}"
    )


def steps_csv(normal: Normalisation) -> str:
    """Return every value of the map after each step as CSV, with a line for each unit."""
    header = ["y", "x", *(step.name for step in normal.steps), "recorded"]
    places = np.ndindex(normal.recorded.shape)
    rows = [
        [*place, *(f"{step.values[place]:.6g}" for step in normal.steps), f"{normal.recorded[place]:.6g}"]
        for place in places
    ]
    return as_csv([header, *rows])


def zeros(trace: Trace, selected: str) -> str:
    """Draw in HTML the share of exact zeros in the input of every batch norm."""
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
    """Return as columns the number of exact zeros in the input of every batch norm."""
    norms = _norms(trace)
    counts = [int((step.input == 0).sum()) for step in norms]
    return {
        "batch norm": [step.name for step in norms],
        "after": [trace.source(step.name) for step in norms],
        "input values": [str(step.input.size) for step in norms],
        "exactly zero": [str(count) for count in counts],
        "share": [f"{count / step.input.size:.6g}" for count, step in zip(counts, norms, strict=True)],
    }


def any_after_relu(trace: Trace) -> bool:
    """Tell whether a batch norm gets the output of a ReLU."""
    return any(_is_after_relu(trace, step.name) for step in _norms(trace))


def _is_after_relu(trace: Trace, name: str) -> bool:
    source = trace.source(name)
    return source != IMAGE and trace[source].kind is LayerKind.RELU


def say_zeros(trace: Trace, word: str = "digit") -> str:
    """Say which shares of the inputs of the batch norms are exactly zero."""
    shares = {step.name: float((step.input == 0).mean()) for step in _norms(trace)}
    after = {name: share for name, share in shares.items() if _is_after_relu(trace, name)}
    other = [name for name in shares if name not in after]
    said = "No batch norm here comes after a ReLU."
    if after:
        said = (
            f"{len(after)} of the {len(shares)} batch norms come after a ReLU: on your {word} between "
            f"{words.share_of_units(min(after.values()))} and {words.share_of_units(max(after.values()))} of their "
            "inputs are exactly zero."
        )
    for name in other:
        share = words.share_of_units(shares[name])
        said += f" {name} comes after {trace.source(name)}, with {share} of its inputs exactly zero."
    out = max(float((step.output == 0).mean()) for step in _norms(trace))
    share = words.share_of_units(out)
    said += f" {f'At most {share}' if out else share.capitalize()} of their outputs are exactly zero."
    return f"{said} Their outputs can be negative. With ReLU after batch norm, these would be set to 0."


def _norms(trace: Trace) -> list[Step]:
    return [step for step in trace.steps if step.kind is LayerKind.BATCH_NORM]


def definitions(lines: Sequence[tuple[str, str]]) -> str:
    """List formulas in HTML, each below its name."""
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(formula)}</dd>" for name, formula in lines)
    return f'<dl class="norm-lines">{items}</dl>'


def scientific(value: float) -> str:
    """Say a difference, in scientific notation if it is tiny.

    >>> scientific(0.0), scientific(7.6e-06), scientific(1e-05), scientific(0.25)
    ('0', '7.6e−6', '1e−5', '0.250')
    """
    if value == 0:
        return "0"
    if value >= 1e-3:
        return words.number(value)
    digits, _, exponent = f"{value:.1e}".partition("e-")
    return f"{digits.removesuffix('.0')}e−{int(exponent)}"
