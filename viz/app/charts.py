"""Charts on a page, in its theme, each with a text and its numbers."""

import plotly.graph_objects as go
import streamlit as st

from viz.app import projector, tables, widgets
from viz.charts.template import PROJECTED, TEMPLATES

_PHONE = "Mobi"  # the user agent of a browser on a phone contains it
_UNUSED = ["select2d", "lasso2d", "autoScale2d"]


def chart(drawn: go.Figure, key: str, words: str, numbers: tables.Numbers) -> None:
    """Show a chart, a text that describes it, and its numbers.

    Args:
        drawn: The chart; it gets the template of the page's theme.
        key: Distinguishes it from others on the page; also the name of the saved file.
        words: A description with its key numbers; also the alternative text.
        numbers: The numbers as a table, which works with the keyboard.
    """
    widgets.figure(lambda: mount(drawn, key, words), words, numbers)


def mount(drawn: go.Figure, key: str, words: str) -> None:
    """Show only the chart; ``words`` is its alternative text."""
    template = (PROJECTED if projector.is_on() else TEMPLATES)[_theme()]
    drawn.update_layout(template=template, uirevision=key, dragmode=False if _on_phone() else "zoom")
    st.plotly_chart(
        drawn,
        key=key,
        theme=None,
        alt=words.replace("**", ""),
        config={
            "displaylogo": False,
            "modeBarButtonsToRemove": _UNUSED,
            "toImageButtonOptions": {"format": "png", "filename": key, "scale": 2},
        },
    )


def _theme() -> str:
    return "dark" if st.context.theme.type == "dark" else "light"


def _on_phone() -> bool:
    """Return whether the browser is on a phone: there a drag scrolls the page, and must not zoom the chart."""
    return _PHONE in st.context.headers.get("User-Agent", "")
