"""Batch norm: one map step by step, training mode, the running average, and folding."""

from functools import partial

import streamlit as st

from model.batch_norm.folding import fold_errors
from model.batch_norm.statistics import normalisation
from viz.app import shared, sidebar, tables, widgets
from viz.app.charts import chart
from viz.batch_norm import cache, controls, figures, folding, statistics

digit = sidebar.current_digit()
trace = shared.record(digit)


def step_by_step() -> None:
    """Show the four operations on one map, and the zeros in the inputs of the batch norms."""
    normal = normalisation(trace, step.name, channel)
    table, name = partial(figures.steps_csv, normal), f"{step.name}-map-{channel}-steps.csv"
    words = f"{figures.say_stage(normal)} {figures.say_scale(normal)}"
    widgets.figure(figures.stage(normal), words, tables.CsvFile("Download these steps as CSV", table, name))
    st.header("The values after each step")
    counts = tables.ExpandableTable(
        "Values in each bin", partial(figures.bin_columns, normal), title="Values in each bin"
    )
    chart(figures.histograms(normal), "values-after-each-step", figures.say_histograms(normal), counts)
    st.header("ReLU before batch norm")
    zeros = tables.columns_file("Download these shares as CSV", partial(figures.zeros_columns, trace), "zeros")
    widgets.figure(figures.zeros(trace, step.name), figures.say_zeros(trace), zeros)


def training_mode() -> None:
    """Show what the statistics of a batch change, and how the running average follows the batches."""
    st.write(
        "In training mode a batch norm uses the mean and the deviation of the current batch. Without evaluation mode "
        "the prediction for a digit depends on the other digits of its batch."
    )
    images, size = controls.choose_batch()
    controls.ask_accuracy(cache.batch_accuracy(images, size), images, size)
    batch = cache.training_mode_batch(digit, images, size)
    left, right = st.columns(2, gap="large")
    with left:
        widgets.figure(statistics.logits(trace, batch), statistics.say_logits(trace, batch), tables.IN_FIGURE)
        st.header("The running average")
        average = cache.running_average(images, size)[step.name]
        running = tables.ExpandableTable("The running average", partial(statistics.running_columns, average, channel))
        words = statistics.say_running(average, channel, size)
        chart(statistics.running_chart(average, channel), "running-mean", words, running)
    with right:
        drawn = statistics.maps(trace, batch, step.name, channel)
        both = {"evaluation mode": step.output[channel], "training mode": batch.rows[step.name].output[channel]}
        numbers = tables.maps_file("Download both maps as CSV", both, f"{step.name}-map-{channel}-both")
        widgets.figure(drawn, statistics.say_maps(trace, batch, step.name, channel), numbers)
        st.header("Two variances")
        st.write(f"This is how this batch of {size} would change the averages of map {channel}, measured on a copy.")
        st.html(statistics.variances(batch.rows[step.name], channel))


def folded() -> None:
    """Show the batch norm folded into the next convolution."""
    every, normal = cache.fold_comparison(), normalisation(trace, step.name, channel)
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
        errors = fold_errors(shared.network().module, trace, fold)
        controls.ask_padding(fold, errors)
        st.write(folding.say_dropout(fold, errors))


st.title("Batch norm")
st.write("Four operations on every value of a map, with a mean and a variance that were measured in training.")
shown = widgets.part(controls.VIEW, controls.VIEWS, controls.ALLOWED)
step, channel = controls.choose_map(trace)
{"steps": step_by_step, "forget": training_mode, "fold": folded}[shown]()

widgets.to_try(
    "Use training mode with mixed digits and change the batch size: when is the prediction for your digit incorrect?",
    "Then choose one class only and a batch of 256: a large batch does not help. What does the mean now remove?",
    "Find an input map without zeros, and one with almost only zeros.",
)
