"""From logits to probabilities, with a temperature, in HTML."""

from model.head.records import Softened
from viz import theme
from viz.pictures import swatches, words

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def worked(soft: Softened, answer: int) -> str:
    """Draw the arithmetic of every class's probability as a table.

    Args:
        soft: The arithmetic.
        answer: The class whose line is marked.
    """
    names = ("class", "logit", "over T", "exp", "share of the sum", "probability", "log-probability")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    lines = zip(soft.logits, soft.scaled, soft.exponentials, soft.probabilities, soft.log_probabilities, strict=True)
    rows = "".join(
        f'<tr{swatches.marked(k == answer)}><th scope="row">{k}</th><td>{words.number(logit)}</td>'
        f"<td>{words.number(scaled)}</td><td>{large(exponential)}</td>"
        f'<td class="share"><i style="width: {share:.2%}"></i></td><td>{words.percent(share)}</td>'
        f"<td>{words.number(log)}</td></tr>"
        for k, (logit, scaled, exponential, share, log) in enumerate(lines)
    )
    foot = (
        f'<tr><th scope="row" colspan="3">sum</th><td>{large(soft.total)}</td><td></td><td>100\xa0%</td><td></td></tr>'
    )
    style = f"--colour: {theme.ACCENT}; --mark: {theme.HIGHLIGHT}"
    return (
        '<div class="sideways" role="region" tabindex="0" aria-label="From logits to probabilities">'
        f'<table class="ledger softmax" style="{style}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>'
        f"<tfoot>{foot}</tfoot></table></div>"
    )


def say(soft: Softened, answer: int) -> str:
    """Work out one class's probability in words."""
    return (
        f"Class {answer}: {words.number(soft.logits[answer])} / {soft.temperature:g} = "
        f"{words.number(soft.scaled[answer])}; its exponential {large(soft.exponentials[answer])} over the sum "
        f"{large(soft.total)} is {words.percent(soft.probabilities[answer])}. The same as a logarithm, the network's "
        f"own way: {words.number(soft.scaled[answer])} − log({large(soft.total)}) = "
        f"{words.number(soft.log_probabilities[answer])}."
        f"{' With T = 1 this is what the network puts out.' if soft.temperature == 1 else ''}"
    )


def outcome(plain: Softened, hot: Softened) -> str:
    """Return what another temperature does: an ``other`` class wins, or the same one, ``surer`` or ``calmer``."""
    first = int(plain.probabilities.argmax())
    if hot.probabilities.argmax() != first:
        return "other"
    return "surer" if hot.probabilities[first] > plain.probabilities[first] else "calmer"


def say_outcome(plain: Softened, hot: Softened) -> str:
    """Say how another temperature changes the largest probability, and why the order stays."""
    first = int(plain.probabilities.argmax())
    was, now = (words.percent(soft.probabilities[first]) for soft in (plain, hot))
    return (
        f"With T = {hot.temperature:g} the probability of {first} is {now}, with T = {plain.temperature:g} it is "
        f"{was}. Dividing all logits by one number leaves their order as it is; only their distances shrink or grow."
    )


def as_csv(soft: Softened) -> str:
    """Return the arithmetic with all digits, a line for each class."""
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
    columns = (soft.logits, soft.scaled, soft.exponentials, soft.probabilities, soft.log_probabilities)
    lines = [
        (k, logit, soft.temperature, scaled, exponential, soft.total, share, log)
        for k, (logit, scaled, exponential, share, log) in enumerate(zip(*(c.tolist() for c in columns), strict=True))
    ]
    return swatches.as_csv([head, *lines])


def large(value: float) -> str:
    """Say a number of any size with four digits.

    >>> large(12345678.0), large(0.00012345), large(2.5)
    ('1.235 × 10⁷', '1.234 × 10⁻⁴', '2.500')
    """
    if value == 0 or value == float("inf") or 0.01 <= abs(value) < 10_000:
        return f"{value:.3f}" if value != float("inf") else "beyond a float"
    digits, _, power = f"{value:.3e}".partition("e")
    return f"{digits} × 10{str(int(power)).translate(_RAISED)}"
