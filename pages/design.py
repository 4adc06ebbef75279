"""Design lab: change a network layer by layer, and see at once what it costs and what it sees."""

import streamlit as st

from model.design.assess import assess
from model.design.limits import check
from viz.app import address, components, glossary, projector, widgets
from viz.design import controls
from viz.design.as_text import controls as as_text
from viz.design.editor import controls as editor
from viz.design.inside import controls as inside
from viz.design.limits import controls as limits
from viz.design.training import controls as training


def layers() -> None:
    """Show the layers to edit, the limits that they must keep, and what would bring them under the limit."""
    with projector.stage():
        editor.show(design, found, check(design, found, limits.current(), *training.known(design)))
    limits.what_if(design, found)
    widgets.folded("Change the limits", limits.change)
    components.follow_links(".st-key-stage", address.follow)


def text() -> None:
    """Show the design as text to edit."""
    as_text.show(design, found)


def train() -> None:
    """Train the design, and compare the runs that are kept."""
    training.show(design, found)


def look_inside() -> None:
    """Open the design as a network on every page."""
    with projector.stage():
        inside.show(design, found, trained=training.known(design) != (None, None))


st.title("Design lab")
st.write("Change a network, and see at once what it costs and what it sees.")
shown = address.read_one_of(controls.VIEW, [*controls.VIEWS], "layers", label="What to look at")
glossary.show(*controls.WORDS[shown])
widgets.to_try(*controls.IDEAS[shown])
design = controls.current()
found = assess(design)
with projector.controls():
    left, right = st.columns([2, 5], vertical_alignment="bottom")
with left:
    controls.begin(design)
with right:
    widgets.part(controls.VIEW, controls.VIEWS, {**limits.ALLOWED, **training.ALLOWED, **inside.ALLOWED})
{"layers": layers, "text": text, "train": train, "inside": look_inside}[shown]()
