"""A digit, where it comes from, and the stages of its preparation."""

from dataclasses import dataclass

from model.records import Pixels

MEAN, STD = 0.1307, 0.3081  # of MNIST's training pixels in [0, 1], as the assignment normalises
# The classes of the coloured shapes, which ``model/images/shapes.py`` draws.
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring", "heart", "crescent", "arrow")


@dataclass(frozen=True, eq=False, slots=True)
class Stage:
    """One stage of turning a drawing or an upload into a digit: its name and the pixels after it."""

    name: str
    pixels: Pixels


@dataclass(frozen=True, eq=False, slots=True)
class Digit:
    """A picture that a network can be shown: mostly an image in MNIST's format, white ink on black.

    Attributes:
        key: A short text that identifies it in an address and in a cache.
        pixels: (28, 28) in 0..255, or a colour picture of any size, (H, W, 3).
        label: The true digit, or the number of its class in ``SHAPES`` for a shape; None where it is unknown or
            deliberately ambiguous, or where the network that is shown has other classes.
        source: What it shows and where it comes from, in words.
        stages: The stages of its preparation, first to last; empty where there were none.
    """

    key: str
    pixels: Pixels
    label: int | None
    source: str
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Upload:
    """What a picture shows.

    Attributes:
        digits: In reading order; at least one.
        is_several: Whether there seem to be several digits, of which some may touch.
    """

    digits: tuple[Digit, ...]
    is_several: bool
