"""The weights of a 1x1 convolution, and the changes in later rows when some of its input maps change."""

from collections.abc import Collection
from html import escape

import numpy as np

from model.head.records import RowChange
from model.records import Activation
from model.trace.records import Step, Trace
from viz import theme
from viz.pictures import raster, swatches, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import range_of

_STRIP_WIDTH = 256  # most picture pixels in one line of a strip
_UNIT = 2  # picture pixels for each unit of a map
_MOST_MAPS = 64  # in a strip
_MOST_CLASSES = 10  # in a table
_DOT = 14  # picture pixels for a map of a single unit


def weights_table(step: Step, changed: Collection[int]) -> str:
    """Draw the weights of a 1x1 convolution as a table: a column for each input map, a row for each output map.

    Args:
        step: The recorded convolution; its maps are drawn at the edges.
        changed: The input maps whose columns are marked.
    """
    weights, biases = step.weights["weight"][:, :, 0, 0], _biases(step)  # (C_out, C_in), (C_out,)
    range_ = swatches.signed(weights)
    into = "".join(
        f'<th scope="col"{swatches.selected_class(c in changed)}><i class="thumb" style="--at: {c}"></i>{c}</th>'
        for c in range(len(step.input))
    )
    lines = "".join(
        f'<tr><th scope="row">to {o}</th>{"".join(swatches.cell(range_, float(weight)) for weight in line)}'
        f'<td>{swatches.short(float(bias))}</td><td><i class="thumb" style="--at: {o}"></i></td></tr>'
        for o, (line, bias) in enumerate(zip(weights, biases, strict=True))
    )
    style = f"--mark: {theme.HIGHLIGHT}; --into: {_sheet(step.input)}; --out-of: {_sheet(step.output)}"
    counts = f"--inputs: {len(step.input)}; --outputs: {len(step.output)}"
    return (
        '<div class="sideways" role="region" tabindex="0" aria-label="The weights from input maps to output maps">'
        f'<table class="cells weights" style="{style}; {counts}"><thead><tr><td></td>{into}<th scope="col">bias</th>'
        f'<th scope="col">output</th></tr></thead><tbody>{lines}</tbody></table></div>{scale_bar(range_)}'
    )


def _biases(step: Step) -> Activation:
    return step.weights.get("bias", np.zeros(len(step.output), np.float32))


def say_weights(step: Step) -> str:
    """Say what a 1x1 convolution computes, and which weight is largest."""
    weights = step.weights["weight"][:, :, 0, 0]
    o, c = np.unravel_index(int(np.abs(weights).argmax()), weights.shape)
    (outputs, inputs), biased = weights.shape, "bias" in step.weights
    return (
        f"Each of the {outputs} output maps of {step.name} is a weighted sum of the {inputs} input maps at the same "
        f"position{', plus a bias' if biased else ''}. {outputs} × {inputs} weights"
        f"{f' and {outputs} biases' if biased else ''} are {step.parameter_count} parameters. The largest absolute "
        f"weight is that from map {c} to map {o}: {words.number(float(weights[o, c]))}."
    )


def weights_csv(step: Step) -> str:
    """Return the weights and biases with all digits as CSV, with a line for each output map."""
    weights = step.weights["weight"][:, :, 0, 0]
    head = ("output map", *(f"input map {c}" for c in range(weights.shape[1])), "bias")
    biases = _biases(step).tolist()
    return swatches.as_csv(
        [head, *((o, *line, bias) for o, (line, bias) in enumerate(zip(weights.tolist(), biases, strict=True)))]
    )


