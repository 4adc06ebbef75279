"""The max pool: who wins, what is thrown away, where the gradient goes, and what a moved digit does to it."""

from functools import partial

import streamlit as st

from model import layers
from model.pooling import max_pool
from viz.app import shared, sidebar, tables, widgets
from viz.app.components import workings as show_workings
from viz.app.error_boundary import or_say_why
from viz.layers import workings
from viz.overview import figures as overview
from viz.pictures.panels import tabled
from viz.pooling import cache, figures, shifting
from viz.pooling import controls as choose

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
        shown = figures.prepare(trace, explained, pooled.window, pooled)

        def stage() -> None:
            """Show the map that goes in and the one that comes out, and what the marks mean."""
            show_workings(shown, choose.window_of(pooled, unit))
            st.html(figures.key())

        widgets.figure(stage, figures.say_stage(pooled, unit), tables.terms_file(explained))
    with right:
        place = figures.place(pooled, unit, choose.traced())
        box = fields[pooled.source].box(place)
        words = figures.say_traced(pooled, unit, place, fields[pooled.source], fields[step.name])
        pixels = tables.pixels_file(digit.pixels, box, f"{pooled.source}-sees-{place[0]}-{place[1]}")
        widgets.figure(workings.field(digit.pixels, box), words, pixels)


def what_is_lost() -> None:
    """Show what is thrown away, and where the gradient goes."""
    gradient = cache.pool_gradient(digit)
    left, right = st.columns(2, gap="large")
    with left:
        st.header("What is thrown away")
        drawn = tabled(figures.accounts(pooled, channel), "What goes in and what comes out")
        widgets.figure(drawn, figures.say_account(pooled), tables.ITSELF)
    with right:
        st.header("Where the gradient goes")
        drawn = figures.gradients(gradient, channel)
        words = figures.say_gradient(gradient, pooled, (channel, *figures.largest(pooled, channel)))
        widgets.figure(drawn, words, choose.every_window(pooled, gradient, channel))


def average_pool() -> None:
    """Show what an average pool in its place would hand on, and what would be read."""
    averaged = cache.averaged(digit)
    left, right = st.columns(2, gap="large")
    with left:
        maps = averaged[step.name].maps
        numbers = choose.both_maps(pooled, maps, channel)
        widgets.figure(figures.kinds(pooled, maps, channel), figures.say_average(trace, averaged), numbers)
    with right:
        drawn = f"<p>The probability of each class with the average pool:</p>{overview.probability_bars(averaged)}"
        widgets.figure(drawn, overview.say_probabilities(averaged), tables.answer_file(averaged, "average-pool"))
        score = or_say_why(partial(cache.pool_score, choose.on_mnist()))
        if score:
            st.html(tabled(figures.scores(score), "How many are read right with either pool"))


def moved() -> None:
    """Show what becomes of the maps when the digit moves by one pixel and by two."""
    moves = choose.moves(digit)
    if choose.predict(moves):
        drawn = shifting.shifts(trace, digit.pixels, moves, channel)
        words = "\n".join(f"- {shifting.say_shift(move)}" for move in moves)
        widgets.figure(drawn, words, choose.moved_maps(moves, channel))
        st.html(shifting.folded(moves))


st.title("Pooling")
st.write("A max pool keeps the largest of every 2 × 2 values and throws three away. Which, and what does that cost?")
shown = widgets.part(choose.VIEW, choose.VIEWS, {**widgets.of_any_step(), **choose.ALLOWED})
controls_of_map = st.container(horizontal=True, width=440)
with controls_of_map:
    channel = widgets.channel(len(step.maps))
{"windows": windows, "lost": what_is_lost, "average": average_pool, "move": moved}[shown]()

widgets.to_try(
    "Choose a unit where nothing is drawn: who wins among equals, and does it matter?",
    "Trace the winner, then a value that lost: how far does the box move on the digit?",
    "Move the digit by 1 pixel: into the pool nothing but the place changes. Why does more change behind it?",
)
