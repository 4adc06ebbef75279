"""One picture with dropout off and on: one mask, its effect on every row, and many masks."""

from functools import partial

import numpy as np
import streamlit as st

from model import layers
from model.dropout.passes import digest_of_passes, digest_of_trace, digest_of_weights, row_differences
from viz.app import current, shared, sidebar, tables, widgets
from viz.app.charts import chart
from viz.app.error_boundary import or_say, or_show_error
from viz.dropout import cache, charts, controls, figures

digit = sidebar.current_digit()
off, own, classes = shared.record(digit), cache.trained_probabilities(), shared.network().classes


def one_mask() -> None:
    """Show what one mask drops, and the values that it keeps."""
    channel = controls.map_and_mask(off[name])
    on = cache.record_dropping(digit, plan)
    digests = (digest_of_trace(on), digest_of_weights(shared.network().module))
    explained = [layers.explain(on, name, unit) for unit in figures.examples(on[name], channel)]
    worked = figures.say_examples(explained, of_vector=figures.is_vector(off[name]))
    words = f"{figures.say_stage(on[name], channel, plan.seed)}\n\n{worked}"
    drawn = figures.stage(off[name], on[name], channel, digests)
    widgets.figure(drawn, words, controls.maps_files(off[name], on[name], channel))


def later_rows() -> None:
    """Show the difference that one mask makes in every row."""
    controls.mask()
    on = cache.record_dropping(digit, plan)
    differences = row_differences(off, on)
    at_logits = np.array_equal(off.rows[-1].output.ravel(), off.logits)
    words = figures.say_differences(differences, off.probabilities, on.probabilities, classes, at_logits=at_logits)
    numbers = tables.ExpandableTable("One mask in every row", partial(figures.difference_columns, differences))
    widgets.figure(figures.row_differences(differences, name), words, numbers)


def many_masks() -> None:
    """Show how much the probabilities vary over many masks."""
    passes = cache.many_passes(digit, plan, controls.pass_count())
    if controls.predict(passes):
        digests = (digest_of_passes(passes), digest_of_weights(shared.network().module))
        drawn, words = figures.spread(passes, digests, classes), figures.say_passes(passes, plan.p, classes)
        chart(drawn, "probabilities-of-many-masks", words, controls.passes_table(passes))
        controls.offer_next_steps(passes)
    if current.is_assignment():
        p = own[name]
        st.write(f"With p = {p:.2f}, as in training, a clear digit hardly changes; an ambiguous digit varies most.")


def mean_of_masks() -> None:
    """Show why dropout scales the kept values: the mean over masks is then the value without dropout."""
    st.write(charts.THEORY)
    converging = or_say(lambda: cache.convergence(digit, name, plan))
    if converging is None:
        return
    drawn = charts.convergence(converging)
    said = charts.say_convergence(converging, of_vector=figures.is_vector(off[name]))
    words = f"{said}\n\n{charts.say_variance(converging)}"
    numbers = tables.ExpandableTable("Mean over masks", partial(charts.convergence_columns, converging))
    chart(drawn, "mean-over-masks", words, numbers)


def many_pictures() -> None:
    """Show the accuracy on many pictures as p grows."""
    if controls.measure_accuracies(plan):
        every, source = or_show_error(lambda: cache.accuracies(plan)), cache.accuracy_source()
        if every:
            words = charts.say_accuracies(every, source)
            numbers = tables.ExpandableTable("Many digits", partial(charts.accuracies_columns, every))
            chart(charts.accuracies(every, own[name]), "accuracy-by-p", words, numbers)


st.title("Dropout")
if own:
    st.write("In training the network dropped values at random. Switch dropout on, and see what it does.")
    widgets.to_try(*controls.to_try(off, own))
    shown = widgets.part(controls.VIEW, controls.views(), {**widgets.of_any_step(), **controls.ALLOWED})
    name, plan = controls.plan(off, own)
    parts = {
        "mask": one_mask,
        "journey": later_rows,
        "many": many_masks,
        "mean": mean_of_masks,
        "digits": many_pictures,
    }
    if not controls.drops_everything(plan, own):
        parts[shown]()
        st.write(controls.about_mode(off))
else:
    controls.without_dropout()
