"""Ask first: each answer of a row is hidden until the learner has typed one.

Answers live in the link, so that a reload, a step back or a colleague shows the same; one is
``Conv2d-7_shape_16x22x22``. The value of a unit belongs to one unit of one digit, and its name says which:
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
from model.layers.quiz.records import Asked, Question, Verdict
from model.records import Unit
from model.trace.records import Row, Step, Trace
from viz.app import address, shared, tables, widgets
from viz.app.markdown import plain
from viz.layers.quiz import figures

_MOST = 200  # answers in a link; four for each of the 23 rows make 92


def switch() -> None:
    """Let the person choose whether to be asked first."""
    address.expect({address.ANSWERS: _all_answers})
    widgets.switch("Ask first", address.ASK, "Hides each answer until you have typed one.")


def is_on() -> bool:
    """Tell whether answers are hidden until one is typed."""
    return address.is_on(address.ASK)


def ask(digit: Digit, trace: Trace, step: Step, unit: Unit) -> frozenset[Asked]:
    """Ask what is not answered yet, show the verdict on what is, and return what is still to be hidden.

    Only rows are asked about: there is no score for what the printed table leaves out.
    """
    if not (is_on() and isinstance(step, Row)):
        return frozenset()
    asked = _questions(trace, step, unit)
    names = {what: _name(step.name, what, digit, unit) for what in asked}
    verdicts = _marked(asked, names)
    open_ones = {names[what]: question for what, question in asked.items() if what not in verdicts}
    st.write(figures.say_facts(step, layers.window(step), shared.growth().get(step.name)))
    with st.form("asked", border=False):  # nothing is judged before it is handed in
        for column, (what, question) in zip(st.columns(len(asked)), asked.items(), strict=True):
            with column:
                if what in verdicts:
                    st.html(figures.verdict(verdicts[what]))
                else:
                    _ask_one(names[what], question, figures.say_asked(what, unit))
        with st.container(horizontal=True):
            st.form_submit_button("Answer", disabled=not open_ones, on_click=lambda: _receive(open_ones))
            st.form_submit_button(
                "Ask this row again", disabled=not verdicts, on_click=lambda: _forget(set(names.values()))
            )
    return frozenset(asked.keys() - verdicts.keys())


def show_score(digit: Digit, trace: Trace) -> None:
    """Show how the answers on all rows were, and offer them as CSV."""
    rows = [row.name for row in trace.rows]
    verdicts = {row.name: _verdicts(digit, trace, row) for row in trace.rows}
    st.header("Your score")
    st.write(figures.say_score(rows, verdicts))
    tables.offer("Download the score as CSV", figures.as_csv(rows, verdicts), "score.csv")
    with st.expander("All rows"):
        st.html(figures.score(rows, verdicts))


def _ask_one(name: str, question: Question, label: str) -> None:
    text = st.text_input(label, key=f"ask-{name}", placeholder=figures.FORMATS[question.what])
    if text:
        try:
            questions.mark(question, text)
        except InputError as error:
            st.warning(plain(str(error)))


def _receive(open_ones: Mapping[str, Question]) -> None:
    """Keep every answer that can be read; what cannot stays in its field, and is answered beneath it."""
    given = _given()
    for name, question in open_ones.items():
        with suppress(InputError):
            given[name] = questions.mark(question, str(st.session_state.get(f"ask-{name}", ""))).given
    _keep(given)


def _questions(trace: Trace, step: Step, unit: Unit) -> Mapping[Asked, Question]:
    return questions.of_step(
        step,
        shared.arithmetic()[step.name],
        layers.window(step),
        shared.growth().get(step.name),
        next((row for row in shared.comparisons() if row.name == step.name), None),
        layers.explain(trace, step.name, unit),
    )


def _verdicts(digit: Digit, trace: Trace, row: Step) -> dict[Asked, Verdict]:
    """Mark what was answered on a row; of units, the last one of this digit."""
    given = [name for name in _given() if name.startswith(f"{row.name}_")]
    if not given:
        return {}
    units = [unit for name in given if (unit := _unit_in(name, digit, row))]
    unit = units[-1] if units else (0, 0, 0)
    asked = _questions(trace, row, unit)
    return _marked(asked, {what: _name(row.name, what, digit, unit) for what in asked})


def _marked(asked: Mapping[Asked, Question], names: Mapping[Asked, str]) -> dict[Asked, Verdict]:
    """Mark those questions that the link has an answer to; one that cannot be read is noticed and asked again."""
    given, verdicts = _given(), {}
    for what, question in asked.items():
        if names[what] in given:
            try:
                verdicts[what] = questions.mark(question, given[names[what]])
            except InputError as error:
                address.notice(f"In the link, {error}")
    return verdicts


def _name(step: str, what: Asked, digit: Digit, unit: Unit) -> str:
    if what is not Asked.UNIT:
        return f"{step}_{what}"
    return f"{step}_{what}.{'.'.join(map(str, unit))}.{_short(digit)}"


def _unit_in(name: str, digit: Digit, row: Step) -> Unit | None:
    """Return the unit that an answer is about, or None if it is about none, or about one of another digit."""
    what, *parts = name.partition("_")[2].split(".")
    if what != Asked.UNIT or len(parts) != 4 or parts[3] != _short(digit) or not all(map(str.isdecimal, parts[:3])):
        return None
    c, y, x = (int(part[:6]) for part in parts[:3])
    return (c, y, x) if all(i < size for i, size in zip((c, y, x), row.maps.shape, strict=True)) else None


def _short(digit: Digit) -> str:
    return f"{zlib.crc32(digit.key.encode()):08x}"


def _given() -> dict[str, str]:
    """Return all answers of the link by their names; those that are none are noticed and left out."""
    some = _some_answers(address.read(address.ANSWERS, ""))
    return address.read_as(address.ANSWERS, _all_answers, some, "What is no answer is left out.")


def _codes(text: str) -> list[str]:
    return [code for code in text.split("~") if code][:_MOST]


def _some_answers(text: str) -> dict[str, str]:
    parts = [code.rsplit("_", 1) for code in _codes(text)]
    return {part[0]: part[1] for part in parts if len(part) == 2}


def _all_answers(text: str) -> dict[str, str]:
    if not all("_" in code for code in _codes(text)):
        allowed = "It can be answers with ~ between, such as Conv2d-7_shape_16x22x22."
        raise InputError(f"'{text[:40]}' holds more than answers.", allowed, "Leave it out.")
    return _some_answers(text)


def _forget(names: set[str]) -> None:
    _keep({name: text for name, text in _given().items() if name not in names})


def _keep(given: Mapping[str, str]) -> None:
    address.write(**{address.ANSWERS: "~".join(f"{name}_{text}" for name, text in given.items())})
