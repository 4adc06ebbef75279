"""Questions that a learner answers before the solution is shown, and marked answers."""

from dataclasses import dataclass
from enum import StrEnum

from model.layers.records import Term


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
        without: The input that is 0 in the question; None where the question is about the network as it is.
    """

    kind: QuestionKind
    answer: tuple[float, ...]
    text: str
    arithmetic: tuple[str, ...]
    tolerance: float
    misconceptions: tuple[Misconception, ...]
    without: Term | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A marked answer.

    Attributes:
        question: The question.
        given: The answer in a short form that can be parsed again; empty if the right one was revealed without it.
        right: Whether the answer is correct within the tolerance.
        sentence: An explanation of the error; empty where none is known.
    """

    question: Question
    given: str
    right: bool
    sentence: str
