"""Compare: two networks in one table, the digit through both, and the mistakes that they share."""

from functools import partial

import streamlit as st

from viz.app import current, glossary, projector, tables, widgets
from viz.app.error_boundary import or_show_error
from viz.app.markdown import escape_markdown
from viz.compare import controls, figures


def through_both(other: str, titles: list[str]) -> None:
    """Show the digit's way through both networks, step beside step, and both answers."""
    found = or_show_error(lambda: controls.traces(other))
    if found is None:
        return
    st.header("The same picture through both")
    csv = tables.columns_file("Download both answers as CSV", partial(figures.answers_csv, *found), "answers")
    widgets.figure(figures.answers(titles, found), figures.say_answers(*found), csv)
    beside = controls.beside(*found)
    csv = tables.columns_file("Download the steps as CSV", partial(figures.steps_columns, *found, beside), "steps")
    widgets.figure(figures.steps(*found, beside), figures.say_steps(*found), csv)


def compare(other: str) -> None:
    """Show everything about two networks."""
    both = controls.facts(other)
    with projector.stage():
        left, right = st.columns([6, 5], gap="large")
    with left:
        table = st.container()
    with right:
        st.header("Right and wrong")
        place = st.container()
    protocols = st.empty()
    through_both(other, [each.title for each in both])
    with place:  # last, because it can take long
        measured = None
        if sets := controls.both_know(other):
            pictures = controls.choose_pictures(sets)
            measured = or_show_error(lambda: controls.measure(other, pictures))
        else:
            st.write("There are no labelled pictures for both: the two networks do not have the same classes.")
        if measured:
            controls.show_agreement(measured, pictures)
    with table:
        csv = tables.columns_file("Download the table as CSV", partial(figures.columns, both, measured), "networks")
        widgets.figure(figures.facts(both, measured), figures.say_facts(both), csv)
    protocols.caption(escape_markdown(figures.say_protocols(both)))


title = current.network().title
st.title("Compare")
st.write(
    f"A is **{escape_markdown(title)}**, which the sidebar names. Choose B: what do more "
    "parameters or other steps change?"
)
glossary.show("row", "parameter")
widgets.to_try(
    "Which network needs more multiply-accumulates for each parameter? Look at the sizes of its first maps.",
    "Choose another picture. At which step do the two networks begin to differ?",
    "Choose a picture that lies between two classes. Which network is more certain, and does it deserve to be?",
)
with projector.controls():
    other = controls.other()
if other:
    compare(other)
else:
    st.info("There is no other network yet. Open one on the page “Open a network”.")
