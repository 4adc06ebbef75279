"""Which pixels a unit sees: by formula, by measuring, and as the trained network uses them."""

from functools import partial

import streamlit as st

from viz.app import address, components, shared, sidebar, tables, widgets
from viz.app.charts import chart
from viz.app.error_boundary import or_say_why
from viz.receptive_field import figures
from viz.receptive_field import growth as field_growth

digit = sidebar.current_digit()
steps = shared.growth()
comparisons = shared.comparisons()

st.title("Receptive field")
st.write("The part of the digit that can affect one unit. Click a unit to see what it sees.")
step = widgets.step(shared.outline(), list(steps))
growth = steps[step.name]

as_trained = widgets.as_trained()
unit = widgets.unit_in_link(growth.units, growth.middle, step.name)
effective = or_say_why(lambda: shared.effective_field(step.name, *unit)) if as_trained else None
measured = shared.measured_box(step.name, *unit)
left, right = st.columns(2, gap="large")
with left:
    drawn = figures.stage(digit.pixels, growth.after.box(unit), measured, effective)
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
        tables.File("Download where each looks as CSV", partial(figures.units_csv, growth), f"{step.name}.csv"),
    )

left, right = st.columns(2, gap="large")
with left:
    st.header("How it grows")
    widgets.figure(
        lambda: components.growing(figures.growing(digit.pixels, steps.values())),
        figures.say_growing(steps.values()),
        tables.File(
            "Download the boxes as CSV",
            partial(figures.growing_csv, digit.pixels.shape, steps.values()),
            "boxes.csv",
        ),
    )
with right:
    st.header("What the notebook says")
    every = field_growth.numbers(steps.values(), comparisons)
    rows = tables.Folded("receptive-fields", every, title="All rows", key="all-rows")
    chart(field_growth.chart(steps.values(), comparisons), "receptive-field", field_growth.say(comparisons), rows)
with st.expander("Why each of them cannot be"):
    st.markdown(field_growth.mistakes(comparisons))

st.header(f"The arithmetic of {step.name}")
st.html(field_growth.table(field_growth.arithmetic(growth), f"The arithmetic of {step.name}"))
left, right = st.columns(2, gap="large")
with left:
    st.subheader("Why it is so")
    st.markdown(
        "- The max pool looks at 2 neighbours, 1 pixel apart: it adds 1. Its stride of 2 doubles the jump, so each "
        "later kernel of 3 adds 4 pixels in place of 2.\n"
        "- A 1 × 1 convolution looks at one unit alone: it adds nothing. So do ReLU, batch norm and dropout.\n"
        "- The average pool takes all 7 × 7 units, 2 pixels apart: 16 + 6 × 2 = 28, the whole digit."
    )
with right:
    st.subheader("What to try")
    st.markdown(
        "- Choose a corner unit, and step through the rows with the arrow keys.\n"
        "- Compare the units before and after the max pool: which number changed?\n"
        "- Show what the trained network really uses: does it use the edge of its box as much as the middle?"
    )

st.header("The numbers")
st.write("Every step that changes anything.")
st.html(field_growth.table(field_growth.changing(steps.values()), "Every step that changes anything"))
