"""From logits to probabilities with temperature scaling, in HTML."""

from model.head.records import ScaledSoftmax
from viz import theme
from viz.pictures import swatches, words

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def table(softmax: ScaledSoftmax, predicted: int) -> str:
    """Draw the arithmetic of the probability of every class as a table.

    Args:
        softmax: The arithmetic.
        predicted: The class whose row is marked.
    """
    names = ("class", "logit", "logit / T", "exp", "share of the sum", "probability", "log-probability")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    lines = zip(
        softmax.logits,
        softmax.scaled,
        softmax.exponentials,
        softmax.probabilities,
        softmax.log_probabilities,
        strict=True,
    )
    rows = "".join(
        f'<tr{swatches.selected_class(k == predicted)}><th scope="row">{k}</th><td>{words.number(logit)}</td>'
        f"<td>{words.number(scaled)}</td><td>{large(exponential)}</td>"
        f'<td class="share"><i style="width: {share:.2%}"></i></td><td>{words.percent(share)}</td>'
        f"<td>{words.number(log)}</td></tr>"
        for k, (logit, scaled, exponential, share, log) in enumerate(lines)
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


def say(softmax: ScaledSoftmax, predicted: int) -> str:
    """Show the arithmetic of the probability of one class in words."""
    return (
        f"Class {predicted}: {words.number(softmax.logits[predicted])} / {softmax.temperature:g} = "
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


def say_outcome(original: ScaledSoftmax, hot: ScaledSoftmax) -> str:
    """Say how another temperature changes the largest probability, and why the order of the classes stays."""
    first = int(original.probabilities.argmax())
    before, after = (words.percent(softmax.probabilities[first]) for softmax in (original, hot))
    return (
        f"With T = {hot.temperature:g} the probability of {first} is {after}, with T = {original.temperature:g} it is "
        f"{before}. Dividing all logits by the same number does not change their order, only their differences."
    )


def as_csv(softmax: ScaledSoftmax) -> str:
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
        (k, logit, softmax.temperature, scaled, exponential, softmax.total, share, log)
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
