"""The base class of activations: each value goes through the same function, at every place."""

from abc import abstractmethod
from typing import ClassVar

from torch import nn

from model.layers.layer import Layer, Settings, WorkedUnit, as_maps, format_number
from model.layers.records import Recipe, Rule, Term, Where
from model.records import Unit
from model.trace.records import Step


class Elementwise(Layer):
    """``y[c, i, j] = f(x[c, i, j])``.

    Attributes:
        symbols: The formula, with ``input`` for the value; ``{name}`` stands for a setting.
    """

    symbols: ClassVar[str]
    hidden = True

    @abstractmethod
    def apply(self, settings: Settings, value: float) -> float:
        """Return f of a value, in double precision."""

    def formula(self, settings: Settings) -> str:
        """Return the formula with the settings in it."""
        return self.symbols.format(**settings)

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """One term: the input unit. The function is no product, so it has no weight."""
        value = float(as_maps(step.input)[unit])
        result = self.apply(step.settings, value)
        symbols = self.formula(step.settings)
        worked = symbols.replace("input", format_number(value))
        formula = f"{worked} = {format_number(result, bracket=False)}"
        return WorkedUnit((Term(unit, value, None, result),), 0.0, symbols, formula, result)

    def recipe(self, step: Step) -> Recipe:
        """The name of the function, and its settings."""
        symbols = self.formula(step.settings)
        formula = f"{symbols.replace('input', '{0}')} = [1]"
        settings = {**step.settings, "function": self.ops[0].value}
        return Recipe(Rule.FUNCTION, Where.SAME, (symbols,), formula, settings)

    def monotone(self, module: nn.Module) -> nn.Module:
        """Its place is all that matters."""
        return nn.Identity()
