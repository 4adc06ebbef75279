"""Hardswish: ``y = x * min(max(0, x + 3), 6) / 6``."""

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class Hardswish(Elementwise):
    """``y = x * min(max(0, x + 3), 6) / 6``."""

    kind = "hardswish"
    modules = (nn.Hardswish,)
    ops = (Op.HARDSWISH,)
    about = "The value times its own hard sigmoid: 0 up to −3, the value itself from 3 on."
    symbols = "input × min(max(0, input + 3), 6) / 6"

    def apply(self, settings: Settings, value: float) -> float:
        """Return ``y = x * min(max(0, x + 3), 6) / 6``."""
        return value * min(max(0.0, value + 3), 6.0) / 6


LAYERS = (Hardswish(),)
