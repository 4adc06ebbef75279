"""The controls of the pooling page; the choices are kept in the address."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from model.images import mnist
from model.images.records import Digit
from model.layers.records import Explanation
from model.pooling.records import Pooled, PoolGradient, Shift
from model.records import Activation, Unit
from model.trace.records import Trace
from viz.app import address, components, prediction, tables, widgets
from viz.layers import controls as layer_controls
from viz.pooling import cache, figures, shifting

VIEW, TRACED, TESTED, TOWARDS, GUESS = "pool_view", "pool_trace", "pool_test", "pool_towards", "pool_guess"
VIEWS = {
    "windows": "The windows",
    "lost": "Discarded values",
    "average": "Average pool instead",
    "move": "Shifted digit",
}
_TRACED = {"winner": "The winner", "0.0": "Top left", "0.1": "Top right", "1.0": "Bottom left", "1.1": "Bottom right"}
_TESTED = {"project": "The project's labelled samples", "mnist": "MNIST's test images"}
_TOWARDS = {"right": "To the right", "down": "Down"}
_GUESSES = {"one": "After 1 pixel", "two": "After 2 pixels", "both": "After both shifts", "neither": "After neither"}
ALLOWED = {TRACED: _TRACED, TESTED: _TESTED, TOWARDS: _TOWARDS, GUESS: _GUESSES}


def stage(trace: Trace, pooled: Pooled, explained: Explanation) -> None:
    """Show the input map, the output map, and what the marks mean.

    A click on a value of the window traces it to the digit; a click on an output value chooses that unit.
    """

    def choose(picked: Unit, source: str) -> None:
        if source:
            address.write(**{TRACED: figures.name_of(pooled, explained.unit, picked[1:])})
        else:
            layer_controls.choose_unit(picked)

    components.workings(figures.prepare(trace, explained, pooled.window, pooled), choose)
    st.html(figures.legend())


def traced_value() -> str:
    """Let the person choose which value of the window is traced to the digit."""
    return address.bind(st.selectbox, "Trace to the digit", TRACED, _TRACED, "winner")


def on_mnist() -> bool:
    """Let the person choose the images that both pools are tested on; return whether it is MNIST."""
    sets = {name: said for name, said in _TESTED.items() if name == "project" or mnist.is_present()}
    return address.bind(st.selectbox, "Tested on", TESTED, sets, "project") == "mnist"


def shifts(digit: Digit) -> list[Shift]:
    """Let the person choose the direction of the shift; return the shifts by one and by two pixels."""
    towards = widgets.segments("Direction", TOWARDS, _TOWARDS)
    return [cache.pool_shift(digit, *shifting.direction(pixels, towards)) for pixels in (1, 2)]


def every_window(pooled: Pooled, gradient: PoolGradient, channel: int) -> tables.CsvFile:
    """Return every window of a map as CSV."""
    text = partial(figures.as_csv, pooled, gradient, channel)
    return tables.CsvFile("Every window of this map as CSV", text, f"windows-{channel}.csv")


def both_maps(pooled: Pooled, averaged: Activation, channel: int) -> tables.CsvFile:
    """Return a map of the max pool and of the average pool, (C, h, w), as CSV."""
    both = {"max pool": pooled.output[channel], "average pool": averaged[channel]}
    return tables.maps_file("Download both maps as CSV", both, f"pools-map-{channel}")


def moved_maps(moves: Sequence[Shift], channel: int) -> tables.CsvFile:
    """Return a map around the pool before and after each shift as CSV."""
    return tables.maps_file(
        "Download these maps as CSV", shifting.maps_by_title(moves, channel), f"moved-map-{channel}"
    )


def predict(moves: Sequence[Shift]) -> bool:
    """Ask after which shift the output maps are only shifted; once answered, say what was measured, and return True."""
    question = "The digit is shifted by 1 pixel, then by 2. When are the output maps of the max pool only shifted?"
    return prediction.ask(GUESS, question, _GUESSES, shifting.outcome(moves), shifting.say_outcome(moves))
