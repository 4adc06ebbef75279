"""Multiply and divide: two inputs, place by place. A gate is such a factor, between 0 and 1."""

from torch import nn

from model.graph.records import Op
from model.layers.join import Join, first_and_second
from model.layers.layer import WorkedUnit, format_number
from model.layers.records import Recipe, Rule, Term
from model.layers.stand_ins import Sum
from model.records import Unit
from model.trace.records import Step


class Multiply(Join):
    """``y = x * z``; z can be one number for each map, which is a gate."""

    kind = "multiply"
    ops = (Op.MUL,)
    about = (
        "Multiplies two inputs, place by place. Where one of them has one number for each map, it is a gate: it lets "
        "that much of the map through."
    )
    sign = "×"
    rule = Rule.PRODUCT

    def factor(self, number: float) -> float:
        """Return what the first input is multiplied by."""
        return number

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """The first value, with the second for its weight."""
        values = self.values(step, unit)
        one, other = first_and_second(step, values)
        weight = self.factor(other)
        (place, value, source), *rest = values
        terms = (
            Term(place, value, weight, value * weight, source),
            *(Term(where, number, None, 0.0, gate) for where, number, gate in rest),
        )
        worked = f"{format_number(one)} {self.sign} {format_number(other)}"
        result = one * weight
        formula = f"{worked} = {format_number(result, bracket=False)}"
        return WorkedUnit(terms, 0.0, f"first input {self.sign} second input", formula, result)

    def recipe(self, step: Step) -> Recipe:
        """Both values."""
        symbols, formula = f"first input {self.sign} second input", f"{{0}} {self.sign} {{1}} = [2]"
        return self.joined(step, self.rule, symbols, formula)

    def monotone(self, module: nn.Module) -> nn.Module:
        """A sum of both: it passes on a change of each."""
        return Sum()


class Divide(Multiply):
    """``y = x / z``."""

    kind = "divide"
    ops = (Op.DIV,)
    about = "Divides the first input by the second, place by place."
    sign = "/"
    rule = Rule.QUOTIENT

    def factor(self, number: float) -> float:
        """Return one over the divisor."""
        return 1 / number


LAYERS = (Multiply(), Divide())
