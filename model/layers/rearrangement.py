"""Steps that change no value: they move values, repeat them, leave them out, or put inputs one behind another.

One rule explains them all. The step's own function runs on numbers that count through its inputs; what comes out says
where each value came from.
"""

import numpy as np
import torch
from torch import nn

from model.graph.capture import FUNCTIONS
from model.graph.records import Op
from model.layers.layer import Layer, WorkedUnit, axes, format_number, listed, unit_at
from model.layers.operands import numbered, position_with_batch, source_at, with_batch
from model.layers.records import Calculation, Recipe, Rule, Term, Where
from model.records import Unit
from model.trace.records import LayerKind, Step

_NOWHERE = -1.0  # in the place of a number that padding adds
_ADDED = "the number that padding adds"


class Rearrangement(Layer):
    """``y[unit] = x[source(unit)]``."""

    hidden = True
    linear = True

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """The shape that comes out."""
        return listed(step.output.shape, "as rearranged")

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """One term: the value itself, where it came from. What padding adds has none."""
        number = int(self._sources(step)[position_with_batch(step, unit)])
        if number == _NOWHERE:
            value = float(step.settings["value"])
            text = format_number(value, bracket=False)
            return WorkedUnit((), value, _ADDED, f"{text} = {text}", value)
        which, arrays = 0, with_batch(step)
        while number >= arrays[which].size:
            number -= arrays[which].size
            which += 1
        kept = step.operands[which] if step.operands else step.input
        position = np.unravel_index(number, kept.shape)
        value = float(kept[position])
        text = f"{format_number(value)} = {format_number(value, bracket=False)}"
        where = unit_at([int(i) for i in position], kept.shape)
        return WorkedUnit((Term(where, value, 1.0, value, source_at(step, which)),), 0.0, "input", text, value)

    def recipe(self, step: Step) -> Recipe:
        """For each unit the number of the value that it is."""
        members = self._sources(step).reshape(-1, 1).astype(np.int32)
        settings = {"value": float(step.settings["value"])} if "value" in step.settings else {}
        return Recipe(Rule.COPY, Where.MEMBERS, (_ADDED, "input"), "{0} = [1]", settings, {"members": members})

    def _sources(self, step: Step) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
        """Return the number of the value that each value came from."""
        counting = [torch.from_numpy(each) for each in numbered(with_batch(step))]
        settings = step.settings
        if "value" in settings:
            settings = {**settings, "value": _NOWHERE}
        return np.asarray(FUNCTIONS[self.ops[0]](counting, settings, {}).numpy())

    def monotone(self, module: nn.Module) -> nn.Module:
        """The step itself."""
        return module


class Flatten(Rearrangement):
    """Several axes become one."""

    kind = LayerKind.FLATTEN
    ops = (Op.FLATTEN,)
    settings = ("start", "end")
    about = "Writes the maps one after another into one vector. No value changes, only its index."


class Reshape(Rearrangement):
    """A reshape, or a view."""

    kind = "reshape"
    ops = (Op.VIEW,)
    about = "Writes all values into another shape, in the same order. No value changes, only its index."


class Repeat(Rearrangement):
    """A repetition along axes of size 1."""

    kind = "repeat"
    ops = (Op.EXPAND,)
    about = "Repeats values along an axis of size 1."


class Squeeze(Rearrangement):
    """Axes of size 1 are removed."""

    kind = "remove axes"
    ops = (Op.SQUEEZE,)
    about = "Removes axes of size 1. No value changes."


class Unsqueeze(Rearrangement):
    """An axis of size 1 is added."""

    kind = "add an axis"
    ops = (Op.UNSQUEEZE,)
    about = "Adds an axis of size 1. No value changes."


class Permute(Rearrangement):
    """A permutation or transposition of the axes."""

    kind = "exchange axes"
    ops = (Op.PERMUTE,)
    about = "Puts the axes into another order. No value changes, only its index."


class Slice(Rearrangement):
    """A part of the values along an axis, as of a chunk."""

    kind = "slice"
    ops = (Op.SLICE,)
    about = "Keeps a part of the values along an axis."

    def describe(self, step: Step) -> str:
        """Say of which axis it keeps what."""
        axis, shape = _axis(step), step.input.shape
        named = dict(zip(("channels", "height", "width", "units"), ("map", "row", "column", "unit"), strict=True))
        name, size = named.get(axes(shape)[axis], "place"), shape[axis]
        start, step_by = int(step.settings["start"]), int(step.settings["step"])
        last = start + (step.output.shape[axis] - 1) * step_by
        kept = f"{name} {start}" if last == start else f"{name}s {start} to {last}"
        steps = f", in steps of {step_by}" if step_by > 1 and last > start else ""
        return f"Keeps a part of the values: {kept} of {size}{steps}, counted from 0. No value changes."


class Select(Rearrangement):
    """One place along an axis."""

    kind = "select"
    ops = (Op.SELECT,)
    about = "Keeps one place along an axis, and removes the axis."


class ChannelShuffle(Rearrangement):
    """``y[k * groups + g] = x[g * size + k]``."""

    kind = "channel shuffle"
    ops = (Op.CHANNEL_SHUFFLE,)
    about = (
        "Deals the maps of several groups out in turn, so that the next grouped convolution sees maps of every group."
    )


class PixelShuffle(Rearrangement):
    """``y[c, i * r + a, j * r + b] = x[c * r * r + a * r + b, i, j]``."""

    kind = "pixel shuffle"
    ops = (Op.PIXEL_SHUFFLE,)
    about = "Makes one larger map of several small ones: their values lie beside one another in it."


class Identity(Rearrangement):
    """``y = x``."""

    kind = "identity"
    ops = (Op.IDENTITY,)
    about = "Changes nothing."


class Concatenation(Rearrangement):
    """A concatenation."""

    kind = "concatenation"
    ops = (Op.CAT,)
    about = "Puts inputs one behind another along an axis, mostly the maps of several paths. No value changes."

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """The sum of the inputs along the axis, and the other axes unchanged."""
        axis = _axis(step)
        sizes = [operand.shape[axis] for operand in step.operands]
        total = Calculation(axes(step.output.shape)[axis], "Σ of the inputs", " + ".join(map(str, sizes)), sum(sizes))
        lines = list(super().shape(step))
        lines[axis] = total
        return tuple(lines)


class Padding(Rearrangement):
    """Zeros, another number, or values of the map itself around it."""

    kind = "padding"
    ops = (Op.PAD,)
    about = "Adds places around the maps: fixed numbers, or values repeated or mirrored at the edge."


def _axis(step: Step) -> int:
    """Return the axis of a recorded activation, which has no batch, that a step works along."""
    return int(step.settings["dim"]) - (0 if step.batches and step.batches[-1] != 1 else 1)


LAYERS = (
    Flatten(),
    Reshape(),
    Repeat(),
    Squeeze(),
    Unsqueeze(),
    Permute(),
    Slice(),
    Select(),
    ChannelShuffle(),
    PixelShuffle(),
    Identity(),
    Concatenation(),
    Padding(),
)
