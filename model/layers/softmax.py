"""Softmax and log-softmax: turn scores into probabilities, or into log-probabilities."""

from typing import ClassVar

import numpy as np
from torch import nn

from model.graph.records import Op
from model.layers.layer import Layer, Modules, Shape, WorkedUnit, as_maps, format_number, position_of, unit_at
from model.layers.records import Recipe, Rule, Term, Where
from model.layers.stand_ins import SumAlong
from model.records import Unit
from model.trace.records import LayerKind, Step


class Softmax(Layer):
    """``y[c] = exp(x[c]) / sum of exp(x[k])``."""

    kind = LayerKind.SOFTMAX
    modules: ClassVar[Modules] = (nn.Softmax,)
    ops = (Op.SOFTMAX,)
    settings = ("dim",)
    about = "Turns scores into probabilities: the exponential of each score, divided by the sum of all exponentials."
    hidden = True
    rule = Rule.SOFTMAX
    symbols = "exp(score) / Σ exp(scores)"
    worked = "exp([0]) / [1] = [2]"

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """The exponentials; the result is this one's share of their sum."""
        terms, total, log_total = _exponentials(step, unit)
        score = float(as_maps(step.input)[unit])
        result = float(np.exp(score - log_total))
        worked = f"exp({format_number(score, bracket=False)}) / {total:.6g} = {format_number(result, bracket=False)}"
        return WorkedUnit(terms, 0.0, self.symbols, worked, result)

    def recipe(self, step: Step) -> Recipe:
        """For each unit the numbers of the scores along its axis."""
        shape, axis = step.input.shape, _axis(step)
        numbers = np.arange(step.input.size, dtype=np.int32).reshape(shape)
        along = np.moveaxis(
            np.broadcast_to(np.moveaxis(numbers, axis, -1)[..., None, :], _squared(shape, axis)), -2, axis
        )
        members = along.reshape(-1, shape[axis])
        return Recipe(self.rule, Where.MEMBERS, (self.symbols,), self.worked, arrays={"members": members})

    def monotone(self, module: nn.Module) -> nn.Module:
        """Each value, and the mean of all that it is divided by."""
        dim = module.dim
        return SumAlong(dim if isinstance(dim, int) else 1)


class LogSoftmax(Softmax):
    """``y[c] = x[c] - log(sum of exp(x[k]))``."""

    kind = LayerKind.LOG_SOFTMAX
    modules = (nn.LogSoftmax,)
    ops = (Op.LOG_SOFTMAX,)
    settings = ("dim",)
    about = (
        "Turns scores into log-probabilities: each score minus the logarithm of the sum of all exponentials. The "
        "exponentials of the log-probabilities are the ten probabilities, which sum to 1."
    )
    hidden = True
    rule = Rule.LOG_SOFTMAX
    symbols = "score − log(Σ exp(scores))"
    worked = "{0} − log([1]) = [2]"

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """The exponentials; the logarithm of their sum is subtracted from the score."""
        terms, total, log_total = _exponentials(step, unit)
        score = float(as_maps(step.input)[unit])
        result = score - log_total
        worked = f"{format_number(score)} − log({total:.6g}) = {format_number(result, bracket=False)}"
        return WorkedUnit(terms, 0.0, self.symbols, worked, result)


def _exponentials(step: Step, unit: Unit) -> tuple[tuple[Term, ...], float, float]:
    """Return a term for each score along the axis, the sum of the exponentials, and its logarithm."""
    position, axis = position_of(unit, step.input.shape), _axis(step)
    places = [(*position[:axis], k, *position[axis + 1 :]) for k in range(step.input.shape[axis])]
    scores = np.asarray([step.input[place] for place in places], dtype=np.float64)
    with np.errstate(over="ignore"):  # a very large score shows as infinity; the logarithm stays correct
        exponentials = np.exp(scores)
    terms = tuple(
        Term(unit_at(place, step.input.shape), float(score), None, float(e))
        for place, score, e in zip(places, scores, exponentials, strict=True)
    )
    return terms, float(exponentials.sum()), float(np.logaddexp.reduce(scores))


def _axis(step: Step) -> int:
    """Return the axis of the sum, without the batch; the first by default."""
    dim = step.settings.get("dim")
    batched = not step.batches or step.batches[0] == 1
    return 0 if dim is None else dim % (step.input.ndim + batched) - batched


LAYERS = (Softmax(), LogSoftmax())


def _squared(shape: Shape, axis: int) -> Shape:
    """Return a shape with an axis put last, twice."""
    return (*shape[:axis], *shape[axis + 1 :], shape[axis], shape[axis])
