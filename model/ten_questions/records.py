"""Questions with a few answers each, and the answers of one person."""

from collections.abc import Sequence
from dataclasses import dataclass

COUNT = 10


@dataclass(frozen=True, slots=True)
class Item:
    """One question.

    Args:
        id: One word, which names it in files.
        misconception: What people believe who answer wrongly.
        read: Where the right answer can be read.
        question: What is asked.
        choices: The answers, at most four.
        right: The position of the right one.
        because: Why it is right.
    """

    id: str
    misconception: str
    read: str
    question: str
    choices: tuple[str, ...]
    right: int
    because: str


Answers = tuple[int | None, ...]  # the position of each answer, None where there is none


def score(items: Sequence[Item], answers: Answers) -> int:
    """Count the right answers."""
    return sum(item.right == answer for item, answer in zip(items, answers, strict=True))


@dataclass(frozen=True, slots=True)
class ClassResult:
    """How many sheets of a class have one question right.

    Args:
        id: Of the question.
        sheets: How many sheets there are.
        before: How many have it right before the lesson.
        after: And after it.
        fixed: How many have it right after the lesson only.
        lost: How many have it right before the lesson only.
    """

    id: str
    sheets: int
    before: int
    after: int
    fixed: int
    lost: int
