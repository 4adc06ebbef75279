"""Flatten: write the maps one after another into one vector. No value changes, only its address."""

import numpy as np
from torch import nn

from model.layers.layer import Layer, Sum, product, say
from model.layers.records import Calculation, Term
from model.records import Activation, Unit
from model.trace.records import LayerKind, Step


class Flatten(Layer):
    """``y[c * H * W + i * W + j] = x[c, i, j]``."""

    kind = LayerKind.FLATTEN
    modules = (nn.Flatten,)
    about = "Writes the maps one after another into one list of numbers. No value changes, only its address."
    hidden = True

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """As many units as there are values."""
        names = ("channels", "height", "width") if step.input.ndim == 3 else ("units",)
        return (product("units", **dict(zip(names, step.input.shape, strict=True))),)

    def explain(self, step: Step, unit: Unit) -> Sum:
        """One term: the value that came to stand here."""
        maps = _maps(step.input)
        channel, y, x = (int(i) for i in np.unravel_index(unit[0], maps.shape))
        value = float(maps[channel, y, x])
        formula = f"{say(value)} = {say(value, bracket=False)}"
        return Sum((Term((channel, y, x), value, 1.0, value),), 0.0, "input", formula, value)


def _maps(values: Activation) -> Activation:
    return values if values.ndim == 3 else values.reshape(-1, 1, 1)
