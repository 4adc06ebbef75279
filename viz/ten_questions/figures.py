"""Answers before and after a lesson as a table, and those of a class."""

from collections.abc import Mapping, Sequence
from html import escape

from model.ten_questions.records import Answers, ClassResult, Item, score
from viz.pictures import words

_MARKS = {True: "✓", False: "✗"}
_NONE = "not answered"


def say_scores(items: Sequence[Item], before: Answers, after: Answers) -> str:
    """Say how many answers are right before and after."""
    one, other = (sum(each is not None for each in given) for given in (before, after))
    return (
        f"Right answers: {score(items, before)} of {one} before the lesson, {score(items, after)} of {other} after it. "
        f"Questions without an answer: {len(items) - one} before, {len(items) - other} after."
    )


def say_answered(answers: Answers) -> str:
    """Say how many questions have an answer, and which have none."""
    missing = [str(number) for number, each in enumerate(answers, 1) if each is None]
    said = f"{len(answers) - len(missing)} of {len(answers)} questions have an answer"
    return f"{said}; without one: {', '.join(missing)}." if missing else f"{said}."


def compared(items: Sequence[Item], before: Answers, after: Answers, *, revealed: bool) -> str:
    """Draw both answers to each question in HTML, with the right one where it is revealed."""
    rows = "".join(
        f'<tr><th scope="row">{number}. {escape(item.question)}</th>{_answer(item, first, revealed)}'
        f"{_answer(item, second, revealed)}{_right(item) if revealed else ''}</tr>"
        for number, (item, first, second) in enumerate(zip(items, before, after, strict=True), start=1)
    )
    names = ["Question", *_columns(revealed)]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return _table(head, rows, "Answers before and after")


def _columns(revealed: bool) -> list[str]:
    return ["Before", "After", *(["Right, and why"] if revealed else [])]


def compared_one(number: int, item: Item, before: int | None, after: int | None, *, revealed: bool) -> str:
    """Draw both answers to one question in HTML, below each other, with the right one where it is revealed."""
    cells = [_answer(item, before, revealed), _answer(item, after, revealed), *([_right(item)] if revealed else [])]
    rows = "".join(
        f'<tr><th scope="row">{name}</th>{cell}</tr>' for name, cell in zip(_columns(revealed), cells, strict=True)
    )
    return (
        f'<table class="one-question"><caption>{number}. {escape(item.question)}</caption><tbody>{rows}</tbody></table>'
    )


def _answer(item: Item, answer: int | None, revealed: bool) -> str:
    if answer is None or answer >= len(item.choices):
        return f"<td>{_NONE}</td>"
    mark = f" {_MARKS[answer == item.right]}" if revealed else ""
    return f"<td>{escape(item.choices[answer])}{mark}</td>"


def _right(item: Item) -> str:
    return (
        f"<td><b>{escape(item.choices[item.right])}</b> {escape(item.because)}"
        f"<br><small>A common mistake: {escape(item.misconception)} ({escape(item.read)})</small></td>"
    )


def _table(head: str, rows: str, name: str) -> str:
    return (
        f'<div class="sideways" role="region" tabindex="0" aria-label="{name}"><table class="ledger readable sheets">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def of_class(items: Sequence[Item], results: Sequence[ClassResult]) -> str:
    """Draw in HTML how many sheets have each question right."""
    names = {item.id: item.misconception for item in items}
    head = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("Misconception", "Sheets", "Right before", "Right after", "Right only after", "Right only before")
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(names[each.id])}</th><td>{each.sheets}</td><td>{each.before}</td>'
        f"<td>{each.after}</td><td>{each.fixed}</td><td>{each.lost}</td></tr>"
        for each in results
    )
    return _table(head, rows, "Answers of the class")


def class_columns(results: Sequence[ClassResult]) -> Mapping[str, Sequence[str]]:
    """Return the same as columns."""
    names = ("sheets", "before", "after", "fixed", "lost")
    return {
        "question": [each.id for each in results],
        **{name: [str(getattr(each, name)) for each in results] for name in names},
    }


def say_class(results: Sequence[ClassResult]) -> str:
    """Say how a class did, and which question most of it has wrong."""
    sheets = max(each.sheets for each in results)
    hardest = min(results, key=lambda each: each.after)
    before, after = (sum(values) for values in zip(*((each.before, each.after) for each in results), strict=True))
    return (
        f"{words.count(sheets, 'sheet')}. Right answers on a sheet: {before / sheets:.1f} before the lesson, "
        f"{after / sheets:.1f} after it. The hardest question after it is “{hardest.id}”: {hardest.after} right."
    )
