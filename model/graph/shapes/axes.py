"""What sums over axes give, and what moves, cuts or counts them in another way."""

import math
from collections.abc import Sequence

from model.graph.shapes.records import LARGEST, Given, Misfit, Result, Value, written


def reduced(given: Given) -> Result:
    """Reduce over some axes."""
    sides, dims = given.value.sides, given["dims"]
    check_axes(dims, given.value)
    kept = given["keepdim"]
    return rearranged(given.value, [1 if a in dims else n for a, n in enumerate(sides) if kept or a not in dims])


def along_axis(given: Given) -> Result:
    """Work along one axis; the shape stays."""
    check_axes([given["dim"]], given.value)
    return Result(given.value)


def padded(given: Given) -> Result:
    """Add values around an input, by one of the modes of PyTorch."""
    pads, sides = given["pads"], list(given.value.shape)
    limited = given["mode"] != "constant"
    if len(pads) % 2 or len(pads) // 2 > len(sides) or (limited and (len(pads), len(sides)) != (4, 3)):
        raise Misfit(f"It pads {len(pads)} sides of {written(sides)}.", "Pads come in pairs, the last axis first.")
    for axis, (before, after) in enumerate(zip(pads[::2], pads[1::2], strict=True), start=1):
        side = sides[-axis]
        most = {"reflect": side - 1, "circular": side}.get(given["mode"], LARGEST)
        if max(before, after) > most:
            raise Misfit(f"It pads {before} and {after} to {side} with '{given['mode']}'.", f"At most {most} fit.")
        sides[-axis] = before + side + after
    return Result(Value(given.value.batch, tuple(sides)))


def flatten(given: Given) -> Result:
    """Make one axis of several."""
    start, end, sides = given["start"], given["end"], given.value.sides
    if not start <= end < len(sides):
        raise Misfit(f"It flattens the axes {start} to {end} of {len(sides)}.", "The first comes first.")
    return rearranged(given.value, [*sides[:start], math.prod(sides[start : end + 1]), *sides[end + 1 :]])


def view(given: Given) -> Result:
    """Read the same numbers in another shape."""
    result = Value(given["batch"], given["shape"])
    if result.size != given.value.size or bool(result.batch) != bool(given.value.batch):
        raise Misfit(f"It turns {given.value.sides} into {result.sides}.", "As many numbers must come out as go in.")
    return Result(result)


def expand(given: Given) -> Result:
    """Repeat along axes of size 1."""
    result, value = Value(given["batch"], given["shape"]), given.value
    extra = len(result.shape) - len(value.shape)
    fits = result.batch == value.batch and extra >= 0 and not (extra and value.batch)
    if not fits or any(old not in {1, new} for old, new in zip(value.shape, result.shape[extra:], strict=True)):
        raise Misfit(f"It turns {value.sides} into {result.sides}.", "Only axes of size 1 can be repeated.")
    return Result(result)


def squeeze(given: Given) -> Result:
    """Remove axes of size 1."""
    sides, dims = given.value.sides, given["dims"]
    if dims:
        check_axes(dims, given.value)
    if any(sides[axis] != 1 for axis in dims):
        raise Misfit(f"It removes the axes {written(dims)} of {sides}.", "Only axes of size 1 can be removed.")
    return rearranged(given.value, [side for axis, side in enumerate(sides) if axis not in dims])


def unsqueeze(given: Given) -> Result:
    """Add an axis of size 1."""
    sides, axis = list(given.value.sides), given["dim"]
    if not (1 if given.value.batch else 0) <= axis <= len(sides):
        raise Misfit(f"It adds the axis {axis}.", f"It is from 1 to {len(sides)}.")
    return rearranged(given.value, [*sides[:axis], 1, *sides[axis:]])


def permute(given: Given) -> Result:
    """Order the axes in another way."""
    sides, dims = given.value.sides, given["dims"]
    if sorted(dims) != list(range(len(sides))) or (given.value.batch and dims[0] != 0):
        raise Misfit(f"It orders the axes {written(dims)}.", "Each axis comes once, and the batch first.")
    return rearranged(given.value, [sides[axis] for axis in dims])


def sliced(given: Given) -> Result:
    """Take entries of a part of an axis, one in every ``step``."""
    axis, start, end, step = (given[name] for name in ("dim", "start", "end", "step"))
    check_axes([axis], given.value)
    sides = list(given.value.sides)
    if not start < end <= sides[axis]:
        raise Misfit(f"It takes {start} to {end} of {sides[axis]}.", "It must take at least one and no more than all.")
    sides[axis] = -(-(end - start) // step)
    return rearranged(given.value, sides)


def select(given: Given) -> Result:
    """Take one entry of an axis, which goes."""
    axis, sides = given["dim"], given.value.sides
    check_axes([axis], given.value)
    if given["index"] >= sides[axis]:
        raise Misfit(f"It takes number {given['index']} of {sides[axis]}.", "Numbers begin at 0.")
    return rearranged(given.value, [*sides[:axis], *sides[axis + 1 :]])


def rearranged(value: Value, sides: Sequence[int]) -> Result:
    """Return a value whose first axis is still the batch, where there is one."""
    return Result(Value(sides[0], tuple(sides[1:])) if value.batch else Value(0, tuple(sides)))


def check_axes(axes: Sequence[int], value: Value) -> None:
    """Raise Misfit for axes that an input does not have, or that come twice; the batch is none of them."""
    first = 1 if value.batch else 0
    if not axes or len({*axes}) < len(axes) or not all(first <= axis < len(value.sides) for axis in axes):
        raise Misfit(f"It works on the axes {written(axes)}.", f"They are from {first} to {len(value.sides) - 1}.")
