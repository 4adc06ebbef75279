"""Add and subtract: two inputs, place by place, as at the end of a residual block."""

from torch import nn

from model.graph.records import Op
from model.layers.join import Join, scaled, scaled_formula
from model.layers.layer import WorkedUnit
from model.layers.records import Recipe, Rule
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
    symbols = "Σ of the inputs"

    def weights(self, step: Step) -> tuple[float, float]:
        """Return the factors of both inputs."""
        return 1.0, float(step.settings.get("alpha", 1))

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """Both values, each times its factor."""
        return scaled(step, self.values(step, unit), self.weights(step), self.symbols)

    def recipe(self, step: Step) -> Recipe:
        """Both values and their factors."""
        weights = self.weights(step)
        return self.joined(step, Rule.JOIN, self.symbols, scaled_formula(weights), weights=weights)

    def monotone(self, module: nn.Module) -> nn.Module:
        """A sum of both."""
        return Sum()


class Subtract(Add):
    """``y = x - alpha * z``."""

    kind = "subtract"
    ops = (Op.SUB,)
    about = "Subtracts the second input from the first, place by place."
    symbols = "first input − second input"

    def weights(self, step: Step) -> tuple[float, float]:
        """Return the factors of both inputs."""
        return 1.0, -float(step.settings.get("alpha", 1))


class SubtractFrom(Add):
    """``y = z - alpha * x``."""

    kind = "subtract from"
    ops = (Op.RSUB,)
    about = "Subtracts the first input from the second, or from a number, place by place."
    symbols = "second input − first input"

    def weights(self, step: Step) -> tuple[float, float]:
        """Return the factors of both inputs."""
        return -float(step.settings.get("alpha", 1)), 1.0


LAYERS = (Add(), Subtract(), SubtractFrom())
