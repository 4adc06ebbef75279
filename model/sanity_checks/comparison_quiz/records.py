"""A round of "which of these two maps comes from an untrained network?"."""

from dataclasses import dataclass
from typing import Literal

from model.images.records import Digit

Side = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Round:
    """What one round shows, and where the answer lies.

    Attributes:
        number: From 1 on; it decides everything else.
        digit: What is explained.
        method: How, by its name.
        seed: Of the untrained network's weights.
        untrained: The side on which its map lies.
    """

    number: int
    digit: Digit
    method: str
    seed: int
    untrained: Side


@dataclass(frozen=True, slots=True)
class Guess:
    """A round, and the side that was held for the untrained network's."""

    round: Round
    side: Side

    @property
    def is_right(self) -> bool:
        """Whether that was the side."""
        return self.side == self.round.untrained
