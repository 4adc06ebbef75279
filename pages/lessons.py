"""Lessons: ordered tours of the app, with questions, usual answers and a clock."""

import streamlit as st

from viz.app import components, projector, widgets
from viz.lessons import controls, plans

st.title("Lessons")
st.write(
    "A lesson leads from view to view. A bar at the top of each page shows the question to the class and a clock. "
    "Page Down and Page Up, or a presenter's remote control, go to the next station and back. N shows the teacher's "
    "notes: what people usually answer, and what to point at. P turns on the projector view, which hides them. Where a "
    "question asks for what the page shows, it is covered: A shows it."
)
components.lesson_begins()
with projector.stage(), st.container(key="lessons"):
    for id in plans.IDS:
        controls.show_lesson(id)
widgets.to_try(
    "Open a lesson in two windows: the projector view in one, the notes in the other. Go to the next station in both.",
    "Open any other page when somebody asks. The bar stays, with a button that leads back to the station.",
    "Send the link of a station to the class: it opens the same view for everyone.",
    "Hand out worksheets: the page Worksheet makes another one for each student, with its answers.",
)
