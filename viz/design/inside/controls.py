"""Open a design as a network on every page, with random weights, or take it away as a file."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from model.design import build
from model.design.records import Assessment, Design
from model.errors import GlassError
from model.networks.limits import OPEN
from model.networks.store import keep_bytes
from model.networks.written import bytes_of_network
from viz.app import address, current, network_switch, sidebar
from viz.app.markdown import escape_markdown
from viz.app.queued_cache import turn
from viz.design import controls

SEED = "design_seed"
_OPENED = "the id of the network that was opened last, and its design"
_SEEDS = [str(seed) for seed in range(1, 21)]
_NEXT = ("overview", "layer_by_layer", "feature_maps", "receptive_field", "parameters", "saliency", "compare", "open")
ALLOWED: dict[str, address.Allowed] = {SEED: _SEEDS}


def show(design: Design, found: Assessment, *, trained: bool) -> None:
    """Offer to open a design that is a network with random weights; of another say what it lacks.

    Args:
        design: The design.
        found: What it costs and sees.
        trained: Whether a training of it is kept: where that is opened is said.
    """
    if not controls.is_network(found):
        return
    st.write(
        "Every page shows the design with random weights, as before its training: its maps, the arithmetic of each "
        "number, what the saliency methods say of a network that has learned nothing."
    )
    if trained:
        st.write("It was trained too: **Train it** opens it on every page with what it has learned.")
    left, middle, right = st.columns([4, 5, 5], vertical_alignment="bottom")
    with left:
        seed = int(address.bind(st.selectbox, "Seed of the random weights", SEED, _SEEDS, _SEEDS[0]))
    title = f"Design with {found.parameters:,} parameters"
    with middle:
        pressed = st.button("Open it with random weights", type="primary", width="stretch")
    with right:
        file = partial(_file, design, seed, title)
        st.download_button("Download it as .glass", file, "design.glass", type="tertiary", on_click="ignore")
    if pressed:
        open_network(lambda: _file(design, seed, title), design)
    link_to_pages(design)


def _file(design: Design, seed: int, title: str) -> bytes:
    return bytes_of_network(build.network_of(design, seed, title))


def open_network(make: Callable[[], bytes], design: Design) -> None:
    """Keep the network of a design in the store, show it, and run again; or say why it cannot be kept.

    Args:
        make: Returns the file of the network.
        design: Of which it is.
    """
    try:
        with st.spinner("Opening it"), turn():
            id = keep_bytes(make(), OPEN)
    except GlassError as error:
        st.error(escape_markdown(str(error)))
        return
    st.session_state[_OPENED] = id, controls.link(design)
    network_switch.change_to(id)
    st.rerun()


def link_to_pages(design: Design) -> None:
    """Link to the pages that show a design, where it was opened and is the network that is shown."""
    if st.session_state.get(_OPENED) != (current.network_id(), controls.link(design)):
        return
    st.write(f"**{escape_markdown(current.network().title)}** is open. Look at it on")
    with st.container(horizontal=True):
        for page in sidebar.all_pages():
            if page.url_path in _NEXT:
                st.page_link(page, query_params=address.link())