def changes_table(changes: Collection[RowChange]) -> str:
    """Draw how much the maps of each row change: a picture of the difference, and a bar."""
    most = max([change.relative for change in changes if np.isfinite(change.relative)], default=0.0)
    rows = "".join(
        f'<tr><th scope="row"><i style="background: {theme.KIND_COLOURS[change.kind]}"></i>{change.name}</th>'
        f'<td class="strip"><img src="{strip(change)}" alt=""/></td>'
        f"<td>{words.number(float(np.abs(change.difference).max()))}</td><td>{words.number(change.relative)}</td>"
        f'<td class="share"><i style="width: {_share(change.relative, most):.2%}"></i></td></tr>'
        for change in changes
    )
    titles = ("row", "after minus before", "scale: ±")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles) + '<th scope="col" colspan="2">change</th>'
    return (
        '<div class="sideways" role="region" tabindex="0" aria-label="Change of each later row">'
        f'<table class="ledger changes"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def changes_csv(changes: Collection[RowChange]) -> str:
    """Return the change of every value of every row as CSV."""
    return swatches.activations_as_csv({change.name: change.difference for change in changes})


def strip(change: RowChange) -> str:
    """Paint the difference of every map of a row, at most 64, on one scale for the row."""
    difference = change.difference if change.difference.ndim == 3 else change.difference.reshape(-1, 1, 1)
    difference = difference[:_MOST_MAPS]
    count, height, width = difference.shape
    zoom = _DOT if height == width == 1 else _UNIT
    maps = difference.repeat(zoom, axis=1).repeat(zoom, axis=2)
    gap = 2
    fitting = max(1, _STRIP_WIDTH // (width * zoom + gap))
    columns = next(many for many in range(min(count, fitting), 0, -1) if count % many == 0)
    corners = [
        (line * (height * zoom + gap), column * (width * zoom + gap))
        for line, column in (divmod(position, columns) for position in range(count))
    ]
    return raster.mosaic(maps, [range_of(difference, signed=True)] * count, corners)


def say_changes(changes: Collection[RowChange], channels: Collection[int], gain: float) -> str:
    """Say which input maps are changed, and how much the first and the last row change."""
    every = [*changes]
    first, last = every[0], every[-1]
    several = len(channels) > 1
    maps = f"maps {', '.join(map(str, channels))} are" if several else f"map {', '.join(map(str, channels))} is"
    done = f"Input {maps} multiplied by {gain:g}.".replace("-", "−") if channels else "No input map is changed yet."
    return (
        f"{done} The change is the norm of the difference divided by the norm of the output before: "
        f"{words.number(first.relative)} in {first.name}, {words.number(last.relative)} in {last.name}. White means "
        "unchanged, red larger, blue smaller. Each row has its own scale, up to its largest absolute difference. An "
        "average pool keeps only the mean of a change."
    )


def probabilities_table(before: Trace, after: Trace) -> str:
    """Draw the probabilities of all classes in two traces."""
    rows = "".join(
        f'<tr{swatches.selected_class(k == after.prediction)}><th scope="row">{escape(after.class_name(k))}</th>'
        f'<td class="share"><i class="was" style="width: {was:.2%}"></i><i style="width: {now:.2%}"></i></td>'
        f"<td>{words.percent(was)}</td><td>{words.percent(now)}</td></tr>"
        for k, was, now in ((k, before.probabilities[k], after.probabilities[k]) for k in _shown(before, after))
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("class", "probability", "before", "after"))
    style = f"--colour: {theme.ACCENT}; --was: {theme.MUTED}; --mark: {theme.HIGHLIGHT}"
    return (
        f'<table class="ledger probabilities" style="{style}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _shown(before: Trace, after: Trace) -> list[int]:
    """Return the classes of a table: all of them, or those that are most likely before or after."""
    if len(before.logits) <= _MOST_CLASSES:
        return [*range(len(before.logits))]
    likely = np.maximum(before.probabilities, after.probabilities)
    return [int(k) for k in (-likely).argsort(kind="stable")[:_MOST_CLASSES]]


def say_predictions(before: Trace, after: Trace) -> str:
    """Say what the network predicts in two traces."""
    first, now = (
        f"{run.class_name(run.prediction)} with {words.percent(float(run.probabilities.max()))}"
        for run in (before, after)
    )
    return f"Before (grey) the network predicts {first}. After (blue) it predicts {now}."


def most_important_map(before: Trace, muted: Activation) -> int:
    """Return the input map without which the logit of the predicted class is smallest.

    Args:
        before: The trace with all maps.
        muted: The logits without each single map, (C, K).
    """
    return int(muted[:, before.prediction].argmin())


def outcome_without(before: Trace, muted: Activation) -> str:
    """Return whether the network predicts the ``same`` or an ``other`` class without the most important map."""
    return "same" if muted[most_important_map(before, muted)].argmax() == before.prediction else "other"


def say_without(before: Trace, muted: Activation) -> str:
    """Say which map is the most important one, and what the network predicts without it."""
    c, k = most_important_map(before, muted), before.prediction
    changing = int((muted.argmax(axis=1) != k).sum())
    return (
        f"Without map {c} the logit of {before.class_name(k)} goes from {words.number(float(before.logits[k]))} to "
        f"{words.number(float(muted[c, k]))}, and the network predicts {before.class_name(int(muted[c].argmax()))}. "
        f"Removing a single map changes the prediction for {changing or 'none'} of the {len(muted)} maps."
    )


def _share(part: float, whole: float) -> float:
    return min(part / whole, 1.0) if whole else 0.0


def _sheet(maps: Activation) -> str:
    return f"url({swatches.sheet(maps, range_of(maps, signed=True))})"
