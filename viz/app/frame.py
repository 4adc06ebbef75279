"""The frame of every page: style, sidebar, notices, and a message if the page cannot be shown."""

import functools
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from model.errors import GlassError, WeightsError
from viz import theme
from viz.app import address, allowed_messages, components, queued_cache, shared, sidebar
from viz.app.markdown import escape_markdown
from viz.app.page_queue import PageQueue

_VIZ = Path(__file__).parents[1]
PAGE_QUEUE = PageQueue()
_WITHOUT_WEIGHTS = ("receptive_field", "parameters", "mistakes", "training")


@PAGE_QUEUE.turn()
def run(page: st.Page, pages: Sequence[st.Page]) -> None:
    """Run a page inside the app's frame.

    A page loads what it needs before it draws anything, so a page whose weights are missing has no title yet.
    """
    allowed_messages.enforce()
    address.begin_run()
    st.html(_Style())
    components.reconnection()
    notices = st.container()
    queued_cache.show_waiting_in(notices)
    shared.warm_up()
    sidebar.show(pages)
    sidebar.show_on_phone()
    try:
        page.run()
    except WeightsError as error:
        st.title(page.title)
        st.error(escape_markdown(str(error)))
        _link_to_working_pages([each for each in pages if each is not page])
    except GlassError as error:
        st.error(escape_markdown(str(error)))
    with notices:
        address.show_notices()


def _link_to_working_pages(pages: Sequence[st.Page]) -> None:
    """Link to the pages that need no trained weights."""
    with st.container(horizontal=True, gap="small"):
        st.write("These pages work without weights:")
        for page in pages:
            if page.url_path in _WITHOUT_WEIGHTS:
                st.page_link(page, query_params=address.link())


class _Style:
    """The style as HTML. If this were a string, Streamlit would clean its indentation line by line in each run."""

    def _repr_html_(self) -> str:
        return _style()


@functools.cache
def _style() -> str:
    """Join the colours and all style sheets: first the app's own, then those of the topics, sorted by path."""
    paths = [*sorted((_VIZ / "app" / "styles").glob("*.css")), *sorted(_VIZ.rglob("style.css"))]
    sheets = [theme.css_variables(), *(path.read_text(encoding="utf-8") for path in paths)]
    return f"<style>{''.join(sheets)}</style>"
