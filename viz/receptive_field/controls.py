"""What is shown of a receptive field: a step with a single window, or one whose fields can only be measured."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import streamlit as st

from model.images.records import Digit
from model.networks import BUILT_IN
from model.parameters.records import Line
from model.receptive_field.records import EffectiveField, Field, Growth
from model.records import Pair
from viz.app import address, components, current, projector, shared, tables, widgets
from viz.receptive_field import cache, figures, recurrences

VIEW, WINDOW, GROWTH, RULE = "field_view", "window", "growth", "rule"
_VIEWS = {WINDOW: "One unit", GROWTH: "How it grows", RULE: "A wrong rule, line by line"}
NO_MAPS = "No step of this network has feature maps, so no unit has a place and a receptive field of its own."
SAY_WAY = " The network branches: this is the way with the largest field."
WHY_ASSIGNMENT = (
    "- The window of the max pool has 2 units, 1 pixel apart: it adds 1. Its stride of 2 doubles the jump, so each "
    "later kernel of 3 adds 4 pixels instead of 2.\n"
    "- The window of a 1 × 1 convolution has one unit: it adds nothing. The same holds for ReLU, batch norm and "
    "dropout.\n"
    "- The window of the average pool has 7 × 7 units, 2 pixels apart: 16 + 6 × 2 = 28, the whole digit."
)
_WHY = (
    "- A window of k units that are one jump apart adds (k − 1) jumps; dilation multiplies that distance.\n"
    "- A stride multiplies the jump, so everything behind it adds more.\n"
    "- A window of one unit adds nothing: a 1 × 1 convolution, an activation, a norm, a dropout.\n"
    "- Where two ways meet, the field is the smallest box around both.\n"
    "- Padding moves the centre. It adds no pixels: the part of a field beyond the border holds none."
)


def why() -> str:
    """Return why the numbers are as they are."""
    return WHY_ASSIGNMENT if current.is_assignment() else _WHY


def view() -> str:
    """Let a projector choose which part of the page it shows; elsewhere all are below one another."""
    if projector.is_on():
        return widgets.segments("What to look at", VIEW, _VIEWS, label_visibility="collapsed")
    address.expect({VIEW: _VIEWS})
    return WINDOW


def part(name: str, shown: str) -> AbstractContextManager[None]:
    """Hold a part of the page; the one that is chosen is on the stage."""
    return projector.stage() if name == shown else nullcontext()


def rule() -> None:
    """Show a wrong recurrence beside the right one: that of the printed figures, else one that students use."""
    lines, heading = cache.printed(), "As the notebook printed"
    if lines:
        st.header("The notebook's rule, line by line")
        st.write(
            "The assignment's notebook prints a receptive field for each row. One rule gives all of these figures."
        )
    else:
        lines, heading = cache.doubled(), "A wrong rule"
        if not lines:
            return
        st.header("A wrong rule, line by line")
        st.write(
            "A rule that looks right on the first rows: *a pool multiplies the field by its stride, and each "
            "kernel adds its side minus 1*. It forgets that a stride multiplies the jump. On this network:"
        )
    file = tables.columns_file("Download both recurrences as CSV", partial(recurrences.columns, lines), "recurrences")
    widgets.figure(recurrences.table(lines, heading), recurrences.say(lines), file)
    if heading != "A wrong rule":
        tables.expandable_table(
            "The same rule on other networks",
            lambda: recurrences.of_networks(_on_others()),
            title="Would it be right for another network?",
            key="other-networks",
        )


def _on_others() -> dict[str, Sequence[Line]]:
    """Return by title the wrong recurrence for each other network that comes along."""
    found = dict[str, Sequence[Line]]()
    for id in BUILT_IN:
        if id != current.network_id():
            with current.looking_at(id):
                found[current.structure().title] = cache.doubled()
    return found


def windowed(digit: Digit, growth: Growth, unit: Pair, effective: EffectiveField | None) -> None:
    """Show the field of a unit by formula and by gradient, beside the units of its map."""
    measured = shared.measured_box(growth.name, *unit)
    image = (digit.pixels.shape[0], digit.pixels.shape[1])
    left, right = st.columns(2, gap="large")
    with left:
        st.html(figures.title_field(growth.after.box(unit)))
        words = f"{figures.say_unit(growth, unit, measured, image)} {figures.say_clipped(growth, unit, image)}".strip()
        drawn = figures.receptive_field(digit.pixels, growth.after.box(unit), measured, effective)
        _figure(digit, growth.name, unit, drawn, words, effective)
    with right:
        st.html(figures.title_units(growth))
        said = figures.say_units(growth)
        numbers = partial(figures.units_csv, growth)
        widgets.figure(
            lambda: components.unit_map(figures.units(growth, unit, image), said, _choose),
            said,
            tables.CsvFile("Download the receptive fields as CSV", numbers, f"{growth.name}.csv"),
        )


def measured_only(digit: Digit, name: str, field: Field, unit: Pair, effective: EffectiveField | None) -> None:
    """Show what the gradient measures for a unit of a step without a single window."""
    measured = shared.measured_box(name, *unit)
    st.html(figures.title_field(measured))
    drawn = figures.receptive_field(digit.pixels, None, measured, effective)
    _figure(digit, name, unit, drawn, figures.say_measured(name, unit, measured, field), effective)


def _figure(digit: Digit, name: str, unit: Pair, drawn: str, words: str, effective: EffectiveField | None) -> None:
    file = f"{name}-unit-{unit[0]}-{unit[1]}"
    numbers = tables.pixels_file(digit.pixels, shared.measured_box(name, *unit), f"{file}-sees")
    if effective:
        words += f"\n\n{figures.say_effective(effective)}"
        numbers = tables.map_file(effective.values, f"{file}-used")
    widgets.figure(drawn, words, numbers)


def _choose(chosen: Pair) -> None:
    address.write(unit=f"{chosen[0]}.{chosen[1]}")
