"""Parameters: shape, parameters and cost of every row, beside the figures that were printed."""

import streamlit as st

from viz.app import address, components, current, glossary, projector, shared, tables, widgets
from viz.layers import worked_row
from viz.parameters import controls, figures, limits
from viz.parameters.take_away import controls as take_away

HIDDEN = "hidden"
AROUND = 6  # rows on both sides of the selected one in the projector view


def link(name: str) -> str:
    """Return the address of this page with a row selected."""
    return address.address("parameters", row=name)


trace = shared.outline()
arithmetic, comparisons = shared.arithmetic(), shared.comparisons()
lines = figures.lines(trace, arithmetic, comparisons)

st.title("Parameters")
st.write(controls.about())
glossary.show("assignment", "parameter", "row", "receptive field", "jump")
widgets.to_try(*controls.ideas(lines))

with projector.controls():
    left, right = st.columns([13, 7], vertical_alignment="bottom")
    with left:
        step = widgets.step(trace)
    with right:
        hidden = widgets.segments("Rows", HIDDEN, controls.rows())

with projector.stage():
    left, right = st.columns([10, 7] if projector.is_on() else [13, 7], gap="medium")
with right, st.container(key="worked"):
    st.header(f"{step.name}, worked out")
    printed = next((row for row in comparisons if row.name == step.name), None)
    worked = worked_row.draw(arithmetic[step.name], printed, lines[-1].running_total, brief=projector.is_on())
    st.html(worked)
with left:
    around = AROUND if projector.is_on() else None
    st.html(figures.table(lines, step.name, link, hidden=hidden == "yes", around=around))
    if not projector.is_on():
        st.write(controls.how_to_read())
    tables.offer("Download as CSV", figures.as_csv(lines), "parameters.csv")

if comparisons:
    st.header("Errors in the printed figures")
    st.write(figures.say_mistakes(comparisons))
    st.html(figures.mistakes(comparisons, link))
else:
    controls.paste_table()

left, right = st.columns(2, gap="large")
with left:
    st.header("Parameters and computation")
    if figures.weighted(lines):
        shares = tables.columns_file("Download the shares as CSV", lambda: figures.share_columns(lines), "shares")
        widgets.figure(figures.share_bars(lines), figures.say_shares(lines), shares)
    else:
        st.write("No step of this network multiplies values with learned weights.")
with right:
    st.header("The assignment's limits")
    st.html(limits.checklist(controls.limits_of(lines)))

st.header("Totals")
graph = current.structure().graph
st.html(figures.totals(arithmetic, graph.owned - graph.used))

take_away.show()
components.follow_links(".st-key-worked", address.follow)
