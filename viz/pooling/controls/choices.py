"""Choose a pool, a value to trace, a shift and the images of a test; say what a network without max pools lacks."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from model import layers
from model.errors import InputError
from model.images import mnist
from model.images.records import Digit
from model.pooling import pools
from model.pooling.records import Pooled, Shift
from model.receptive_field.records import ReceptiveField, Window
from model.records import Pair, Unit
from model.trace.records import Step, Trace
from viz.app import address, current, prediction, projector, shared, widgets
from viz.app.error_boundary import or_say
from viz.app.markdown import escape_markdown
from viz.pooling import cache, figures, shifting, windows
from viz.pooling.controls import TRACED, parts

TESTED, TOWARDS, GUESS = "pool_test", "pool_towards", "pool_guess"
_WINNER = "winner"
_TESTED = {"project": "The project's labelled samples", "mnist": "MNIST's test images"}
_TOWARDS = {"right": "To the right", "down": "Down"}
_GUESSES = ("one", "two", "both", "neither")


def views() -> dict[str, str]:
    """Return what the parts of the page are called."""
    moved = f"Shifted {current.picture_word()}"
    return {"windows": "The windows", "lost": "Discarded values", "average": "Average pool instead", "move": moved}


def allowed(trace: Trace) -> dict[str, address.Allowed]:
    """Return what the choices of all parts can be."""
    kernels = [window.kernel for window in _windows(trace) if window]
    return {
        TRACED: [_WINNER, *_names(kernels)],
        TESTED: _TESTED,
        TOWARDS: _TOWARDS,
        GUESS: prediction.allowed(_GUESSES),
    }


def _names(kernels: Sequence[Pair]) -> dict[str, str]:
    """Return the name of each value of windows of some sizes; each stands for the winner where it has no place."""
    return {f"{y}.{x}": _WINNER for kernel in kernels for y, x in np.ndindex(kernel)}


def _windows(trace: Trace) -> list[Window | None]:
    """Return the window of each max pool; None where a pool has windows of several sizes."""

    def window(name: str) -> Window | None:
        try:
            return layers.window(trace[name])
        except InputError:
            return None

    return [window(name) for name in max_pools()]


def max_pools() -> list[str]:
    """Return the names of the max pools of the network of this run."""
    return [node.name for node in pools.max_pools(current.structure().graph)]


def about(trace: Trace) -> str:
    """Say what the max pools of the network of this run do."""
    return figures.say_pools(_windows(trace))


def to_try() -> tuple[str, ...]:
    """Return what to try on the page."""
    word = current.picture_word()
    shift = f"Shift the {word} by 1 pixel: are the maps only shifted? If not, is it the pool, or do its inputs change?"
    if current.is_assignment():  # that the input maps are only shifted does not hold for every network
        shift = f"Shift the {word} by 1 pixel: the input maps are only shifted. Why do the output maps change?"
    return (
        "Choose a unit in a blank area: which of the equal values is the winner, and does it matter?",
        f"Trace the winner, then another value of the window: how far does the box on the {word} move?",
        shift,
    )


def choose_pool(trace: Trace) -> Step:
    """Let the person choose a max pool, where there are several."""
    names = max_pools()
    return widgets.step(trace, names) if len(names) > 1 else trace[names[0]]


def say_averages() -> None:
    """Say what the pools without winners of another network than the assignment's are, and where they are shown."""
    said, _ = _without_winners()
    if said and not current.is_assignment():
        st.write(f"{escape_markdown(said)} The page Layer by layer shows this arithmetic.")


def _without_winners() -> tuple[str, list[str]]:
    """Say what the pools are whose windows have no winner that this page shows, and name them in order."""
    graph = current.structure().graph
    averages, maxima = pools.average_pools(graph), [node.name for node in pools.global_maxima(graph)]
    whole = [node.name for node in averages if pools.is_global(graph, node)]
    parts = [node.name for node in averages if node.name not in whole]
    names = {*parts, *whole, *maxima}
    said = figures.say_without_winners(parts, whole, maxima)
    return said, [node.name for node in graph.nodes if node.name in names]


def without_max_pool(trace: Trace) -> None:
    """Say that there is no max pool; show the arithmetic of the other pools, where there are any."""
    (said, names), link = _without_winners(), ("pooling", "Show the max pool of the assignment's network")
    if not names:
        widgets.dead_end("This network has no pool.", *link)
        return
    widgets.dead_end(f"This network has no max pool with windows. {said}", *link)
    step = widgets.step(trace, names)
    with st.container(horizontal=True, width=440):
        channel = widgets.channel(len(step.maps))
        unit = (channel, *widgets.unit((step.maps.shape[1], step.maps.shape[2]), windows.largest(step, channel)))
    with projector.stage():
        parts.worked(trace, layers.explain(trace, step.name, unit))


def winners(digit: Digit, step: Step) -> Pooled | None:
    """Return the winners of a max pool; if its windows have several sizes, say so here and return None."""
    return or_say(partial(cache.pooled, digit, step.name))


def traced_value(pooled: Pooled, unit: Unit) -> Pair:
    """Let the person choose which value of the window is traced to the picture; return its position."""
    options = windows.traceable(pooled, unit)
    kernels = [window.kernel for window in _windows(shared.outline()) if window]
    name = address.bind(
        st.selectbox,
        f"Trace to the {current.picture_word()}",
        TRACED,
        options,
        _WINNER,
        instead={name: _WINNER for name in _names(kernels) if name not in options},
    )
    return windows.place_of(pooled, unit, name)


def on_mnist() -> bool:
    """Let the person choose the images that both pools are tested on; return whether it is MNIST."""
    has_mnist = current.takes_digits() and mnist.is_present()
    sets = {name: said for name, said in _TESTED.items() if name == "project" or has_mnist}
    return address.bind(st.selectbox, "Tested on", TESTED, sets, "project") == "mnist"


def shifts(digit: Digit, name: str) -> list[Shift] | None:
    """Let the person choose the direction of the shift; return the shifts by one pixel and by a unit of the output.

    Where the network allows none, say why and return None.
    """
    towards = widgets.segments("Direction", TOWARDS, _TOWARDS)
    pixels = shifting.distances(_jump(name))
    return or_say(lambda: [cache.pool_shift(digit, name, *shifting.direction(each, towards)) for each in pixels])


def _jump(name: str) -> int:
    """Return how many pixels lie between neighbouring units of a pool in the direction of the shift; 2 if unknown."""
    field = shared.every_field()[name]
    if not isinstance(field, ReceptiveField):
        return 2
    return field.jump[1 if address.read(TOWARDS, "right") != "down" else 0]


def predict(moves: Sequence[Shift], digit: Digit, name: str) -> bool:
    """Ask after which shift the output maps are only shifted; once answered, say what was measured, and return True."""
    jump = _jump(name)
    _, more = shifting.distances(jump)
    question = (
        f"The {current.picture_word()} is shifted by 1 pixel, then by {more}. When are the output maps of the max "
        "pool only shifted?"
    )
    said = ("After 1 pixel", f"After {more} pixels", "After both shifts", "After neither")
    try:
        pooled = cache.pooled(digit, name)
    except InputError:
        pooled = None
    because = shifting.say_outcome(moves, pooled, jump)
    return prediction.ask(GUESS, question, dict(zip(_GUESSES, said, strict=True)), shifting.outcome(moves), because)
