"""ReLU6: ``y = min(max(0, x), 6)``."""

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class ReLU6(Elementwise):
    """``y = min(max(0, x), 6)``."""

    kind = "ReLU6"
    modules = (nn.ReLU6,)
    ops = (Op.RELU6,)
    about = "Keeps values from 0 to 6, sets smaller ones to 0 and larger ones to 6."
    symbols = "min(max(0, input), 6)"

    def apply(self, settings: Settings, value: float) -> float:
        """Return ``y = min(max(0, x), 6)``."""
        return min(max(0.0, value), 6.0)


LAYERS = (ReLU6(),)
