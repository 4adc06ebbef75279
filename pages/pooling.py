"""The max pool: winners, discarded values, the gradient, an average pool, and a shifted digit."""

from functools import partial

import streamlit as st

from model import layers
from model.pooling import max_pool
from viz.app import shared, sidebar, tables, widgets
from viz.app.error_boundary import or_show_error
from viz.layers import worked_unit
from viz.overview import figures as overview
from viz.pictures.panels import tabled
from viz.pooling import cache, controls, figures, shifting

digit = sidebar.current_digit()
trace = shared.record(digit)
step, pooled = trace[max_pool.POOL], cache.pooled(digit)


def windows() -> None:
    """Show the winners of one map, and trace one value of a window to the digit."""
    fields = shared.fields()
    with controls_of_map:
        unit = (channel, *widgets.unit(step.maps.shape[1:], figures.largest(pooled, channel)))
    left, right = st.columns([7, 3], gap="large")
    with left:
        explained = layers.explain(trace, step.name, unit)
        stage = partial(controls.stage, trace, pooled, explained)
        widgets.figure(stage, figures.say_stage(pooled, unit), tables.terms_file(explained))
    with right:
        place = figures.place_of(pooled, unit, controls.traced_value())
        box = fields[pooled.source].box(place)
        words = figures.say_traced(pooled, unit, place, fields[pooled.source], fields[step.name])
        pixels = tables.pixels_file(digit.pixels, box, f"{pooled.source}-sees-{place[0]}-{place[1]}")
        widgets.figure(worked_unit.receptive_field(digit.pixels, box), words, pixels)


def discarded_values() -> None:
    """Show the discarded values, and the gradient."""
    gradient = cache.pool_gradient(digit)
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Discarded values")
        drawn = tabled(figures.totals_columns(pooled, channel), "Inputs and outputs of the pool")
        widgets.figure(drawn, figures.say_totals(pooled), tables.IN_FIGURE)
    with right:
        st.header("Gradient")
        drawn = figures.gradients(gradient, channel)
        words = figures.say_gradient(gradient, pooled, (channel, *figures.largest(pooled, channel)))
        widgets.figure(drawn, words, controls.every_window(pooled, gradient, channel))


def average_pool() -> None:
    """Show the output of an average pool in its place, and the prediction with it."""
    averaged = cache.with_average_pool(digit)
    left, right = st.columns(2, gap="large")
    with left:
        maps = averaged[step.name].maps
        numbers = controls.both_maps(pooled, maps, channel)
        widgets.figure(figures.both_pools(pooled, maps, channel), figures.say_average(trace, averaged), numbers)
    with right:
        drawn = f"<p>The probability of each class with the average pool:</p>{overview.probability_bars(averaged)}"
        widgets.figure(drawn, overview.say_probabilities(averaged), tables.prediction_file(averaged, "average-pool"))
        accuracy = or_show_error(partial(cache.pool_accuracy, controls.on_mnist()))
        if accuracy:
            st.html(tabled(figures.accuracy_columns(accuracy), "Accuracy with each pool"))


def shifted_digit() -> None:
    """Show the maps when the digit is shifted by one pixel and by two."""
    moves = controls.shifts(digit)
    if controls.predict(moves):
        drawn = shifting.shifts(trace, digit.pixels, moves, channel)
        words = "\n".join(f"- {shifting.say_shift(move)}" for move in moves)
        widgets.figure(drawn, words, controls.moved_maps(moves, channel))
        st.html(shifting.folded(moves))


st.title("Pooling")
st.write("A max pool keeps the largest of every 2 × 2 values and discards three. Which are kept, and what is lost?")
shown = widgets.part(controls.VIEW, controls.VIEWS, {**widgets.of_any_step(), **controls.ALLOWED})
controls_of_map = st.container(horizontal=True, width=440)
with controls_of_map:
    channel = widgets.channel(len(step.maps))
{"windows": windows, "lost": discarded_values, "average": average_pool, "move": shifted_digit}[shown]()

widgets.to_try(
    "Choose a unit in a blank area: which of the equal values is the winner, and does it matter?",
    "Trace the winner, then another value of the window: how far does the box on the digit move?",
    "Shift the digit by 1 pixel: the input maps are only shifted. Why do the output maps change?",
)
