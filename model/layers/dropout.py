"""Dropout: in training mode set each value to zero with probability p and multiply the others by 1 / (1 - p).

``Dropout2d`` sets whole maps to zero.

The factor keeps the mean over many masks unchanged, so evaluation mode needs no factor.
"""

from typing import Any

from torch import nn

from model.graph.records import Op
from model.layers.layer import Layer, WorkedUnit, as_maps, format_number
from model.layers.records import Recipe, Rule, Term, Where
from model.records import Unit
from model.trace.records import LayerKind, Step

_OFF = "input, because dropout is off"


class Dropout(Layer):
    """``y = x * keep / (1 - p)`` in training mode, with ``keep`` 0 or 1; ``y = x`` in evaluation mode."""

    kind = LayerKind.DROPOUT
    modules = (nn.Dropout, nn.Dropout2d)
    ops = (Op.DROPOUT, Op.DROPOUT2D)
    linear = True
    about = (
        "In training mode it sets each value to zero with probability p and multiplies the others by 1 / (1 − p), so "
        "that no unit can rely on another. In evaluation mode, as here, it changes nothing."
    )
    settings = ("p",)

    def describe(self, step: Step) -> str:
        """Say what the dropout does; ``Dropout2d`` drops whole maps."""
        if not step.settings.get("whole_channels"):
            return self.about
        return (
            "In training mode it sets each map to zero as a whole, with probability p, and multiplies the other maps "
            "by 1 / (1 − p), so that no map can rely on another: neighbours in a map are so much alike that dropping "
            "single values would change little. In evaluation mode, as here, it changes nothing."
        )

    def settings_from(self, module: nn.Module) -> dict[str, Any]:
        """Its p, and whether it keeps or drops whole maps."""
        whole = isinstance(module, nn.Dropout2d) or bool(vars(module).get("whole_channels"))
        return super().settings_from(module) | {"whole_channels": whole}

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """One term: the input unit, kept or dropped."""
        value = float(as_maps(step.input)[unit])
        if step.mask is None:
            factor, symbols, worked = 1.0, _OFF, format_number(value)
        elif as_maps(step.mask)[unit]:
            p = step.settings["p"]
            factor = 1 / (1 - p)
            symbols, worked = "input × 1 / (1 − p), because it is kept", f"{format_number(value)} × 1 / (1 − {p:g})"
        else:
            factor, symbols, worked = 0.0, "input × 0, because it is dropped", f"{format_number(value)} × 0"
        result = value * factor
        return WorkedUnit(
            (Term(unit, value, factor, result),),
            0.0,
            symbols,
            f"{worked} = {format_number(result, bracket=False)}",
            result,
        )

    def recipe(self, step: Step) -> Recipe | None:
        """The value itself; none for one mask."""
        return Recipe(Rule.COPY, Where.SAME, (_OFF,), "{0} = [1]") if step.mask is None else None

    def monotone(self, module: nn.Module) -> nn.Module:
        """It is off."""
        return nn.Identity()


LAYERS = (Dropout(),)
