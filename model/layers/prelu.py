"""PReLU: a leaky ReLU whose slope is learned, one for all maps or one for each."""

import torch
from torch import nn

from model.graph.records import Op
from model.layers.layer import Layer, WorkedUnit, as_maps, fewest, format_number, learned_lines, position_of, product
from model.layers.records import Calculation, Recipe, Rule, Term, Where
from model.records import Unit
from model.trace.records import Step

_SYMBOLS = "input, times slope if negative"


class PReLU(Layer):
    """``y = x`` for positive x, else ``slope[c] * x``.

    Source: He, Zhang, Ren, Sun, "Delving Deep into Rectifiers", ICCV 2015.
    """

    kind = "PReLU"
    modules = (nn.PReLU,)
    ops = (Op.PRELU,)
    about = "Keeps positive values and multiplies the others by a slope, which is learned."
    hidden = True
    learns = True

    def parameters(self, step: Step) -> tuple[Calculation, ...]:
        """A slope, or one for each map."""
        return learned_lines(step, weight=product("slopes", maps=step.weights["weight"].size))

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """One term: the input unit, times 1 or times the slope."""
        value, slopes = float(as_maps(step.input)[unit]), step.weights["weight"]
        slope = float(slopes[position_of(unit, step.input.shape)[0] if len(slopes) > 1 else 0])
        weight = 1.0 if value > 0 else slope
        result = value * weight
        worked = f"{format_number(value)} × {format_number(weight)} = {format_number(result, bracket=False)}"
        return WorkedUnit((Term(unit, value, weight, result),), 0.0, _SYMBOLS, worked, result)

    def recipe(self, step: Step) -> Recipe:
        """The slopes."""
        slopes = step.weights["weight"]
        each = slopes.repeat(step.output.size // len(slopes))
        arrays = {"slope": fewest(each, as_maps(step.output).shape)}
        return Recipe(Rule.SLOPE, Where.SAME, (_SYMBOLS,), "{0} × {1} = [2]", arrays=arrays)

    def monotone(self, module: nn.Module) -> nn.Module:
        """Its place is all that matters."""
        return nn.Identity()

    def randomize(self, module: nn.Module, generator: torch.Generator) -> None:
        """Slope 0.25, PyTorch's initial one; nothing is drawn."""
        module.reset_parameters()  # type: ignore[operator]


LAYERS = (PReLU(),)
