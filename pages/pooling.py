"""The max pool: who wins, what is thrown away, where the gradient goes, and what a moved digit does to it."""

from functools import partial

import streamlit as st

from model import layers, mnist, pooling
from viz.figures import overview, shifting, workings
from viz.figures import pooling as figures
from viz.figures.panels import tabled
from viz.ui import cached, controls, prediction, sidebar, state, walk
from viz.ui.components import workings as show_workings

VIEW, TRACED, TESTED, TOWARDS, GUESS = "pool_view", "pool_trace", "pool_test", "pool_towards", "pool_guess"
_VIEWS = {"windows": "The windows", "average": "An average pool in its place", "move": "Move the digit"}
_TRACED = {"winner": "The winner", "0.0": "Top left", "0.1": "Top right", "1.0": "Bottom left", "1.1": "Bottom right"}
_TESTED = {"project": "The project's labelled digits", "mnist": "MNIST's test images"}
_TOWARDS = {"right": "To the right", "down": "Down"}
_GUESSES = {"one": "After 1 pixel", "two": "After 2 pixels", "both": "After either", "neither": "After neither"}

digit = sidebar.current_digit()
trace = cached.record(digit)
step, pooled = trace[pooling.POOL], cached.pooled(digit)


def windows() -> None:
    """Show the winners of one map, what is thrown away, and where the gradient goes."""
    gradient, fields = cached.pool_gradient(digit), cached.fields()
    with st.container(width=220):
        unit = (channel, *controls.unit(step.maps.shape[1:], figures.largest(pooled, channel)))

    def choose(picked: tuple[int, int, int], trace_it: bool) -> None:
        """Trace a value of the window to the digit, or look at another window."""
        if trace_it:
            state.write(**{TRACED: figures.name_of(pooled, unit, picked[1:])})
        else:
            walk.choose(picked)

    left, right = st.columns([7, 3], gap="large")
    with left:
        explained = layers.explain(trace, step.name, unit)
        show_workings(figures.prepare(trace, explained, pooled.window, pooled), choose)
        st.html(figures.key())
        st.write(figures.say_stage(pooled, unit))
    with right:
        traced = state.bind(
            st.selectbox, "Traced to the digit", TRACED, list(_TRACED), "winner", format_func=_TRACED.__getitem__
        )
        place = figures.place(pooled, unit, traced)
        st.html(workings.field(digit.pixels, fields[pooled.source].box(place)))
        st.write(figures.say_traced(pooled, unit, place, fields[pooled.source], fields[step.name]))
        table = partial(figures.as_csv, pooled, gradient, channel)
        st.download_button("Windows as CSV", table, f"windows-{channel}.csv", "text/csv")
    left, right = st.columns(2, gap="large")
    with left:
        st.header("What is thrown away")
        st.html(tabled(figures.accounts(pooled, channel), "What goes in and what comes out"))
        st.write(figures.say_account(pooled))
    with right:
        st.header("Where the gradient goes")
        st.html(figures.gradients(gradient, channel))
        st.write(figures.say_gradient(gradient, pooled, unit))


def average_pool() -> None:
    """Show what an average pool in its place would hand on, and what would be read."""
    averaged = cached.averaged(digit)
    left, right = st.columns(2, gap="large")
    with left:
        st.html(figures.kinds(pooled, averaged[step.name].maps, channel))
        st.write(figures.say_average(trace, averaged))
    with right:
        st.html(f"<p>The probability of each class with the average pool:</p>{overview.probability_bars(averaged)}")
        sets = list(_TESTED) if mnist.is_present() else ["project"]
        tested = state.bind(st.selectbox, "Tested on", TESTED, sets, "project", format_func=_TESTED.__getitem__)
        score = cached.pool_score(tested == "mnist")
        st.html(tabled(figures.scores(score), "How many are read right with either pool"))


def moved() -> None:
    """Show what becomes of the maps when the digit moves by one pixel and by two."""
    names = list(_TOWARDS)
    towards = state.bind(
        st.segmented_control, "Which way", TOWARDS, names, "right", format_func=_TOWARDS.__getitem__, required=True
    )
    moves = [cached.pool_shift(digit, *shifting.by(pixels, towards)) for pixels in (1, 2)]
    question = "Moved by 1 pixel, then by 2: when does the max pool put out its old maps, only moved?"
    if prediction.ask(GUESS, question, _GUESSES, shifting.outcome(moves), shifting.because(moves)):
        st.html(shifting.shifts(trace, digit.pixels, moves, channel))
        st.markdown("\n".join(f"- {shifting.say_shift(move)}" for move in moves))
        st.html(shifting.folded(moves))


st.title("Pooling")
st.write("A max pool keeps the largest of every 2 × 2 values and throws three away. Which, and what does that cost?")
shown = controls.part(VIEW, _VIEWS)
with st.container(width=220):
    channel = controls.channel(len(step.maps))
{"windows": windows, "average": average_pool, "move": moved}[shown]()

st.header("What to try")
st.markdown(
    "- Choose a unit where nothing is drawn: who wins among equals, and does it matter?\n"
    "- Trace the winner, then a value that lost: how far does the box move on the digit?\n"
    "- Move the digit by 1 pixel: into the pool nothing but the place changes. Why does more change behind it?"
)
