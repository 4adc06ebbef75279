"""A unit whose most important input is 0: what changes follows from the arithmetic, and is printed nowhere."""

from dataclasses import replace

from model.layers.records import Explanation, Term
from model.trace.records import LayerKind, Step

_SUMS = {LayerKind.CONVOLUTION, LayerKind.LINEAR, LayerKind.AVERAGE_POOL, "mean", "sum", "add", "subtract"}


def most_important(step: Step, explained: Explanation) -> Term | None:
    """Return the input that changes a unit most if it is 0; None where that is no question about sums or maxima."""
    if step.kind not in {*_SUMS, LayerKind.MAX_POOL} or len(explained.terms) < 2:
        return None
    found = max(explained.terms, key=lambda term: abs(term.product))
    return found if found.product else None


def without(step: Step, explained: Explanation, term: Term) -> Explanation:
    """Return the arithmetic of a unit if one of its inputs is 0.

    Args:
        step: The recorded step.
        explained: The arithmetic as it is.
        term: The input that becomes 0.
    """
    terms = [replace(each, value=0.0, product=0.0) if each is term else each for each in explained.terms]
    if step.kind == LayerKind.MAX_POOL:
        largest = max(terms, key=lambda each: each.value)
        terms = [replace(each, weight=float(each is largest), product=0.0) for each in terms]
        terms = [replace(each, product=each.value) if each.weight else each for each in terms]
        value = largest.value
        formula = f"max of the others and 0 = {value:.4f}"
    else:
        value = explained.recorded - term.product
        weight = 1.0 if term.weight is None else term.weight
        formula = f"{explained.recorded:.4f} − ({term.value:.4f} × {weight:.4f}) = {value:.4f}"
    return replace(explained, terms=tuple(terms), formula=formula.replace("-", "−"), value=value, recorded=value)
