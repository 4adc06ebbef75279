"""What a learner is asked before the answer is shown, and how an answer is judged."""

from dataclasses import dataclass
from enum import StrEnum


class Asked(StrEnum):
    """What can be asked of a step."""

    SHAPE = "shape"
    PARAMETERS = "parameters"
    FIELD = "field"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Misconception:
    """A wrong answer that many give, and in a sentence what it overlooks."""

    answer: tuple[float, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question on a step.

    Attributes:
        what: Is asked.
        answer: The right numbers.
        said: The right answer as it is shown.
        arithmetic: Where it comes from, a line each.
        tolerance: How far off each number may be.
        misconceptions: The most telling first.
    """

    what: Asked
    answer: tuple[float, ...]
    said: str
    arithmetic: tuple[str, ...]
    tolerance: float
    misconceptions: tuple[Misconception, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer and what is to be said of it.

    Attributes:
        question: That was asked.
        given: The answer in short, as it can be read again.
        right: Whether it is near enough.
        sentence: What it overlooks; empty where that is not known.
    """

    question: Question
    given: str
    right: bool
    sentence: str
