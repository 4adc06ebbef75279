"""The max pools: winners, discarded values, the gradient, an average pool, and a shifted picture."""

from functools import partial

import streamlit as st

from model import layers
from viz.app import current, shared, sidebar, tables, widgets
from viz.app.error_boundary import or_say
from viz.layers import worked_unit
from viz.overview import figures as overview
from viz.pictures.panels import tabled
from viz.pooling import cache, controls, figures, shifting

digit, word = sidebar.current_digit(), current.picture_word()
trace = shared.record(digit)


def windows() -> None:
    """Show the winners of one map, and trace one value of a window to the picture."""
    with controls_of_map:
        unit = (channel, *widgets.unit(step.maps.shape[1:], figures.largest(step, channel)))
    explained, pooled = layers.explain(trace, step.name, unit), controls.winners(digit, step)
    if pooled is None:
        controls.worked(trace, explained)
        return
    left, right = st.columns([7, 3], gap="large")
    with left:
        stage = partial(controls.stage, trace, pooled, explained)
        widgets.figure(stage, figures.say_stage(pooled, unit), tables.terms_file(explained))
    with right:
        place = controls.traced_value(pooled, unit)
        found = controls.traced(pooled, unit, place)
        if found:
            box, words = found
            pixels = tables.pixels_file(digit.pixels, box, f"{pooled.source}-sees-{place[0]}-{place[1]}")
            widgets.figure(worked_unit.receptive_field(digit.pixels, box), words, pixels)


def discarded_values() -> None:
    """Show the discarded values, and the gradient."""
    pooled = controls.winners(digit, step)
    if pooled is None:
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Discarded values")
        drawn = tabled(figures.totals_columns(pooled, channel), "Inputs and outputs of the pool")
        widgets.figure(drawn, figures.say_totals(pooled), tables.IN_FIGURE)
    with right:
        st.header("Gradient")
        gradient = or_say(partial(cache.pool_gradient, digit, step.name))
        if gradient:
            unit = (channel, *figures.largest(pooled, channel))
            words = figures.say_gradient(gradient, pooled, unit, trace.class_name(gradient.target))
            widgets.figure(
                figures.gradients(gradient, channel), words, controls.every_window(pooled, gradient, channel)
            )


def average_pool() -> None:
    """Show the output of an average pool in its place, and the prediction with it."""
    averaged = or_say(partial(cache.with_average_pool, digit, step.name))
    if averaged is None:
        return
    left, right = st.columns(2, gap="large")
    with left:
        maps = averaged[step.name].maps
        numbers = controls.both_maps(step, maps, channel)
        widgets.figure(figures.both_pools(step, maps, channel), figures.say_average(trace, averaged), numbers)
    with right:
        drawn = f"<p>The probability of each class with the average pool:</p>{overview.probability_bars(averaged)}"
        widgets.figure(drawn, overview.say_probabilities(averaged), tables.prediction_file(averaged, "average-pool"))
        accuracy = or_say(partial(cache.pool_accuracy, step.name, controls.on_mnist()))
        if accuracy:
            st.html(tabled(figures.accuracy_columns(accuracy), "Accuracy with each pool"))


def shifted_picture() -> None:
    """Show the maps when the picture is shifted by one pixel and by more."""
    moves = controls.shifts(digit, step.name)
    if moves and controls.predict(moves, digit, step.name):
        drawn = shifting.shifts(trace, digit.pixels, moves, channel)
        words = "\n".join(f"- {shifting.say_shift(move)}" for move in moves)
        widgets.figure(drawn, words, controls.moved_maps(moves, channel))
        st.html(shifting.folded(moves))


st.title("Pooling")
if controls.max_pools():
    st.write(controls.about(trace))
    widgets.to_try(
        "Choose a unit in a blank area: which of the equal values is the winner, and does it matter?",
        f"Trace the winner, then another value of the window: how far does the box on the {word} move?",
        controls.shift_to_try(),
    )
    shown = widgets.part(controls.VIEW, controls.views(), {**widgets.of_any_step(), **controls.allowed(trace)})
    step = controls.choose_pool(trace)
    controls_of_map = st.container(horizontal=True, width=440)
    with controls_of_map:
        channel = widgets.channel(len(step.maps))
    {"windows": windows, "lost": discarded_values, "average": average_pool, "move": shifted_picture}[shown]()
    controls.say_averages(trace)
else:
    controls.without_max_pool(trace)
