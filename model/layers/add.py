"""Add and subtract: two inputs, place by place, as at the end of a residual block."""

from torch import nn

from model.graph.records import Op
from model.layers.join import Join, scaled
from model.layers.layer import WorkedUnit
from model.layers.stand_ins import Sum
from model.records import Unit
from model.trace.records import Step


class Add(Join):
    """``y = x + alpha * z``."""

    kind = "add"
    ops = (Op.ADD,)
    linear = True
    about = (
        "Adds two inputs, place by place. In a residual block one of them is what went in, or a 1 × 1 convolution of "
        "it: the block then learns only what to change, and gradients have a short way back."
    )

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """Both values, the second times alpha."""
        return scaled(step, self.values(step, unit), (1.0, float(step.settings.get("alpha", 1))), "Σ of the inputs")

    def monotone(self, module: nn.Module) -> nn.Module:
        """A sum of both."""
        return Sum()


class Subtract(Add):
    """``y = x - alpha * z``."""

    kind = "subtract"
    ops = (Op.SUB,)
    about = "Subtracts the second input from the first, place by place."

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """Both values, the second times minus alpha."""
        weights = 1.0, -float(step.settings.get("alpha", 1))
        return scaled(step, self.values(step, unit), weights, "first input − second input")


class SubtractFrom(Add):
    """``y = z - alpha * x``."""

    kind = "subtract from"
    ops = (Op.RSUB,)
    about = "Subtracts the first input from the second, or from a number, place by place."

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """Both values, the first times minus alpha."""
        weights = -float(step.settings.get("alpha", 1)), 1.0
        return scaled(step, self.values(step, unit), weights, "second input − first input")


LAYERS = (Add(), Subtract(), SubtractFrom())
