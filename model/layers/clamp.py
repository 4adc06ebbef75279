"""Clamp: set values beyond a limit to the limit."""

from model.graph.records import Op
from model.layers.elementwise import Elementwise
from model.layers.layer import Settings


class Clamp(Elementwise):
    """``y = min(max(x, low), high)``, or with one of the limits alone."""

    kind = "clamp"
    ops = (Op.CLAMP,)
    about = "Sets values below a lower limit or above an upper limit to that limit."
    symbols = "input"

    def formula(self, settings: Settings) -> str:
        """Return the formula with the limits that there are."""
        low, high = settings["min"], settings["max"]
        inner = "input" if low is None else f"max(input, {low:g})"
        return inner if high is None else f"min({inner}, {high:g})"

    def apply(self, settings: Settings, value: float) -> float:
        """Return the value, or the limit."""
        low, high = settings["min"], settings["max"]
        value = value if low is None else max(value, float(low))
        return value if high is None else min(value, float(high))


LAYERS = (Clamp(),)
