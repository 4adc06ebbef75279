"""The windows of a max pool: their places on the map that goes in, and what each value is called."""

import numpy as np

from model.pooling.records import Pooled, places
from model.receptive_field.records import Box, ReceptiveField, Window
from model.records import Pair, Unit
from model.trace.records import Step
from viz.pictures import words


def is_overlapping(pooled: Pooled) -> bool:
    """Tell whether a value of the input can lie in several windows."""
    rows, columns = places(pooled.window, (pooled.output.shape[1], pooled.output.shape[2]))
    return len({*rows.flat}) < rows.size or len({*columns.flat}) < columns.size


def window_places(window: Window, unit: Unit) -> list[Pair]:
    """Return the positions (y, x) of a unit's window, row by row; in padding these are no places."""
    _, y, x = unit
    rows, columns = places(window, (y + 1, x + 1))
    return [(down, across) for down in rows[y].tolist() for across in columns[x].tolist()]


def covered_places(pooled: Pooled, unit: Unit) -> list[Pair]:
    """Return the positions of a unit's window that lie on the map."""
    height, width = pooled.input.shape[1:]
    return [(y, x) for y, x in window_places(pooled.window, unit) if 0 <= y < height and 0 <= x < width]


def tied_places(pooled: Pooled, unit: Unit) -> list[Pair]:
    """Return the positions of the largest values of a unit's window; the first is its winner."""
    largest = pooled.output[unit]
    return [(y, x) for y, x in covered_places(pooled, unit) if pooled.input[unit[0], y, x] == largest]


def place_of(pooled: Pooled, unit: Unit, name: str) -> Pair:
    """Return the position of a value of a unit's window: the winner, or ``y.x``, its place in the window."""
    if name == "winner":
        y, x = pooled.winners[unit].tolist()
        return y, x
    (top, left), kernel_place = window_places(pooled.window, unit)[0], map(int, name.split("."))
    down, across = (each * apart for each, apart in zip(kernel_place, pooled.window.dilation, strict=True))
    return top + down, left + across


def name_of(pooled: Pooled, unit: Unit, where: Pair) -> str:
    """Return the name of a value of a unit's window, as ``place_of`` takes it; the winner is ``winner``."""
    if where == place_of(pooled, unit, "winner"):
        return "winner"
    down, across = divmod(window_places(pooled.window, unit).index(where), pooled.window.kernel[1])
    return f"{down}.{across}"


def traceable(pooled: Pooled, unit: Unit) -> dict[str, str]:
    """Return what each value of a unit's window is called, by the name that ``place_of`` takes."""
    if pooled.window.kernel == (2, 2):
        called = dict(zip(np.ndindex(2, 2), ("Top left", "Top right", "Bottom left", "Bottom right"), strict=True))
    else:
        called = {(y, x): f"y {y}, x {x} of the window" for y, x in np.ndindex(pooled.window.kernel)}
    on_map = {*covered_places(pooled, unit)}
    every = zip(called.items(), window_places(pooled.window, unit), strict=True)
    return {"winner": "The winner"} | {f"{y}.{x}": said for ((y, x), said), place in every if place in on_map}


def largest(pooled: Pooled | Step, channel: int) -> Pair:
    """Return the position of the largest value of an output map."""
    maps = pooled.maps if isinstance(pooled, Step) else pooled.output
    y, x = divmod(int(maps[channel].argmax()), maps.shape[2])
    return y, x


def say_traced(pooled: Pooled, unit: Unit, place: Pair, source: ReceptiveField, whole: ReceptiveField) -> str:
    """Describe the receptive field of one value of a window, and compare it with that of the unit.

    Args:
        pooled: The pool.
        unit: A unit of the pool.
        place: Position of one value of its window, (y, x).
        source: Receptive field of the input of the pool.
        whole: Receptive field of the output of the pool.
    """
    return (
        f"{say_origin(pooled, unit, place, source.box(place), source.size)} The receptive field of the "
        f"unit has {words.shape(whole.size)} pixels, but its value comes from those of its winner only."
    )


def say_origin(pooled: Pooled, unit: Unit, place: Pair, box: Box, size: Pair) -> str:
    """Say which pixels one value of a unit's window depends on.

    Args:
        pooled: The pool.
        unit: A unit of the pool.
        place: Position of one value of its window, (y, x).
        box: Where the pixels are.
        size: How many these are, (y, x).
    """
    y, x = place
    won = place == tuple(pooled.winners[unit])
    return (
        f"{'The winner' if won else 'Another value'}, {words.number(pooled.input[unit[0], y, x])} at y {y}, x {x} of "
        f"the input map, depends on {words.shape(size)} pixels: {words.box(box)}."
    )
