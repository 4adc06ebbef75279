"""What stands around every page: style, sidebar, notices, and a sentence where something is missing."""

import functools
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from model.errors import GlassError, WeightsError
from viz.app import address, allowed_messages, components, queued_cache, quick_clicks, shared, sidebar
from viz.app.markdown import plain
from viz.app.page_queue import Pace

_VIZ = Path(__file__).parents[1]
PACE = Pace()
_FIRST = "overview"  # Streamlit knows the first page by no name
_WITHOUT_WEIGHTS = ("receptive_field", "parameters", "mistakes", "training")


def run(pages: Sequence[st.Page]) -> None:
    """Run the page that the address names inside the app's frame."""
    allowed_messages.close()
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


@PACE.in_line()
def _show(page: st.Page, pages: Sequence[st.Page]) -> None:
    """Show a page and what stands around it.

    A page asks for what it cannot do without before it draws anything, so one without weights has no title yet.
    """
    st.html(_Style())
    components.reconnection()
    components.readout()
    notices = st.container()
    queued_cache.show_waiting(notices)
    shared.warm_up()
    sidebar.show(pages)
    quick_clicks.callbacks_have_run()
    sidebar.show_on_phone()
    try:
        page.run()
    except WeightsError as error:
        st.title(page.title)
        st.error(plain(str(error)))
        _lead_elsewhere([each for each in pages if each is not page])
    except GlassError as error:
        st.error(plain(str(error)))
    with notices:
        address.show_notices()


def _lead_elsewhere(pages: Sequence[st.Page]) -> None:
    """Lead to the pages that show something without trained weights too."""
    with st.container(horizontal=True, gap="small"):
        st.write("Without them there are")
        for page in pages:
            if page.url_path in _WITHOUT_WEIGHTS:
                st.page_link(page, query_params=address.link())


class _Style:
    """The style as HTML that is ready: of a string Streamlit would mend the indentation, line by line, in each run."""

    def _repr_html_(self) -> str:
        return _style()


@functools.cache
def _style() -> str:
    """Join all style sheets: the app's own first, then those of the topics, each in the order of their paths."""
    paths = [*sorted((_VIZ / "app" / "styles").glob("*.css")), *sorted(_VIZ.rglob("style.css"))]
    return f"<style>{''.join(path.read_text(encoding='utf-8') for path in paths)}</style>"
