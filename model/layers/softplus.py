"""Softplus: ``y = log(1 + exp(beta * x)) / beta``, and x itself above a threshold."""

import math

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class Softplus(Elementwise):
    """``y = log(1 + exp(beta * x)) / beta``, and x itself above a threshold."""

    kind = "softplus"
    modules = (nn.Softplus,)
    ops = (Op.SOFTPLUS,)
    about = "A smooth ReLU: near 0 for negative values, near the value itself for positive ones."
    settings = ("beta", "threshold")
    symbols = "log(1 + e^({beta:g} × input)) / {beta:g}"

    def apply(self, settings: Settings, value: float) -> float:
        """Return ``y = log(1 + exp(beta * x)) / beta``, and x itself above a threshold."""
        scaled = float(settings["beta"]) * value
        if scaled > float(settings["threshold"]):
            return value
        return (max(scaled, 0.0) + math.log1p(math.exp(-abs(scaled)))) / float(settings["beta"])


LAYERS = (Softplus(),)
