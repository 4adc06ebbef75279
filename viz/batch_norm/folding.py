"""Batch norms folded into the next convolution: which, by what arithmetic, how exactly, and what would prevent it."""

from html import escape

from model.batch_norm.records import Fold, Folding, Hindrances, Normalisation
from viz import theme
from viz.batch_norm.figures import bracketed, lines, small
from viz.pictures import words
from viz.pictures.swatches import as_csv

EXACT = 1e-5
ANSWERS = {
    "everywhere": "The same everywhere",
    "inside": "The same inside, not at the edge",
    "nowhere": "Different everywhere",
}


def table(folding: Folding, selected: str) -> str:
    """Draw in HTML where each batch norm goes."""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Batch norm", "on its way", "into", "gains"))
    rows = []
    for fold in folding.folds.values():
        mark = ' aria-current="true"' if fold.name == selected else ""
        gains = f"{words.number(fold.gain.min())} to {words.number(fold.gain.max())}"
        through = ", ".join(f"<span>{escape(name)}</span>" for name in fold.through)
        into = escape(fold.into) if fold.into else f"not folded: {escape(fold.obstacle)}"
        rows.append(
            f'<tr{mark}><th scope="row">{escape(fold.name)}</th><td>{through}</td><td>{into}</td><td>{gains}</td></tr>'
        )
    return (
        '<div class="sideways" role="region" tabindex="0" aria-label="Where each batch norm goes">'
        f'<table class="norm-folds" style="--mark: {theme.HIGHLIGHT}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def say_table(folding: Folding) -> str:
    """Say how many are folded, how exactly, and how many parameters that saves."""
    gone = [fold for fold in folding.folds.values() if fold.into]
    verdict = "" if folding.difference <= EXACT else " That is more than the 1e−5 that is promised."
    return (
        f"{len(gone)} of the {len(folding.folds)} batch norms fold into a convolution. On {folding.images} digits the "
        f"folded and the unfolded network give the same answer for {folding.same_answers}; their logits differ by at "
        f"most **{small(folding.difference)}** (in double precision {small(folding.exact_difference)}, so that is "
        f"rounding).{verdict} The folded one has {folding.folded_parameters:,} parameters in place of "
        f"{folding.parameters:,}."
    )


def worked(fold: Fold, normal: Normalisation) -> str:
    """Work out in HTML what becomes of one weight and one bias of the convolution."""
    if fold.into is None:
        return f"<p>{escape(fold.name)} is not folded: {escape(fold.obstacle)}.</p>"
    c, say = normal.channel, words.number
    _, mean, deviation, scale, shift = (step.operand or 0.0 for step in normal.steps)
    gain, offset = float(fold.gain[c]), float(fold.offset[c])
    own = scale / deviation
    weight, bias = float(fold.weight[0, c, 0, 0]), float(fold.bias[0])
    folded_bias = float(fold.folded_bias[0])
    them = [
        (f"gain of map {c}", f"scale / deviation = {say(scale)} / {say(deviation)} = {say(own)}"),
        (
            f"offset of map {c}",
            f"shift − mean × gain = {say(shift)} − {bracketed(mean)} × {bracketed(own)} = {say(shift - mean * own)}",
        ),
    ]
    further = [each for each in fold.through if each.startswith("BatchNorm")]
    if further:
        them.append((f"with {', '.join(further)}", f"gain {say(gain)}, offset {say(offset)}"))
    them += [
        (
            f"weight 0 of map {c} in {fold.into}, map 0",
            f"weight × gain = {bracketed(weight)} × {bracketed(gain)} = {say(weight * gain)}",
        ),
        (
            f"bias 0 of {fold.into}",
            f"bias + Σ weight × offset = {bracketed(bias)} + {bracketed(folded_bias - bias)} = {say(folded_bias)}",
        ),
    ]
    return lines(them)


def say_path(fold: Fold) -> str:
    """Say what lies between a batch norm and the convolution, and why a product and a sum pass it."""
    if fold.into is None:
        return f"{fold.name} cannot be folded exactly: {fold.obstacle}. The folded network keeps it."
    reasons = []
    for prefix, reason in (
        ("MaxPool", "{}: the largest stays the largest, because no gain is negative."),
        ("BatchNorm", "{}: a product and a sum too, so the two become one."),
        ("AvgPool", "{}: the mean of gain × x + offset is gain × the mean + offset."),
        ("Dropout", "{}: does nothing while it is off."),
    ):
        names = [name for name in fold.through if name.startswith(prefix)]
        if names:
            reasons.append(reason.format(", ".join(names)))
    return f"Between {fold.name} and {fold.into}. " + " ".join(reasons)


def outcome(found: Hindrances) -> str:
    """Return which of the answers is so."""
    if found.inside > EXACT:
        return "nowhere"
    return "inside" if found.edge > EXACT else "everywhere"


def say_frame(fold: Fold, found: Hindrances) -> str:
    """Say what a frame of zeros would do."""
    return (
        f"Without a frame the outputs of {fold.into} differ by {small(found.plain)}; with one, by "
        f"{small(found.inside)} inside and by {small(found.edge)} at the edge. The frame is put on after the batch "
        "norm: its zeros were never shifted, but the folded bias adds the offset for them as well. No convolution here "
        "has a frame, so the fold is exact."
    )


def say_dropout(fold: Fold, found: Hindrances) -> str:
    """Say what dropout between the two would do."""
    return (
        f"With dropout on, and the same mask for both, the outputs of {fold.into} differ by up to "
        f"{small(found.dropout)}. A value that is dropped becomes 0 after the batch norm; folded, it becomes 0 "
        "before it, and its offset stays in the bias. So one folds for evaluation only."
    )


def table_csv(folding: Folding) -> str:
    """Return gain and offset of every map of every batch norm as CSV."""
    rows = [
        [fold.name, " ".join(fold.through), fold.into or "", channel, f"{gain:.8g}", f"{offset:.8g}"]
        for fold in folding.folds.values()
        for channel, (gain, offset) in enumerate(zip(fold.gain, fold.offset, strict=True))
    ]
    return as_csv([["batch norm", "through", "into", "map", "gain", "offset"], *rows])
