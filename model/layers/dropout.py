"""Dropout: where it is on, set each value to zero with probability p and enlarge the others by 1 / (1 - p).

Enlarging keeps the mean over many masks where it was, so that nothing need change when dropout is off.
"""

from torch import nn

from model.layers.layer import Layer, Sum, say
from model.layers.records import Term
from model.records import Unit
from model.trace.records import LayerKind, Step


class Dropout(Layer):
    """``y = x * keep / (1 - p)`` where it is on, ``keep`` being 0 or 1; ``y = x`` where it is off."""

    kind = LayerKind.DROPOUT
    modules = (nn.Dropout,)
    about = (
        "While training it sets each value to zero with probability p and enlarges the rest by 1 / (1 − p), so that no "
        "unit can rely on another. When the network is used, as here, it passes everything on."
    )
    settings = ("p",)

    def explain(self, step: Step, unit: Unit) -> Sum:
        """One term: the unit below, kept or dropped."""
        value = float(step.input[unit])
        if step.mask is None:
            factor, symbols, worked = 1.0, "input, as dropout is off", say(value)
        elif step.mask[unit]:
            p = step.settings["p"]
            factor = 1 / (1 - p)
            symbols, worked = "input × 1 / (1 − p), as it was kept", f"{say(value)} × 1 / (1 − {p:g})"
        else:
            factor, symbols, worked = 0.0, "input × 0, as it was dropped", f"{say(value)} × 0"
        result = value * factor
        return Sum(
            (Term(unit, value, factor, result),), 0.0, symbols, f"{worked} = {say(result, bracket=False)}", result
        )
