"""One picture with dropout off and on: one mask, its effect on every row, and many masks."""

from contextlib import nullcontext

import streamlit as st

from viz.app import address, current, glossary, projector, shared, sidebar, widgets
from viz.app.charts import chart
from viz.app.error_boundary import or_say, or_show_error
from viz.dropout import cache, charts, figures
from viz.dropout.controls import VIEW, choices, many, masks

digit = sidebar.current_digit()
off, own = shared.record(digit), cache.trained_probabilities()


def one_mask() -> None:
    """Show the answer with one mask beside the one without, what the mask drops, and the values that it keeps."""
    with projector.controls():
        channel = masks.map_and_mask(off[name], digit, plan)
    with projector.stage():
        widgets.figure(*masks.one_mask(off, cache.record_dropping(digit, plan), name, channel, plan))


def later_rows() -> None:
    """Show the difference that one mask makes in the answer, and in every row."""
    with projector.controls():
        masks.mask(digit, plan)
    with projector.stage():
        widgets.figure(*masks.every_row(off, cache.record_dropping(digit, plan), name, plan))


def many_masks() -> None:
    """Show how much the probabilities vary over many masks."""
    with nullcontext() if address.read(many.GUESS, "") else projector.stage():
        found = cache.many_passes(digit, plan, many.pass_count())
        answered = many.predict(found)
    if answered:
        with projector.stage():
            chart(*many.spread(found, plan))
        many.offer_next_steps(found)
    if answered and current.is_assignment():
        p = own[name]
        st.write(f"With p = {p:.2f}, as in training, a clear digit hardly changes; an ambiguous digit varies most.")


def mean_of_masks() -> None:
    """Show why dropout scales the kept values: the mean over masks is then the value without dropout."""
    st.write(charts.THEORY)
    converging = or_say(lambda: cache.convergence(digit, name, plan))
    if converging:
        with projector.stage():
            chart(*many.mean(converging, of_vector=figures.is_vector(off[name])))


def many_pictures() -> None:
    """Show the accuracy on many pictures as p grows."""
    if many.measure_accuracies(plan):
        every = or_show_error(lambda: cache.accuracies(plan))
        if every:
            with projector.stage():
                chart(*many.accuracy(every, own[name]))


st.title("Dropout")
if own:
    st.write("In training the network dropped values at random. Switch dropout on, and see what it does.")
    glossary.show("dropout", "mask", "entropy")
    choices.say_opening()
    widgets.to_try(*choices.to_try(off, own))
    shown = widgets.part(VIEW, choices.views(), {**widgets.of_any_step(), **choices.ALLOWED})
    with projector.controls() if shown == "mask" else nullcontext():
        name, plan = choices.plan(off, own)
    parts = {
        "mask": one_mask,
        "journey": later_rows,
        "many": many_masks,
        "mean": mean_of_masks,
        "digits": many_pictures,
    }
    if not choices.drops_everything(plan, own):
        parts[shown]()
        st.write(choices.about_mode(off))
else:
    choices.without_dropout()
