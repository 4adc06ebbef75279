"""LeakyReLU: ``y = x`` for positive x, else ``slope * x``."""

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class LeakyReLU(Elementwise):
    """``y = x`` for positive x, else ``slope * x``."""

    kind = "leaky ReLU"
    modules = (nn.LeakyReLU,)
    ops = (Op.LEAKY_RELU,)
    about = "Keeps positive values and makes the others smaller: a ReLU that lets a little of them through."
    settings = ("negative_slope",)
    symbols = "input, times {negative_slope:g} if negative"

    def apply(self, settings: Settings, value: float) -> float:
        """Return ``y = x`` for positive x, else ``slope * x``."""
        return value if value > 0 else value * float(settings["negative_slope"])


LAYERS = (LeakyReLU(),)
