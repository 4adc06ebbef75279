"""Start: what this is, a pad to draw on, the answer as one draws, why it is this one, and three ways on."""

import streamlit as st

from viz.app import picker, projector, shared, sidebar
from viz.app.error_boundary import or_show_error
from viz.start import controls

digit = sidebar.current_digit()

st.title("Glass Network")
st.write(
    "A small neural network that reads pictures, made completely visible. For everyone who learns or teaches how such "
    f"networks work. {controls.first_step()}, watch the answer, and see in Layer by layer where any number comes from."
)
with projector.stage():
    left, right = st.columns([2, 3], gap="large")
    with left:
        controls.look_at(digit)
        picker.show(digit, on_start=True)
    with right:
        trace = or_show_error(lambda: shared.record(digit))
        if trace:
            controls.show_answer(digit, trace)

controls.ways_on(
    [
        ("tour", "Ten minutes", "A tour of six views: one digit, from its pixels to the answer and back."),
        ("whole", "The whole network", "A lesson of 45 minutes: step by step, with questions."),
        ("open", "My own network", "Open one that you wrote or trained in PyTorch."),
    ]
)
