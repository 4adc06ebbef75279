"""The larger, or the smaller, of two inputs, place by place."""

from torch import nn

from model.graph.records import Op
from model.layers.join import Join, first_and_second
from model.layers.layer import WorkedUnit, format_number
from model.layers.records import Recipe, Rule, Term
from model.layers.stand_ins import Sum
from model.records import Unit
from model.trace.records import Step


class Larger(Join):
    """``y = max(x, z)``."""

    kind = "larger of two"
    ops = (Op.MAXIMUM,)
    about = "Keeps the larger of two inputs, place by place."
    name = "max"

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """Both values; the one that is kept has weight 1 and the other 0. The first of equal values counts."""
        values = self.values(step, unit)
        both = first_and_second(step, values)
        result = max(both) if self.name == "max" else min(both)
        kept = both.index(result)
        terms = tuple(
            Term(where, value, float(number == kept), value if number == kept else 0.0, source)
            for number, (where, value, source) in enumerate(values)
        )
        listed = ", ".join(format_number(each, bracket=False) for each in both)
        formula = f"{self.name}({listed}) = {format_number(result, bracket=False)}"
        bias = result if kept >= len(values) else 0.0
        return WorkedUnit(terms, bias, f"{self.name}(first input, second input)", formula, result)

    def recipe(self, step: Step) -> Recipe:
        """Both values."""
        rule = Rule.LARGER if self.name == "max" else Rule.SMALLER
        return self.joined(step, rule, f"{self.name}(first input, second input)", f"{self.name}([0], [1]) = [2]")

    def monotone(self, module: nn.Module) -> nn.Module:
        """A sum of both: the one that is not kept could be the other."""
        return Sum()


class Smaller(Larger):
    """``y = min(x, z)``."""

    kind = "smaller of two"
    ops = (Op.MINIMUM,)
    about = "Keeps the smaller of two inputs, place by place."
    name = "min"


LAYERS = (Larger(), Smaller())
