"""Controls of the overview: folded modules, links to steps, and the probability of any class."""

from collections.abc import Mapping, Sequence

import streamlit as st

from model.networks.records import Network
from model.trace.records import Trace
from viz.app import address, current
from viz.overview import figures, layout
from viz.pictures import words

MODULE, SOUGHT = "module", "sought"


def task(network: Network) -> str:
    """Say what the network does."""
    if current.takes_digits():
        return "classifies handwritten digits"
    return f"tells {len(network.classes):,} classes of pictures apart"


def folded(network: Network, trace: Trace) -> Mapping[str, Sequence[str]]:
    """Return the folded modules but the one that is open, and let the person fold it again."""
    every = layout.modules(network.graph, trace)
    opened = address.read_one_of(MODULE, ["", *every], "")
    if every:
        place = st.container(horizontal=True, vertical_alignment="center")
        place.caption(
            f"The network has {len(trace.steps)} steps, so the modules of its code are folded. Click one to see its "
            "steps."
        )
        if opened:
            place.button(f"Fold {opened}", on_click=lambda: address.write(**{MODULE: ""}))
    return {path: names for path, names in every.items() if path != opened}


def link(tile: figures.Tile) -> str:
    """Return the address that a picture leads to."""
    if tile.module:
        return address.address("overview", **{MODULE: tile.module})
    return address.address("feature_maps", row=tile.name, channel=str(tile.channel))


def open_tile(tile: figures.Tile) -> None:
    """Unfold a module, or look inside a step."""
    if tile.module:
        address.write(**{MODULE: tile.module})
    else:
        address.go_to("feature_maps", row=tile.name, channel=str(tile.channel))


def search_class(trace: Trace) -> None:
    """Let the person look up any class where only the most likely are drawn."""
    if len(trace.logits) <= figures.MOST_BARS:
        return
    names = {"": "", **{str(k): trace.class_name(k) for k in range(len(trace.logits))}}
    chosen = address.bind(st.selectbox, "Find a class", SOUGHT, names, "")
    if chosen:
        k = int(chosen)
        place = int((trace.logits > trace.logits[k]).sum()) + 1
        st.write(
            f"{trace.class_name(k)} is number {place:,} of {len(trace.logits):,}: probability "
            f"{words.percent(float(trace.probabilities[k]))}, logit {words.number(float(trace.logits[k]))}."
        )


def ideas() -> tuple[str, ...]:
    """Return things to try."""
    shapes = (
        "Compare the shapes from column to column. Which steps change the size of the maps, and which their number?"
    )
    if not current.takes_digits():
        return "Choose pictures of two classes that look alike. Which steps differ most?", shapes
    return (
        "Choose an ambiguous sample. Which two classes have the highest probabilities?",
        "Draw a digit slowly. How does the prediction change with each stroke?",
        shapes,
    )
