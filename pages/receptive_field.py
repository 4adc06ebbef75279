"""Which pixels a unit sees: by formula, by measuring, and as the trained network uses them."""

import streamlit as st

from viz.figures import receptive_field
from viz.ui import cached, controls, sidebar, state

digit = sidebar.current_digit()
trace = cached.record(digit)
steps = cached.growth()
comparisons = cached.comparisons()

st.title("Receptive field")
st.write("The part of the digit that can affect one unit. Click a unit to see what it sees.")
step = controls.step(trace, list(steps))
growth = steps[step.name]

left, right = st.columns(2, gap="large")
with left:
    as_trained = controls.as_trained()
with right:
    unit = controls.unit(growth.units, growth.middle)
effective = cached.effective_field(step.name, *unit) if as_trained else None
measured = cached.measured_box(step.name, *unit)
left, right = st.columns(2, gap="large")
with left:
    controls.picture(
        receptive_field.stage(digit.pixels, growth.after.box(unit), measured, effective),
        "stage",
        receptive_field.say_unit(growth, unit, measured),
    )
    if effective:
        st.write(receptive_field.say_effective(effective))
with right:
    controls.clickable(
        receptive_field.units(growth, unit, digit.pixels.shape),
        "units",
        state.UNIT,
        receptive_field.say_units(growth),
    )

left, right = st.columns(2, gap="large")
with left:
    st.header("How it grows")
    growing = receptive_field.growing(digit.pixels, steps.values())
    controls.picture(growing, "growing", receptive_field.say_growing(steps.values()))
with right:
    st.header("What the notebook says")
    by_row = receptive_field.by_row(steps.values(), comparisons)
    controls.picture(by_row, "by_row", receptive_field.say_by_row(comparisons))
with st.expander("Why each of them cannot be"):
    st.markdown(receptive_field.mistakes(comparisons))

st.header(f"The arithmetic of {step.name}")
st.table(receptive_field.arithmetic(growth), hide_index=True)
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
st.table(receptive_field.changing(steps.values()), hide_index=True)
numbers = receptive_field.numbers(steps.values(), comparisons)
with st.expander("All rows"):
    st.table(numbers, hide_index=True)
st.download_button("Download all rows as CSV", receptive_field.csv(numbers), "receptive-fields.csv", "text/csv")
