"""The mean, the sum or the largest of all values along some axes, such as the mean of each map."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from model.graph.records import Op
from model.layers.layer import Layer, WorkedUnit, format_number, listed, unit_at, weighted_sum
from model.layers.operands import numbered, position_with_batch, with_batch
from model.layers.records import Calculation, Recipe, Rule, Term, Where
from model.records import Unit
from model.trace.records import Step


class Mean(Layer):
    """``y = mean of x over some axes``.

    Attributes:
        rule: What its recipe does.
        symbols: The formula in symbols.
        summary: The formula with places for its numbers, and for their count.
    """

    kind = "mean"
    ops = (Op.MEAN,)
    linear = True
    about = "Computes the mean along some axes. Over height and width it says how much of each map's pattern there is."
    hidden = True
    rule = Rule.MEAN
    symbols = "Σ of the values / their number"
    summary = "[0] / {} = [2]"

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """The axes that are left; a size of 1 in the place of the others, where they are kept."""
        return listed(step.output.shape, "what is left")

    def numbers(self, step: Step, unit: Unit) -> NDArray[np.float64]:
        """Return the numbers of the units that are summed up, counted through the input."""
        dims, position = step.settings["dims"], list(position_with_batch(step, unit))
        (array,) = with_batch(step)
        if not step.settings["keepdim"]:
            for dim in sorted(dims):
                position.insert(dim, 0)
        places = tuple(slice(None) if axis in dims else i for axis, i in enumerate(position))
        (counting,) = numbered((array,))
        return np.ravel(counting[places])

    def members(self, step: Step, unit: Unit) -> list[tuple[Unit, float]]:
        """Return the units that are summed up, and their values."""
        shape = step.input.shape
        where = [np.unravel_index(int(i), shape) for i in self.numbers(step, unit)]
        return [(unit_at([int(i) for i in place], shape), float(step.input[place])) for place in where]

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """Every value, divided by their number."""
        members = self.members(step, unit)
        count = len(members)
        terms = tuple(Term(where, value, 1 / count, value / count) for where, value in members)
        total = float(np.sum([value for _, value in members]))
        value = weighted_sum(terms).value
        formula = f"{format_number(total, bracket=False)} / {count} = {format_number(value, bracket=False)}"
        return WorkedUnit(terms, 0.0, self.symbols, formula, value)

    def recipe(self, step: Step) -> Recipe:
        """For each unit the numbers of its input units."""
        units = (unit_at(place, step.output.shape) for place in np.ndindex(step.output.shape))
        members = np.asarray([self.numbers(step, unit) for unit in units], np.int32)
        formula, arrays = self.summary.format(members.shape[1]), {"members": members}
        return Recipe(self.rule, Where.MEMBERS, (self.symbols,), formula, arrays=arrays)

    def monotone(self, module: nn.Module) -> nn.Module:
        """The step itself."""
        return module


class Sum(Mean):
    """``y = sum of x over some axes``."""

    kind = "sum"
    ops = (Op.SUM,)
    about = "Adds all values along some axes."
    rule = Rule.TOTAL
    symbols = "Σ of the values"
    summary = "Σ = [2]"

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """Every value once."""
        terms = tuple(Term(where, value, 1.0, value) for where, value in self.members(step, unit))
        value = sum(term.product for term in terms)
        return WorkedUnit(terms, 0.0, self.symbols, f"Σ = {format_number(value, bracket=False)}", value)


class Largest(Mean):
    """``y = max of x over some axes``."""

    kind = "largest"
    ops = (Op.AMAX,)
    linear = False
    about = "Keeps the largest value along some axes."
    rule = Rule.LARGEST
    symbols = "max of the values"
    summary = "max of {} values = [2]"

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """All values; the largest has weight 1 and the others 0. The first of equal values counts."""
        members = self.members(step, unit)
        values = [value for _, value in members]
        largest = int(np.argmax(values))
        terms = tuple(
            Term(where, value, float(i == largest), value if i == largest else 0.0)
            for i, (where, value) in enumerate(members)
        )
        text = format_number(values[largest], bracket=False)
        return WorkedUnit(terms, 0.0, self.symbols, f"max of {len(values)} values = {text}", values[largest])

    def monotone(self, module: nn.Module) -> nn.Module:
        """The mean in its place: the largest passes on a change of one value alone."""
        return _MeanOver(module)


class _MeanOver(nn.Module):
    """The mean over the axes of another reduction."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.settings: Any = module.settings

    def forward(self, x: Tensor) -> Tensor:
        """Return the means."""
        return x.mean(self.settings["dims"], self.settings["keepdim"])


LAYERS = (Mean(), Sum(), Largest())
