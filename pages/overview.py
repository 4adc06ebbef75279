"""Overview: every step of the network on the current picture."""

from functools import partial

import streamlit as st

from viz.app import current, glossary, projector, shared, sidebar, tables, widgets
from viz.app.components import network_picture
from viz.overview import controls, figures
from viz.walkthrough import controls as walkthrough

digit = sidebar.current_digit()
network, trace, word = shared.network(), shared.record(digit), current.picture_word()

st.title(f"One {word} through {len(trace.rows)} rows")
st.write(
    f"This network of {network.graph.used:,} parameters {controls.task(network)}. Each picture shows the output of one "
    f"step for your {word}. Read each column from top to bottom, and the columns from left to right. "
    "Click a picture to open it."
)
glossary.show("row", "feature map", "channel", "logit")
widgets.to_try(*controls.ideas())
with projector.controls():
    folded = controls.folded(network, trace)


def draw() -> None:
    """Show every step as a picture, and the legend."""
    high = 4 if projector.is_on() else 3  # a screen has more room for long lines than a projector
    network_picture(figures.blocks(trace, folded), digit.key, controls.link, controls.open_tile, high)
    st.html(figures.legend(trace))


values = tables.CsvFile("Download every value as CSV", partial(figures.activations_csv, trace), "steps.csv")
with projector.stage():
    widgets.figure(draw, figures.say(trace), values)
walkthrough.offer(digit)

left, right = st.columns([2, 3], gap="large")
with left:
    st.header(f"Prediction: {trace.class_name(trace.prediction)}")
    answer = tables.prediction_file(trace)
    widgets.figure(figures.probability_bars(trace), figures.say_probabilities(trace), answer)
    controls.search_class(trace)
with right:
    st.header(f"The {len(trace.rows)} rows, as measured")
    tables.rows(trace)
