"""Softmax and log-softmax: turn scores into probabilities, or into log-probabilities."""

import numpy as np
from torch import nn

from model.layers.layer import Layer, WorkedUnit, format_number
from model.layers.records import Term
from model.records import Unit
from model.trace.records import LayerKind, Step


class Softmax(Layer):
    """``y[c] = exp(x[c]) / sum of exp(x[k])``."""

    kind = LayerKind.SOFTMAX
    modules = (nn.Softmax,)
    about = "Turns scores into probabilities: the exponential of each score, divided by the sum of all exponentials."
    hidden = True

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """The exponentials; the result is this one's share of their sum."""
        terms, total, log_total = _exponentials(step)
        score = float(step.input[unit[0]])
        result = float(np.exp(score - log_total))
        worked = f"exp({format_number(score, bracket=False)}) / {total:.6g} = {format_number(result, bracket=False)}"
        return WorkedUnit(terms, 0.0, "exp(score) / Σ exp(scores)", worked, result)


class LogSoftmax(Layer):
    """``y[c] = x[c] - log(sum of exp(x[k]))``."""

    kind = LayerKind.LOG_SOFTMAX
    modules = (nn.LogSoftmax,)
    about = (
        "Turns scores into log-probabilities: each score minus the logarithm of the sum of all exponentials. The "
        "exponentials of the log-probabilities are the ten probabilities, which sum to 1."
    )
    hidden = True

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """The exponentials; the logarithm of their sum is subtracted from the score."""
        terms, total, log_total = _exponentials(step)
        score = float(step.input[unit[0]])
        result = score - log_total
        worked = f"{format_number(score)} − log({total:.6g}) = {format_number(result, bracket=False)}"
        return WorkedUnit(terms, 0.0, "score − log(Σ exp(scores))", worked, result)


def _exponentials(step: Step) -> tuple[tuple[Term, ...], float, float]:
    """Return a term for each score, the sum of the exponentials, and its logarithm."""
    scores = step.input.astype(np.float64)
    with np.errstate(over="ignore"):  # a very large score shows as infinity; the logarithm stays correct
        exponentials = np.exp(scores)
    terms = tuple(
        Term((k, 0, 0), float(score), None, float(e))
        for k, (score, e) in enumerate(zip(scores, exponentials, strict=True))
    )
    return terms, float(exponentials.sum()), float(np.logaddexp.reduce(scores))
