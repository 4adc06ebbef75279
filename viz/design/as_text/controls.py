"""The same design as text: to type, to paste, to copy."""

import streamlit as st

from model.design import paste, text
from model.design.records import Assessment, Design
from model.errors import InputError
from viz.app import address, projector, tables
from viz.app.markdown import escape_markdown
from viz.design import controls

_FIELD = "design-text"
_TYPED = "the text as it was typed last"  # also while another part of the page is shown
_IN_STEP = "the design in the address that the text was written for or read from"
_REFUSAL, _NOTES = "why the text is no design", "what the text says otherwise, or does not say"
_HIGH = 460  # pixels
_HELP = (
    "One line for each layer: `conv 16 3 padding=1`, `bn`, `relu`, `dropout 0.1`, `max 2`, `gap`, `flatten`, "
    "`linear 10`, `add @3`. You can also paste PyTorch's `nn.Sequential(...)` or a class, what `print(net)` shows, or "
    "a table of torchsummary or torchinfo. None of it is run."
)


def show(design: Design, found: Assessment) -> None:
    """Show the design as lines of text to change, and as PyTorch code; what is not understood stays in the field."""
    if st.session_state.get(_IN_STEP) != controls.link(design):
        _remember(text.write(design), design)
    st.session_state[_FIELD] = st.session_state[_TYPED]
    left, right = st.columns(2, gap="large")
    with left, projector.stage():
        change = address.when_chosen(_FIELD, lambda given: _read(given, design))
        st.text_area("The design as text", key=_FIELD, height=_HIGH, on_change=change)
        if refusal := st.session_state[_REFUSAL]:
            st.error(escape_markdown(f"{refusal} The design before it stays."))
        for note in st.session_state[_NOTES]:
            st.info(escape_markdown(note))
        st.write(_HELP)
    with right:
        _code(design, found)


def _remember(typed: str, design: Design, *notes: str) -> None:
    st.session_state[_TYPED], st.session_state[_IN_STEP] = typed, controls.link(design)
    st.session_state[_REFUSAL], st.session_state[_NOTES] = "", notes


def _read(given: str, before: Design) -> None:
    """Take the design that a text describes, or keep the sentence that says why it describes none."""
    try:
        found = paste.read(given, before.input_shape)
    except InputError as error:
        st.session_state[_TYPED], st.session_state[_REFUSAL], st.session_state[_NOTES] = given, str(error), ()
        return
    _remember(given if _is_short(given) else text.write(found.design), found.design, *found.notes)
    controls.write(found.design)


def _is_short(given: str) -> bool:
    """Tell whether a text is in lines already, so that it stays as it was typed, with its comments."""
    try:
        text.read(given)
    except InputError:
        return False
    return True


def _code(design: Design, found: Assessment) -> None:
    st.html('<p class="design-code">The same in PyTorch</p>')
    if not controls.is_network(found):
        return
    written = paste.as_class(design)
    st.code(written, language=None, wrap_lines=True)  # the colours of the highlighter are too pale
    tables.offer("Download the class", written, "net.py", "text/x-python")
