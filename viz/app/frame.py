"""What stands around every page: style, sidebar, notices, and a sentence where something is missing."""

import functools
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from model.errors import GlassError, WeightsError
from viz.app import address, allowed_messages, components, queued_cache, shared, sidebar
from viz.app.markdown import plain
from viz.app.page_queue import Pace

_VIZ = Path(__file__).parents[1]
PACE = Pace()
_WITHOUT_WEIGHTS = ("receptive_field", "parameters", "mistakes", "training")


@PACE.in_line()
def run(page: st.Page, pages: Sequence[st.Page]) -> None:
    """Run a page inside the app's frame.

    A page asks for what it cannot do without before it draws anything, so one without weights has no title yet.
    """
    allowed_messages.close()
    address.begin_run()
    st.html(_Style())
    components.reconnection()
    components.readout()
    notices = st.container()
    queued_cache.show_waiting(notices)
    shared.warm_up()
    sidebar.show(pages)
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
