"""Batch norm: one map step by step, training mode, the running average, and folding."""

from functools import partial

import streamlit as st

from model.batch_norm.folding import fold_errors
from model.batch_norm.records import ImageSet
from model.batch_norm.statistics import normalisation
from viz.app import current, shared, sidebar, tables, widgets
from viz.app.charts import chart
from viz.app.error_boundary import or_say
from viz.batch_norm import cache, controls, figures, folding, statistics

digit, word = sidebar.current_digit(), current.picture_word()
trace = shared.record(digit)


def step_by_step() -> None:
    """Show the four operations on one map, and the zeros in the inputs of the batch norms."""
    normal = or_say(partial(normalisation, trace, step.name, channel))
    if normal is None:
        return
    table, name = partial(figures.steps_csv, normal), f"{step.name}-map-{channel}-steps.csv"
    words = f"{figures.say_stage(normal, word)} {figures.say_scale(normal)}"
    widgets.figure(figures.stage(normal), words, tables.CsvFile("Download these steps as CSV", table, name))
    if normal.recorded.size > 1:
        st.header("The values after each step")
        numbers = partial(figures.bin_columns, normal)
        counts = tables.ExpandableTable("Values in each bin", numbers, title="Values in each bin")
        chart(figures.histograms(normal), "values-after-each-step", figures.say_histograms(normal), counts)
    if figures.any_after_relu(trace):
        st.header("ReLU before batch norm")
        zeros = tables.columns_file("Download these shares as CSV", partial(figures.zeros_columns, trace), "zeros")
        widgets.figure(figures.zeros(trace, step.name), figures.say_zeros(trace, word), zeros)


def training_mode() -> None:
    """Show what the statistics of a batch change, and how the running average follows the batches."""
    st.write(
        "In training mode a batch norm uses the mean and the deviation of the current batch. Without evaluation mode "
        f"the prediction for a {word} depends on the other {word}s of its batch."
    )
    if not controls.keeps_statistics(trace):
        return
    images, size = controls.choose_batch()
    controls.ask_accuracy(images, size)
    batch = or_say(partial(cache.training_mode_batch, digit, images, size))
    if batch is None:
        return
    left, right = st.columns(2, gap="large")
    with left:
        widgets.figure(statistics.logits(trace, batch), statistics.say_logits(trace, batch, word), tables.IN_FIGURE)
        if step.name in batch.rows:
            running_average(images, size)
    with right:
        if step.name not in batch.rows:
            controls.say_own_statistics(step)
            return
        drawn = statistics.maps(trace, batch, step.name, channel)
        both = statistics.both_maps(trace, batch, step.name, channel)
        numbers = tables.maps_file("Download both maps as CSV", both, f"{step.name}-map-{channel}-both")
        widgets.figure(drawn, statistics.say_maps(trace, batch, step.name, channel, word), numbers)
        st.header("Two variances")
        st.write(f"This is how this batch of {size} would change the averages of map {channel}, measured on a copy.")
        st.html(statistics.variances(batch.rows[step.name], channel))


def running_average(images: ImageSet, size: int) -> None:
    """Show how the running average of a map follows the batches."""
    st.header("The running average")
    every = or_say(partial(cache.running_average, images, size))
    if every:
        average = every[step.name]
        running = tables.ExpandableTable("The running average", partial(statistics.running_columns, average, channel))
        words = statistics.say_running(average, channel, size)
        chart(statistics.running_chart(average, channel), "running-mean", words, running)


def folded() -> None:
    """Show the batch norm folded into a convolution."""
    every = cache.fold_comparison()
    if every.folds:
        st.write(folding.say_table(every, word))
    fold = every.folds.get(step.name)
    if fold is None or not fold.gain.size:
        controls.say_own_statistics(step)
    if not every.folds:
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.html(folding.table(every, step.name))
        tables.offer("Download every gain and offset as CSV", partial(folding.table_csv, every), "folding.csv")
    if fold is None or not fold.gain.size:
        return
    with right:
        st.html(folding.worked(fold, normalisation(trace, step.name, channel)))
        st.write(folding.say_path(fold))
    if fold.into:
        errors = fold_errors(shared.network().module, trace, fold)
        controls.ask_padding(fold, errors)
        if folding.drops_between(fold):
            st.write(folding.say_dropout(fold, errors))


st.title("Batch norm")
if controls.norms(trace):
    st.write(controls.about(trace))
    widgets.to_try(*controls.to_try(trace))
    shown = widgets.part(controls.VIEW, controls.VIEWS, controls.allowed())
    step, channel = controls.choose_map(trace)
    {"steps": step_by_step, "forget": training_mode, "fold": folded}[shown]()
else:
    controls.without_norm()
