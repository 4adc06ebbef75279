"""Our own parts for the browser: a script and a style each, and the function that mounts it."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2.types import ComponentRenderer

from model.images.strokes import Point, Stroke
from model.records import Pair, Unit
from viz import sheets
from viz.overview.figures import Tile
from viz.pictures import raster

_RECONNECTION = "reconnection"
_UNHEARD = "components whose last click could not be read"


@functools.lru_cache(maxsize=32)
def _component(name: str) -> ComponentRenderer:
    return st.components.v2.component(name, js=sheets.script(name), css=sheets.of_component(name))


def network_picture(
    columns: Sequence[Sequence[Sequence[Tile]]],
    key: str,
    href: Callable[[Tile], str],
    on_open: Callable[[Tile], None],
    high: int = 3,
) -> None:
    """Show the network as columns of steps, each a link; a click calls ``on_open`` with the step.

    Args:
        columns: The lanes of each column: one, or one for each way where the network branches.
        key: Of the picture that is drawn, so that a test can tell when it has changed.
        href: Gives the address of a step, for who opens it in a new tab.
        on_open: Called before the next run.
        high: The most steps of a lane below one another.
    """
    data = {
        "digit": key,
        "high": high,
        "columns": [[[{**asdict(tile), "href": href(tile)} for tile in lane] for lane in lanes] for lanes in columns],
    }
    tiles = {tile.name: tile for lanes in columns for lane in lanes for tile in lane}
    _mount("network_picture", "opened", data, lambda name: on_open(tiles[name]) if name in tiles else None)


def picture_grid(
    label: str,
    images: NDArray[np.uint8],
    names: Sequence[str],
    selected: int,
    on_pick: Callable[[int], None],
    key: str,
    cell: str = "1.9rem",
) -> None:
    """Show pictures to choose from; a click calls ``on_pick`` with the position of the one chosen.

    Args:
        label: What the group is, for screen readers.
        images: (N, H, W), or (N, H, W, 3) in colour, in 0..255.
        names: One for each.
        selected: Position of the one that is chosen now, or -1.
        on_pick: Called before the next run.
        key: Tells this grid from others.
        cell: The smallest width of a picture, in CSS.
    """
    data = {
        "label": label,
        "cell": cell,
        "sprite": _sprite(images.tobytes(), images.shape),
        "names": list(names),
        "selected": selected,
    }
    _mount("picture_grid", "picked", data, on_pick, key)


def steps(
    label: str, items: Sequence[Mapping[str, Any]], on_open: Callable[[int], None], key: str, wordy: bool
) -> None:
    """Show links through the network in a row; a click calls ``on_open`` with the position of the one chosen.

    Args:
        label: What the row is, for screen readers.
        items: For each ``text``, ``title``, ``href``, ``colour`` and whether it is ``current``.
        on_open: Called before the next run.
        key: Tells this row from others.
        wordy: Whether the links are as wide as their text, else all alike.
    """
    _mount("steps", "opened", {"label": label, "items": list(items), "wordy": wordy}, on_open, key)


def workings(data: Mapping[str, Any], on_choose: Callable[[Unit, str], None]) -> None:
    """Show a unit worked out, as ``viz.layers.worked_unit`` prepares it.

    Args:
        data: What is shown.
        on_choose: Called before the next run with a unit, and the step to follow it back to; without a step it is one
            of the output to work out.
    """

    def receive(chosen: Any) -> None:
        c, y, x = (int(index) for index in chosen["unit"])
        on_choose((c, y, x), str(chosen["source"]) if chosen["follow"] else "")

    _mount("workings", "chosen", data, receive)


def unit_map(data: Mapping[str, Any], label: str, on_choose: Callable[[Pair], None]) -> None:
    """Show the units of a map where they look on the image, as ``viz.receptive_field.figures`` prepares them.

    Args:
        data: What is shown.
        label: What it is, for screen readers.
        on_choose: Called before the next run with the unit that was clicked.
    """

    def receive(chosen: Any) -> None:
        y, x = (int(place) for place in chosen)
        on_choose((y, x))

    _mount("unit_map", "chosen", {**data, "label": label}, receive)


def map_grid(data: Mapping[str, Any], label: str, on_choose: Callable[[int], None]) -> None:
    """Show feature maps to choose from, as ``viz.feature_maps.figures`` prepares them.

    Args:
        data: What is shown.
        label: What they are, for screen readers.
        on_choose: Called before the next run with the position of the one that was chosen.
    """
    _mount("map_grid", "chosen", {**data, "label": label}, lambda chosen: on_choose(int(chosen)))


def value_map(data: Mapping[str, Any], label: str, key: str, places: str = "") -> None:
    """Show a picture whose values can be read, as ``viz.pictures.readable`` prepares it; it sends nothing.

    Args:
        data: What is shown.
        label: What it is, for screen readers.
        key: Tells this picture from others.
        places: What to call one of several squares, before its number.
    """
    _component("value_map")(key=f"value_map-{key}", data={**data, "label": label, "places": places})


def growth_player(data: Mapping[str, Any]) -> None:
    """Show how a box grows, as ``viz.receptive_field.figures`` prepares it; it sends nothing."""
    _component("growth_player")(key="growth_player-only", data=data)


def epoch_player(data: Mapping[str, Any], on_choose: Callable[[int], None]) -> None:
    """Show a block of the network after each epoch, as ``viz.training.snapshots`` prepares it.

    Args:
        data: What is shown.
        on_choose: Called before the next run with an epoch that is stayed at; while it plays, nothing is sent.
    """
    _mount("epoch_player", "chosen", data, lambda chosen: on_choose(int(chosen)))


def follow_links(show: str, on_follow: Callable[[str], None]) -> None:
    """Follow the links in this page's HTML that lead to the page itself without loading it anew; this shows nothing.

    Args:
        show: What to bring into view, as a CSS selector.
        on_follow: Called before the next run with the link's query, ``?row=Conv2d-7&...``.
    """
    _mount("follow_links", "followed", {"show": show}, on_follow)


def reconnection() -> None:
    """Request a run when the page reconnects to a server or changes between light and dark; this shows nothing."""
    _component("reconnection")(key=_RECONNECTION, default={"times": 0}, on_times_change=lambda: None)


def projector(*, on: bool) -> None:
    """Fit the page into the window where the projector view is on; this shows nothing."""
    _component("projector")(key="projector", data={"on": on})


def lesson_clock(lesson: str, station: int, minutes: float, done: float, total: float) -> None:
    """Show the time since a station and its lesson began; it runs in the browser and sends nothing.

    Args:
        lesson: The id of the lesson.
        station: Its number.
        minutes: How long the station takes.
        done: How long the stations before it take, in minutes.
        total: How long the lesson takes.
    """
    data = {"lesson": lesson, "station": station, "minutes": minutes, "done": done, "total": total}
    _component("lesson_clock")(key="lesson_clock", data=data)


def lesson_begins() -> None:
    """Start the clock of a lesson again when a link to its first station is clicked; this shows nothing."""
    _component("lesson_begins")(key="lesson_begins")


def readout() -> None:
    """Show the text of an element's ``data-says`` beside it when it is hovered, tapped or focused."""
    _component("readout")(key="readout")


