"""ELU: ``y = x`` for positive x, else ``alpha * (exp(x) - 1)``."""

import math

from torch import nn

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class ELU(Elementwise):
    """``y = scale * (x if x > 0 else alpha * (exp(input_scale * x) - 1))``; PyTorch's module has both scales 1."""

    kind = "ELU"
    modules = (nn.ELU,)
    ops = (Op.ELU,)
    about = "Keeps positive values; negative ones approach a limit, along an exponential."
    settings = ("alpha",)
    symbols = "input, or {alpha:g} × (e^input − 1) if negative"

    def formula(self, settings: Settings) -> str:
        """Return the formula with the settings in it, and the scales where there are any."""
        scale, inner = settings.get("scale", 1), settings.get("input_scale", 1)
        if scale == inner == 1:
            return super().formula(settings)
        return f"{scale:g} × (input, or {settings['alpha']:g} × (e^({inner:g} × input) − 1) if negative)"

    def apply(self, settings: Settings, value: float) -> float:
        """Return what the formula gives."""
        scale, inner = float(settings.get("scale", 1)), float(settings.get("input_scale", 1))
        return scale * (value if value > 0 else float(settings["alpha"]) * math.expm1(inner * value))


LAYERS = (ELU(),)
