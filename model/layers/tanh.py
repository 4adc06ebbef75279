"""Tanh: ``y = (exp(x) - exp(-x)) / (exp(x) + exp(-x))``."""

import math

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class Tanh(Elementwise):
    """``y = (exp(x) - exp(-x)) / (exp(x) + exp(-x))``."""

    kind = "tanh"
    modules = (nn.Tanh,)
    ops = (Op.TANH,)
    about = "Squeezes any number into −1 to 1, and keeps its sign."
    symbols = "tanh(input)"

    def apply(self, settings: Settings, value: float) -> float:
        """Return ``y = (exp(x) - exp(-x)) / (exp(x) + exp(-x))``."""
        return math.tanh(value)


LAYERS = (Tanh(),)
