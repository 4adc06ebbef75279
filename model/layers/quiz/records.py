"""Questions that a learner answers before the solution is shown, and marked answers."""

from dataclasses import dataclass
from enum import StrEnum


class QuestionKind(StrEnum):
    """The kinds of question on a step."""

    SHAPE = "shape"
    PARAMETERS = "parameters"
    FIELD = "field"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Misconception:
    """A common wrong answer, and a sentence that explains the error."""

    answer: tuple[float, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question on a step.

    Attributes:
        kind: What is asked.
        answer: The right numbers.
        text: The right answer as text.
        arithmetic: The lines of its arithmetic.
        tolerance: The largest allowed error of each number.
        misconceptions: Common wrong answers, the most specific first.
    """

    kind: QuestionKind
    answer: tuple[float, ...]
    text: str
    arithmetic: tuple[str, ...]
    tolerance: float
    misconceptions: tuple[Misconception, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A marked answer.

    Attributes:
        question: The question.
        given: The answer in a short form that can be parsed again.
        right: Whether the answer is correct within the tolerance.
        sentence: An explanation of the error; empty where none is known.
    """

    question: Question
    given: str
    right: bool
    sentence: str
