"""Answers in an address and as CSV, without names, and the sheets of a class joined."""

import csv
import io
import re
from collections.abc import Sequence

from model.errors import InputError
from model.ten_questions.records import COUNT, Answers, ClassResult, Item

HEAD = ("question", "misconception", "before", "after", "right", "right before", "right after")
_MOST = 2_000_000  # characters: a thousand sheets
_LETTERS = "abcd"
_OPEN = "-"  # no answer


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


def as_csv(items: Sequence[Item], before: Answers, after: Answers) -> str:
    """Write one person's answers: a line for each question. Sheets can be joined by putting them one after another."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(HEAD)
    for item, first, second in zip(items, before, after, strict=True):
        marks = ["" if each is None else "yes" if each == item.right else "no" for each in (first, second)]
        said = ["" if each is None else item.choices[each] for each in (first, second)]
        lines.writerow([item.id, item.misconception, *said, item.choices[item.right], *marks])
    return out.getvalue()


def join(items: Sequence[Item], text: str) -> tuple[ClassResult, ...]:
    """Count the right answers of a class.

    Args:
        items: The questions.
        text: Any number of sheets that ``as_csv`` wrote, one after another.

    Raises:
        InputError: A line is none of a sheet.
    """
    if len(text) > _MOST:
        raise InputError(f"That is {len(text):,} characters.", f"It can be {_MOST:,}.", "Give fewer sheets.")
    marks: dict[str, list[tuple[str, str]]] = {item.id: [] for item in items}
    for number, line in enumerate(csv.reader(io.StringIO(text)), start=1):
        if not line or tuple(line) == HEAD:
            continue
        if len(line) != len(HEAD) or line[0] not in marks or not {*line[-2:]} <= {"", "yes", "no"}:
            raise InputError(
                f"Line {number}, '{','.join(line)[:40]}', is no line of a sheet.",
                f"A sheet has the columns {', '.join(HEAD)}.",
                "Give the files as this page wrote them.",
            )
        marks[line[0]].append((line[-2], line[-1]))
    if not any(marks.values()):
        raise InputError("There is no sheet.", "It can be one or more CSV files of this page.", "Choose them.")
    return tuple(_counted(id, given) for id, given in marks.items())


def _counted(id: str, given: Sequence[tuple[str, str]]) -> ClassResult:
    right = [(before == "yes", after == "yes") for before, after in given]
    return ClassResult(
        id,
        len(right),
        sum(before for before, _ in right),
        sum(after for _, after in right),
        sum(after and not before for before, after in right),
        sum(before and not after for before, after in right),
    )
