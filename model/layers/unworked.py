"""A step without a rule: its shape and its values are shown, and that it is not worked out."""

from model.layers.layer import Layer, WorkedUnit, listed
from model.layers.records import Calculation
from model.records import Unit
from model.trace.records import Step


class Unworked(Layer):
    """Any step that no kind of layer knows.

    Args:
        kind: What it is called.
    """

    def __init__(self, kind: str = "not worked out") -> None:
        self.kind = kind  # type: ignore[misc]

    about = "This step is not worked out term by term here. Its shape and its values are those of the network."
    hidden = True

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """The shape as it was recorded."""
        return listed(step.output.shape, "as recorded")

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """No terms."""
        value = float(step.maps[unit])
        return WorkedUnit((), 0.0, "not worked out", "not worked out", value, is_worked_out=False)
