"""Ask first: each number of a row is hidden until you have typed an answer.

The address holds the answers, so that reload, back and a shared link show the same; for example
``Conv2d-7_shape_16x22x22``. The value of a unit belongs to one unit of one digit, and its name includes both:
``Conv2d-7_unit.3.0.12.1a2b3c4d_-0.83``.
"""

import zlib
from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from model import layers
from model.errors import InputError
from model.images.records import Digit
from model.layers.quiz import questions
from model.layers.quiz.records import Question, QuestionKind, Verdict
from model.records import Unit
from model.trace.records import Row, Step, Trace
from viz.app import address, projector, shared, tables, widgets
from viz.app.markdown import escape_markdown
from viz.layers.quiz import figures

_PART, _ROW, _UNIT = "asked", "row", "unit"
_PARTS = {_ROW: "Questions on the row", _UNIT: "Question on the unit"}  # a projector has room for one of them
_REVEALED = "?"  # in place of an answer
_EMPTY = "answers were asked to be marked, and there were none"
_MAX_ANSWERS = 200  # in an address; four for each of the 23 rows are 92


def switch() -> None:
    """Show the switch that turns the questions on."""
    address.expect({address.ANSWERS: _all_answers, _PART: _PARTS})
    widgets.switch("Ask first", address.ASK, "Hides each answer until you have typed one.")


def is_on() -> bool:
    """Tell whether the questions are on."""
    return address.is_on(address.ASK)


def fills_projector(step: Step) -> bool:
    """Tell whether a projector shows the questions on a row, which need no arithmetic of a unit, and nothing else."""
    return projector.is_on() and is_on() and isinstance(step, Row) and address.read(_PART, _ROW) != _UNIT


def ask(digit: Digit, trace: Trace, step: Step, unit: Unit) -> frozenset[QuestionKind]:
    """Ask the open questions, show the marked answers, and return the kinds of open questions.

    Only rows have questions: hidden steps have no score.
    """
    if not (is_on() and isinstance(step, Row)):
        return frozenset()
    asked = _questions(trace, step, unit)
    names = {kind: _name(step.name, kind, digit, unit) for kind in asked}
    verdicts = _mark_answers(asked, names)
    shown = _part_of(asked) if projector.is_on() else asked
    unanswered = {names[kind]: question for kind, question in shown.items() if kind not in verdicts}
    alone = projector.is_on() and [*shown] == [QuestionKind.UNIT]  # beside its buttons; the arithmetic says the facts
    if not alone:
        st.write(figures.say_facts(step, layers.window(step), shared.growth().get(step.name)))
    with st.form("asked", border=False):  # answers are marked when they are submitted
        fields, below = st.columns(2, vertical_alignment="bottom") if alone else (st.container(), st.container())
        for column, (kind, question) in zip(fields.columns(len(shown)), shown.items(), strict=True):
            with column:
                if kind in verdicts:
                    st.html(figures.verdict(verdicts[kind]))
                else:
                    _answer_field(names[kind], question, figures.say_question(question, unit))
        with below.container(horizontal=True):
            st.form_submit_button("Answer", disabled=not unanswered, on_click=lambda: _submit(unanswered))
            st.form_submit_button("Reveal", disabled=not unanswered, on_click=lambda: _reveal(unanswered))
            st.form_submit_button(
                "Ask this row again", disabled=not verdicts, on_click=lambda: _remove_answers(set(names.values()))
            )
        if st.session_state.pop(_EMPTY, False):
            st.warning("There is no answer to mark. Type one or more, or press Reveal to see what is right.")
    return frozenset(asked.keys() - verdicts.keys() - _printed_all_the_same(asked))


def _part_of(asked: Mapping[QuestionKind, Question]) -> Mapping[QuestionKind, Question]:
    """Let the user choose between the questions on the row and the one on the unit, and return the chosen ones."""
    chosen = widgets.segments("Questions", _PART, _PARTS, label_visibility="collapsed")
    found = {kind: each for kind, each in asked.items() if (kind is QuestionKind.UNIT) == (chosen == _UNIT)}
    return found or asked  # a row without arithmetic has no question on a unit


def _printed_all_the_same(asked: Mapping[QuestionKind, Question]) -> set[QuestionKind]:
    """Return the kinds of questions that ask for something else than the numbers on the page."""
    return {kind for kind, question in asked.items() if question.without}


def show_score(digit: Digit, trace: Trace) -> None:
    """Show the score of all rows, and offer it as CSV."""
    rows = [row.name for row in trace.rows]
    verdicts = {row.name: _verdicts(digit, trace, row) for row in trace.rows}
    st.header("Your score")
    st.write(figures.say_score(rows, verdicts))
    tables.offer("Download the score as CSV", figures.as_csv(rows, verdicts), "score.csv")
    with st.expander("All rows"):
        st.html(figures.score(rows, verdicts))


