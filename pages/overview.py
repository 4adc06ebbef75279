"""Overview: every row of the network on the current digit."""

from functools import partial

import streamlit as st

from viz.app import address, shared, sidebar, tables, widgets
from viz.app.components import network_picture
from viz.overview import figures

digit = sidebar.current_digit()
trace = shared.record(digit)

st.title("One digit through 23 rows")
st.write(
    "This network of 10,066 parameters classifies handwritten digits. Each picture shows the output of one row for "
    "your digit. Read each column from top to bottom, and the columns from left to right. Click a picture to open it."
)


def open_row(row: figures.Tile) -> None:
    """Look inside a row."""
    address.go_to("../pages/feature_maps.py", row=row.name, channel=str(row.channel))


def network() -> None:
    """Show every row as a picture, and the legend."""
    blocks = figures.blocks(trace)
    network_picture(
        blocks, digit.key, lambda row: address.address("feature_maps", row=row.name, channel=str(row.channel)), open_row
    )
    st.html(figures.legend(trace))


values = tables.CsvFile("Download every value as CSV", partial(figures.activations_csv, trace), "rows.csv")
widgets.figure(network, figures.say(trace), values)

left, right = st.columns([2, 3], gap="large")
with left:
    st.header(f"Prediction: {trace.prediction}")
    answer = tables.prediction_file(trace)
    widgets.figure(figures.probability_bars(trace), figures.say_probabilities(trace), answer)
    widgets.to_try(
        "Choose an ambiguous sample. Which two classes have the highest probabilities?",
        "Draw a digit slowly. How does the prediction change with each stroke?",
        "Compare the shapes from column to column. Which rows change the size of the maps, and which their number?",
    )
with right:
    st.header("The 23 rows, as measured")
    tables.rows(trace)
