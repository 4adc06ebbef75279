"""Mish: ``y = x * tanh(log(1 + exp(x)))``."""

import math

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class Mish(Elementwise):
    """``y = x * tanh(log(1 + exp(x)))``."""

    kind = "Mish"
    modules = (nn.Mish,)
    ops = (Op.MISH,)
    about = (
        "The value times the tanh of a softplus: a ReLU with a smooth corner, a little below zero for negative values."
    )
    symbols = "input × tanh(log(1 + e^input))"

    def apply(self, settings: Settings, value: float) -> float:
        """Return ``y = x * tanh(log(1 + exp(x)))``."""
        return value * math.tanh(max(value, 0.0) + math.log1p(math.exp(-abs(value))))


LAYERS = (Mish(),)
