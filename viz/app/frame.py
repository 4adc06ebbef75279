"""The frame of every page: style, sidebar, notices, and a message if the page cannot be shown."""

from collections.abc import Sequence
from copy import copy
from functools import lru_cache, partial
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from model.errors import GlassError, WeightsError
from viz import sheets
from viz.app import (
    address,
    allowed_messages,
    components,
    current,
    downloads,
    opening,
    page_list,
    projector,
    queued_cache,
    quick_clicks,
    share,
    shared,
    sidebar,
)
from viz.app.markdown import escape_markdown
from viz.app.page_queue import PAGE_QUEUE
from viz.lessons import controls as lessons
from viz.walkthrough import controls as walkthrough

_OPEN = "open"
_WITHOUT_WEIGHTS = ("about", "receptive_field", "parameters", "design", "mistakes", "training")


def run(root: Path) -> None:
    """Run the page that the address names inside the app's frame.

    Args:
        root: The folder that holds ``pages`` and ``viz``.
    """
    allowed_messages.enforce()
    quick_clicks.install()
    downloads.install()
    all_heard = not components.unheard()
    if all_heard:
        quick_clicks.callbacks_have_run()
    address.begin_run()  # before the browser is told the page: the address then changes once
    no_page, *pages = map(copy, _every_page(root))  # Streamlit marks a page that may run
    _choose_page(pages)
    page = st.navigation([no_page, *pages], position="hidden")
    title = page_list.tab_title(page.title)
    st.set_page_config(page_title=title, page_icon=root / "viz" / "icon.svg", layout="wide")
    _show(page, pages, all_heard=all_heard)
    components.forget_unheard()
    address.end_run()


@lru_cache(maxsize=1)  # Streamlit looks each file up on the disk
def _every_page(root: Path) -> tuple[st.Page, ...]:
    """Return what Streamlit takes for the page without a name, and all pages, none of which is that one."""
    no_page = st.Page(lambda: None, title=page_list.NAME, url_path="no-page", default=True)
    pages = (
        st.Page(root / "pages" / f"{file}.py", title=entry.title, url_path=page_list.path(file), help=entry.shows)
        for file, entry in page_list.PAGES.items()
    )
    return (no_page, *pages)


def _choose_page(pages: Sequence[st.Page]) -> None:
    """Take the front page where the address names none, or one that is not there; the latter is said."""
    context = get_script_run_ctx()
    if context is None or context.pages_manager.intended_page_script_hash:
        return
    name = context.pages_manager.intended_page_name
    titles = {page.url_path: page.title for page in pages}
    if name in titles:
        return
    front = page_list.front(choices=bool(st.query_params))
    if name:  # Streamlit has a dialog for it that does not name the page
        address.notice(
            f"The address asks for the page '{name[:40]}', which is not there. The sidebar lists all pages. Showing "
            f"{titles[front]} instead."
        )
    context.pages_manager.set_script_intent("", front)


@PAGE_QUEUE.turn()
def _show(page: st.Page, pages: Sequence[st.Page], *, all_heard: bool) -> None:
    """Show a page and what stands around it.

    A page loads what it needs before it draws anything, so a page whose weights are missing has no title yet.
    """
    st.html(_Style())
    components.reconnection()
    components.readout()
    top, notices = st.container(key="top"), st.container()
    queued_cache.show_waiting_in(notices)
    shared.use_one_thread()
    current.choose()
    opening.assume_digit(page.url_path)
    shared.warm_up()
    on_start = page.url_path == page_list.FIRST
    with top:
        lessons.cover()
    sidebar.show(page, pages, on_start=on_start, offer=partial(walkthrough.offer, key="walkthrough-to-share"))
    if not all_heard:  # once in a run: the next message may be on its way already
        quick_clicks.callbacks_have_run()
    if not on_start:  # which has the picture in the middle
        sidebar.show_on_phone()
    projector.show()
    share.on_paper()
    try:
        with top:
            lessons.bar(page)
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
        return f"<style>{sheets.of_pages()}</style>"
