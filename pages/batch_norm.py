"""Batch norm: one map step by step, training mode, the running average, and folding."""

from functools import partial

import streamlit as st

from model.batch_norm.normalisation import normalisation
from viz.app import current, glossary, prediction, projector, shared, sidebar, widgets
from viz.app.charts import chart
from viz.app.error_boundary import or_say
from viz.batch_norm import cache, figures, folding
from viz.batch_norm.controls import choices, parts

digit, word = sidebar.current_digit(), current.picture_word()
trace = shared.record(digit)


def step_by_step() -> None:
    """Show the four operations on one map, and the zeros in the inputs of the batch norms."""
    normal = or_say(partial(normalisation, trace, step.name, channel))
    if normal is None:
        return
    with projector.stage():
        widgets.figure(*parts.steps(normal))
    if normal.recorded.size > 1:
        st.header("The values after each step")
        chart(*parts.histograms(normal))
    if figures.any_after_relu(trace):
        st.header("ReLU before batch norm")
        widgets.figure(*parts.zeros(trace, step.name))


def training_mode() -> None:
    """Show what the statistics of a batch change, and how the running average follows the batches."""
    st.write(
        "In training mode a batch norm uses the mean and the deviation of the current batch. Without evaluation mode "
        f"the prediction for a {word} depends on the other {word}s of its batch."
    )
    if not choices.keeps_statistics(trace):
        return
    with prediction.until_answered(choices.FORGETS):
        images, size = choices.choose_batch()
        choices.ask_accuracy(images, size)
    batch = or_say(partial(cache.training_mode_batch, digit, images, size))
    if batch is None:
        return
    with projector.stage():
        left, right = st.columns(2, gap="large")
    with left:
        widgets.figure(*parts.logits(trace, batch))
    known = step.name in batch.rows
    with right:
        if known:
            widgets.figure(*parts.maps(trace, batch, step.name, channel))
        else:
            choices.say_own_statistics(step)
    left, right = st.columns(2, gap="large")
    with right:
        if known:
            parts.variances(batch.rows[step.name], channel, size)
    with left:
        every = or_say(partial(cache.running_average, images, size)) if known else None
        if every:
            st.header("The running average")
            chart(*parts.running_average(every[step.name], channel, size))


def folded() -> None:
    """Show the batch norm folded into a convolution."""
    every = cache.fold_comparison()
    if every.folds:
        st.write(folding.say_table(every, word))
    fold = every.folds.get(step.name)
    if fold is None or not fold.gain.size:
        choices.say_own_statistics(step)
        fold = None
    if every.folds:
        with projector.stage():
            left, right = st.columns(2, gap="large")
        with left:
            parts.folds(every, step.name)
        with right:
            if fold:
                parts.fold(trace, fold, channel)
    if fold and fold.into:
        parts.errors(trace, fold)


st.title("Batch norm")
if choices.norms(trace):
    st.write(choices.about(trace))
    glossary.show("batch norm", "channel")
    widgets.to_try(*choices.to_try(trace))
    shown = widgets.part(choices.VIEW, choices.VIEWS, choices.allowed())
    with projector.controls():
        step, channel = choices.choose_map(trace)
    {"steps": step_by_step, "forget": training_mode, "fold": folded}[shown]()
else:
    choices.without_norm()
