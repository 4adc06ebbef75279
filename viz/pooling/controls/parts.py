"""The figures of the pooling page, each with its words and its numbers."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from model import layers
from model.images.records import Digit
from model.layers.records import Explanation
from model.pooling.records import Pooled, PoolGradient, Shift
from model.receptive_field.records import Box, ReceptiveField
from model.records import IMAGE, Pair, Unit
from model.trace.records import LayerKind, Step, Trace
from viz.app import address, components, shared, tables, widgets
from viz.app.error_boundary import or_say
from viz.layers import controls as layer_controls
from viz.layers import worked_unit
from viz.overview import figures as overview
from viz.pictures.panels import tabled
from viz.pooling import average, discarded, figures, shifting, windows
from viz.pooling.controls import TRACED

Shown = tuple[str | Callable[[], None], str, tables.Numbers]  # a figure, its words and its numbers
_PIXEL = ReceptiveField((1, 1), (1, 1), (0.0, 0.0))  # of the picture itself


def winners(trace: Trace, pooled: Pooled, explained: Explanation) -> Shown:
    """Return the input map with its winners, the output map, and the arithmetic of a unit.

    A click on a value of the window traces it to the picture; a click on an output value chooses that unit.
    """

    def choose(picked: Unit, source: str) -> None:
        if source:
            address.write(**{TRACED: windows.name_of(pooled, explained.unit, picked[1:])})
        else:
            layer_controls.choose_unit(picked)

    def show() -> None:
        """Show both maps, and what the marks mean."""
        components.workings(figures.prepare(trace, explained, pooled.window, pooled), choose)
        st.html(figures.legend())

    return show, figures.say_stage(pooled, explained.unit), tables.terms_file(explained)


def in_picture(digit: Digit, pooled: Pooled, unit: Unit, place: Pair) -> Shown | None:
    """Return the pixels that one value of a window depends on; if they are not known, say why and return None."""
    found = _traced(pooled, unit, place)
    if found is None:
        return None
    box, words = found
    numbers = tables.pixels_file(digit.pixels, box, f"{pooled.source}-sees-{place[0]}-{place[1]}")
    return worked_unit.receptive_field(digit.pixels, box), words, numbers


def _traced(pooled: Pooled, unit: Unit, place: Pair) -> tuple[Box, str] | None:
    every = shared.every_field()
    source = _PIXEL if pooled.source == IMAGE else every[pooled.source]
    whole = every[pooled.name]
    if isinstance(source, ReceptiveField) and isinstance(whole, ReceptiveField):
        return source.box(place), windows.say_traced(pooled, unit, place, source, whole)
    box = or_say(partial(shared.measured_box, pooled.source, *place))
    return None if box is None else (box, windows.say_origin(pooled, unit, place, box, (box.height, box.width)))


def totals(pooled: Pooled, channel: int) -> Shown:
    """Return the counts and sums of what goes in and what comes out."""
    drawn = tabled(discarded.totals_columns(pooled, channel), "Inputs and outputs of the pool")
    return drawn, discarded.say_totals(pooled), tables.IN_FIGURE


def gradients(found: PoolGradient, pooled: Pooled, channel: int, target: str) -> Shown:
    """Return the gradient at one input map, with a file of every window of it."""
    unit = (channel, *windows.largest(pooled, channel))
    text = partial(discarded.as_csv, pooled, found, channel)
    numbers = tables.CsvFile("Every window of this map as CSV", text, f"windows-{channel}.csv")
    return discarded.gradients(found, channel), discarded.say_gradient(found, pooled, unit, target), numbers


def both_pools(step: Step, channel: int, trace: Trace, averaged: Trace) -> Shown:
    """Return one map of the max pool and of the average pool."""
    maps = averaged[step.name].maps
    both = {"max pool": step.output[channel], "average pool": maps[channel]}
    numbers = tables.maps_file("Download both maps as CSV", both, f"pools-map-{channel}")
    return average.both_pools(step, maps, channel), average.say_average(trace, averaged), numbers


def prediction(averaged: Trace) -> Shown:
    """Return the probability of each class with the average pool."""
    drawn = f"<p>The probability of each class with the average pool:</p>{overview.probability_bars(averaged)}"
    return drawn, overview.say_probabilities(averaged), tables.prediction_file(averaged, "average-pool")


def shifted(trace: Trace, digit: Digit, moves: Sequence[Shift], channel: int) -> Shown:
    """Return a map around the pool before and after each shift."""
    words = "\n".join(f"- {shifting.say_shift(move)}" for move in moves)
    maps = shifting.maps_by_title(moves, channel)
    numbers = tables.maps_file("Download these maps as CSV", maps, f"moved-map-{channel}")
    return shifting.shifts(trace, digit.pixels, moves, channel), words, numbers


def worked(trace: Trace, explained: Explanation) -> None:
    """Show the arithmetic of a unit without winners."""
    step = trace[explained.name]
    window = or_say(partial(layers.window, step)) if step.kind == LayerKind.AVERAGE_POOL else None
    data = worked_unit.prepare(trace, explained, window)
    draw = partial(components.workings, data, _choose_unit)
    widgets.figure(draw, worked_unit.say(explained), tables.terms_file(explained))


def _choose_unit(picked: Unit, source: str) -> None:
    if not source:
        layer_controls.choose_unit(picked)
