"""The projector view of every page: the stage and its controls, as large as the screen lets them be.

The address says ``projector=yes``, so every link carries the view on. A page marks what the view shows::

    with projector.controls():  # may be used more than once
        step = widgets.step(trace)
    with projector.stage():  # once: the figure, and at most one sum
        widgets.figure(...)

All else on the page is hidden. A page without a stage shows its title and its first figure. A script scales what is
taller than the screen, and leaves out the texts below figures where letters would become small otherwise.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from viz.app import address, components

_STYLE = Path(__file__).with_name("projector.css")
_USED = "how often this run has used each part of the projector view"


def is_on() -> bool:
    """Tell whether the projector view is on."""
    return address.is_on(address.PROJECTOR)


def button() -> None:
    """Show the button that toggles the view; P presses it, and Escape leaves the view too."""
    st.button("Projector view", shortcut="P", key="project", type="tertiary", on_click=_toggle)


def show() -> None:
    """Put the view's style and script on the page, and the button that leaves it."""
    st.session_state[_USED] = {}
    if is_on():
        st.html(_STYLE)
        with st.container(key="unproject"):
            st.button("Leave", shortcut="Escape", key="leave-projector", on_click=_toggle, help="Leave this view")
    components.projector(on=is_on())


def _toggle() -> None:
    """Enter or leave the view; notes that were opened on the projector are closed."""
    notes = address.read(address.NOTES, "")
    kept = "" if notes == address.PROJECTOR else notes
    address.write(**{address.PROJECTOR: "" if is_on() else address.YES, address.NOTES: kept})


@contextmanager
def stage() -> Iterator[None]:
    """Hold the one thing on the page to look at: a figure, and at most one sum."""
    with st.container(key="stage"):
        yield


@contextmanager
def controls() -> Iterator[None]:
    """Hold controls that the projector view shows too."""
    with st.container(key=f"stage-controls-{_times('controls')}"):
        yield


@contextmanager
def first_figure() -> Iterator[None]:
    """Hold a figure; the first of a run is the stage of a page that marks none."""
    if is_on() and _times("figure") == 1:
        with st.container(key="first-figure"):
            yield
    else:
        yield


def _times(part: str) -> int:
    used: dict[str, int] = st.session_state[_USED]
    used[part] = used.get(part, 0) + 1
    return used[part]
