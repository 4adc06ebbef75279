"""Receptive field: which pixels can affect a unit, by formula, by measurement and in the trained network."""

from contextlib import nullcontext
from functools import partial

import streamlit as st

from viz.app import components, current, glossary, projector, shared, sidebar, tables, widgets
from viz.app.charts import chart
from viz.app.error_boundary import or_show_error
from viz.receptive_field import controls, figures
from viz.receptive_field import growth as field_growth

digit = sidebar.current_digit()
steps, every_field = shared.growth(), shared.every_field()
comparisons = shared.comparisons()


def one_unit() -> None:
    """Show the field of one unit, and the arithmetic of its step below the growth."""
    with projector.controls():
        shown = controls.view()
    with projector.controls() if shown == controls.WINDOW else nullcontext():
        left, right = st.columns([13, 7], vertical_alignment="bottom")
        with left:
            step = widgets.step(shared.outline(), [*every_field])
        with right:
            as_trained = widgets.as_trained()
    growth = steps.get(step.name)
    units = (step.maps.shape[1], step.maps.shape[2])
    unit = widgets.unit_in_link(units, (units[0] // 2, units[1] // 2), step.name)
    effective = or_show_error(lambda: shared.effective_field(step.name, *unit)) if as_trained else None
    with controls.part(controls.WINDOW, shown):
        if growth:
            controls.windowed(digit, growth, unit, effective)
        else:
            controls.measured_only(digit, step.name, every_field[step.name], unit, effective)
    growing(shown)
    with controls.part(controls.RULE, shown):
        controls.rule()
    if growth:
        st.header(f"The arithmetic of {step.name}")
        st.html(field_growth.table(field_growth.arithmetic(growth), f"The arithmetic of {step.name}"))


def growing(shown: str) -> None:
    """Show how the field grows from step to step, beside what the notebook printed for the assignment's network."""
    way, branches = field_growth.way(current.structure().graph, steps)
    if not way:
        return
    left, right = st.columns(2, gap="large")
    with left, controls.part(controls.GROWTH, shown):
        st.header("How it grows")
        boxes = partial(figures.growing_csv, (digit.pixels.shape[0], digit.pixels.shape[1]), way)
        widgets.figure(
            lambda: components.growth_player(figures.growing(digit.pixels, way)),
            f"{figures.say_growing(way)}{controls.SAY_WAY if branches else ''}",
            tables.CsvFile("Download the boxes as CSV", boxes, "boxes.csv"),
        )
    with right:
        st.header("The notebook's figures" if comparisons else "Size and jump")
        every = field_growth.numbers(steps.values(), comparisons)
        rows = tables.ExpandableTable("receptive-fields", every, title="All rows", key="all-rows")
        drawn = field_growth.chart(way, comparisons)
        chart(drawn, "receptive-field", field_growth.say(way, comparisons), rows)


st.title("Receptive field")
st.write("The receptive field of a unit is the part of the image that can affect it. Click a unit to see its field.")
glossary.show("receptive field", "jump", "stride", "unit")
if every_field:
    widgets.to_try(
        "Choose a corner unit, and go through the rows with the arrow keys.",
        "Compare the units before and after a pool or a stride. Which number changes?",
        "Show what the network uses. Does the edge of the box count as much as the middle?",
    )
    one_unit()
    st.header("Why these numbers")
    st.markdown(controls.why())
    st.header("The numbers")
    st.write("Every step that changes the receptive field.")
    st.html(field_growth.table(field_growth.changing(steps.values()), "Every step that changes the receptive field"))
else:
    widgets.dead_end(controls.NO_MAPS, "receptive_field", "See the fields of the assignment's network")
