"""GELU: the value times the share of a normal distribution that lies below it."""

import math

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class GELU(Elementwise):
    """``y = x * Phi(x)`` with the distribution function Phi of the standard normal; or its approximation by a tanh.

    Source: Hendrycks, Gimpel, "Gaussian Error Linear Units", 2016.
    """

    kind = "GELU"
    modules = (nn.GELU,)
    ops = (Op.GELU,)
    about = "The value times the probability that a normal random number is smaller: a ReLU with a smooth corner."
    settings = ("approximate",)
    symbols = "input × Φ(input)"

    def apply(self, settings: Settings, value: float) -> float:
        """Return ``x * Phi(x)``."""
        if settings["approximate"] == "tanh":
            return value * (1 + math.tanh(math.sqrt(2 / math.pi) * (value + 0.044715 * value**3))) / 2
        return value * (1 + math.erf(value / math.sqrt(2))) / 2


LAYERS = (GELU(),)
