"""SiLU: ``y = x / (1 + exp(-x))``, also called swish."""

import math

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class SiLU(Elementwise):
    """``y = x / (1 + exp(-x))``, also called swish."""

    kind = "SiLU"
    modules = (nn.SiLU,)
    ops = (Op.SILU,)
    about = "The value times its own sigmoid: a ReLU with a smooth corner, a little below zero for negative values."
    symbols = "input / (1 + e^(−input))"

    def apply(self, settings: Settings, value: float) -> float:
        """Return ``y = x / (1 + exp(-x))``, also called swish."""
        return value / (1 + math.exp(-value)) if value >= 0 else value * math.exp(value) / (1 + math.exp(value))


LAYERS = (SiLU(),)
