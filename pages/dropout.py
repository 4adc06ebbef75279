"""One digit with dropout off and on: one mask, how far it travels, and what many masks come to."""

from functools import partial

import streamlit as st

from model import layers
from model.dropout.passes import digest_of_passes, digest_of_trace, digest_of_weights, journey
from viz.app import shared, sidebar, tables, widgets
from viz.app.charts import chart
from viz.app.error_boundary import or_say_why
from viz.dropout import cache, charts, figures
from viz.dropout import controls as choose

digit = sidebar.current_digit()
off, own = shared.record(digit), cache.own_probabilities()


def one_mask() -> None:
    """Show what one mask drops, and what is left."""
    channel = choose.map_and_mask(len(off[name].maps))
    on = cache.record_dropping(digit, plan)
    digests = (digest_of_trace(on), digest_of_weights(shared.network()))
    worked = [layers.explain(on, name, unit) for unit in figures.examples(on[name], channel)]
    words = f"{figures.say_stage(on[name], channel, plan.seed)}\n\n{figures.say_examples(worked)}"
    drawn = figures.stage(off[name], on[name], channel, digests)
    widgets.figure(drawn, words, choose.maps_files(off[name], on[name], channel))


def its_journey() -> None:
    """Show how far one mask travels."""
    choose.mask()
    on = cache.record_dropping(digit, plan)
    changes = journey(off, on)
    words = figures.say_journey(changes, off.probabilities, on.probabilities)
    numbers = tables.Folded("One mask at every row", partial(figures.journey_columns, changes))
    widgets.figure(figures.journey(changes, name), words, numbers)


def many_masks() -> None:
    """Show how the answer spreads over many masks."""
    passes = cache.passes(digit, plan, choose.count())
    if choose.predict(passes):
        drawn = figures.spread(passes, (digest_of_passes(passes), digest_of_weights(shared.network())))
        words = figures.say_passes(passes, plan.p or 0)
        chart(drawn, "probabilities-of-many-masks", words, choose.numbers_of(passes))
        choose.go_on(passes)
    st.write(
        f"With p = {own[name]:.2f}, as trained, a clear digit hardly moves; one between two shows the spread best."
    )


def the_mean() -> None:
    """Show why kept values are enlarged: the mean over masks returns to the value without dropout."""
    st.write(charts.THEORY)
    converging = cache.convergence(digit, name, plan)
    drawn = charts.convergence(converging)
    words = f"{charts.say_convergence(converging)}\n\n{charts.say_variance(converging)}"
    numbers = tables.Folded("Mean over masks", partial(charts.convergence_columns, converging))
    chart(drawn, "mean-over-masks", words, numbers)


def many_digits() -> None:
    """Show how well many digits are read as p grows."""
    if choose.readings(plan):
        every, source = or_say_why(lambda: cache.readings(plan)), cache.source_of_readings()
        if every:
            words = charts.say_readings(every, source)
            numbers = tables.Folded("Many digits", partial(charts.readings_columns, every))
            chart(charts.readings(every, own[name]), "accuracy-by-p", words, numbers)


st.title("Dropout")
st.write("While it learned, the network dropped values at random. Switch that on, and see what it does.")
shown = widgets.part(choose.VIEW, choose.VIEWS, {**widgets.of_any_step(), **choose.ALLOWED})
name, plan = choose.plan(off, own)
{"mask": one_mask, "journey": its_journey, "many": many_masks, "mean": the_mean, "digits": many_digits}[shown]()

st.write(
    "Dropout on is not training mode: only the dropout rows drop. Batch norm keeps to its running statistics on this "
    "page, so that no digit depends on the others that are read with it."
)
widgets.to_try(
    "Take a digit between two: find a mask that tips the answer, and send its link to somebody.",
    "Let one row drop alone, first Dropout-3, then Dropout-21: which of them can the rows behind repair?",
    "Drop whole channels with the same p: fewer draws, larger steps. What becomes of the spread?",
)
