"""What a comparison of two networks finds, as records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.records import Pair


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
        measured: The share of the test pictures that it gets right, where that was measured before.
        has_test_pictures: Whether that can be measured.
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
    measured: float | None = None
    has_test_pictures: bool = False
