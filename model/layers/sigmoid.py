"""Sigmoid: ``y = 1 / (1 + exp(-x))``."""

import math

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class Sigmoid(Elementwise):
    """``y = 1 / (1 + exp(-x))``."""

    kind = "sigmoid"
    modules = (nn.Sigmoid,)
    ops = (Op.SIGMOID,)
    about = "Squeezes any number into 0 to 1: large ones near 1, very negative ones near 0. Gates are made with it."
    symbols = "1 / (1 + e^(−input))"

    def apply(self, settings: Settings, value: float) -> float:
        """Return ``y = 1 / (1 + exp(-x))``."""
        return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


LAYERS = (Sigmoid(),)
