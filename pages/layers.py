"""The walkthrough: one row at a time, and every number of it back to the pixels."""

import streamlit as st

from model import layers
from model.images import digits
from model.layers.quiz.records import Asked
from model.receptive_field.records import Box
from model.records import IMAGE, Unit
from model.trace.records import Step
from viz.app import address, shared, sidebar, tables, widgets
from viz.app.components import workings as show_workings
from viz.layers import controls as walk
from viz.layers import worked, workings
from viz.layers.quiz import controls as asking

digit = sidebar.current_digit()
trace = shared.record(digit)
names = [step.name for step in trace.steps]


def pixels() -> None:
    """Show the pixel at which a trail ends."""
    pixel = walk.unit_of(trace.image)
    walk.show_trail(trace, walk.Stop(IMAGE, pixel))
    left, right = st.columns(2, gap="large")
    with left:
        drawn = workings.field(digit.pixels, workings.pixel_box(pixel), large=True)
        numbers = tables.pixels_file(digit.pixels, Box(0, 0, *digit.pixels.shape), f"pixels-{digit.key[:20]}")
        widgets.figure(drawn, digits.say_normalised(digit, pixel[1:]), numbers)
    with right:
        st.header(f"Pixel y {pixel[1]}, x {pixel[2]}: here the numbers begin")
        st.write("MNIST's mean and deviation are taken out of every digit before it goes in. Go back up by the trail.")


def work_out(step: Step) -> None:
    """Work out one unit of a step; beneath it, where its shape, its parameters and its field come from."""
    unit = walk.unit_of(step.maps)
    explained = layers.explain(trace, step.name, unit)
    if not walk.projector():
        said = [layers.about(step), workings.say_unprinted(trace, step.name), workings.say_logits(trace, step.name)]
        st.write(" ".join(said))
    hidden = asking.ask(digit, trace, step, unit)
    walk.show_trail(trace, walk.Stop(step.name, unit), hidden=Asked.UNIT in hidden)

    def choose(chosen: Unit, follow: bool) -> None:
        """Follow a number back, or work out another unit of this step."""
        if follow:
            walk.follow(trace, explained, chosen)
        else:
            walk.choose(chosen)

    shown = workings.prepare(trace, explained, layers.window(step), hidden=Asked.UNIT in hidden)
    words = workings.say(explained, hidden=Asked.UNIT in hidden)
    words += " Click a number to go to the unit that it came from, or the right map to choose."
    alone = walk.projector() or Asked.UNIT in hidden
    numbers = tables.LEFT_OUT if alone else tables.terms_file(explained)
    widgets.figure(lambda: show_workings(shown, choose), words, numbers)
    if walk.projector():
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header("Where its shape and its parameters come from")
        printed = next((row for row in shared.comparisons() if row.name == step.name), None)
        every = shared.arithmetic()
        st.html(worked.out(every[step.name], printed, every[names[-1]].running_total, hidden))
    with right:
        st.header("Receptive field")
        fields = shared.fields()
        if Asked.FIELD in hidden:
            st.write("Answer above first.")
        elif step.name in fields:
            box = fields[step.name].box(unit[1:])
            numbers = tables.pixels_file(digit.pixels, box, f"{step.name}-sees-{unit[1]}-{unit[2]}")
            widgets.figure(workings.field(digit.pixels, box), workings.say_field(digit.pixels, box), numbers)
        else:
            st.write("The whole image: what goes in has seen all of it.")
    if asking.is_on():
        asking.show_score(digit, trace)


name = address.read_one_of(address.ROW, [*names, IMAGE], names[0])
step = None if name == IMAGE else trace[name]
st.title(f"{name}: {step.kind}" if step else "Back at the pixels")
walk.strip(trace, step)
walk.turn(trace, step)
if step:
    work_out(step)
else:
    pixels()
