"""A parameter or a constant that a network uses by itself: it depends on no input."""

from torch import nn

from model.graph.module import Stored as StoredModule
from model.graph.records import Op
from model.layers.layer import Layer, WorkedUnit, format_number, listed
from model.layers.records import Calculation, Recipe, Rule, Where
from model.layers.stand_ins import Ones
from model.records import Unit
from model.trace.records import Step


class Stored(Layer):
    """``y`` is what is stored."""

    kind = "stored numbers"
    modules = (StoredModule,)
    ops = (Op.PARAMETER, Op.CONSTANT)
    linear = True
    about = "Numbers that belong to the network, learned or fixed. They are the same for every image."
    hidden = True

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """The shape that is stored."""
        return listed(step.output.shape, "as stored")

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """No term: the number itself."""
        value = float(step.maps[unit])
        text = format_number(value, bracket=False)
        return WorkedUnit((), value, "stored", f"{text} = {text}", value)

    def recipe(self, step: Step) -> Recipe:
        """The numbers are the output itself."""
        return Recipe(Rule.STORED, Where.SAME, ("stored",), "[1] = [1]")

    def monotone(self, module: nn.Module) -> nn.Module:
        """Ones in its place."""
        return Ones(
            module.get_buffer("value") if "value" in dict(module.named_buffers()) else module.get_parameter("value")
        )


LAYERS = (Stored(),)
