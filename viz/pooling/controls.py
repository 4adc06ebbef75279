"""The controls of the pooling page; the choices are kept in the address."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from model import layers
from model.errors import InputError
from model.images import mnist
from model.images.records import Digit
from model.layers.records import Explanation
from model.pooling import max_pool
from model.pooling.records import Pooled, PoolGradient, Shift
from model.receptive_field.records import Box, ReceptiveField, Window
from model.records import IMAGE, Activation, Pair, Unit
from model.trace.records import LayerKind, Step, Trace
from viz.app import address, components, current, prediction, shared, tables, widgets
from viz.app.error_boundary import or_say
from viz.app.markdown import escape_markdown
from viz.layers import controls as layer_controls
from viz.layers import worked_unit
from viz.pooling import cache, figures, shifting

VIEW, TRACED, TESTED, TOWARDS, GUESS = "pool_view", "pool_trace", "pool_test", "pool_towards", "pool_guess"
_WINNER = "winner"
_TESTED = {"project": "The project's labelled samples", "mnist": "MNIST's test images"}
_TOWARDS = {"right": "To the right", "down": "Down"}
_GUESSES = ("one", "two", "both", "neither")
_PIXEL = ReceptiveField((1, 1), (1, 1), (0.0, 0.0))  # of the picture itself


def views() -> dict[str, str]:
    """Return what the parts of the page are called."""
    moved = f"Shifted {current.picture_word()}"
    return {"windows": "The windows", "lost": "Discarded values", "average": "Average pool instead", "move": moved}


def allowed(trace: Trace) -> dict[str, address.Allowed]:
    """Return what the choices of all parts can be."""
    kernels = [window.kernel for window in _windows(trace) if window]
    return {TRACED: [_WINNER, *_names(kernels)], TESTED: _TESTED, TOWARDS: _TOWARDS, GUESS: _GUESSES}


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
    return [node.name for node in max_pool.max_pools(current.structure().graph)]


def about(trace: Trace) -> str:
    """Say what the max pools of the network of this run do."""
    return figures.say_pools(_windows(trace))


def shift_to_try() -> str:
    """Return what to try with a shift; that the input maps are only shifted holds for the assignment's network."""
    first = f"Shift the {current.picture_word()} by 1 pixel:"
    if current.is_assignment():
        return f"{first} the input maps are only shifted. Why do the output maps change?"
    return f"{first} are the maps only shifted? If they change, is it the pool, or do its input maps change too?"


def choose_pool(trace: Trace) -> Step:
    """Let the person choose a max pool, where there are several."""
    names = max_pools()
    return widgets.step(trace, names) if len(names) > 1 else trace[names[0]]


def _averages(trace: Trace) -> list[str]:
    return [step.name for step in trace.steps if step.kind is LayerKind.AVERAGE_POOL]


def say_averages(trace: Trace) -> None:
    """Say what the average pools of another network than the assignment's are, and where they are shown."""
    names = _averages(trace)
    if not names or current.is_assignment():
        return
    pools = f"{', '.join(names)} {'is an average pool' if len(names) == 1 else 'are average pools'}"
    st.write(
        f"{escape_markdown(pools)}: each value of a window has the same weight in its mean, so no value wins. The "
        "page Layer by layer shows this arithmetic."
    )


def without_max_pool(trace: Trace) -> None:
    """Say that there is no max pool; show the arithmetic of the average pools, where there are any."""
    names, link = _averages(trace), ("pooling", "Show the max pool of the assignment's network")
    if not names:
        widgets.dead_end("This network has no pool.", *link)
        return
    said = "This network has no max pool, only average pools. An average pool has no winners: each value counts."
    widgets.dead_end(said, *link)
    step = widgets.step(trace, names)
    with st.container(horizontal=True, width=440):
        channel = widgets.channel(len(step.maps))
        unit = (channel, *widgets.unit((step.maps.shape[1], step.maps.shape[2]), figures.largest(step, channel)))
    worked(trace, layers.explain(trace, step.name, unit))


def worked(trace: Trace, explained: Explanation) -> None:
    """Show the arithmetic of a unit without winners."""
    window = or_say(partial(layers.window, trace[explained.name])) if explained.name not in max_pools() else None
    data = worked_unit.prepare(trace, explained, window)
    draw = partial(components.workings, data, _choose_unit)
    widgets.figure(draw, worked_unit.say(explained), tables.terms_file(explained))


def _choose_unit(picked: Unit, source: str) -> None:
    if not source:
        layer_controls.choose_unit(picked)


def winners(digit: Digit, step: Step) -> Pooled | None:
    """Return the winners of a max pool; if its windows have several sizes, say so here and return None."""
    return or_say(partial(cache.pooled, digit, step.name))


def stage(trace: Trace, pooled: Pooled, explained: Explanation) -> None:
    """Show the input map, the output map, and what the marks mean.

    A click on a value of the window traces it to the picture; a click on an output value chooses that unit.
    """

    def choose(picked: Unit, source: str) -> None:
        if source:
            address.write(**{TRACED: figures.name_of(pooled, explained.unit, picked[1:])})
        else:
            layer_controls.choose_unit(picked)

    components.workings(figures.prepare(trace, explained, pooled.window, pooled), choose)
    st.html(figures.legend())


def traced_value(pooled: Pooled, unit: Unit) -> Pair:
    """Let the person choose which value of the window is traced to the picture; return its position."""
    options = figures.traceable(pooled, unit)
    kernels = [window.kernel for window in _windows(shared.outline()) if window]
    name = address.bind(
        st.selectbox,
        f"Trace to the {current.picture_word()}",
        TRACED,
        options,
        _WINNER,
        instead={name: _WINNER for name in _names(kernels) if name not in options},
    )
    return figures.place_of(pooled, unit, name)


def traced(pooled: Pooled, unit: Unit, place: Pair) -> tuple[Box, str] | None:
    """Return the pixels that one value of a window depends on, and words; if that is not known, say why."""
    every = shared.every_field()
    source = _PIXEL if pooled.source == IMAGE else every[pooled.source]
    whole = every[pooled.name]
    if isinstance(source, ReceptiveField) and isinstance(whole, ReceptiveField):
        return source.box(place), figures.say_traced(pooled, unit, place, source, whole)
    box = or_say(partial(shared.measured_box, pooled.source, *place))
    return None if box is None else (box, figures.say_origin(pooled, unit, place, box, (box.height, box.width)))


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


def every_window(pooled: Pooled, gradient: PoolGradient, channel: int) -> tables.CsvFile:
    """Return every window of a map as CSV."""
    text = partial(figures.as_csv, pooled, gradient, channel)
    return tables.CsvFile("Every window of this map as CSV", text, f"windows-{channel}.csv")


def both_maps(step: Step, averaged: Activation, channel: int) -> tables.CsvFile:
    """Return a map of the max pool and of the average pool, (C, h, w), as CSV."""
    both = {"max pool": step.output[channel], "average pool": averaged[channel]}
    return tables.maps_file("Download both maps as CSV", both, f"pools-map-{channel}")


def moved_maps(moves: Sequence[Shift], channel: int) -> tables.CsvFile:
    """Return a map around the pool before and after each shift as CSV."""
    return tables.maps_file(
        "Download these maps as CSV", shifting.maps_by_title(moves, channel), f"moved-map-{channel}"
    )


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
