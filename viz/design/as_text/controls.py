"""The same design as text: to type, to paste, to copy."""

import streamlit as st

from model.design import text
from model.design.records import Design
from model.errors import InputError
from viz.app import address
from viz.app.markdown import escape_markdown
from viz.design import controls

_TEXT = "design-text"
_TYPED = "the text as it was typed last"  # also while another part of the page is shown
_IN_STEP = "the design in the address that the text was written for or read from"
_REFUSAL = "why the text is no design"
_HIGH = 520  # pixels


def show(design: Design) -> None:
    """Show the design as lines of text to change; what is not understood is said, and stays in the field."""
    if st.session_state.get(_IN_STEP) != controls.link(design):
        st.session_state[_TYPED], st.session_state[_REFUSAL] = text.write(design), ""
        st.session_state[_IN_STEP] = controls.link(design)
    st.session_state[_TEXT] = st.session_state[_TYPED]
    st.text_area(
        "One line for each layer",
        key=_TEXT,
        height=_HIGH,
        max_chars=text.MOST_CHARACTERS,
        on_change=address.when_chosen(_TEXT, _read),
    )
    if refusal := st.session_state[_REFUSAL]:
        st.error(escape_markdown(f"{refusal} The design before it stays."))


def _read(given: str) -> None:
    st.session_state[_TYPED] = given
    try:
        design = text.read(given)
    except InputError as error:
        st.session_state[_REFUSAL] = str(error)
        return
    st.session_state[_REFUSAL], st.session_state[_IN_STEP] = "", controls.link(design)
    controls.write(design)
