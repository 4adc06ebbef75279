"""How values become colours: which scale, and from where to where."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.records import Activation
from viz import theme


@dataclass(frozen=True, slots=True)
class Range:
    """A colour scale and the values at its ends."""

    low: float
    high: float
    scale: theme.Scale

    @property
    def signed(self) -> bool:
        """Whether it is the diverging scale, symmetric about zero."""
        return self.low < 0

    def share(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return where on the scale each value lies, 0 to 1; what lies outside goes to the nearer end."""
        place: NDArray[np.float32] = ((values - self.low) / (self.high - self.low)).clip(0, 1)
        return place


def range_of(values: Activation, *, signed: bool | None = None) -> Range:
    """Return the range that shows these values, always with zero at its middle or its lower end.

    Args:
        values: Any shape.
        signed: Whether to use the diverging scale; by default where any value is negative.

    >>> range_of(np.array([-1.0, 3.0])).low, range_of(np.array([1.0, 3.0])).low
    (-3.0, 0.0)
    """
    most = float(np.abs(values).max()) or 1.0  # all zero: any range shows that
    if signed or (signed is None and bool((values < 0).any())):
        return Range(-most, most, theme.DIVERGING)
    return Range(0.0, most, theme.SEQUENTIAL)
