"""Open a network: those that come along, one of your own from a file, and what was understood of it."""

from contextlib import nullcontext
from functools import partial

import streamlit as st

from viz.app import address, components, current, projector, sidebar, tables, widgets
from viz.app.markdown import escape_markdown
from viz.open import controls, figures

NEXT = ("layer_by_layer", "feature_maps", "receptive_field", "compare")


def understood() -> None:
    """Show what was understood of the network: its figures, every step, and what a reader should know."""
    network, found = current.network(), controls.table()
    st.header(escape_markdown(network.title))
    st.html(figures.totals(network, found))
    left, right = st.columns([11, 5], gap="large")
    with left:
        numbers = tables.CsvFile("Download the steps as CSV", partial(figures.as_csv, found), "steps.csv")
        explanation = (
            "Click a step to see its arithmetic. Function calls are in italics; a summary has no row for them."
        )
        shown = controls.shown_steps(found)
        with projector.stage():
            widgets.figure(figures.table(found, controls.step_link, shown), explanation, numbers)
    with right:
        st.html(figures.findings(network, found))
        st.write("**Look at it on**")
        for page in sidebar.all_pages():
            if page.url_path in NEXT:
                st.page_link(page, query_params=address.link())


st.title("Open a network")
st.write("Choose an included network, or open your own: any PyTorch image classifier, trained or not.")
widgets.to_try(
    "Choose a card and read the receptive fields below. Are they larger than the picture?",
    "Capture a network without trained weights. What does it predict, and how sure is it?",
    "Compare your network with an included one: which one has fewer parameters for the same mistakes?",
)
controls.say_missing()
controls.take_file()
controls.take_link()
components.follow_links(".st-key-networks", controls.follow)
if controls.is_opened():
    understood()

with st.container(key="networks"):
    if opened := controls.opened():
        st.header("Opened")
        st.html(figures.cards(opened, current.network_id(), controls.link))
    st.header("Included networks")
    with nullcontext() if controls.is_opened() else projector.stage():
        st.html(figures.cards(controls.coming_along(), current.network_id(), controls.link))

st.header("A network file of your own")
st.write(
    "A `.glass` file holds the graph, the weights and three outputs that your own code computed; the app must compute "
    "the same. Opening one runs none of your code."
)
left, right = st.columns(2, gap="large")
with left:
    st.subheader("In a terminal")
    st.code(controls.command(), language=None, wrap_lines=True)
    st.write(f"`{controls.command('show net.py:Net')}` captures a network, even a large one, and opens it.")
with right:
    st.subheader("In a notebook")
    st.code(controls.NOTEBOOK, language=None, wrap_lines=True)
    controls.offer_capture()
