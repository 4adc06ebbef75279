"""A worksheet for the network and the picture that are shown: tasks to print, and their answers."""

import streamlit as st

from viz.app import shared, sidebar
from viz.worksheet import controls

digit = sidebar.current_digit()
shared.record(digit)  # before the title: without weights there is no page
st.title("Worksheet")
st.write(
    "Tasks to work out by hand, with the numbers of this network and this picture: a table with gaps, units, receptive "
    "fields, and a mistake to find."
)

left, right = st.columns(2, gap="large", vertical_alignment="bottom")
with left:
    sheets = controls.chosen(digit)
with right:
    shown, task = controls.view(sheets)

st.write(controls.say(sheets))
controls.hand_out(sheets, shown)
controls.show(sheets, shown, task)
