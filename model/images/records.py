"""Where an image came from and what was done to it."""

from dataclasses import dataclass

from model.records import Pixels

MEAN, STD = 0.1307, 0.3081  # of MNIST's training pixels in [0, 1], as the assignment normalises


@dataclass(frozen=True, eq=False, slots=True)
class Stage:
    """One step of turning a drawing or an upload into a digit: what it is called and how it looks then."""

    name: str
    pixels: Pixels


@dataclass(frozen=True, eq=False, slots=True)
class Digit:
    """An image as MNIST would hold it: white ink on black.

    Attributes:
        key: Plain text that names it in a link and in a cache.
        pixels: (28, 28) in 0..255.
        label: The digit that was meant, or None where nobody said or it is deliberately ambiguous.
        source: Where it comes from, in words.
        stages: What preprocessing did, first to last; empty where nothing was done.
    """

    key: str
    pixels: Pixels
    label: int | None
    source: str
    stages: tuple[Stage, ...] = ()
