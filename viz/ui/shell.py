"""What stands around every page: style, sidebar, notices, and a sentence where something is missing."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from model.errors import GlassError
from viz.ui import cached, sidebar, state

_STYLE = Path(__file__).with_name("style.css")


def run(page: st.Page, pages: Sequence[st.Page]) -> None:
    """Run a page inside the app's frame."""
    state.begin_run()
    st.html(_STYLE)
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
