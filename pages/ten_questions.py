"""Ten questions before and after a lesson: what has changed?"""

import streamlit as st

from viz.app import projector, widgets
from viz.ten_questions import controls

controls.load()
st.title("Ten questions")
st.write(
    "Ten questions about convolutional networks, each for a belief that many people hold. Answer them before a lesson "
    "and again after it, and compare. No name is asked for or kept."
)
with projector.controls():
    shown = widgets.part(controls.VIEW, controls.VIEWS, controls.ALLOWED)
if shown == "compare":
    controls.compare()
elif shown == "class":
    controls.show_class()
else:
    controls.show_sheet({"first": controls.BEFORE, "second": controls.AFTER}[shown])
