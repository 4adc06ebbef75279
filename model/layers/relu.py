"""ReLU: keep positive values and set all others to zero."""

import numpy as np
from torch import nn

from model.graph.records import Op
from model.layers.layer import Layer, WorkedUnit, as_maps, format_number
from model.layers.records import Recipe, Rule, Term, Where
from model.records import Unit
from model.trace.records import LayerKind, Step

_SYMBOLS = "max(0, input)"


class ReLU(Layer):
    """``y = max(0, x)``; the assignment calls it as a function, so the printed table has no row for it."""

    kind = LayerKind.RELU
    modules = (nn.ReLU,)
    ops = (Op.RELU,)
    about = (
        "Keeps positive values and sets all others to zero. Without a non-linearity between them, two "
        "convolutions or two linear layers in a row would be equivalent to one."
    )
    hidden = True

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """One term: the input unit, times 1 or times 0."""
        value = float(as_maps(step.input)[unit])
        result = max(0.0, value)
        return WorkedUnit(
            (Term(unit, value, float(value > 0), result),),
            0.0,
            _SYMBOLS,
            f"max(0, {format_number(value)}) = {format_number(result, bracket=False)}",
            result,
        )

    def recipe(self, step: Step) -> Recipe:
        """A slope of 0."""
        return Recipe(Rule.SLOPE, Where.SAME, (_SYMBOLS,), "max(0, {0}) = [2]", arrays={"slope": np.zeros(1)})

    def monotone(self, module: nn.Module) -> nn.Module:
        """Its place is all that matters."""
        return nn.Identity()


LAYERS = (ReLU(),)
