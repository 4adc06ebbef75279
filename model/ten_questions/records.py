"""Questions with a few answers each, and the answers of one person."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from model.errors import InputError

COUNT = 10
_LETTERS = "abcd"
_OPEN = "-"  # no answer


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


def parse(text: str) -> Answers:
    """Read answers from an address: a letter for each question, ``-`` where there is none.

    Raises:
        InputError: The text has another form.

    >>> parse("ab-ddddddd")[:4]
    (0, 1, None, 3)
    """
    if not re.fullmatch(rf"[{_LETTERS}{_OPEN}]{{{COUNT}}}", text):
        allowed = f"Answers are {COUNT} letters from a to d, with - where there is none, such as {'ab-d' * 2}ab."
        raise InputError(f"'{text[:40]}' is no list of answers.", allowed, "Leave it out.")
    return tuple(None if letter == _OPEN else _LETTERS.index(letter) for letter in text)


def write(answers: Sequence[int | None]) -> str:
    """Write answers as ``parse`` reads them."""
    return "".join(_OPEN if each is None else _LETTERS[each] for each in answers)


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
