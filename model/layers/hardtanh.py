"""Hardtanh: ``y = min(max(x, low), high)``."""

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class Hardtanh(Elementwise):
    """``y = min(max(x, low), high)``."""

    kind = "hardtanh"
    modules = (nn.Hardtanh,)
    ops = (Op.HARDTANH,)
    about = "Keeps values between two limits, and sets those beyond to the limit."
    settings = ("min_val", "max_val")
    symbols = "min(max(input, {min_val:g}), {max_val:g})"

    def apply(self, settings: Settings, value: float) -> float:
        """Return ``y = min(max(x, low), high)``."""
        return min(max(value, float(settings["min_val"])), float(settings["max_val"]))


LAYERS = (Hardtanh(),)
