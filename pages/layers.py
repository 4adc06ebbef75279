"""Layer by layer: one row at a time, with the arithmetic of every unit back to the pixels."""

from contextlib import nullcontext

import streamlit as st

from model import layers
from model.layers.quiz.records import QuestionKind
from model.records import IMAGE, Unit
from model.trace.records import Step
from viz.app import address, glossary, projector, shared, sidebar, tables, widgets
from viz.app.components import workings as show_workings
from viz.app.nearest import nearest_name
from viz.layers import controls, worked_row, worked_unit
from viz.layers.quiz import controls as quiz

digit = sidebar.current_digit()
trace = shared.record(digit)
names = [step.name for step in trace.steps]


def show_step(step: Step) -> None:
    """Show the arithmetic of one unit of a step; below it that of its shape, parameters and receptive field."""
    unit = controls.unit_of(step.maps)
    explained = layers.explain(trace, step.name, unit)
    st.write(layers.describe(step), worked_unit.say_unprinted(trace, step), worked_unit.say_logits(trace, step))
    alone = quiz.fills_projector(step)
    with projector.stage() if alone else projector.controls():
        hidden = quiz.ask(digit, trace, step, unit)
    with nullcontext() if alone else projector.controls():
        controls.show_trail(trace, controls.TrailUnit(step.name, unit), hidden=QuestionKind.UNIT in hidden)

    def choose(chosen: Unit, source: str) -> None:
        """Go to an input unit, or to another unit of this step."""
        if source in step.inputs:
            controls.follow(trace, explained, source, chosen)
        else:
            controls.choose_unit(chosen)

    shown = worked_unit.prepare(trace, explained, controls.window_of(step), hidden=QuestionKind.UNIT in hidden)
    words = worked_unit.say(explained, hidden=QuestionKind.UNIT in hidden, vector=step.output.ndim == 1)
    words += " Click a number to go to its unit. Click the right map to choose another unit."
    numbers = tables.LEFT_OUT if QuestionKind.UNIT in hidden else tables.terms_file(explained)
    with nullcontext() if alone else projector.stage():
        widgets.figure(lambda: show_workings(shown, choose), words, numbers)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header("Shape and parameters")
        printed = next((row for row in shared.comparisons() if row.name == step.name), None)
        every = shared.arithmetic()
        st.html(worked_row.draw(every[step.name], printed, every[names[-1]].running_total, hidden))
    with right:
        st.header("Receptive field")
        fields = shared.fields()
        if QuestionKind.FIELD in hidden:
            st.write("Answer the question above first.")
        elif step.name in fields:
            box = fields[step.name].box(unit[1:])
            numbers = tables.pixels_file(digit.pixels, box, f"{step.name}-sees-{unit[1]}-{unit[2]}")
            drawn = worked_unit.receptive_field(digit.pixels, box)
            widgets.figure(drawn, worked_unit.say_receptive_field(digit.pixels, box), numbers)
        else:
            st.write(worked_unit.say_field(trace, step, shared.every_field()))
    if quiz.is_on():
        quiz.show_score(digit, trace)


asked = address.read(address.ROW, names[0])
name = address.read_one_of(address.ROW, [*names, IMAGE], nearest_name(names, asked))
step = None if name == IMAGE else trace[name]
st.title(f"{name}: {step.kind}" if step else "Pixels of the image")
glossary.show(*controls.words_of(step))
with projector.controls(), st.container(horizontal=projector.is_on(), vertical_alignment="bottom"):
    controls.row_links(trace, step)
    controls.buttons(trace, step)
if step:
    show_step(step)
else:
    controls.show_pixel(digit, trace)