def _answer_field(name: str, question: Question, label: str) -> None:
    text = st.text_input(label, key=f"ask-{name}", placeholder=figures.FORMATS[question.kind])
    if text.strip():
        try:
            questions.mark(question, text)
        except InputError as error:
            st.warning(escape_markdown(str(error)))


def _submit(unanswered: Mapping[str, Question]) -> None:
    """Keep every answer that can be read; any other text stays in its field, with a message below."""
    given = _read_answers()
    texts = [str(st.session_state.get(f"ask-{name}", "")) for name in unanswered]
    st.session_state[_EMPTY] = not any(map(str.strip, texts))
    for name, question in unanswered.items():
        with suppress(InputError):
            given[name] = questions.mark(question, str(st.session_state.get(f"ask-{name}", ""))).given
    _write_answers(given)


def _reveal(unanswered: Mapping[str, Question]) -> None:
    """Answer every open question in place of the person; it does not count."""
    _write_answers({**_read_answers(), **dict.fromkeys(unanswered, _REVEALED)})


def _questions(trace: Trace, step: Step, unit: Unit) -> Mapping[QuestionKind, Question]:
    return questions.of_step(
        step,
        shared.arithmetic()[step.name],
        layers.window(step),
        shared.growth().get(step.name),
        next((row for row in shared.comparisons() if row.name == step.name), None),
        layers.explain(trace, step.name, unit),
    )


def _verdicts(digit: Digit, trace: Trace, row: Step) -> dict[QuestionKind, Verdict]:
    """Mark the answers on a row; of the units of this digit, the one that was answered last."""
    given = [name for name in _read_answers() if name.startswith(f"{row.name}_")]
    if not given:
        return {}
    units = [unit for name in given if (unit := _unit_in(name, digit, row))]
    unit = units[-1] if units else (0, 0, 0)
    asked = _questions(trace, row, unit)
    return _mark_answers(asked, {kind: _name(row.name, kind, digit, unit) for kind in asked})


def _mark_answers(
    asked: Mapping[QuestionKind, Question], names: Mapping[QuestionKind, str]
) -> dict[QuestionKind, Verdict]:
    """Mark the answers in the address; one that cannot be read gives a notice, and its question stays open."""
    given, verdicts = _read_answers(), {}
    for kind, question in asked.items():
        if given.get(names[kind]) == _REVEALED:
            verdicts[kind] = Verdict(question, "", right=False, sentence="")
        elif names[kind] in given:
            try:
                verdicts[kind] = questions.mark(question, given[names[kind]])
            except InputError as error:
                address.notice(f"In the link, {error}")
    return verdicts


def _name(step: str, kind: QuestionKind, digit: Digit, unit: Unit) -> str:
    if kind is not QuestionKind.UNIT:
        return f"{step}_{kind}"
    return f"{step}_{kind}.{'.'.join(map(str, unit))}.{_digit_hash(digit)}"


def _unit_in(name: str, digit: Digit, row: Step) -> Unit | None:
    """Return the unit of an answer, or None where the answer is about no unit or about another digit."""
    kind, *parts = name.partition("_")[2].split(".")
    if (
        kind != QuestionKind.UNIT
        or len(parts) != 4
        or parts[3] != _digit_hash(digit)
        or not all(map(str.isdecimal, parts[:3]))
    ):
        return None
    c, y, x = (int(part[:6]) for part in parts[:3])
    return (c, y, x) if all(i < size for i, size in zip((c, y, x), row.maps.shape, strict=True)) else None


def _digit_hash(digit: Digit) -> str:
    return f"{zlib.crc32(digit.key.encode()):08x}"


def _read_answers() -> dict[str, str]:
    """Return all answers in the address by name; invalid parts are left out with a notice."""
    valid = _valid_answers(address.read(address.ANSWERS, ""))
    return address.read_as(address.ANSWERS, _all_answers, valid, "The other parts are left out.")


def _codes(text: str) -> list[str]:
    return [code for code in text.split("~") if code][:_MAX_ANSWERS]


def _valid_answers(text: str) -> dict[str, str]:
    parts = [code.rsplit("_", 1) for code in _codes(text)]
    return {part[0]: part[1] for part in parts if len(part) == 2}


def _all_answers(text: str) -> dict[str, str]:
    if not all("_" in code for code in _codes(text)):
        allowed = "It can be answers with ~ between, such as Conv2d-7_shape_16x22x22."
        raise InputError(f"'{text[:40]}' holds more than answers.", allowed, "Leave it out.")
    return _valid_answers(text)


def _remove_answers(names: set[str]) -> None:
    _write_answers({name: text for name, text in _read_answers().items() if name not in names})


def _write_answers(given: Mapping[str, str]) -> None:
    address.write(**{address.ANSWERS: "~".join(f"{name}_{text}" for name, text in given.items())})
