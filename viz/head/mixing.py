"""The weights with which a 1x1 convolution mixes maps, and what follows when some of them come in changed."""

from collections.abc import Collection

import numpy as np

from model.head.records import Effect
from model.records import Activation
from model.trace.records import Step, Trace
from viz import theme
from viz.pictures import raster, swatches, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import range_of

_WIDEST = 256  # picture pixels of a strip, before another line begins
_UNIT = 2  # picture pixels for each unit of a map
_DOT = 14  # and where a map is a single unit


def board(step: Step, changed: Collection[int]) -> str:
    """Draw the weights of a 1x1 convolution as a table: a column for each input map, a line for each output map.

    Args:
        step: The convolution as it was recorded; its maps are drawn at the edges.
        changed: The input maps whose columns are marked.
    """
    weights, biases = step.parameters["weight"][:, :, 0, 0], step.parameters["bias"]  # (C_out, C_in), (C_out,)
    range_ = swatches.signed(weights)
    into = "".join(
        f'<th scope="col"{swatches.marked(c in changed)}><i class="thumb" style="--at: {c}"></i>{c}</th>'
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
        f'<table class="cells board" style="{style}; {counts}"><thead><tr><td></td>{into}<th scope="col">bias</th>'
        f'<th scope="col">puts out</th></tr></thead><tbody>{lines}</tbody></table></div>{scale_bar(range_)}'
    )


def say_board(step: Step) -> str:
    """Say how a 1x1 convolution mixes, and which weight is largest."""
    weights = step.parameters["weight"][:, :, 0, 0]
    o, c = np.unravel_index(int(np.abs(weights).argmax()), weights.shape)
    outputs, inputs = weights.shape
    return (
        f"{step.name} looks at one place at a time: each of its {outputs} maps is a weighted sum of the {inputs} that "
        f"come in, and a bias. {outputs} × {inputs} weights and {outputs} biases are {step.parameter_count} "
        f"parameters. Largest is the weight from map {c} to map {o}: {words.number(float(weights[o, c]))}."
    )


def board_csv(step: Step) -> str:
    """Return the weights and biases with all digits, a line for each output map."""
    weights = step.parameters["weight"][:, :, 0, 0]
    head = ("output map", *(f"input map {c}" for c in range(weights.shape[1])), "bias")
    biases = step.parameters["bias"].tolist()
    return swatches.as_csv(
        [head, *((o, *line, bias) for o, (line, bias) in enumerate(zip(weights.tolist(), biases, strict=True)))]
    )


def follow(effects: Collection[Effect]) -> str:
    """Draw for each row by how much its maps differ from before: a picture of the difference, and a bar."""
    most = max([effect.relative for effect in effects if np.isfinite(effect.relative)], default=0.0)
    rows = "".join(
        f'<tr><th scope="row"><i style="background: {theme.KIND_COLOURS[effect.kind]}"></i>{effect.name}</th>'
        f'<td class="strip"><img src="{strip(effect)}" alt=""/></td>'
        f"<td>{words.number(float(np.abs(effect.difference).max()))}</td><td>{words.number(effect.relative)}</td>"
        f'<td class="share"><i style="width: {_share(effect.relative, most):.2%}"></i></td></tr>'
        for effect in effects
    )
    titles = ("row", "after less before", "darkest: ±")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles) + '<th scope="col" colspan="2">change</th>'
    return (
        '<div class="sideways" role="region" tabindex="0" aria-label="How much each later row changes">'
        f'<table class="ledger follow"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def follow_csv(effects: Collection[Effect]) -> str:
    """Return the difference of every value of every row as CSV."""
    return swatches.activations_as_csv({effect.name: effect.difference for effect in effects})


def strip(effect: Effect) -> str:
    """Paint the difference of every map of a row, on one scale that ends at the largest of the row."""
    count, high, wide = effect.difference.shape
    zoom = _DOT if high == wide == 1 else _UNIT
    cards = effect.difference.repeat(zoom, axis=1).repeat(zoom, axis=2)
    gap = 2
    fitting = _WIDEST // (wide * zoom + gap)
    columns = next(many for many in range(min(count, fitting), 0, -1) if count % many == 0)
    corners = [
        (line * (high * zoom + gap), place * (wide * zoom + gap))
        for line, place in (divmod(position, columns) for position in range(count))
    ]
    return raster.mosaic(cards, [range_of(effect.difference, signed=True)] * count, corners)


def say_follow(effects: Collection[Effect], channels: Collection[int], gain: float) -> str:
    """Say what was changed, and how far the change carries."""
    first, *_, last = effects
    several = len(channels) > 1
    how = ("are" if several else "is") + (" silent" if gain == 0 else f" multiplied by {gain:g}".replace("-", "−"))
    maps = f"map{'s' if several else ''} {', '.join(map(str, channels))}"
    done = f"Input {maps} {how}." if channels else "Nothing is changed yet: choose input maps above."
    return (
        f"{done} Change is the length of the difference over the length of what the row put out before: "
        f"{words.number(first.relative)} in {first.name}, {words.number(last.relative)} in {last.name}. White is "
        "unchanged, red more, blue less; each row has a scale of its own, which ends at its largest difference. The "
        "average pool keeps of a change only its mean."
    )


def answers(before: Trace, after: Trace) -> str:
    """Draw the probabilities of all classes in two runs, side by side."""
    rows = "".join(
        f'<tr{swatches.marked(k == after.prediction)}><th scope="row">{k}</th>'
        f'<td class="share"><i class="was" style="width: {was:.2%}"></i><i style="width: {now:.2%}"></i></td>'
        f"<td>{words.percent(was)}</td><td>{words.percent(now)}</td></tr>"
        for k, (was, now) in enumerate(zip(before.probabilities, after.probabilities, strict=True))
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("class", "probability", "before", "after"))
    style = f"--colour: {theme.ACCENT}; --was: {theme.MUTED}; --mark: {theme.HIGHLIGHT}"
    return f'<table class="ledger answers" style="{style}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def say_answers(before: Trace, after: Trace) -> str:
    """Say what the network reads in two runs."""
    was, now = (f"{run.prediction} with {words.percent(float(run.probabilities.max()))}" for run in (before, after))
    return f"Before, grey: it reads {was}. After, blue: it reads {now}."


def weightiest(before: Trace, muted: Activation) -> int:
    """Return the input map without which the logit of the answer is smallest.

    Args:
        before: The run with all maps.
        muted: The logits without each map in turn, (C, K).
    """
    return int(muted[:, before.prediction].argmin())


def outcome_without(before: Trace, muted: Activation) -> str:
    """Return whether the network reads the ``same`` digit without the weightiest map, or an ``other``."""
    return "same" if muted[weightiest(before, muted)].argmax() == before.prediction else "other"


def say_without(before: Trace, muted: Activation) -> str:
    """Say which map is the weightiest, and what happens without it."""
    c, k = weightiest(before, muted), before.prediction
    changing = int((muted.argmax(axis=1) != k).sum())
    return (
        f"Without map {c} the logit of {k} goes from {words.number(float(before.logits[k]))} to "
        f"{words.number(float(muted[c, k]))}, and the network reads {int(muted[c].argmax())}. Of the "
        f"{len(muted)} maps, {changing or 'none'} can change the answer by falling silent alone."
    )


def _share(part: float, whole: float) -> float:
    return min(part / whole, 1.0) if whole else 0.0


def _sheet(maps: Activation) -> str:
    return f"url({swatches.sheet(maps, range_of(maps, signed=True))})"
