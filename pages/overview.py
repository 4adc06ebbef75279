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


def network() -> figures.Tile | None:
    """Show every row as a picture, and the legend; return the row that was just clicked."""
    blocks = figures.blocks(trace)
    chosen = network_picture(
        blocks, digit.key, lambda row: address.address("feature_maps", row=row.name, channel=str(row.channel))
    )
    st.html(figures.legend(trace))
    return chosen


values = tables.File("Download every value as CSV", partial(figures.activations_csv, trace), "rows.csv")
opened = widgets.figure(network, figures.say(trace), values)
if opened:
    st.switch_page("../pages/feature_maps.py", query_params=address.link(row=opened.name, channel=str(opened.channel)))

left, right = st.columns([2, 3], gap="large")
with left:
    st.header(f"Prediction: {trace.prediction}")
    answer = tables.answer_file(trace)
    widgets.figure(figures.probability_bars(trace), figures.say_probabilities(trace), answer)
    widgets.to_try(
        "Choose an ambiguous sample. Which two classes have the highest probabilities?",
        "Draw a digit slowly. How does the prediction change with each stroke?",
        "Compare the shapes from column to column. Which rows change the size of the maps, and which their number?",
    )
with right:
    st.header("The 23 rows, as measured")
    tables.rows(trace)
