"""Linear, or fully connected: every unit has a weight for every input, and a bias."""

import numpy as np
import torch
from torch import nn

from model.graph.records import Op
from model.layers.initial import draw_weights
from model.layers.layer import (
    Layer,
    WorkedUnit,
    axes,
    learned_lines,
    position_of,
    product,
    sum_symbols,
    unchanged,
    unit_at,
    weighted_sum,
)
from model.layers.records import Calculation, Recipe, Rule, Term, Where
from model.layers.stand_ins import positive
from model.records import Unit
from model.trace.records import LayerKind, Step


class Linear(Layer):
    """``y[i] = bias[i] + sum of weight[i, k] * x[k]``."""

    kind = LayerKind.LINEAR
    modules = (nn.Linear,)
    ops = (Op.LINEAR,)
    learns = True
    linear = True
    about = "Every output has a weight for every input and a bias; weights are not shared."

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """One unit for each row of the weight matrix."""
        units = step.weights["weight"].shape[0]
        *before, last = axes(step.output.shape)
        kept = (unchanged(name, size) for name, size in zip(before, step.input.shape[:-1], strict=True))
        return *kept, Calculation(last, "rows of the weight matrix", str(units), units)

    def parameters(self, step: Step) -> tuple[Calculation, ...]:
        """A weight for each pair of output and input; a bias for each output."""
        units_out, units_in = step.weights["weight"].shape
        weights = product("weights", units_out=units_out, units_in=units_in)
        return learned_lines(step, weight=weights, bias=product("biases", units_out=units_out))

    def multiply_accumulates(self, step: Step) -> Calculation:
        """Each weight once, at each place."""
        units_out, units_in = step.weights["weight"].shape
        places = int(np.prod(step.output.shape[:-1]))
        return product(
            "multiply-accumulates", **({"places": places} if places > 1 else {}), units_out=units_out, units_in=units_in
        )

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """Every input times its weight, and the bias."""
        *place, row = position_of(unit, step.output.shape)
        weights = step.weights["weight"][row].astype(np.float64)
        terms = tuple(
            Term(unit_at((*place, k), step.input.shape), float(value), float(weight), float(value) * float(weight))
            for k, (value, weight) in enumerate(zip(step.input[tuple(place)], weights, strict=True))
        )
        biased = "bias" in step.weights
        return weighted_sum(terms, float(step.weights["bias"][row]) if biased else 0.0, biased=biased)

    def recipe(self, step: Step) -> Recipe:
        """Weights (units out, units in), and biases if there are any."""
        arrays = {name: step.weights[name] for name in ("weight", "bias") if name in step.weights}
        return Recipe(Rule.SUM, Where.ROW, sum_symbols(biased="bias" in arrays), arrays=arrays)

    def monotone(self, module: nn.Module) -> nn.Module:
        """All weights positive and equal."""
        return positive(module)

    def randomize(self, module: nn.Module, generator: torch.Generator) -> None:
        """Draw weights and biases."""
        draw_weights(module, generator)


LAYERS = (Linear(),)
