"""The switch of network in the sidebar: which one is shown, and how to show another one in the same view."""

from collections.abc import Mapping

import streamlit as st

from model import networks
from model.errors import GlassError
from model.images.inputs import reads_digits
from model.networks.catalogue import CATALOGUE
from model.networks.records import Network
from model.records import IMAGE
from viz.app import address, current
from viz.app.markdown import escape_markdown
from viz.app.nearest import nearest_name
from viz.pictures import words

_SEEN = "the ids of the networks that this person has seen"
_CHANGED = "what another network could not keep of the view"
_LONGEST = 40  # characters of a name in a notice
_KEPT = {
    address.DIGIT,
    address.ROW,
    address.CHANNEL,
    address.UNIT,
    address.SCALE,
    address.SHOWN,
    address.PROJECTOR,
    address.LESSON,
    address.NOTES,
    address.WITH,
    address.DESIGN,
}
_KEPT_ENDS = ("_view", "part", "_limit")  # which part of a page is shown, and what a design must keep
_KEPT_BEGINNINGS = ("design_", "run_", "sweep_")  # of a design and its training, which are of no network


def show() -> None:
    """Show the name, the parameters and the input of the network, and a list of those that can be shown."""
    ids = choices()
    with st.container(key="network"):
        address.bind(
            st.selectbox,
            "Network",
            address.NET,
            {id: title(id) for id in ids},
            current.DEFAULT,
            together=_kept,
            instead={address.read(address.NET, ""): current.network_id()},
        )
        shown = current.structure()
        st.caption(f"{shown.graph.used:,} parameters · input {words.shape(shown.input.shape)}")
    for sentence in st.session_state.pop(_CHANGED, ()):
        address.notice(sentence)


def title(id: str) -> str:
    """Return what the list calls a network."""
    if id in CATALOGUE:
        return escape_markdown(CATALOGUE[id].title)
    try:
        return escape_markdown(networks.by_id(id).title)
    except GlassError:
        return id


def choices() -> list[str]:
    """Return the ids of those that come along, and of those that this person has opened and that are still here."""
    seen: list[str] = st.session_state.setdefault(_SEEN, [])
    if current.network_id() not in [*networks.BUILT_IN, *seen]:
        seen.append(current.network_id())
    return [*networks.BUILT_IN, *(id for id in seen if networks.is_kept(id) or id == current.network_id())]


def change_to(id: str, *said: str) -> None:
    """Put another network into the link, and change what it cannot keep, as the list does.

    Args:
        id: Of the network.
        said: What to say above the page, a sentence each.
    """
    kept = _kept(id)
    st.session_state[_CHANGED] += said
    address.write(**{address.NET: id, **kept})


def _kept(id: str) -> Mapping[str, str]:
    """Return how the link changes with another network, and note what it cannot keep; it stays if that one is gone.

    The step, the map and the unit stay where the other network has them; else the nearest is shown. What only one page
    knows (a class, a step to explain) is left out: it was chosen for the network before.
    """
    now, asked, changed = current.structure(), address.link(), list[str]()
    try:
        other = networks.by_id(id)
    except GlassError as error:
        st.session_state[_CHANGED] = [f"{error} Showing {now.title[:_LONGEST]} still."]
        return {address.NET: asked.get(address.NET, "")}
    kept = {name: "" for name in asked if not _is_kept(name)}
    kept.pop(address.NET, None)
    if _reads_digits(now) != _reads_digits(other):
        kept[address.DIGIT] = ""
    row = asked.get(address.ROW, "")
    if row and row != IMAGE:
        nearest = nearest_name([*(node.name for node in other.graph.nodes), "log-softmax"], row)
        if nearest != row:
            changed.append(f"{row[:_LONGEST]} is not in this network. Showing {nearest}, the nearest step.")
        kept[address.ROW] = nearest
        kept |= _kept_unit(other, nearest, asked, changed)
    st.session_state[_CHANGED] = changed
    return kept


def _is_kept(name: str) -> bool:
    return name in _KEPT or name.endswith(_KEPT_ENDS) or name.startswith(_KEPT_BEGINNINGS)


def _reads_digits(network: Network) -> bool:
    return reads_digits(network.input, network.classes)


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= 4  # int refuses thousands of digits


def _kept_unit(other: Network, step: str, asked: Mapping[str, str], changed: list[str]) -> dict[str, str]:
    """Return the map and the unit of the link, or the nearest that a step of the other network has."""
    shapes = {node.name: node.shape for node in other.graph.nodes}
    channels, *units = shapes.get(step, (len(other.classes),))
    kept, channel = {}, asked.get(address.CHANNEL, "")
    if _is_number(channel) and int(channel) >= channels:
        kept[address.CHANNEL] = str(channels - 1)
        changed.append(f"{step} has {channels} maps. Showing map {channels - 1}, the nearest to {channel}.")
    places = asked.get(address.UNIT, "").split(".")
    if asked.get(address.UNIT) and all(map(_is_number, places)):
        sizes = units or [1] * len(places)
        nearest = ".".join(str(min(int(place), size - 1)) for place, size in zip(places, sizes, strict=False))
        kept[address.UNIT] = nearest
        if nearest != asked[address.UNIT]:
            changed.append(f"Unit {asked[address.UNIT]} is not in {step}. Showing unit {nearest}, the nearest.")
    return kept
