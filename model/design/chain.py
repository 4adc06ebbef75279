"""Write layers one after another that name their inputs: in a design a layer reads from the one before, or from @n."""

from collections.abc import Sequence
from typing import Any

from model.design.kinds import KINDS, layer
from model.design.records import Layer
from model.errors import InputError


class Chain:
    """Collects the layers of a design; each value is known by the position of the layer that gives it, 0 the image."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.notes: list[str] = []

    def add(self, kind: str, inputs: Sequence[int], **settings: Any) -> int:
        """Add a layer and return its position.

        Args:
            kind: Its kind.
            inputs: Positions of what it reads from; for a join one of them must be the last layer.
            settings: Those that are not as usual.

        Raises:
            InputError: A setting is not allowed, or a join has no input that comes right before it.
        """
        last = len(self.layers)
        if KINDS[kind].joins:
            return self._joined(kind, [*inputs], last)
        self.layers.append(layer(kind, "" if inputs[0] == last else str(inputs[0]), **settings))
        return len(self.layers)

    def _joined(self, kind: str, inputs: list[int], last: int) -> int:
        if last not in inputs:
            raise InputError(
                f"'{kind}' joins the layers {' and '.join(map(str, inputs))}, and the layer right before it is {last}.",
                "One of both must come right before it.",
                "Change the order of the layers.",
            )
        if kind == "cat" and inputs[0] != last:
            self.notes.append(
                f"Layer {last + 1} joins its inputs in the other order, which makes no difference to training."
            )
        inputs.remove(last)
        for other in inputs:
            self.layers.append(layer(kind, str(other)))
        return len(self.layers)
