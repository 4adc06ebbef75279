"""What a node is given, what it gives, and how it is refused."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LARGEST = 1_024  # of a kernel, stride, padding or dilation
MAX_AXES = 8
Shape = tuple[int, ...]


class Misfit(Exception):  # noqa: N818 (it becomes a NetworkError that names the node)
    """What is wrong with a node and what is allowed, as two sentences."""


@dataclass(frozen=True, slots=True)
class Value:
    """The shape of a tensor (batch * N, *shape); ``batch`` is 0 where there is no axis for the batch."""

    batch: int
    shape: Shape

    @property
    def size(self) -> int:
        """Return how many numbers it has for one image."""
        return max(1, self.batch) * math.prod(self.shape)

    @property
    def sides(self) -> Shape:
        """Return the sizes of all axes; the batch counts as its factor."""
        return ((self.batch,) if self.batch else ()) + self.shape


@dataclass(frozen=True, slots=True)
class Given:
    """What a node is given: its inputs, its settings, and the shapes of its tensors by role."""

    inputs: Sequence[Value]
    settings: Mapping[str, Any]
    tensors: Mapping[str, Shape]

    @property
    def value(self) -> Value:
        """Return the first input."""
        return self.inputs[0]

    def __getitem__(self, name: str) -> Any:
        return self.settings[name]

    def maps(self) -> tuple[int, int, int]:
        """Return (C, H, W) of the first input, or raise where it has no feature maps."""
        if not self.value.batch or len(self.value.shape) != 3:
            raise Misfit(f"Its input has the shape {self.value.sides}.", "It needs feature maps (N, C, H, W).")
        channels, height, width = self.value.shape
        return channels, height, width


@dataclass(frozen=True, slots=True)
class Result:
    """What a node gives, and what it takes for one image.

    Args:
        value: The shape of what it gives.
        multiply_accumulates: How many.
        working: How many numbers it may hold at once beside its input and output.
        comparisons: How many values its windows look at, where these are not multiplied.
    """

    value: Value
    multiply_accumulates: int = 0
    working: int = 0
    comparisons: int = 0


def said(value: Any) -> str:
    """Return a short form of any value, in ASCII."""
    if isinstance(value, str | int | float | bool | None):
        text = ascii(value)
    else:
        text = f"a {type(value).__name__} of {len(value):,}"
    return text if len(text) <= 40 else f"{text[:40]}..."


def written(shape: Sequence[int]) -> str:
    """Return a shape in parentheses."""
    return f"({', '.join(said(side) for side in shape)})"
