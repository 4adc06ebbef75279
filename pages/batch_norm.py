"""Batch norm: one map step by step, evaluation mode forgotten, the running average, and folding it away."""

from functools import partial

import streamlit as st

from model.batch_norm.folding import hindrances
from model.batch_norm.statistics import normalisation
from viz.app import shared, sidebar, tables, widgets
from viz.app.charts import chart
from viz.batch_norm import cache, figures, folding, statistics
from viz.batch_norm import controls as batch_norm

digit = sidebar.current_digit()
trace = shared.record(digit)


def step_by_step() -> None:
    """Show the four operations on one map, and what comes in at this place of the network."""
    normal = normalisation(trace, step.name, channel)
    table, name = partial(figures.steps_csv, normal), f"{step.name}-map-{channel}-steps.csv"
    words = f"{figures.say_stage(normal)} {figures.say_scale(normal)}"
    widgets.figure(figures.stage(normal), words, tables.File("Download these steps as CSV", table, name))
    st.header("The values after each step")
    counts = tables.Folded("Values in each bin", partial(figures.bin_columns, normal), title="Values in each bin")
    chart(figures.histograms(normal), "values-after-each-step", figures.say_histograms(normal), counts)
    st.header("Order matters")
    zeros = tables.columns_file("Download these shares as CSV", partial(figures.zeros_columns, trace), "zeros")
    widgets.figure(figures.zeros(trace, step.name), figures.say_zeros(trace), zeros)


def forgotten() -> None:
    """Show what a batch's own statistics change, and what the averages remember of statistics."""
    st.write(
        "In training a batch norm takes mean and deviation from the batch at hand. Leave it so when reading digits, "
        "and the answer depends on who else is in the batch."
    )
    supply, size = batch_norm.choose_batch()
    batch_norm.ask_score(cache.batch_score(supply, size), supply, size)
    batch = cache.forgotten(digit, supply, size)
    left, right = st.columns(2, gap="large")
    with left:
        widgets.figure(statistics.logits(trace, batch), statistics.say_logits(trace, batch), tables.ITSELF)
        st.header("The running average")
        average = cache.running_average(supply, size)[step.name]
        running = tables.Folded("The running average", partial(statistics.running_columns, average, channel))
        words = statistics.say_running(average, channel, size)
        chart(statistics.running_chart(average, channel), "running-mean", words, running)
    with right:
        drawn = statistics.maps(trace, batch, step.name, channel)
        both = {"evaluation mode": step.output[channel], "batch": batch.rows[step.name].output[channel]}
        numbers = tables.maps_file("Download both maps as CSV", both, f"{step.name}-map-{channel}-both")
        widgets.figure(drawn, statistics.say_maps(trace, batch, step.name, channel), numbers)
        st.header("Two variances")
        st.write(f"What this batch of {size} would do to the averages of map {channel}: tried on a copy, thrown away.")
        st.html(statistics.variances(batch.rows[step.name], channel))


def folded() -> None:
    """Show the batch norm folded into the next convolution."""
    every, normal = cache.folded(), normalisation(trace, step.name, channel)
    fold = every.folds[step.name]
    st.write(folding.say_table(every))
    left, right = st.columns(2, gap="large")
    with left:
        st.html(folding.table(every, step.name))
        tables.offer("Download every gain and offset as CSV", partial(folding.table_csv, every), "folding.csv")
    with right:
        st.html(folding.worked(fold, normal))
        st.write(folding.say_path(fold))
    if fold.into:
        hindered = hindrances(shared.network(), trace, fold)
        batch_norm.ask_frame(fold, hindered)
        st.write(folding.say_dropout(fold, hindered))


st.title("Batch norm")
st.write("Four operations on every value of a map, with a mean and a deviation that were measured in training.")
shown = widgets.part(batch_norm.VIEW, batch_norm.VIEWS, batch_norm.ALLOWED)
step, channel = batch_norm.choose_map(trace)
{"steps": step_by_step, "forget": forgotten, "fold": folded}[shown]()

widgets.to_try(
    "Forget evaluation mode with mixed digits, and change the size: when does your digit come out wrong?",
    "Then one class only, of 256: a large batch does not help. What does it take away with the mean?",
    "Find a map without a single zero coming in, and one with hardly anything else.",
)