def page_links(groups: Sequence[Mapping[str, Any]], current: str, query: str, on_open: Callable[[str], None]) -> None:
    """Show links to all pages; a click calls ``on_open`` with the address of the page.

    Args:
        groups: Of each its ``name``, and of its ``pages`` the ``path``, ``title``, ``icon`` and what it ``shows``.
        current: The path of the page that is shown.
        query: What each link carries, ``?row=Conv2d-7&...``.
        on_open: Called before the next run.
    """
    _mount("page_links", "opened", {"groups": groups, "current": current, "query": query}, on_open)


def copy_link(link: str) -> None:
    """Show a link in a field, and a button that copies it; where the browser does not allow that, it is selected."""
    _component("copy_link")(key="copy_link", data={"link": link})


def printing() -> None:
    """Fit charts to the paper when the page is printed; this shows nothing."""
    _component("printing")(key="printing")


def print_button(label: str) -> None:
    """Show a button that prints the page."""
    _component("print_button")(key="print_button", data={"label": label})


def drawing_pad(
    strokes: Sequence[Stroke], code: str, pen: float, on_ink: Callable[[list[list[Point]], bool], None]
) -> None:
    """Show a pad to draw on; ``on_ink`` is called while the pen moves and when it is lifted.

    Args:
        strokes: What is on it now.
        code: Plain text that changes with them.
        pen: Width of the pen as a share of the pad.
        on_ink: Called before the next run with the strokes, and whether the pen was lifted.
    """
    sequence = st.session_state.get("pad-sequence", 0)
    reconnected = str(st.session_state[_RECONNECTION].times)  # when it changes, the pad sends all that is on it again

    def receive(ink: Any) -> None:
        st.session_state["pad-sequence"] = int(ink["sequence"])
        drawn = [[(float(x), float(y)) for x, y in stroke] for stroke in ink["strokes"]]
        on_ink(drawn, bool(ink["done"]))

    data = {"strokes": strokes, "code": code, "pen": pen, "sequence": sequence, "reconnected": reconnected}
    _mount("drawing_pad", "ink", data, receive)


