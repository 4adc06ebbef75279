"""The whole network at a glance, running on the current digit."""

from functools import partial

import streamlit as st

from viz.app import address, shared, sidebar, tables, widgets
from viz.app.components import network_picture
from viz.overview import figures

digit = sidebar.current_digit()
trace = shared.record(digit)

st.title("One digit through 23 rows")
st.write(
    "This network of 10,066 parameters reads handwritten digits. Each picture is what one row makes of your digit: "
    "read a column downwards, then go on to the right. Choose a picture to look inside."
)


def open_row(row: figures.Tile) -> None:
    """Look inside a row."""
    address.go_to("../pages/feature_maps.py", row=row.name, channel=str(row.channel))


def network() -> None:
    """Show every row as a picture, and what colours and decks mean."""
    blocks = figures.blocks(trace)
    network_picture(
        blocks, digit.key, lambda row: address.address("feature_maps", row=row.name, channel=str(row.channel)), open_row
    )
    st.html(figures.legend(trace))


every = tables.File("Download every value as CSV", partial(figures.activations_csv, trace), "rows.csv")
widgets.figure(network, figures.say(trace), every)

left, right = st.columns([2, 3], gap="large")
with left:
    st.header(f"It reads {trace.prediction}")
    answer = tables.answer_file(trace)
    widgets.figure(figures.probability_bars(trace), figures.say_probabilities(trace), answer)
    widgets.to_try(
        "Choose one of the samples between two digits: which classes compete?",
        "Draw a digit slowly, and watch the answer change with each stroke.",
        "Follow the shapes from column to column: which rows change the size of the maps, which their number?",
    )
with right:
    st.header("The 23 rows, as measured")
    tables.rows(trace)
