"""Receptive field: which pixels can affect a unit, by formula, by measurement and in the trained network."""

from functools import partial

import streamlit as st

from viz.app import address, components, shared, sidebar, tables, widgets
from viz.app.charts import chart
from viz.app.error_boundary import or_show_error
from viz.receptive_field import figures
from viz.receptive_field import growth as field_growth

digit = sidebar.current_digit()
steps = shared.growth()
comparisons = shared.comparisons()

st.title("Receptive field")
st.write("The receptive field of a unit is the part of the image that can affect it. Click a unit to see its field.")
step = widgets.step(shared.outline(), list(steps))
growth = steps[step.name]

as_trained = widgets.as_trained()
unit = widgets.unit_in_link(growth.units, growth.middle, step.name)
effective = or_show_error(lambda: shared.effective_field(step.name, *unit)) if as_trained else None
measured = shared.measured_box(step.name, *unit)
left, right = st.columns(2, gap="large")
with left:
    drawn = figures.receptive_field(digit.pixels, growth.after.box(unit), measured, effective)
    words, name = figures.say_unit(growth, unit, measured), f"{step.name}-unit-{unit[0]}-{unit[1]}"
    numbers = tables.pixels_file(digit.pixels, measured, f"{name}-sees")
    if effective:
        words += f"\n\n{figures.say_effective(effective)}"
        numbers = tables.map_file(effective.values, f"{name}-used")
    widgets.figure(drawn, words, numbers)
with right:
    said = figures.say_units(growth)
    shown = figures.units(growth, unit, digit.pixels.shape)
    widgets.figure(
        lambda: components.unit_map(shown, said, lambda chosen: address.write(unit=f"{chosen[0]}.{chosen[1]}")),
        said,
        tables.CsvFile("Download the receptive fields as CSV", partial(figures.units_csv, growth), f"{step.name}.csv"),
    )

left, right = st.columns(2, gap="large")
with left:
    st.header("How it grows")
    boxes = partial(figures.growing_csv, digit.pixels.shape, steps.values())
    widgets.figure(
        lambda: components.growth_player(figures.growing(digit.pixels, steps.values())),
        figures.say_growing(steps.values()),
        tables.CsvFile("Download the boxes as CSV", boxes, "boxes.csv"),
    )
with right:
    st.header("The notebook's figures")
    every = field_growth.numbers(steps.values(), comparisons)
    rows = tables.ExpandableTable("receptive-fields", every, title="All rows", key="all-rows")
    chart(field_growth.chart(steps.values(), comparisons), "receptive-field", field_growth.say(comparisons), rows)
with st.expander("Why these figures are wrong"):
    st.markdown(field_growth.mistakes(comparisons))

st.header(f"The arithmetic of {step.name}")
st.html(field_growth.table(field_growth.arithmetic(growth), f"The arithmetic of {step.name}"))
left, right = st.columns(2, gap="large")
with left:
    st.header("Why these numbers")
    st.markdown(
        "- The window of the max pool has 2 units, 1 pixel apart: it adds 1. Its stride of 2 doubles the jump, so each "
        "later kernel of 3 adds 4 pixels instead of 2.\n"
        "- The window of a 1 × 1 convolution has one unit: it adds nothing. The same holds for ReLU, batch norm and "
        "dropout.\n"
        "- The window of the average pool has 7 × 7 units, 2 pixels apart: 16 + 6 × 2 = 28, the whole digit."
    )
with right:
    widgets.to_try(
        "Choose a corner unit, and go through the rows with the arrow keys.",
        "Compare the units before and after the max pool. Which number changes?",
        "Show what the trained network uses. Does the edge of the box count as much as the middle?",
    )

st.header("The numbers")
st.write("Every step that changes the receptive field.")
st.html(field_growth.table(field_growth.changing(steps.values()), "Every step that changes the receptive field"))
