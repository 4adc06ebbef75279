"""What every row learns and costs, worked out line by line, beside what the assignment printed."""

import streamlit as st

from viz.figures import limits, parameters, worked
from viz.ui import cached, components, controls, sidebar, state

HIDDEN = "hidden"
_HIDDEN = {"no": "As printed", "yes": "With what the table leaves out"}


def link(name: str) -> str:
    """Return the address that shows this row here."""
    return state.address("parameters", row=name)


trace = cached.record(sidebar.current_digit())
arithmetic, comparisons, card = cached.arithmetic(), cached.comparisons(), cached.weights_card()
lines = parameters.lines(trace, arithmetic, comparisons)

st.title("Parameters")
st.write("Every number of the assignment's table, worked out from the network itself, beside the printed figure.")

left, right = st.columns([13, 7], vertical_alignment="bottom")
with left:
    step = controls.step(trace)
with right:
    hidden = state.bind(
        st.segmented_control, "Rows", HIDDEN, list(_HIDDEN), "no", format_func=_HIDDEN.__getitem__, required=True
    )

left, right = st.columns([13, 7], gap="medium")
with right, st.container(key="worked"):
    st.header(f"{step.name}, worked out")
    printed = next((row for row in comparisons if row.name == step.name), None)
    st.html(worked.out(arithmetic[step.name], printed, lines[-1].running_total))
with left:
    st.html(parameters.table(lines, step.name, link, hidden=hidden == "yes"))
    st.write(
        "Choose a row to see it worked out. A printed figure that is struck through is wrong: the measured one stands "
        "beside it. Multiply-accumulates are for one image."
    )
    with st.container(horizontal=True):
        st.download_button("Download as CSV", parameters.as_csv(lines), "parameters.csv", "text/csv", on_click="ignore")
        st.download_button(
            "Download as Markdown", parameters.as_markdown(lines), "parameters.md", "text/markdown", on_click="ignore"
        )

st.header("Printed, but not so")
st.write(parameters.say_mistakes(comparisons))
st.html(parameters.mistakes(comparisons, link))

left, right = st.columns(2, gap="large")
with left:
    st.header("Parameters are not cost")
    st.html(parameters.share_bars(lines))
    st.write(parameters.say_shares(lines))
with right:
    st.header("The assignment's limits")
    st.html(limits.checklist(limits.check(lines, card)))

left, right = st.columns(2, gap="large")
with left:
    st.header("All in all")
    st.html(parameters.totals(arithmetic))
with right:
    st.header("What to try")
    st.markdown(
        "- Step to Conv2d-13: how can a window of one pixel learn anything? Count its weights by hand.\n"
        "- Show what the table leaves out: what do these steps add to the parameters, and what to the memory?\n"
        "- Step to Conv2d-23: its maps have one unit each. How does it differ from a fully connected layer?"
    )

components.follow_links(".st-key-worked", state.follow)
