"""Softmax and log-softmax: make probabilities, or their logarithms, of scores. The only rules that are no sum."""

import numpy as np
from torch import nn

from model.layers.layer import Layer, Sum, say
from model.layers.records import Term
from model.records import Unit
from model.trace.records import LayerKind, Step


class Softmax(Layer):
    """``y[c] = exp(x[c]) / sum of exp(x[k])``."""

    kind = LayerKind.SOFTMAX
    modules = (nn.Softmax,)
    about = "Makes probabilities of scores: each one's exponential, as a share of the sum of all."
    hidden = True

    def explain(self, step: Step, unit: Unit) -> Sum:
        """The exponentials: this one's share of their sum."""
        terms, total, log_total = _exponentials(step)
        score = float(step.input[unit[0]])
        result = float(np.exp(score - log_total))
        worked = f"exp({say(score, bracket=False)}) / {total:.6g} = {say(result, bracket=False)}"
        return Sum(terms, 0.0, "exp(score) / Σ exp(scores)", worked, result)


class LogSoftmax(Layer):
    """``y[c] = x[c] - log(sum of exp(x[k]))``."""

    kind = LayerKind.LOG_SOFTMAX
    modules = (nn.LogSoftmax,)
    about = (
        "Makes log-probabilities of scores: each score less the logarithm of the sum of all exponentials. Their own "
        "exponentials are the ten probabilities, which sum to 1."
    )
    hidden = True

    def explain(self, step: Step, unit: Unit) -> Sum:
        """The exponentials, whose sum's logarithm is taken away from the score."""
        terms, total, log_total = _exponentials(step)
        score = float(step.input[unit[0]])
        result = score - log_total
        worked = f"{say(score)} − log({total:.6g}) = {say(result, bracket=False)}"
        return Sum(terms, 0.0, "score − log(Σ exp(scores))", worked, result)


def _exponentials(step: Step) -> tuple[tuple[Term, ...], float, float]:
    """Return a term for each score, the sum of the exponentials, and its logarithm."""
    scores = step.input.astype(np.float64)
    with np.errstate(over="ignore"):  # an enormous score shows as infinity; the logarithm stays right
        exponentials = np.exp(scores)
    terms = tuple(
        Term((k, 0, 0), float(score), None, float(e))
        for k, (score, e) in enumerate(zip(scores, exponentials, strict=True))
    )
    return terms, float(exponentials.sum()), float(np.logaddexp.reduce(scores))
