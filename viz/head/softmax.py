"""From logits to probabilities with temperature scaling, in HTML."""

from collections.abc import Sequence
from html import escape

from model.head.records import ScaledSoftmax
from viz import theme
from viz.pictures import swatches, words

_MOST = 10  # classes in the table
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def table(softmax: ScaledSoftmax, names: Sequence[str], predicted: int) -> str:
    """Draw the arithmetic of the probability of every class as a table, or of the ten with the largest logits.

    Args:
        softmax: The arithmetic.
        names: Of the classes.
        predicted: The class whose row is marked.
    """
    titles = ("class", "logit", "logit / T", "exp", "share of the sum", "probability", "log-probability")
    head = "".join(f'<th scope="col">{name}</th>' for name in titles)
    columns = (softmax.logits, softmax.scaled, softmax.exponentials, softmax.probabilities, softmax.log_probabilities)
    shown = [*range(len(softmax.logits))]
    if len(shown) > _MOST:
        shown = [int(k) for k in (-softmax.logits).argsort(kind="stable")[:_MOST]]
    rows = "".join(
        f'<tr{swatches.selected_class(k == predicted)}><th scope="row">{escape(names[k])}</th>'
        f"<td>{words.number(logit)}</td><td>{words.number(scaled)}</td><td>{large(exponential)}</td>"
        f'<td class="share"><i style="width: {share:.2%}"></i></td><td>{words.percent(share)}</td>'
        f"<td>{words.number(log)}</td></tr>"
        for k, (logit, scaled, exponential, share, log) in ((k, [each[k] for each in columns]) for k in shown)
    )
    if len(shown) < len(softmax.logits):
        rest, others = [k for k in range(len(softmax.logits)) if k not in shown], softmax.exponentials
        left_out = sum(float(others[k]) for k in rest)
        share = sum(float(softmax.probabilities[k]) for k in rest)
        rows += (
            f'<tr><th scope="row" colspan="3">{_others(len(rest))}</th><td>{large(left_out)}</td>'
            f'<td class="share"><i style="width: {share:.2%}"></i></td><td>{words.percent(share)}</td><td></td></tr>'
        )
    foot = (
        f'<tr><th scope="row" colspan="3">sum</th><td>{large(softmax.total)}</td><td></td><td>100\xa0%</td>'
        "<td></td></tr>"
    )
    style = f"--colour: {theme.ACCENT}; --mark: {theme.HIGHLIGHT}"
    return (
        '<div class="sideways" role="region" tabindex="0" aria-label="From logits to probabilities">'
        f'<table class="ledger softmax" style="{style}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>'
        f"<tfoot>{foot}</tfoot></table></div>"
    )


def say(softmax: ScaledSoftmax, name: str, predicted: int) -> str:
    """Show the arithmetic of the probability of one class in words."""
    return (
        f"Class {name}: {words.number(softmax.logits[predicted])} / {softmax.temperature:g} = "
        f"{words.number(softmax.scaled[predicted])}; its exponential {large(softmax.exponentials[predicted])} divided "
        f"by the sum {large(softmax.total)} is {words.percent(softmax.probabilities[predicted])}. The network computes "
        f"the logarithm: {words.number(softmax.scaled[predicted])} − log({large(softmax.total)}) = "
        f"{words.number(softmax.log_probabilities[predicted])}."
        f"{' With T = 1 this is the output of the network.' if softmax.temperature == 1 else ''}"
    )


def outcome(original: ScaledSoftmax, hot: ScaledSoftmax) -> str:
    """Return whether another temperature predicts an ``other`` class, or makes the same ``surer`` or ``calmer``."""
    first = int(original.probabilities.argmax())
    if hot.probabilities.argmax() != first:
        return "other"
    return "surer" if hot.probabilities[first] > original.probabilities[first] else "calmer"


def say_outcome(original: ScaledSoftmax, hot: ScaledSoftmax, name: str) -> str:
    """Say how another temperature changes the largest probability, and why the order of the classes stays."""
    first = int(original.probabilities.argmax())
    before, after = (words.percent(softmax.probabilities[first]) for softmax in (original, hot))
    return (
        f"With T = {hot.temperature:g} the probability of {name} is {after}, with T = {original.temperature:g} it is "
        f"{before}. Dividing all logits by the same number does not change their order, only their differences."
    )


def as_csv(softmax: ScaledSoftmax, names: Sequence[str]) -> str:
    """Return the arithmetic with all digits as CSV, with a line for each class."""
    head = (
        "class",
        "logit",
        "temperature",
        "logit / temperature",
        "exp",
        "sum of exp",
        "probability",
        "log-probability",
    )
    columns = (
        softmax.logits,
        softmax.scaled,
        softmax.exponentials,
        softmax.probabilities,
        softmax.log_probabilities,
    )
    lines = [
        (names[k], logit, softmax.temperature, scaled, exponential, softmax.total, share, log)
        for k, (logit, scaled, exponential, share, log) in enumerate(zip(*(c.tolist() for c in columns), strict=True))
    ]
    return swatches.as_csv([head, *lines])


def large(value: float) -> str:
    """Say a number of any size with four significant digits.

    >>> large(12345678.0), large(0.00012345), large(2.5)
    ('1.235 × 10⁷', '1.234 × 10⁻⁴', '2.500')
    """
    if value == 0 or value == float("inf") or 0.01 <= abs(value) < 10_000:
        return f"{value:.3f}" if value != float("inf") else "too large"
    digits, _, power = f"{value:.3e}".partition("e")
    return f"{digits} × 10{str(int(power)).translate(_RAISED)}"


def _others(count: int) -> str:
    return "the other class" if count == 1 else f"the other {count:,} classes together"
