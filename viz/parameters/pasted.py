"""A printed table that the person pastes, compared with the network figure by figure."""

from html import escape

import streamlit as st

from model.commands.figures import Comparison
from model.commands.printed import find
from model.commands.records import Mistake
from model.errors import GlassError
from viz.app import shared
from viz.app.markdown import escape_markdown
from viz.app.queued_cache import queued

_TEXT = "pasted-table"
_LONGEST = 200_000  # characters


def show() -> None:
    """Take a printed table and show which of its figures are wrong, and why."""
    st.header("Your printed table")
    st.write(
        "Paste what torchsummary or torchinfo printed, or the Markdown table of a README: each shape, parameter count, "
        "receptive field and total is compared with the network."
    )
    text = st.text_area("Printed table", key=_TEXT, height=180, placeholder="Conv2d-1   [-1, 8, 26, 26]   80")
    if not text.strip():
        return
    if len(text) > _LONGEST:
        st.error(f"The text has {len(text):,} characters. At most {_LONGEST:,} are read. Paste the table alone.")
        return
    try:
        mistakes, figures = _compared(text)
    except GlassError as error:
        st.error(escape_markdown(str(error)))
        return
    if not figures:
        st.warning("No figure of a table was found. A line needs the name of a row and its shape or its parameters.")
        return
    st.write(f"{figures} printed figures were compared; {len(mistakes) or 'none'} {_are(len(mistakes))} wrong.")
    st.html(listed(mistakes))


def _are(count: int) -> str:
    return "are" if count > 1 else "is"


@queued(max_entries=64, show_spinner="Comparing the table")
def _compared(text: str) -> tuple[tuple[Mistake, ...], int]:
    comparison = Comparison(shared.structure())
    compared = comparison.compare(find(text, comparison.names), "line", lines=True)
    return tuple(compared.mistakes), compared.figures


def listed(mistakes: tuple[Mistake, ...]) -> str:
    """List mistakes in HTML; the texts are a stranger's."""
    items = "".join(
        f"<li><b>{escape(each.where)}</b>: printed <del>{escape(str(each.printed))}</del>, right is "
        f"<b>{escape(str(each.right))}</b><p>{escape(each.why)}</p></li>"
        for each in mistakes
    )
    return f'<ol class="mistakes">{items}</ol>' if items else ""
