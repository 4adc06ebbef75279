"""The button that gives the walkthrough of the network and the picture of this run as one file."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from model import layers
from model.images.records import Digit
from model.layers.quiz import questions
from model.layers.records import Arithmetic
from model.networks.records import Network
from model.parameters.records import RowComparison
from model.receptive_field.records import Field, Growth
from model.records import Unit
from model.trace.records import Step, Trace
from viz.app import current, shared
from viz.layers.controls import window_of
from viz.receptive_field.growth import way
from viz.walkthrough import document
from viz.walkthrough.records import Asked, Subject

_LABEL = "Download this walkthrough as one file"
_ABOUT = (
    "An HTML file of at most 5 MB that opens by a double click and needs no server and no network connection: the maps "
    "of every step, the arithmetic of any unit, and questions with answers."
)


def offer(digit: Digit, key: str = "walkthrough") -> None:
    """Show the button. The file is made at the download, which takes about a second for a small network.

    Args:
        digit: The picture of the walkthrough.
        key: Tells this button from others.
    """
    shown, word = current.network_id(), current.picture_word()

    def text() -> str:
        with current.looking_at(shown):  # the download runs later, in another thread
            return document.write(_subject(digit, word))

    name = f"walkthrough-{digit.key[:20]}.html"
    st.download_button(_LABEL, text, name, "text/html", type="tertiary", on_click="ignore", help=_ABOUT, key=key)


def _subject(digit: Digit, word: str) -> Subject:
    known = shared.arithmetic(), shared.every_field(), shared.growth(), shared.comparisons()
    return gather(shared.network(), digit, word, shared.record(digit), *known)


def gather(
    network: Network,
    digit: Digit,
    word: str,
    trace: Trace,
    arithmetic: Mapping[str, Arithmetic],
    fields: Mapping[str, Field],
    growth: Mapping[str, Growth],
    comparisons: Sequence[RowComparison] = (),
) -> Subject:
    """Return what the file is about; the arguments are those of ``Subject``, and the errors of a printed table."""

    def ask(step: Step) -> Asked:
        unit = _ordinary_unit(step)
        explained, window = layers.explain(trace, step.name, unit), window_of(step)
        printed = next((row for row in comparisons if row.name == step.name), None)
        found = questions.of_step(step, arithmetic[step.name], window, growth.get(step.name), printed, explained)
        return Asked(unit, found)

    return Subject(
        network=network,
        digit=digit,
        word=word,
        trace=trace,
        recipes={step.name: layers.recipe(step) for step in trace.steps},
        windows={step.name: window_of(step) for step in trace.steps},
        about={step.name: layers.describe(step) for step in trace.steps},
        arithmetic=arithmetic,
        fields=fields,
        way=way(network.graph, growth)[0],
        asked={step.name: ask(step) for step in trace.main_steps},
    )


def _ordinary_unit(step: Step) -> Unit:
    """Return the unit whose size is the median of those that are not zero; the largest is shown already."""
    sizes = np.abs(step.maps).ravel()
    active = np.flatnonzero(sizes)
    order = active[np.argsort(sizes[active], kind="stable")]
    c, y, x = np.unravel_index(int(order[len(order) // 2]) if order.size else 0, step.maps.shape)
    return int(c), int(y), int(x)
