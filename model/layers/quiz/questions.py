"""Ask before telling: what can be asked of a step, the right answers, and what a wrong one overlooks.

Learners who predict first understand and remember better (Crouch et al. 2004, Miller et al. 2013).
"""

import re
from collections.abc import Mapping

from model.errors import InputError
from model.layers.quiz import misconceptions
from model.layers.quiz.misconceptions import Guesses, times
from model.layers.quiz.records import Asked, Misconception, Question, Verdict
from model.layers.records import Arithmetic, Explanation
from model.parameters.records import RowComparison
from model.receptive_field.records import Growth, Window
from model.trace.records import Step

_LONGEST = 60  # characters of an answer
_NEAR = 0.01  # a unit's value may be off by this, or by this share of it
_EXAMPLES = {
    Asked.SHAPE: "channels, height and width, like 3 x 32 x 30",
    Asked.PARAMETERS: "a whole number of up to nine digits, like 1,234",
    Asked.FIELD: "pixels along one side, like 5 (or 5 x 9 for height and width)",
    Asked.UNIT: "a number, like -0.83",
}


def of_step(
    step: Step,
    arithmetic: Arithmetic,
    window: Window,
    growth: Growth | None,
    comparison: RowComparison | None,
    explained: Explanation,
) -> Mapping[Asked, Question]:
    """Return the questions on a step and on one of its units.

    Args:
        step: As recorded.
        arithmetic: Its shape and parameters, worked out.
        window: Of its units.
        growth: What it does to the receptive field; None where that is no question (a vector).
        comparison: With what was printed of it; None where nothing was.
        explained: The unit.
    """
    found = {
        Asked.SHAPE: _about_shape(step, arithmetic, window),
        Asked.PARAMETERS: _about_parameters(step, arithmetic),
        Asked.UNIT: _about_unit(step, explained),
    }
    if growth:
        found[Asked.FIELD] = _about_field(growth)
    printed = _printed(comparison) if comparison else {}
    return {what: _with_printed(found[what], printed.get(what)) for what in Asked if what in found}


def mark(question: Question, text: str) -> Verdict:
    """Judge an answer.

    Args:
        question: That was asked.
        text: As it was typed.

    Raises:
        InputError: It cannot be read as an answer to this question.
    """
    numbers = _read(question, text)
    right = _same(numbers, question.answer, question.tolerance)
    known = (each.sentence for each in question.misconceptions if _same(numbers, each.answer, question.tolerance))
    given = "x".join(f"{number:.6f}".rstrip("0").rstrip(".") for number in numbers)
    return Verdict(question, given, right, "" if right else next(known, ""))


def _read(question: Question, text: str) -> tuple[float, ...]:
    """Read an answer, in any of the ways that people write it."""
    plain = text.strip()[:_LONGEST].replace("−", "-").replace("\xa0", " ")
    numbers: tuple[float, ...] | None
    if question.what is Asked.UNIT:
        numbers = _read_decimal(plain)
    elif question.what is Asked.PARAMETERS:
        whole = re.sub(r"(?<=[0-9])[, _'](?=[0-9]{3}\b)", "", plain)
        numbers = (float(whole),) if re.fullmatch(r"[0-9]{1,9}", whole) else None
    else:
        numbers = _read_sizes(plain, len(question.answer), square=question.what is Asked.FIELD)
    if numbers is None:
        raise InputError(
            f"'{text.strip()[:_LONGEST]}' cannot be read as an answer.",
            f"It can be {_EXAMPLES[question.what]}.",
            "Type it again.",
        )
    return numbers


def _read_decimal(plain: str) -> tuple[float, ...] | None:
    if not re.fullmatch(r"[+-]? ?([0-9]{1,6}([.,][0-9]*)?|[.,][0-9]+)", plain):
        return None
    return (float(plain.replace(",", ".").replace(" ", "")),)


def _read_sizes(plain: str, count: int, *, square: bool) -> tuple[float, ...] | None:
    inner = re.sub(r"^-1 *,", "", plain.strip("[]() "))  # PyTorch's tables put any number of images in front
    parts = re.split(r" *[xX×*,;] *| +", inner.strip())
    if not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        return None
    numbers = tuple(map(float, parts))
    if square and len(numbers) == 1:
        numbers *= count
    return numbers if len(numbers) == count else None


def _about_shape(step: Step, arithmetic: Arithmetic, window: Window) -> Question:
    answer = tuple(line.result for line in arithmetic.shape)
    worked = (line for line in arithmetic.shape if line.numbers != f"{line.result}")
    lines = tuple(dict.fromkeys(f"{line.numbers} = {line.result:,}" for line in worked))  # once where axes are alike
    wrong = misconceptions.of_shape(step, window) if len(answer) == 3 and step.input.ndim == 3 else iter(())
    return _question(Asked.SHAPE, answer, times(answer), lines, wrong)


def _about_parameters(step: Step, arithmetic: Arithmetic) -> Question:
    count = arithmetic.parameter_count
    line = arithmetic.parameter_line if arithmetic.parameters else "It learns nothing: 0"
    return _question(Asked.PARAMETERS, (count,), f"{count:,}", (line,), misconceptions.of_parameters(step, arithmetic))


def _about_field(growth: Growth) -> Question:
    size = growth.after.size
    said = f"{size[0]}" if size[0] == size[1] else times(size)
    unit = "pixel" if said == "1" else "pixels"
    lines = ("size + (kernel − 1) × dilation × jump", growth.size)
    return _question(Asked.FIELD, size, f"{said} {unit}", lines, misconceptions.of_field(growth))


def _about_unit(step: Step, explained: Explanation) -> Question:
    value = explained.recorded
    said = f"{value:z.4f}".replace("-", "−")
    return _question(
        Asked.UNIT,
        (value,),
        said,
        (explained.symbols, explained.formula),
        misconceptions.of_unit(step, explained),
        max(_NEAR, _NEAR * abs(value)),
    )


def _printed(comparison: RowComparison) -> Mapping[Asked, Misconception]:
    """Return what was printed wrong of a row, as an answer that somebody may give."""
    field = float(comparison.printed_field or 0)
    given: dict[Asked, tuple[float, ...]] = {
        Asked.SHAPE: comparison.printed_shape[1:],
        Asked.PARAMETERS: (comparison.printed_parameters,),
        Asked.FIELD: (field, field),
    }
    return {
        what: Misconception(answer, f"So it is printed in the assignment, too. {mistake.sentence}")
        for what, answer in given.items()
        for mistake in comparison.mistakes
        if mistake.what == what
    }


def _with_printed(question: Question, printed: Misconception | None) -> Question:
    """Put what was printed in front: it is what was read, so its sentence is the one to say."""
    known = (*([printed] if printed else []), *question.misconceptions)
    return Question(question.what, question.answer, question.said, question.arithmetic, question.tolerance, known)


def _question(
    what: Asked, answer: tuple[float, ...], said: str, arithmetic: tuple[str, ...], wrong: Guesses, near: float = 0.0
) -> Question:
    known = tuple(Misconception(guess, sentence) for guess, sentence in wrong if not _same(guess, answer, near))
    return Question(what, answer, said, arithmetic, near, known)


def _same(one: tuple[float, ...], other: tuple[float, ...], near: float) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= near for a, b in zip(one, other, strict=True))
