"""Choose the second network, and look at the digit and at labelled pictures with both."""

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import streamlit as st

from model import networks
from model.compare import comparison
from model.compare.records import Facts
from model.errors import GlassError
from model.mistakes import confusion
from model.mistakes.labelled import LabelledPictures
from model.mistakes.records import MNIST, SharedMistakes
from model.trace.records import Trace
from model.training.comparison import mcnemar
from viz.app import address, current, mnist_picker, network_switch, shared, sidebar, tables, widgets
from viz.app.components import picture_grid
from viz.compare import cache, figures
from viz.mistakes import cache as mistakes
from viz.mistakes.controls import SETS, labelled_sets

MEASURED, CELL, PICTURES = "measured", "compare_view", "compare_on"
_SHOWN = 40  # images of a cell


def other() -> str:
    """Let the person choose the other network; return its id, or nothing where there is no other."""
    asked = address.read(address.WITH, "")
    ids = [id for id in network_switch.choices() if id != current.network_id()]
    if asked not in {"", current.network_id(), *ids}:
        try:
            networks.by_id(asked)
            ids.append(asked)
        except GlassError as error:
            address.notice(f"{error} Another network is compared instead.")
    if not ids:
        return ""
    instead = {} if asked in ids else {asked: ids[0]}
    options = {id: network_switch.title(id) for id in ids}
    return address.bind(
        st.selectbox, "B, the other network", address.WITH, options, ids[0], instead=instead, together=_afresh
    )


def _afresh(_id: str) -> dict[str, str]:
    return {MEASURED: "", CELL: ""}


def facts(id: str) -> tuple[Facts, Facts]:
    """Return both networks in figures, with the accuracy where the page Mistakes or this one has measured it."""
    first = replace(cache.facts(), measured=cache.measured())
    with current.looking_at(id):
        return first, replace(cache.facts(), measured=cache.measured())


def traces(id: str) -> tuple[Trace, Trace]:
    """Return the digit's trace through both networks; each gets the picture in the size that it takes."""
    first = shared.record(sidebar.current_digit())
    with current.looking_at(id):
        return first, shared.record(shared.fitted(sidebar.given_digit()))


def beside(first: Trace, second: Trace) -> list[comparison.Beside]:
    """Return which rows stand beside each other."""
    shapes = [[row.output.shape for row in each.rows] for each in (first, second)]
    return comparison.side_by_side(*shapes)


def both_know(id: str) -> dict[str, LabelledPictures]:
    """Return the labelled pictures that both networks can be tested on, by their names."""
    here, classes = labelled_sets(), shared.network().classes
    with current.looking_at(id):
        there = [each.digest for each in labelled_sets()] if shared.network().classes == classes else []
    return {each.name: each for each in here if each.digest in there}


def choose_pictures(sets: Mapping[str, LabelledPictures]) -> LabelledPictures:
    """Let the person choose a set of labelled pictures where there are several."""
    if len(sets) == 1:
        return next(iter(sets.values()))
    return sets[widgets.segments("Pictures", PICTURES, {name: SETS[name] for name in sets}, together=_afresh)]


def measure(id: str, pictures: LabelledPictures) -> SharedMistakes | None:
    """Return which of the pictures each network gets right, once the person has asked for it."""
    if pictures.name == MNIST and mnist_picker.read("compare") is None:
        return None
    if not address.is_on(MEASURED):
        st.write("How often is each network right, and do both make the same mistakes?")
        label = f"Measure on {len(pictures):,} pictures: {SETS[pictures.name]}"
        st.button(label, on_click=lambda: address.switch(MEASURED, on=True))
        return None
    place, began, found = st.empty(), time.monotonic(), []
    for at, each in enumerate((current.network_id(), id)):

        def advance(done: int, before: int = at) -> None:
            if time.monotonic() - began > 0.3:  # what is cached is fast and needs no progress bar
                share = (before + done / len(pictures)) / 2
                place.progress(share, f"Classifying the pictures with {figures.NAMES[before]}")

        with current.looking_at(each):
            found.append(mistakes.known(pictures) or mistakes.computed(pictures, advance))
    place.empty()
    return confusion.shared_mistakes(*found)


def show_agreement(found: SharedMistakes, pictures: LabelledPictures) -> None:
    """Show the table of right and wrong, and the images of one of its cells."""
    numbers = tables.columns_file("Download these images as CSV", lambda: figures.agreement_columns(found), "agreement")
    p = mcnemar(found.first.correct, found.second.correct)
    widgets.figure(figures.agreement(found), figures.say_agreement(found, p), numbers)
    counts = {name: f"{said} ({len(figures.images_of(found, name)):,})" for name, said in figures.CELLS.items()}
    cell = widgets.segments("Images", CELL, counts)
    positions = figures.images_of(found, cell)[:_SHOWN]
    seen = pictures.small(found.first.places[positions].tolist())
    if not seen:
        st.write("There is no such image.")
        return
    keys = [pictures.key(place) for place in seen]
    chosen = sidebar.current_digit().key
    picture_grid(
        figures.CELLS[cell],
        np.stack([*seen.values()]),
        [figures.say_image(found, place) for place in seen],
        keys.index(chosen) if chosen in keys else -1,
        lambda at: address.write(digit=keys[at]),
        key=f"agreement-{cell}",
    )
    st.caption(f"Click an image to see it pass through both networks. At most {_SHOWN} are shown.")
