"""The sheet before the lesson, the sheet after it, and both compared. The address holds the answers, and no name."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from model.errors import InputError
from model.ten_questions import records, sheets
from model.ten_questions.records import Answers, Item
from viz.app import address, projector, tables, widgets
from viz.app.markdown import escape_markdown
from viz.ten_questions import cache, figures

VIEW, BEFORE, AFTER, REVEAL, QUESTION = "answers_view", "before", "after", "reveal", "question"
VIEWS = {"first": "Before the lesson", "second": "After the lesson", "compare": "Compare", "class": "A class"}
_NUMBERS = {str(number): f"{number} of {records.COUNT}" for number in range(1, records.COUNT + 1)}
ALLOWED: dict[str, address.Allowed] = {
    **{BEFORE: sheets.parse, AFTER: sheets.parse},
    **{REVEAL: ["", address.YES], QUESTION: _NUMBERS},
}
_NONE: Answers = (None,) * records.COUNT
_EMPTY = "a sheet was handed in without an answer"
_PASTED, _FILES = "pasted-sheets", "sheets-of-a-class"
_UNSURE = "I do not know"


def given(name: str) -> Answers:
    """Return the answers of a sheet in the address."""
    return address.read_as(name, sheets.parse, _NONE, "No answer is counted.")


def show_sheet(name: str) -> None:
    """Show the questions, with the answers of the address chosen; a projector shows one at a time.

    Args:
        name: ``BEFORE`` or ``AFTER``.
    """
    items, answers = cache.ten(), given(name)
    if projector.is_on():
        _ask_one(name, items, answers)
        return
    with st.form(f"sheet-{name}", border=False):
        columns = st.columns(2, gap="large")
        for at, (item, answer) in enumerate(zip(items, answers, strict=True)):
            with columns[at * 2 // len(items)]:
                _ask(name, at, item, answer)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.form_submit_button("Hand in", on_click=lambda: _hand_in(name, items))
            _say_state(answers)


def _say_state(answers: Answers) -> None:
    """Say beside the button what was handed in."""
    if st.session_state.pop(_EMPTY, False):
        st.warning("There is no answer on this sheet yet. Choose one or more answers, then hand it in.")
    elif any(each is not None for each in answers):
        said = f"{figures.say_answered(answers)} The link of this page holds your answers: bookmark it or copy it."
        st.success(escape_markdown(said))


def _key(name: str, at: int) -> str:
    return f"{name}-{at}"


def _choose_one() -> int:
    """Let the user choose a question; return its position."""
    with projector.controls():
        return int(widgets.one_by_one("Question", QUESTION, _NUMBERS)) - 1


def _ask_one(name: str, items: Sequence[Item], answers: Answers) -> None:
    at = _choose_one()

    def answer() -> None:
        address.write(**{name: sheets.write([*answers[:at], _chosen(name, at, items[at]), *answers[at + 1 :]])})

    with projector.stage():
        _ask(name, at, items[at], answers[at], answer)


def _ask(name: str, at: int, item: Item, answer: int | None, on_change: Callable[[], None] | None = None) -> None:
    index = answer if answer is not None and answer < len(item.choices) else None
    st.session_state.setdefault(_key(name, at), index)
    question = f"**{at + 1}.** {escape_markdown(item.question)}"
    titles = [*map(escape_markdown, item.choices), _UNSURE]
    options = range(len(titles))

    st.radio(question, options, key=_key(name, at), format_func=titles.__getitem__, on_change=on_change)


def _chosen(name: str, at: int, item: Item) -> int | None:
    """Return the answer that is chosen on the page; who does not know has none."""
    chosen = st.session_state.get(_key(name, at))
    return None if chosen == len(item.choices) else chosen


def _hand_in(name: str, items: Sequence[Item]) -> None:
    answers = [_chosen(name, at, item) for at, item in enumerate(items)]
    st.session_state[_EMPTY] = not any(each is not None for each in answers)
    if any(each is not None for each in answers):
        address.write(**{name: sheets.write(answers)})


def load() -> None:
    """Work out the questions, which need the trained weights."""
    cache.ten()


def compare() -> None:
    """Show both sheets beside each other; the right answers come with the second sheet, or when they are revealed.

    A projector shows one question at a time.
    """
    items, before, after = cache.ten(), given(BEFORE), given(AFTER)
    revealed = address.is_on(REVEAL) or any(each is not None for each in after)
    if not revealed:
        st.info("The right answers are shown here after the second sheet is handed in.")
        with projector.controls():
            st.button("Reveal the right answers now", on_click=lambda: address.switch(REVEAL, on=True))
    words = figures.say_scores(items, before, after) if revealed else "Answers are not marked yet."
    csv = tables.CsvFile("Download the answers as CSV", partial(sheets.as_csv, items, before, after), "answers.csv")
    if projector.is_on():
        at = _choose_one()
        drawn = figures.compared_one(at + 1, items[at], before[at], after[at], revealed=revealed)
    else:
        drawn = figures.compared(items, before, after, revealed=revealed)
    with projector.stage():
        widgets.figure(drawn, words, csv if revealed else tables.LEFT_OUT)


def show_class() -> None:
    """Take the sheets of a class, and count the right answers."""
    st.write(
        "Each student downloads the answers as CSV under “Compare”. The files hold no names. Choose all of them here, "
        "or paste their text; they stay in this browser tab and this server's memory until you close the page."
    )
    left, right = st.columns(2, gap="large")
    with left:
        files = st.file_uploader("The CSV files", type="csv", accept_multiple_files=True, key=_FILES)
    with right:
        pasted = st.text_area("Or their text, one after another", key=_PASTED, height=150)
    text = "\n".join([*(each.getvalue().decode("utf-8-sig", "replace") for each in files), pasted])
    if not text.strip():
        st.write("There is no sheet yet.")
        return
    try:
        results = sheets.join(cache.ten(), text)
    except InputError as error:
        st.error(escape_markdown(str(error)))
        return
    csv = tables.columns_file("Download the counts as CSV", lambda: figures.class_columns(results), "class")
    with projector.stage():
        widgets.figure(figures.of_class(cache.ten(), results), figures.say_class(results), csv)
