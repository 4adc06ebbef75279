"""Parameters: shape, parameters and cost of every row, beside the figures that the assignment printed."""

from functools import partial

import streamlit as st

from viz.app import address, components, shared, tables, widgets
from viz.app.error_boundary import or_show_error
from viz.layers import worked_row
from viz.mistakes import cache
from viz.parameters import figures, limits

HIDDEN = "hidden"
_HIDDEN = {"no": "As printed", "yes": "With hidden steps"}


def link(name: str) -> str:
    """Return the address of this page with a row selected."""
    return address.address("parameters", row=name)


trace = shared.outline()
arithmetic, comparisons = shared.arithmetic(), shared.comparisons()
lines = figures.lines(trace, arithmetic, comparisons)

st.title("Parameters")
st.write("Every number of the assignment's table, computed from the network, beside the printed figure.")

left, right = st.columns([13, 7], vertical_alignment="bottom")
with left:
    step = widgets.step(trace)
with right:
    hidden = widgets.segments("Rows", HIDDEN, _HIDDEN)

left, right = st.columns([13, 7], gap="medium")
with right, st.container(key="worked"):
    st.header(f"{step.name}, worked out")
    printed = next((row for row in comparisons if row.name == step.name), None)
    st.html(worked_row.draw(arithmetic[step.name], printed, lines[-1].running_total))
with left:
    st.html(figures.table(lines, step.name, link, hidden=hidden == "yes"))
    st.write(
        "Click a row to see its arithmetic. A printed figure that is struck through is wrong; the measured figure is "
        "beside it. Multiply-accumulates are for one image."
    )
    with st.container(horizontal=True):
        tables.offer("Download as CSV", figures.as_csv(lines), "parameters.csv")
        tables.offer("Download as Markdown", figures.as_markdown(lines), "parameters.md", "text/markdown")

st.header("Errors in the printed figures")
st.write(figures.say_mistakes(comparisons))
st.html(figures.mistakes(comparisons, link))

left, right = st.columns(2, gap="large")
with left:
    st.header("Parameters and computation")
    shares = tables.columns_file("Download the shares as CSV", partial(figures.share_columns, lines), "shares")
    widgets.figure(figures.share_bars(lines), figures.say_shares(lines), shares)
with right:
    st.header("The assignment's limits")
    card = or_show_error(cache.weights_card) or {}
    st.html(limits.checklist(limits.check(lines, card)))

left, right = st.columns(2, gap="large")
with left:
    st.header("Totals")
    st.html(figures.totals(arithmetic))
with right:
    widgets.to_try(
        "Go to Conv2d-13. What can a 1 × 1 window learn? Count its weights by hand.",
        "Show the hidden steps. What do they add to the parameters, and what to the memory?",
        "Go to Conv2d-23. Its maps have one unit each. How does it differ from a fully connected layer?",
    )

components.follow_links(".st-key-worked", address.follow)
