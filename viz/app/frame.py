"""The frame of every page: style, sidebar, notices, and a message if the page cannot be shown."""

import functools
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from model.errors import GlassError, WeightsError
from viz import theme
from viz.app import (
    address,
    allowed_messages,
    components,
    current,
    opening,
    projector,
    queued_cache,
    quick_clicks,
    share,
    shared,
    sidebar,
)
from viz.app.markdown import escape_markdown
from viz.app.page_queue import PageQueue

_VIZ = Path(__file__).parents[1]
PAGE_QUEUE = PageQueue()
_FIRST = "overview"  # Streamlit knows the first page by no name
_OPEN = "open"
_WITHOUT_WEIGHTS = ("receptive_field", "parameters", "mistakes", "training")


def run(pages: Sequence[st.Page]) -> None:
    """Run the page that the address names inside the app's frame."""
    allowed_messages.enforce()
    quick_clicks.install()
    if not components.unheard():
        quick_clicks.callbacks_have_run()
    address.begin_run()  # before the browser is told the page: the address then changes once
    _refuse_unknown(pages)
    _show(st.navigation(pages, position="hidden"), pages)
    components.forget_unheard()
    address.end_run()


def _refuse_unknown(pages: Sequence[st.Page]) -> None:
    """Say that the address names a page that is not there, and lead to the first page in its place."""
    context = get_script_run_ctx()
    name = context.pages_manager.intended_page_name if context else ""
    if not context or not name or name in {page.url_path for page in pages}:
        return
    if name != _FIRST:
        address.notice(
            f"The address asks for the page '{name[:40]}', which is not there. The sidebar lists all pages. Showing "
            f"{pages[0].title} instead."
        )
    context.pages_manager.set_script_intent("", "")  # Streamlit has a dialog for it that does not name the page


@PAGE_QUEUE.turn()
def _show(page: st.Page, pages: Sequence[st.Page]) -> None:
    """Show a page and what stands around it.

    A page loads what it needs before it draws anything, so a page whose weights are missing has no title yet.
    """
    st.html(_Style())
    components.reconnection()
    components.readout()
    notices = st.container()
    queued_cache.show_waiting_in(notices)
    current.choose()
    opening.assume_digit(page.url_path)
    shared.warm_up()
    sidebar.show(pages)
    quick_clicks.callbacks_have_run()
    sidebar.show_on_phone()
    projector.show()
    share.on_paper()
    try:
        with st.container(key="page"):
            page.run()
    except WeightsError as error:
        st.title(page.title)
        st.error(escape_markdown(str(error)))
        _link_to_working_pages([each for each in pages if each is not page])
    except GlassError as error:
        st.error(escape_markdown(str(error)))
    with notices:
        address.show_notices()
        if current.missing() and page.url_path != _OPEN:
            _link_to_open(pages)


def _link_to_open(pages: Sequence[st.Page]) -> None:
    """Link to the page that takes the file of the network that the address names and that is not here any more."""
    for page in pages:
        if page.url_path == _OPEN:
            st.page_link(page, label="Open its file again", query_params=address.link())


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
