"""Hardsigmoid: ``y = min(max(0, x + 3), 6) / 6``."""

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class Hardsigmoid(Elementwise):
    """``y = min(max(0, x + 3), 6) / 6``."""

    kind = "hardsigmoid"
    modules = (nn.Hardsigmoid,)
    ops = (Op.HARDSIGMOID,)
    about = "A sigmoid made of three straight lines: 0 up to −3, 1 from 3 on."
    symbols = "min(max(0, input + 3), 6) / 6"

    def apply(self, settings: Settings, value: float) -> float:
        """Return ``y = min(max(0, x + 3), 6) / 6``."""
        return min(max(0.0, value + 3), 6.0) / 6


LAYERS = (Hardsigmoid(),)
