"""Batch norms folded into a convolution: the folds, their arithmetic, their errors, and the obstacles."""

from html import escape

from model.batch_norm.records import Fold, FoldComparison, FoldErrors, Normalisation
from viz import theme
from viz.batch_norm.figures import bracketed, definitions, scientific
from viz.pictures import words
from viz.pictures.swatches import as_csv

EXACT = 1e-5
_ROUNDING = 1e-9  # in double precision
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
        gains = f"{words.number(fold.gain.min())} to {words.number(fold.gain.max())}" if fold.gain.size else "unknown"
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


def say_table(folding: FoldComparison, word: str = "digit") -> str:
    """Say how many are folded, with which error, and how many parameters remain."""
    folds = [fold for fold in folding.folds.values() if fold.into]
    why = ", so this is rounding" if folding.exact_difference <= _ROUNDING else ""
    verdict = "" if folding.difference <= EXACT else " This is more than the limit of 1e−5."
    linear = " or a linear layer" if any(fold.weight.ndim == 2 for fold in folds) else ""
    return (
        f"{_say_count(len(folds), len(folding.folds))} into a convolution{linear}. The folded and the "
        f"original network predict the same class for {folding.same_predictions} of {folding.images} {word}s. Their "
        f"logits differ by at most **{scientific(folding.difference)}** (in double precision "
        f"{scientific(folding.exact_difference)}{why}).{verdict} The folded network has "
        f"{folding.folded_parameters:,} parameters, the original {folding.parameters:,}."
    )


def _say_count(folds: int, norms: int) -> str:
    if norms > 1:
        return f"{folds} of the {norms} batch norms fold"
    return "The batch norm folds" if folds else "The batch norm does not fold"


def worked(fold: Fold, normal: Normalisation) -> str:
    """Show in HTML the arithmetic of one folded weight and one folded bias."""
    if fold.into is None:
        return f"<p>{escape(fold.name)} is not folded: {escape(fold.obstacle)}.</p>"
    c, say = normal.channel, words.number
    _, mean, deviation, scale, shift = (step.operand or 0.0 for step in normal.steps)
    gain, offset = float(fold.gain[c]), float(fold.offset[c])
    own = scale / deviation
    own_map, into_map = (c, 0) if fold.before else (0, c)
    weight = float(fold.weight[own_map, into_map].ravel()[0])
    bias, folded_bias = float(fold.bias[own_map]), float(fold.folded_bias[own_map])
    lines = [
        (f"gain of map {c}", f"scale / deviation = {say(scale)} / {say(deviation)} = {say(own)}"),
        (
            f"offset of map {c}",
            f"shift − mean × gain = {say(shift)} − {bracketed(mean)} × {bracketed(own)} = {say(shift - mean * own)}",
        ),
    ]
    further = [each for each in fold.through if _begins(each, "BatchNorm")]
    if further:
        lines.append((f"with {', '.join(further)}", f"gain {say(gain)}, offset {say(offset)}"))
    if fold.before:
        lines += [
            (f"weight 0 of map {c} of {fold.into}", f"weight × gain = {_product(weight, gain)}"),
            (
                f"bias {c} of {fold.into}",
                f"bias × gain + offset = {bracketed(bias)} × {bracketed(gain)} + {bracketed(offset)} = "
                f"{say(folded_bias)}",
            ),
        ]
        return definitions(lines)
    lines += [
        (
            f"weight 0 of map {c} in {fold.into}, map 0",
            f"weight × gain = {_product(weight, gain)}",
        ),
        (
            f"bias 0 of {fold.into}",
            f"bias + Σ weight × offset = {bracketed(bias)} + {bracketed(folded_bias - bias)} = {say(folded_bias)}",
        ),
    ]
    return definitions(lines)


def _product(one: float, other: float) -> str:
    return f"{bracketed(one)} × {bracketed(other)} = {words.number(one * other)}"


def _begins(name: str, *kinds: str) -> bool:
    """Tell whether a step is of a kind: a module (``MaxPool2d-4``) or a function call (``max_pool2d-4``).

    >>> _begins("max_pool2d-4", "MaxPool"), _begins("adaptive_avg_pool2d-4", "MaxPool", "AdaptiveAvgPool")
    (True, True)
    """
    return name.replace("_", "").lower().startswith(tuple(kind.lower() for kind in kinds))


def say_path(fold: Fold) -> str:
    """Say which steps are between a batch norm and the convolution, and why each allows the fold."""
    if fold.into is None:
        return f"{fold.name} cannot be folded exactly: {fold.obstacle}. The folded network keeps it."
    if fold.before:
        return (
            f"{fold.name} gets the outputs of {fold.into}, and no other step does: so {fold.into} takes up the gain "
            "and the offset of each of its maps, and the fold is exact with any padding."
        )
    if not fold.through:
        return f"{fold.into} is directly after {fold.name}."
    reasons, rest = [], [*fold.through]
    for prefixes, reason in (
        (("MaxPool", "AdaptiveMaxPool"), "{}: the largest value stays the largest, because no gain is negative."),
        (("BatchNorm",), "{}: also gain × x + offset, so the two become one."),
        (("AvgPool", "AdaptiveAvgPool", "mean"), "{}: the mean of gain × x + offset is gain × the mean of x + offset."),
        (("Dropout",), "{}: no effect in evaluation mode."),
    ):
        names = [name for name in rest if _begins(name, *prefixes)]
        rest = [name for name in rest if name not in names]
        if names:
            reasons.append(reason.format(", ".join(names)))
    if rest:
        reasons.append(f"{', '.join(rest)}: passes every value on.")
    return f"Steps between {fold.name} and {fold.into}. " + " ".join(reasons)


def outcome(found: FoldErrors) -> str:
    """Return which of ``ANSWERS`` is correct."""
    if found.inside > EXACT:
        return "nowhere"
    return "inside" if found.edge > EXACT else "everywhere"


def say_padding(fold: Fold, found: FoldErrors) -> str:
    """Say what zero padding would change."""
    if fold.before:
        return (
            f"Without padding the outputs differ by {scientific(found.unpadded)}; with padding, by "
            f"{scientific(found.inside)} inside and by {scientific(found.edge)} at the edge. The zeros are added "
            "before the convolution, and the batch norm changes only its outputs, so the fold is exact at the edge too."
        )
    return (
        f"Without padding the outputs of {fold.into} differ by {scientific(found.unpadded)}; with padding, by "
        f"{scientific(found.inside)} inside and by {scientific(found.edge)} at the edge. The zeros are added after "
        "the batch norm, so they have no offset, but the folded bias adds the offset for them too. "
        f"{fold.into} has no padding, so the fold is exact."
    )


def say_linear(fold: Fold, found: FoldErrors) -> str:
    """Say the error of a fold into a linear layer, which has no padding."""
    return f"The outputs of {fold.into} differ by {scientific(found.unpadded)}; a linear layer has no padding."


def drops_between(fold: Fold) -> bool:
    """Tell whether there is a dropout between a batch norm and the convolution that takes it up."""
    return any(_begins(name, "Dropout") for name in fold.through)


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
