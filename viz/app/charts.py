"""How a chart stands in a page: in its theme, with its words and its numbers."""

import plotly.graph_objects as go
import streamlit as st

from viz.app import tables, widgets
from viz.charts.template import TEMPLATES

_PHONE = "Mobi"  # a browser with a touch screen alone has it in its name
_UNUSED = ["select2d", "lasso2d", "autoScale2d"]


def chart(drawn: go.Figure, key: str, words: str, numbers: tables.Numbers) -> None:
    """Show a chart, in words what it shows, and its numbers.

    Args:
        drawn: The chart; it gets the look of the page.
        key: Tells it from others on the page, and names the file that it is saved as.
        words: What is to be seen, with its key numbers.
        numbers: A table, which can be had with the keyboard alone.
    """
    widgets.figure(lambda: mount(drawn, key, words), words, numbers)


def mount(drawn: go.Figure, key: str, words: str) -> None:
    """Show a chart alone; ``words`` are read aloud in its place."""
    drawn.update_layout(template=TEMPLATES[_theme()], uirevision=key, dragmode=False if _on_phone() else "zoom")
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
    """Tell whether a finger that goes over the chart means to scroll the page, not to zoom."""
    return _PHONE in st.context.headers.get("User-Agent", "")
