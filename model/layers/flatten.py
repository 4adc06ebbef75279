"""Flatten: write the maps one after another into one vector. No value changes, only its index."""

import numpy as np
from torch import nn

from model.layers.layer import Layer, WorkedUnit, as_maps, format_number, product
from model.layers.records import Calculation, Recipe, Rule, Term, Where
from model.records import Unit
from model.trace.records import LayerKind, Step


class Flatten(Layer):
    """``y[c * H * W + i * W + j] = x[c, i, j]``."""

    kind = LayerKind.FLATTEN
    modules = (nn.Flatten,)
    linear = True
    about = "Writes the maps one after another into one vector. No value changes, only its index."
    hidden = True

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """One unit for each value."""
        names = ("channels", "height", "width") if step.input.ndim == 3 else ("units",)
        return (product("units", **dict(zip(names, step.input.shape, strict=True))),)

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """One term: the value itself."""
        maps = as_maps(step.input)
        channel, y, x = (int(i) for i in np.unravel_index(unit[0], maps.shape))
        value = float(maps[channel, y, x])
        formula = f"{format_number(value)} = {format_number(value, bracket=False)}"
        return WorkedUnit((Term((channel, y, x), value, 1.0, value),), 0.0, "input", formula, value)

    def recipe(self, step: Step) -> Recipe:
        """The value with the same number."""
        return Recipe(Rule.COPY, Where.SAME, ("input",), "{0} = [1]")

    def monotone(self, module: nn.Module) -> nn.Module:
        """The step itself."""
        return module


LAYERS = (Flatten(),)
