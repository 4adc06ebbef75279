"""Words and choices of the page on parameters that depend on the network."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from model.errors import GlassError
from model.parameters.comparison import Comparison
from model.parameters.printed import find
from model.parameters.records import Line as RecurrenceLine
from model.parameters.records import PrintedMistake
from viz.app import current, shared, tables, widgets
from viz.app.error_boundary import or_show_error
from viz.app.markdown import escape_markdown
from viz.app.queued_cache import queued
from viz.mistakes import cache
from viz.parameters import figures, limits
from viz.parameters.figures import Line, weighted
from viz.receptive_field import recurrences

_TEXT = "pasted-table"
_LONGEST = 50_000  # characters


def about() -> str:
    """Say what the table is."""
    if current.is_assignment():
        return (
            "Every number of the table that a student printed for an assignment, computed from the network, beside the "
            "printed figure."
        )
    return "Shape, parameters and cost of every row, computed from the network."


def rows() -> dict[str, str]:
    """Return what can be shown: the rows of a printed summary, or every step."""
    return {"no": "As printed" if current.is_assignment() else "Modules", "yes": "With hidden steps"}


def how_to_read() -> str:
    """Say how to use the table."""
    printed = ""
    if current.is_assignment():
        printed = "A printed figure that is struck through is wrong; the measured figure is beside it. "
    return f"Click a row to see its arithmetic. {printed}Multiply-accumulates are for one image."


def limits_of(lines: Sequence[Line]) -> tuple[limits.Limit, ...]:
    """Check the network against the assignment's limits."""
    if current.is_assignment():
        return limits.check(lines, or_show_error(cache.weights_card) or {})
    shown = current.network()
    return limits.check(lines, shown.card, len(shown.history) or None, own=False)


def ideas(lines: Sequence[Line]) -> tuple[str, ...]:
    """Return things to try."""
    hidden = "Show the hidden steps. What do they add to the parameters, and what to the memory?"
    if current.is_assignment():
        return (
            "Go to Conv2d-13. What can a 1 × 1 window learn? Count its weights by hand.",
            hidden,
            "Go to Conv2d-23. Its maps have one unit each. How does it differ from a fully connected layer?",
        )
    found = weighted(lines)
    if not found:
        return (hidden,)
    most, busiest = (max(found, key=key).name for key in (_parameters, _work))
    return (
        f"Go to {most}, which has most parameters. Count them by hand.",
        hidden,
        f"Go to {busiest}, which does most of the work. How often is each of its weights used?",
    )


def _parameters(line: Line) -> int:
    return line.parameters


def _work(line: Line) -> int:
    return line.multiply_accumulates


def paste_table() -> None:
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
        said = f"The text has {len(text):,} characters. At most {_LONGEST:,} are read. Paste the table alone."
        st.error(escape_markdown(said))
        return
    try:
        mistakes, count, lines = _compared(text)
    except GlassError as error:
        st.error(escape_markdown(str(error)))
        return
    if not count:
        st.warning("No figure of a table was found. A line needs the name of a row and its shape or its parameters.")
        return
    st.write(f"{count} printed figures were compared; {len(mistakes) or 'none'} {_are(len(mistakes))} wrong.")
    if mistakes:
        st.html(figures.listed(mistakes))
    if lines:
        st.subheader("The receptive fields, line by line")
        file = tables.columns_file(
            "Download both recurrences as CSV", partial(recurrences.columns, lines), "recurrences"
        )
        widgets.figure(recurrences.table(lines, "As printed"), recurrences.say(lines), file)


def _are(count: int) -> str:
    return "are" if count > 1 else "is"


@queued(max_entries=64, show_spinner="Comparing the table")
def _compared(text: str) -> tuple[tuple[PrintedMistake, ...], int, tuple[RecurrenceLine, ...]]:
    comparison = Comparison(shared.structure())
    printed = find(text, comparison.names)
    compared = comparison.compare(printed, "line", lines=True)
    return tuple(compared.mistakes), compared.figures, comparison.recurrences(printed)
