"""A round of the comparison quiz: which of two maps comes from a network with random weights?"""

from dataclasses import dataclass
from typing import Literal

from model.images.records import Digit

Side = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Round:
    """The two maps of a round, and the answer.

    Attributes:
        number: From 1; it determines everything else.
        digit: The digit explained.
        method: The name of the method.
        seed: For the random weights.
        randomized: The side of the map of the randomized network.
    """

    number: int
    digit: Digit
    method: str
    seed: int
    randomized: Side


@dataclass(frozen=True, slots=True)
class Guess:
    """A round, and the side that the user took for the randomized network; None if the answer was revealed instead."""

    round: Round
    side: Side | None

    @property
    def is_correct(self) -> bool:
        """Whether the randomized network is on that side."""
        return self.side == self.round.randomized
