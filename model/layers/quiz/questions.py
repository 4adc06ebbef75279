"""Questions on a step: the right answers, and explanations of common wrong answers.

Learners who predict first understand and remember better (Crouch et al. 2004, Miller et al. 2013).
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from model import layers
from model.errors import InputError
from model.layers.quiz import misconceptions, without_input
from model.layers.quiz.misconceptions import WrongAnswers
from model.layers.quiz.records import Misconception, Question, QuestionKind, Verdict
from model.layers.records import Arithmetic, Explanation
from model.parameters.records import RowComparison
from model.receptive_field.records import Growth, Window
from model.records import format_sizes
from model.trace.records import Step

_MAX_LENGTH = 60  # characters of an answer
_TOLERANCE = 0.01  # of a unit's value, absolute or relative
_EXAMPLES = {
    QuestionKind.SHAPE: "channels, height and width, like 3 x 32 x 30",
    QuestionKind.PARAMETERS: "a whole number of up to nine digits, like 1,234",
    QuestionKind.FIELD: "pixels along one side, like 5 (or 5 x 9 for height and width)",
    QuestionKind.UNIT: "a number, like -0.83",
}


def of_step(
    step: Step,
    arithmetic: Arithmetic,
    window: Window | None,
    growth: Growth | None,
    comparison: RowComparison | None,
    explained: Explanation,
) -> Mapping[QuestionKind, Question]:
    """Return the questions on a step and on one of its units.

    What has no arithmetic is not asked: the shape of stored numbers, and shape and units of a step without a rule.

    Args:
        step: The recorded step.
        arithmetic: The arithmetic of its shape and parameters.
        window: Its window; None where its units have no window in common.
        growth: How it changes the receptive field; None where that is not asked (a vector).
        comparison: Its printed figures beside the measured ones; None where nothing was printed.
        explained: The arithmetic of the unit.
    """
    questions = {QuestionKind.PARAMETERS: _about_parameters(step, arithmetic)}
    if step.input.size and explained.is_worked_out:
        questions[QuestionKind.SHAPE] = _about_shape(step, arithmetic, window)
        questions[QuestionKind.UNIT] = _about_unit(step, explained)
    if growth:
        questions[QuestionKind.FIELD] = _about_field(growth)
    printed = _printed_mistakes(comparison) if comparison else {}
    return {kind: _with_printed(questions[kind], printed.get(kind)) for kind in QuestionKind if kind in questions}


def window_of(step: Step) -> Window | None:
    """Return the window of a step for its questions; None where its units have none in common (an adaptive pool)."""
    try:
        return layers.window(step)
    except InputError:
        return None


def mark(question: Question, text: str) -> Verdict:
    """Mark an answer.

    Args:
        question: The question.
        text: The answer as the user typed it.

    Raises:
        InputError: The text is not an answer to this question.
    """
    numbers = _parse(question, text)
    right = _same(numbers, question.answer, question.tolerance)
    explanations = (
        each.sentence for each in question.misconceptions if _same(numbers, each.answer, question.tolerance)
    )
    given = "x".join(f"{number:.6f}".rstrip("0").rstrip(".") for number in numbers)
    return Verdict(question, given, right, "" if right else next(explanations, ""))


def _parse(question: Question, text: str) -> tuple[float, ...]:
    """Parse an answer in any common notation."""
    plain = text.strip()[:_MAX_LENGTH].replace("−", "-").replace("\xa0", " ")
    numbers: tuple[float, ...] | None
    if question.kind is QuestionKind.UNIT:
        numbers = _parse_decimal(plain)
    elif question.kind is QuestionKind.PARAMETERS:
        whole = re.sub(r"(?<=[0-9])[, _'](?=[0-9]{3}\b)", "", plain)
        numbers = (float(whole),) if re.fullmatch(r"[0-9]{1,9}", whole) else None
    else:
        numbers = _parse_sizes(plain, len(question.answer), square=question.kind is QuestionKind.FIELD)
    if numbers is None:
        raise InputError(
            f"'{text.strip()[:_MAX_LENGTH]}' cannot be read as an answer.",
            f"It can be {_example(question)}.",
            "Type it again.",
        )
    return numbers


def _example(question: Question) -> str:
    if question.kind is QuestionKind.SHAPE and len(question.answer) != 3:
        sizes = len(question.answer)
        return "a number of units, like 120" if sizes == 1 else f"{sizes} sizes, like {' x '.join(['4'] * sizes)}"
    return _EXAMPLES[question.kind]


def _parse_decimal(plain: str) -> tuple[float, ...] | None:
    if not re.fullmatch(r"[+-]? ?([0-9]{1,6}([.,][0-9]*)?|[.,][0-9]+)", plain):
        return None
    return (float(plain.replace(",", ".").replace(" ", "")),)


def _parse_sizes(plain: str, count: int, *, square: bool) -> tuple[float, ...] | None:
    inner = re.sub(r"^-1 *,", "", plain.strip("[]() "))  # -1 for the number of images, as in PyTorch's tables
    parts = re.split(r" *[xX×*,;] *| +", inner.strip())
    if not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        return None
    numbers = tuple(map(float, parts))
    if square and len(numbers) == 1:
        numbers *= count
    return numbers if len(numbers) == count else None


def _about_shape(step: Step, arithmetic: Arithmetic, window: Window | None) -> Question:
    answer = tuple(line.result for line in arithmetic.shape)
    computed = (line for line in arithmetic.shape if line.numbers != f"{line.result}")
    lines = tuple(dict.fromkeys(f"{line.numbers} = {line.result:,}" for line in computed))  # equal axes: one line
    return _question(QuestionKind.SHAPE, answer, format_sizes(answer), lines, misconceptions.of_shape(step, window))


def _about_parameters(step: Step, arithmetic: Arithmetic) -> Question:
    count = arithmetic.parameter_count
    line = arithmetic.parameter_line if arithmetic.parameters else "It learns nothing: 0"
    return _question(
        QuestionKind.PARAMETERS, (count,), f"{count:,}", (line,), misconceptions.of_parameters(step, arithmetic)
    )


def _about_field(growth: Growth) -> Question:
    size = growth.after.size
    text = f"{size[0]}" if size[0] == size[1] else format_sizes(size)
    unit = "pixel" if text == "1" else "pixels"
    union = misconceptions.is_union(growth)
    symbols = "last pixel of all ways − first pixel + 1" if union else "size + (kernel − 1) × dilation × jump"
    lines = (symbols, growth.size)
    return _question(QuestionKind.FIELD, size, f"{text} {unit}", lines, misconceptions.of_field(growth))


def _about_unit(step: Step, explained: Explanation) -> Question:
    """Ask for the unit if its most important input is 0, so that the answer is printed nowhere; else for its value."""
    term = without_input.most_important(step, explained)
    asked = without_input.without(step, explained, term) if term else explained
    wrong = [*(misconceptions.of_input(explained, term) if term else ()), *misconceptions.of_unit(step, asked)]
    value = asked.recorded
    question = _question(
        QuestionKind.UNIT,
        (value,),
        f"{value:z.4f}".replace("-", "−"),
        (asked.symbols, asked.formula),
        iter(wrong),
        max(_TOLERANCE, _TOLERANCE * abs(value)),
    )
    return replace(question, without=term)


def _printed_mistakes(comparison: RowComparison) -> Mapping[QuestionKind, Misconception]:
    """Return the wrong printed figures of a row as wrong answers."""
    field = float(comparison.printed_field or 0)
    printed: dict[QuestionKind, tuple[float, ...]] = {
        QuestionKind.SHAPE: comparison.printed_shape[1:],
        QuestionKind.PARAMETERS: (comparison.printed_parameters,),
        QuestionKind.FIELD: (field, field),
    }
    return {
        kind: Misconception(answer, f"The assignment prints the same wrong figure. {mistake.sentence}")
        for kind, answer in printed.items()
        for mistake in comparison.mistakes
        if mistake.what == kind
    }


def _with_printed(question: Question, printed: Misconception | None) -> Question:
    """Put the printed figure first, because the learner has probably read it."""
    return replace(question, misconceptions=(*([printed] if printed else []), *question.misconceptions))


def _question(
    kind: QuestionKind,
    answer: tuple[float, ...],
    text: str,
    arithmetic: tuple[str, ...],
    wrong: WrongAnswers,
    tolerance: float = 0.0,
) -> Question:
    misconceptions = tuple(Misconception(*each) for each in wrong if not _same(each[0], answer, tolerance))
    return Question(kind, answer, text, arithmetic, tolerance, misconceptions)


def _same(one: tuple[float, ...], other: tuple[float, ...], tolerance: float) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))
