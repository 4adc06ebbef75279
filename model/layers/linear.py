"""Linear, or fully connected: every unit has a weight for every input, and a bias. The assignment forbids it."""

import numpy as np
from torch import nn

from model.layers.layer import Layer, Sum, product, weighted_sum
from model.layers.records import Calculation, Term
from model.records import Unit
from model.trace.records import LayerKind, Step


class Linear(Layer):
    """``y[i] = bias[i] + sum of weight[i, k] * x[k]``."""

    kind = LayerKind.LINEAR
    modules = (nn.Linear,)
    about = (
        "Every output has a weight for every input, and a bias: no window, nothing shared. The assignment forbids it."
    )

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """One unit for each line of weights."""
        units = step.parameters["weight"].shape[0]
        return (Calculation("units", "lines of weights", str(units), units),)

    def parameters(self, step: Step) -> tuple[Calculation, ...]:
        """A weight for each pair of output and input; a bias for each output."""
        units_out, units_in = step.parameters["weight"].shape
        weights = product("weights", units_out=units_out, units_in=units_in)
        return (weights, product("biases", units_out=units_out)) if "bias" in step.parameters else (weights,)

    def multiply_accumulates(self, step: Step) -> Calculation:
        """Each weight once."""
        units_out, units_in = step.parameters["weight"].shape
        return product("multiply-accumulates", units_out=units_out, units_in=units_in)

    def explain(self, step: Step, unit: Unit) -> Sum:
        """Every input times its weight, and the bias."""
        weights = step.parameters["weight"][unit[0]].astype(np.float64)
        terms = tuple(
            Term((k, 0, 0), float(value), float(weight), float(value) * float(weight))
            for k, (value, weight) in enumerate(zip(step.input, weights, strict=True))
        )
        biased = "bias" in step.parameters
        return weighted_sum(terms, float(step.parameters["bias"][unit[0]]) if biased else 0.0, biased=biased)
