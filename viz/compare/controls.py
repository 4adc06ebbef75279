"""Choose the second network, and look at the digit and at MNIST's test images with both."""

import time
from dataclasses import replace

import numpy as np
import streamlit as st

from model import networks
from model.compare import comparison
from model.compare.records import Facts
from model.errors import GlassError
from model.images import digits
from model.mistakes import confusion
from model.mistakes.records import SharedMistakes
from model.trace.records import Trace
from model.training.comparison import mcnemar
from viz.app import address, current, mnist_picker, network_switch, shared, sidebar, tables, widgets
from viz.app.components import picture_grid
from viz.compare import cache, figures

MEASURED, CELL = "measured", "compare_view"
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


def both_read_digits(id: str) -> bool:
    """Tell whether MNIST's test images are for both networks."""
    here = current.takes_digits()
    with current.looking_at(id):
        return here and current.takes_digits()


def measure(id: str) -> SharedMistakes | None:
    """Return which of MNIST's test images each network gets right, once the person has asked for it."""
    test = mnist_picker.read("compare")
    if test is None:
        return None
    if not address.is_on(MEASURED):
        st.write("How often is each network right, and do both make the same mistakes?")
        st.button("Measure on MNIST's 10,000 test images", on_click=lambda: address.switch(MEASURED, on=True))
        return None
    place, began, found = st.empty(), time.monotonic(), []
    for at, each in enumerate((current.network_id(), id)):

        def advance(share: float, before: int = at) -> None:
            if time.monotonic() - began > 0.3:  # what is cached is fast and needs no progress bar
                place.progress((before + share) / 2, f"Classifying the test images with {figures.NAMES[before]}")

        with current.looking_at(each):
            found.append(cache.scores(advance))
    place.empty()
    return confusion.shared_mistakes(*found)


def show_agreement(found: SharedMistakes) -> None:
    """Show the table of right and wrong, and the images of one of its cells."""
    numbers = tables.columns_file("Download these images as CSV", lambda: figures.agreement_columns(found), "agreement")
    p = mcnemar(found.first.correct, found.second.correct)
    widgets.figure(figures.agreement(found), figures.say_agreement(found, p), numbers)
    counts = {name: f"{said} ({len(figures.images_of(found, name)):,})" for name, said in figures.CELLS.items()}
    cell = widgets.segments("Images", CELL, counts)
    indices, test = figures.images_of(found, cell)[:_SHOWN], digits.mnist("test")
    if not len(indices):
        st.write("There is no such image.")
        return
    keys = [f"test-{index}" for index in indices]
    chosen = sidebar.current_digit().key
    picture_grid(
        figures.CELLS[cell],
        np.asarray(test.images[indices]),
        [f"image {index:,}, labelled {test.labels[index]}" for index in indices],
        keys.index(chosen) if chosen in keys else -1,
        lambda at: address.write(digit=keys[at]),
        key=f"agreement-{cell}",
    )
    st.caption(f"Click an image to see it pass through both networks. At most {_SHOWN} are shown.")
