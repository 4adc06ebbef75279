"""ReLU: keep what is above zero, and set all else to zero."""

from torch import nn

from model.layers.layer import Layer, Sum, say
from model.layers.records import Term
from model.records import Unit
from model.trace.records import LayerKind, Step


class ReLU(Layer):
    """``y = max(0, x)``; a function call in the assignment, so its table has no row for it."""

    kind = LayerKind.RELU
    modules = (nn.ReLU,)
    about = (
        "Keeps what is above zero and sets all else to zero. Without it, two convolutions in a row could be written as "
        "one: this bend is what makes depth worth while."
    )
    hidden = True

    def explain(self, step: Step, unit: Unit) -> Sum:
        """One term: the unit below, times 1 or times 0."""
        value = float(step.input[unit])
        result = max(0.0, value)
        return Sum(
            (Term(unit, value, float(value > 0), result),),
            0.0,
            "max(0, input)",
            f"max(0, {say(value)}) = {say(result, bracket=False)}",
            result,
        )
