"""Marked answers beside the right ones, and the score of all rows."""

from collections.abc import Mapping, Sequence
from html import escape

from model.layers.quiz.records import Question, QuestionKind, Verdict
from model.receptive_field.records import Growth, Window
from model.records import Unit
from model.trace.records import LayerKind, Step
from viz.pictures import swatches, words
from viz.pictures.mathematics import typeset

Verdicts = Mapping[QuestionKind, Verdict]

NAMES = {
    QuestionKind.SHAPE: "Output shape",
    QuestionKind.PARAMETERS: "Parameters",
    QuestionKind.FIELD: "Receptive field",
    QuestionKind.UNIT: "Value of the unit",
}
FORMATS = {
    QuestionKind.SHAPE: "channels x height x width",
    QuestionKind.PARAMETERS: "how many numbers",
    QuestionKind.FIELD: "pixels along a side",
    QuestionKind.UNIT: "its value",
}
_WINDOWED = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL}
_MARKS = {True: "✓", False: "✗"}


def say_question(question: Question, unit: Unit) -> str:
    """Return the label of the field for an answer.

    Args:
        question: What is asked.
        unit: The unit that the page shows.
    """
    if question.kind is not QuestionKind.UNIT:
        return NAMES[question.kind]
    asked = f"Unit {_say_unit(unit)}"
    if question.without is None:
        return asked
    source = f" of {question.without.source}" if question.without.source else ""
    return f"{asked}, if its input {_say_unit(question.without.unit)}{source} were 0"


def _say_unit(unit: Unit) -> str:
    channel, y, x = unit
    return f"y {y}, x {x} of map {channel}"


def say_facts(step: Step, window: Window, growth: Growth | None) -> str:
    """Say the facts that the answers follow from, and the allowed tolerance.

    Args:
        step: The step of the questions.
        window: Its window.
        growth: How it changes the receptive field; None where that is not asked.
    """
    facts = [f"The input shape is {words.shape(step.input.shape)}."]
    if step.kind in _WINDOWED:
        padding = f"padding {words.shape(window.padding)}" if any(window.padding) else "no padding"
        facts.append(f"The window is {words.shape(window.kernel)}, stride {words.shape(window.stride)}, {padding}.")
    if step.kind is LayerKind.CONVOLUTION:
        biased = ", each with a bias" if "bias" in step.weights else ""
        facts.append(f"It has {len(step.weights['weight'])} kernels{biased}.")
    if growth:
        jump = growth.before.jump[0]
        facts.append(
            f"The receptive field of an input unit is {words.shape(growth.before.size)} pixels, and neighbouring input "
            f"units are {jump} {'pixel' if jump == 1 else 'pixels'} apart (the jump)."
        )
    return " ".join([*facts, "A value may differ by 0.01 or by 1\xa0%. Leave blank what you are unsure of."])


def verdict(of: Verdict) -> str:
    """Draw a marked answer in HTML: the answer, the right one, an explanation of the error, and the arithmetic."""
    name = NAMES[of.question.kind]
    lines = "".join(f"<li>{typeset(line)}</li>" for line in of.question.arithmetic)
    explanation = f"<p>{escape(of.sentence)}</p>" if of.sentence else ""
    state = "correct" if of.right else "incorrect" if of.given else "revealed"
    yours = f"<dt>You</dt><dd>{escape(say_answer(of))} {_MARKS[of.right]}</dd>" if of.given else ""
    return (
        f'<section class="answered {state}" aria-label="{name}: {state}"><h3>{name}</h3>'
        f"<dl>{yours}<dt>Right</dt><dd>{escape(of.question.text)}</dd></dl>{explanation}<ul>{lines}</ul></section>"
    )


def say_answer(of: Verdict) -> str:
    """Write an answer in the format of the right one."""
    if of.question.kind is QuestionKind.PARAMETERS:
        return f"{int(of.given):,}"
    sides = of.given.split("x")
    if of.question.kind is QuestionKind.FIELD and len({*sides}) == 1:
        return f"{sides[0]} pixels"
    return of.given.replace("x", " × ").replace("-", "−")


def say_score(rows: Sequence[str], verdicts: Mapping[str, Verdicts]) -> str:
    """Say how many answers are correct so far.

    Args:
        rows: The names of all rows.
        verdicts: The marked answers of each row, by name.
    """
    given = [each for name in rows for each in verdicts.get(name, {}).values() if each.given]
    right = sum(each.right for each in given)
    total = f"{len(rows) * len(QuestionKind)} questions on {words.count(len(rows), 'row')}."
    return f"{right} of {len(given)} answers correct; {total}" if given else f"No question is answered yet; {total}"


def score(rows: Sequence[str], verdicts: Mapping[str, Verdicts]) -> str:
    """Draw the marked answers of all rows as a table in HTML."""
    head = "".join(f'<th scope="col">{name}</th>' for name in NAMES.values())
    body = "".join(_row(name, verdicts.get(name, {})) for name in rows)
    return (
        '<div class="sideways" role="region" tabindex="0" aria-label="The score"><table class="ledger score">'
        f'<thead><tr><th scope="col">Row</th>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _row(name: str, of: Verdicts) -> str:
    return f'<tr><th scope="row">{escape(name)}</th>{"".join(_cell(of.get(kind)) for kind in QuestionKind)}</tr>'


def _cell(of: Verdict | None) -> str:
    if of is None:
        return "<td>not answered</td>"
    if not of.given:
        return "<td>revealed</td>"
    return f"<td>{_MARKS[of.right]} {escape(say_answer(of))}</td>"


def as_csv(rows: Sequence[str], verdicts: Mapping[str, Verdicts]) -> str:
    """Return the score as CSV, a line for each question of each row; the cells of an open question are empty."""
    lines = [["row", "question", "answer", "right answer", "correct", "explanation of the error"]]
    for name in rows:
        for kind in QuestionKind:
            of = verdicts.get(name, {}).get(kind)
            cells = ["", "", "", ""]
            if of:
                correct = ("yes" if of.right else "no") if of.given else "revealed"
                cells = [of.given, of.question.text, correct, of.sentence]
            lines.append([name, NAMES[kind], *cells])
    return swatches.as_csv(lines)
