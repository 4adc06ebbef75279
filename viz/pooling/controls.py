"""The pooling page's controls; what they choose lives in the link."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from model.images import mnist
from model.images.records import Digit
from model.pooling.records import Pooled, PoolGradient, Shift
from model.records import Activation, Unit
from viz.app import address, prediction, tables, widgets
from viz.layers import controls as walk
from viz.pooling import cache, figures, shifting

VIEW, TRACED, TESTED, TOWARDS, GUESS = "pool_view", "pool_trace", "pool_test", "pool_towards", "pool_guess"
VIEWS = {
    "windows": "The windows",
    "lost": "What is lost",
    "average": "An average pool in its place",
    "move": "Move the digit",
}
_TRACED = {"winner": "The winner", "0.0": "Top left", "0.1": "Top right", "1.0": "Bottom left", "1.1": "Bottom right"}
_TESTED = {"project": "The project's labelled digits", "mnist": "MNIST's test images"}
_TOWARDS = {"right": "To the right", "down": "Down"}
_GUESSES = {"one": "After 1 pixel", "two": "After 2 pixels", "both": "After either", "neither": "After neither"}
ALLOWED = {TRACED: _TRACED, TESTED: _TESTED, TOWARDS: _TOWARDS, GUESS: _GUESSES}


def window_of(pooled: Pooled, unit: Unit) -> Callable[[Unit, bool], None]:
    """Return what a click does: a value of the unit's window is traced to the digit, else another window is shown."""

    def choose(picked: Unit, trace_it: bool) -> None:
        if trace_it:
            address.write(**{TRACED: figures.name_of(pooled, unit, picked[1:])})
        else:
            walk.choose(picked)

    return choose


def traced() -> str:
    """Let the person choose which value of the window is traced to the digit."""
    return address.bind(st.selectbox, "Traced to the digit", TRACED, _TRACED, "winner")


def on_mnist() -> bool:
    """Let the person choose what both pools are tested on, and tell whether it is MNIST."""
    sets = {name: said for name, said in _TESTED.items() if name == "project" or mnist.is_present()}
    return address.bind(st.selectbox, "Tested on", TESTED, sets, "project") == "mnist"


def moves(digit: Digit) -> list[Shift]:
    """Let the person choose which way the digit moves; return what moves it by one pixel, and by two."""
    towards = widgets.segments("Which way", TOWARDS, _TOWARDS)
    return [cache.pool_shift(digit, *shifting.by(pixels, towards)) for pixels in (1, 2)]


def every_window(pooled: Pooled, gradient: PoolGradient, channel: int) -> tables.File:
    """Return every window of a map as CSV."""
    text = partial(figures.as_csv, pooled, gradient, channel)
    return tables.File("Every window of this map as CSV", text, f"windows-{channel}.csv")


def both_maps(pooled: Pooled, averaged: Activation, channel: int) -> tables.File:
    """Return a map by the largest of each window, and by the mean, (C, h, w), as CSV."""
    both = {"max pool": pooled.output[channel], "average pool": averaged[channel]}
    return tables.maps_file("Download both maps as CSV", both, f"pools-map-{channel}")


def moved_maps(moves: Sequence[Shift], channel: int) -> tables.File:
    """Return a map around the pool before and after each move as CSV."""
    return tables.maps_file("Download these maps as CSV", shifting.maps(moves, channel), f"moved-map-{channel}")


def predict(moves: Sequence[Shift]) -> bool:
    """Ask after which move the pool puts out its old maps; once answered, say what was measured, and that it is."""
    question = "Moved by 1 pixel, then by 2: when does the max pool put out its old maps, only moved?"
    return prediction.ask(GUESS, question, _GUESSES, shifting.outcome(moves), shifting.because(moves))
