"""SELU: ``y = scale * (x if x > 0 else alpha * (exp(x) - 1))``."""

import math

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings

_ALPHA, _SCALE = 1.6732632423543772, 1.0507009873554805  # of Klambauer and others, 2017


class SELU(Elementwise):
    """``y = scale * (x if x > 0 else alpha * (exp(x) - 1))``."""

    kind = "SELU"
    modules = (nn.SELU,)
    ops = (Op.SELU,)
    about = "Positive values times a number a little above 1; negative ones approach a limit."
    symbols = "1.0507 × (input, or 1.6733 × (e^input − 1) if negative)"

    def apply(self, settings: Settings, value: float) -> float:
        """Return ``y = scale * (x if x > 0 else alpha * (exp(x) - 1))``."""
        return _SCALE * (value if value > 0 else _ALPHA * math.expm1(value))


LAYERS = (SELU(),)