def design_editor(data: Mapping[str, Any], on_edit: Callable[[str], None]) -> None:
    """Show a design to edit, as ``viz.design.controls`` prepares it.

    Args:
        data: What is shown.
        on_edit: Called before the next run with the whole design as text.
    """
    sequence = "editor-sequence"

    def receive(edited: Any) -> None:
        st.session_state[sequence] = int(edited["sequence"])
        on_edit(str(edited["text"]))

    _mount("design_editor", "edited", {**data, "sequence": st.session_state.get(sequence, 0)}, receive)


def picture_source(on_camera: Callable[[], None]) -> None:
    """Show a button for the camera, and say that pictures can be pasted or dropped.

    Args:
        on_camera: Called before the next run when the button is pressed and the browser lets a page use the camera.
    """
    _mount("picture_source", "camera", {}, lambda _pressed: on_camera())


def given_pictures(source: str) -> None:
    """Hand pictures that are pasted or dropped anywhere on the page to the file uploader.

    Args:
        source: The label of the choice in the sidebar that shows the uploader.
    """
    _component("given_pictures")(key="given_pictures", data={"source": source})


@functools.lru_cache(maxsize=64)  # the sidebar shows the same samples in every run
def _sprite(pixels: bytes, shape: tuple[int, ...]) -> str:
    return raster.sprite(np.frombuffer(pixels, np.uint8).reshape(shape))


def unheard() -> bool:
    """Tell whether a click could not be read before this run; it is then acted on where its component is mounted."""
    return bool(st.session_state.get(_UNHEARD))


def forget_unheard() -> None:
    """Drop the clicks on components that a page change has removed."""
    st.session_state[_UNHEARD] = set()


def _mount(name: str, event: str, data: Any, on_event: Callable[[Any], None], key: str = "only") -> None:
    """Mount a component that sends one kind of event; its value goes to ``on_event`` before the run that shows it.

    A page change takes the component's state away, and its callback runs all the same. The value comes back when the
    component is mounted: then it goes to ``on_event``, and the run begins again.
    """
    widget = f"{name}-{key}"

    def on_change() -> None:
        unheard: set[str] = st.session_state.setdefault(_UNHEARD, set())
        if widget not in st.session_state:
            unheard.add(widget)
            return
        unheard.discard(widget)
        value = getattr(st.session_state[widget], event)
        if value is not None:
            on_event(value)

    options: dict[str, Any] = {"key": widget, "data": data, f"on_{event}_change": on_change}
    value = getattr(_component(name)(**options), event)
    if value is not None and widget in st.session_state.get(_UNHEARD, ()):
        st.session_state[_UNHEARD].discard(widget)
        on_event(value)
        st.rerun()
