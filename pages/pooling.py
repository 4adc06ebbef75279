"""The max pools: winners, discarded values, the gradient, an average pool, and a shifted picture."""

from contextlib import nullcontext
from functools import partial

import streamlit as st

from model import layers
from viz.app import current, glossary, prediction, projector, shared, sidebar, widgets
from viz.app.error_boundary import or_say
from viz.pictures.panels import tabled
from viz.pooling import average, cache, shifting, windows
from viz.pooling.controls import VIEW, choices, parts

digit, word = sidebar.current_digit(), current.picture_word()
trace = shared.record(digit)


def one_map() -> None:
    """Show the winners of one map, and trace one value of a window to the picture."""
    with place_of_unit:
        unit = (channel, *widgets.unit(step.maps.shape[1:], windows.largest(step, channel)))
    explained, pooled = layers.explain(trace, step.name, unit), choices.winners(digit, step)
    if pooled is None:
        parts.worked(trace, explained)
        return
    left, right = st.columns([7, 3], gap="large")
    with left, projector.stage():
        widgets.figure(*parts.winners(trace, pooled, explained))
    with right:
        found = parts.in_picture(digit, pooled, unit, choices.traced_value(pooled, unit))
        if found:
            widgets.figure(*found)


def discarded_values() -> None:
    """Show the discarded values, and the gradient."""
    pooled = choices.winners(digit, step)
    if pooled is None:
        return
    with projector.stage():
        left, right = st.columns(2, gap="large")
    with left:
        st.header("Discarded values")
        widgets.figure(*parts.totals(pooled, channel))
    with right:
        st.header("Gradient")
        gradient = or_say(partial(cache.pool_gradient, digit, step.name))
        if gradient:
            widgets.figure(*parts.gradients(gradient, pooled, channel, trace.class_name(gradient.target)))


def average_pool() -> None:
    """Show the output of an average pool in its place, and the prediction with it."""
    averaged = or_say(partial(cache.with_average_pool, digit, step.name))
    if averaged is None:
        return
    with projector.stage():
        left, right = st.columns(2, gap="large")
    with left:
        widgets.figure(*parts.both_pools(step, channel, trace, averaged))
    with right:
        widgets.figure(*parts.prediction(averaged))
        accuracy = or_say(partial(cache.pool_accuracy, step.name, choices.on_mnist()))
        if accuracy:
            st.html(tabled(average.accuracy_columns(accuracy), "Accuracy with each pool"))


def shifted_picture() -> None:
    """Show the maps when the picture is shifted by one pixel and by more."""
    with prediction.until_answered(choices.GUESS):
        moves = choices.shifts(digit, step.name)
        answered = moves is not None and choices.predict(moves, digit, step.name)
    if moves is not None and answered:
        with projector.stage():
            widgets.figure(*parts.shifted(trace, digit, moves, channel))
        st.html(shifting.folded(moves))


st.title("Pooling")
if choices.max_pools():
    st.write(choices.about(trace))
    glossary.show("max pool", "unit", "stride", "gradient")
    widgets.to_try(*choices.to_try())
    shown = widgets.part(VIEW, choices.views(), {**widgets.of_any_step(), **choices.allowed(trace)})
    step = choices.choose_pool(trace)
    with projector.controls() if shown in {"windows", "average"} else nullcontext():
        place_of_unit = st.container(horizontal=True, width=440)
        with place_of_unit:
            channel = widgets.channel(len(step.maps))
    {"windows": one_map, "lost": discarded_values, "average": average_pool, "move": shifted_picture}[shown]()
    choices.say_averages()
else:
    choices.without_max_pool(trace)
