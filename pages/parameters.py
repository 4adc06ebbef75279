"""What every row learns and costs, worked out line by line, beside what the assignment printed."""

from functools import partial

import streamlit as st

from viz.app import address, components, shared, tables, widgets
from viz.app.error_boundary import or_say_why
from viz.layers import worked
from viz.mistakes import cache
from viz.parameters import figures, limits

HIDDEN = "hidden"
_HIDDEN = {"no": "As printed", "yes": "With what the table leaves out"}


def link(name: str) -> str:
    """Return the address that shows this row here."""
    return address.address("parameters", row=name)


trace = shared.outline()
arithmetic, comparisons = shared.arithmetic(), shared.comparisons()
lines = figures.lines(trace, arithmetic, comparisons)

st.title("Parameters")
st.write("Every number of the assignment's table, worked out from the network itself, beside the printed figure.")

left, right = st.columns([13, 7], vertical_alignment="bottom")
with left:
    step = widgets.step(trace)
with right:
    hidden = widgets.segments("Rows", HIDDEN, _HIDDEN)

left, right = st.columns([13, 7], gap="medium")
with right, st.container(key="worked"):
    st.header(f"{step.name}, worked out")
    printed = next((row for row in comparisons if row.name == step.name), None)
    st.html(worked.out(arithmetic[step.name], printed, lines[-1].running_total))
with left:
    st.html(figures.table(lines, step.name, link, hidden=hidden == "yes"))
    st.write(
        "Choose a row to see it worked out. A printed figure that is struck through is wrong: the measured one stands "
        "beside it. Multiply-accumulates are for one image."
    )
    with st.container(horizontal=True):
        tables.offer("Download as CSV", figures.as_csv(lines), "parameters.csv")
        tables.offer("Download as Markdown", figures.as_markdown(lines), "parameters.md", "text/markdown")

st.header("Printed, but not so")
st.write(figures.say_mistakes(comparisons))
st.html(figures.mistakes(comparisons, link))

left, right = st.columns(2, gap="large")
with left:
    st.header("Parameters are not cost")
    shares = tables.columns_file("Download the shares as CSV", partial(figures.share_columns, lines), "shares")
    widgets.figure(figures.share_bars(lines), figures.say_shares(lines), shares)
with right:
    st.header("The assignment's limits")
    card = or_say_why(cache.weights_card) or {}
    st.html(limits.checklist(limits.check(lines, card)))

left, right = st.columns(2, gap="large")
with left:
    st.header("All in all")
    st.html(figures.totals(arithmetic))
with right:
    widgets.to_try(
        "Step to Conv2d-13: how can a window of one pixel learn anything? Count its weights by hand.",
        "Show what the table leaves out: what do these steps add to the parameters, and what to the memory?",
        "Step to Conv2d-23: its maps have one unit each. How does it differ from a fully connected layer?",
    )

components.follow_links(".st-key-worked", address.follow)
