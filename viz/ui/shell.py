"""What stands around every page: style, sidebar, notices, and a sentence where something is missing."""

import functools
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from model.errors import GlassError
from viz.ui import cached, sidebar, state

_STYLES = Path(__file__).with_name("styles")


def run(page: st.Page, pages: Sequence[st.Page]) -> None:
    """Run a page inside the app's frame."""
    state.begin_run()
    st.html(_style())
    notices = st.container()
    try:
        cached.warm_up()
        sidebar.show(pages)
        sidebar.show_on_phone()
        page.run()
    except GlassError as error:
        st.error(str(error))
    with notices:
        state.show_notices()


@functools.cache
def _style() -> str:
    """Join all style sheets, in the order of their names."""
    sheets = (path.read_text(encoding="utf-8") for path in sorted(_STYLES.glob("*.css")))
    return f"<style>{''.join(sheets)}</style>"
