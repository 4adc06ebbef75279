"""Batch norms folded into the next convolution: the folds, their arithmetic, their errors, and the obstacles."""

from html import escape

from model.batch_norm.records import Fold, FoldComparison, FoldErrors, Normalisation
from viz import theme
from viz.batch_norm.figures import bracketed, definitions, scientific
from viz.pictures import words
from viz.pictures.swatches import as_csv

EXACT = 1e-5
ANSWERS = {
    "everywhere": "The same everywhere",
    "inside": "The same inside, not at the edge",
    "nowhere": "Different everywhere",
}


def table(folding: FoldComparison, selected: str) -> str:
    """Draw in HTML the fold of each batch norm."""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Batch norm", "steps between", "into", "gains"))
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
        '<div class="sideways" role="region" tabindex="0" aria-label="The fold of each batch norm">'
        f'<table class="norm-folds" style="--mark: {theme.HIGHLIGHT}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def say_table(folding: FoldComparison) -> str:
    """Say how many are folded, with which error, and how many parameters remain."""
    folds = [fold for fold in folding.folds.values() if fold.into]
    verdict = "" if folding.difference <= EXACT else " This is more than the limit of 1e−5."
    return (
        f"{len(folds)} of the {len(folding.folds)} batch norms fold into a convolution. The folded and the original "
        f"network predict the same class for {folding.same_predictions} of {folding.images} digits. Their logits "
        f"differ by at most **{scientific(folding.difference)}** (in double precision "
        f"{scientific(folding.exact_difference)}, so this is rounding).{verdict} The folded network has "
        f"{folding.folded_parameters:,} parameters, the original {folding.parameters:,}."
    )


def worked(fold: Fold, normal: Normalisation) -> str:
    """Show in HTML the arithmetic of one folded weight and one folded bias."""
    if fold.into is None:
        return f"<p>{escape(fold.name)} is not folded: {escape(fold.obstacle)}.</p>"
    c, say = normal.channel, words.number
    _, mean, deviation, scale, shift = (step.operand or 0.0 for step in normal.steps)
    gain, offset = float(fold.gain[c]), float(fold.offset[c])
    own = scale / deviation
    weight, bias = float(fold.weight[0, c, 0, 0]), float(fold.bias[0])
    folded_bias = float(fold.folded_bias[0])
    lines = [
        (f"gain of map {c}", f"scale / deviation = {say(scale)} / {say(deviation)} = {say(own)}"),
        (
            f"offset of map {c}",
            f"shift − mean × gain = {say(shift)} − {bracketed(mean)} × {bracketed(own)} = {say(shift - mean * own)}",
        ),
    ]
    further = [each for each in fold.through if each.startswith("BatchNorm")]
    if further:
        lines.append((f"with {', '.join(further)}", f"gain {say(gain)}, offset {say(offset)}"))
    lines += [
        (
            f"weight 0 of map {c} in {fold.into}, map 0",
            f"weight × gain = {bracketed(weight)} × {bracketed(gain)} = {say(weight * gain)}",
        ),
        (
            f"bias 0 of {fold.into}",
            f"bias + Σ weight × offset = {bracketed(bias)} + {bracketed(folded_bias - bias)} = {say(folded_bias)}",
        ),
    ]
    return definitions(lines)


def say_path(fold: Fold) -> str:
    """Say which steps are between a batch norm and the convolution, and why each allows the fold."""
    if fold.into is None:
        return f"{fold.name} cannot be folded exactly: {fold.obstacle}. The folded network keeps it."
    reasons = []
    for prefix, reason in (
        ("MaxPool", "{}: the largest value stays the largest, because no gain is negative."),
        ("BatchNorm", "{}: also gain × x + offset, so the two become one."),
        ("AvgPool", "{}: the mean of gain × x + offset is gain × the mean of x + offset."),
        ("Dropout", "{}: no effect in evaluation mode."),
    ):
        names = [name for name in fold.through if name.startswith(prefix)]
        if names:
            reasons.append(reason.format(", ".join(names)))
    return f"Steps between {fold.name} and {fold.into}. " + " ".join(reasons)


def outcome(found: FoldErrors) -> str:
    """Return which of ``ANSWERS`` is correct."""
    if found.inside > EXACT:
        return "nowhere"
    return "inside" if found.edge > EXACT else "everywhere"


def say_padding(fold: Fold, found: FoldErrors) -> str:
    """Say what zero padding would change."""
    return (
        f"Without padding the outputs of {fold.into} differ by {scientific(found.unpadded)}; with padding, by "
        f"{scientific(found.inside)} inside and by {scientific(found.edge)} at the edge. The zeros are added after "
        "the batch norm, so they have no offset, but the folded bias adds the offset for them too. The convolutions "
        "of this network have no padding, so the fold is exact."
    )


def say_dropout(fold: Fold, found: FoldErrors) -> str:
    """Say what dropout between batch norm and convolution would change."""
    return (
        f"With dropout on, and the same mask for both, the outputs of {fold.into} differ by up to "
        f"{scientific(found.dropout)}. A dropped value is 0 after the batch norm; in the folded network it is 0 "
        "before the gain and the offset, and its offset stays in the bias. So batch norms are folded for evaluation "
        "only."
    )


def table_csv(folding: FoldComparison) -> str:
    """Return the gain and the offset of every map of every batch norm as CSV."""
    rows = [
        [fold.name, " ".join(fold.through), fold.into or "", channel, f"{gain:.8g}", f"{offset:.8g}"]
        for fold in folding.folds.values()
        for channel, (gain, offset) in enumerate(zip(fold.gain, fold.offset, strict=True))
    ]
    return as_csv([["batch norm", "through", "into", "map", "gain", "offset"], *rows])
