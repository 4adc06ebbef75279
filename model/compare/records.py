"""What a comparison of two networks finds, as records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.records import Pair

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Facts:
    """A network in figures.

    Args:
        id: What the address calls it.
        title: What pages call it.
        parameters: How many the logits depend on.
        rows: How many numbered steps there are.
        input: (C, H, W).
        classes: How many there are.
        last_field: The receptive field of the last maps with more than one unit; None where there is no single one.
        multiply_accumulates: For one image.
        card: How it was trained and tested, where that is known.
    """

    id: str
    title: str
    parameters: int
    rows: int
    input: tuple[int, int, int]
    classes: int
    last_field: Pair | None
    multiply_accumulates: int
    card: Mapping[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class Agreement:
    """Which of the same images two networks classify correctly.

    Args:
        both: Indices of the images that both classify correctly.
        only_first: That only the first does.
        only_second: That only the second does.
        neither: That neither does.
        same_mistake: How many of the last both put into the same class.
        p: The two-sided p-value of McNemar's exact test.
    """

    both: Indices
    only_first: Indices
    only_second: Indices
    neither: Indices
    same_mistake: int
    p: float

    @property
    def images(self) -> int:
        """Return how many images there are."""
        return sum(map(len, (self.both, self.only_first, self.only_second, self.neither)))

    @property
    def accuracies(self) -> tuple[float, float]:
        """Return the share that each classifies correctly."""
        both = len(self.both)
        return (both + len(self.only_first)) / self.images, (both + len(self.only_second)) / self.images
