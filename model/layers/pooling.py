"""Pools: make one value of each window of a map, its largest or its mean. Nothing is learned, no two maps mix."""

from itertools import pairwise
from itertools import product as every

import numpy as np
from torch import nn

from model.errors import InputError
from model.layers.layer import Layer, Sum, say, weighted_sum
from model.layers.records import Calculation, Term
from model.layers.windows import output_size, pair, places, sliding, values_at
from model.receptive_field.records import Window
from model.records import Pair, Unit
from model.trace.records import LayerKind, Step

_ABOUT_AVERAGE = (
    "Makes one number of each window, its mean. Where the window is the whole map, it asks of each map only how much "
    "of its pattern there is, no longer where. It learns nothing, and maps do not mix."
)


class MaxPool(Layer):
    """``y[c, i, j]`` is the largest value of window (i, j) of map c."""

    kind = LayerKind.MAX_POOL
    modules = (nn.MaxPool2d,)
    about = (
        "Keeps the largest value of each window and throws the others away. The maps get smaller, and a pattern may "
        "lie a little to the side and still be found. It learns nothing, and maps do not mix."
    )
    settings = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """As many maps as before; height and width by the places that the window has."""
        return _pooled(step)

    def window(self, step: Step) -> Window:
        """Return the window that slides."""
        return sliding(step)

    def explain(self, step: Step, unit: Unit) -> Sum:
        """The window's values; the winner has weight 1 and the others 0. Of equal ones the first wins."""
        channel, *where = unit
        covered = places(self.window(step), (where[0], where[1]), step.input.shape[1:])
        values = values_at(step, channel, covered)
        winner = int(values.argmax())
        terms = tuple(
            Term((channel, y, x), float(value), float(i == winner), float(value) if i == winner else 0.0)
            for i, (value, (_, (y, x))) in enumerate(zip(values, covered, strict=True))
        )
        result = float(values[winner])
        worked = ", ".join(say(value, bracket=False) for value in values.tolist())
        return Sum(terms, 0.0, "max of the window", f"max({worked}) = {say(result, bracket=False)}", result)


class AveragePool(Layer):
    """``y[c, i, j]`` is the mean of window (i, j) of map c."""

    kind = LayerKind.AVERAGE_POOL
    modules = (nn.AvgPool2d,)
    about = _ABOUT_AVERAGE
    settings = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """As many maps as before; height and width by the places that the window has."""
        return _pooled(step)

    def window(self, step: Step) -> Window:
        """Return the window that slides."""
        return sliding(step)

    def explain(self, step: Step, unit: Unit) -> Sum:
        """Each of the window's values, divided by how many there are."""
        channel, y, x = unit
        window, size = self.window(step), (step.input.shape[1], step.input.shape[2])
        covered = places(window, (y, x), size)
        divisor = step.settings["divisor_override"]
        if divisor is None:
            divisor = _padded_area(window, (y, x), size) if step.settings["count_include_pad"] else len(covered)
        return _mean(step, channel, [place for _, place in covered], divisor)


class AdaptiveAveragePool(Layer):
    """The mean of each window, the windows chosen so that a given number of them covers the map."""

    kind = LayerKind.AVERAGE_POOL
    modules = (nn.AdaptiveAvgPool2d,)
    about = _ABOUT_AVERAGE
    settings = ("output_size",)

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """As many maps as before; height and width as asked for."""
        channels, *sides = step.output.shape
        asked = (Calculation(n, "as asked for", str(s), s) for n, s in zip(("height", "width"), sides, strict=True))
        return Calculation("channels", "channels in", str(channels), channels), *asked

    def window(self, step: Step) -> Window:
        """Return the one window that slides.

        Raises:
            InputError: The windows differ in size or in stride.
        """
        kernel, stride = zip(*map(_regular, step.input.shape[1:], step.output.shape[1:]), strict=True)
        return Window(pair(kernel), pair(stride))

    def explain(self, step: Step, unit: Unit) -> Sum:
        """Each of this window's values, divided by how many there are."""
        channel, y, x = unit
        (top, bottom), (left, right) = (
            _part(length, parts, i)
            for length, parts, i in zip(step.input.shape[1:], step.output.shape[1:], (y, x), strict=True)
        )
        covered = list(every(range(top, bottom), range(left, right)))
        return _mean(step, channel, covered, len(covered))


def _pooled(step: Step) -> tuple[Calculation, ...]:
    window, channels = sliding(step), step.input.shape[0]
    sides = [
        output_size(name, size, axis, window, after=window.padding[axis], round_up=step.settings["ceil_mode"])
        for axis, (name, size) in enumerate(zip(("height", "width"), step.input.shape[1:], strict=True))
    ]
    return Calculation("channels", "channels in", str(channels), channels), *sides


def _mean(step: Step, channel: int, covered: list[Pair], divisor: int) -> Sum:
    values = [float(step.input[channel, y, x]) for y, x in covered]
    terms = tuple(
        Term((channel, y, x), value, 1 / divisor, value / divisor)
        for value, (y, x) in zip(values, covered, strict=True)
    )
    total = float(np.sum(values))
    return Sum(
        terms,
        0.0,
        "Σ of the window / how many",
        f"{say(total, bracket=False)} / {divisor} = {say(total / divisor, bracket=False)}",
        weighted_sum(terms).value,
    )


def _padded_area(window: Window, unit: Pair, size: Pair) -> int:
    """Return how many places a window covers, padding counted, but nothing beyond the padding."""
    area = 1
    for u, s, p, kernel, length in zip(unit, window.stride, window.padding, window.kernel, size, strict=True):
        start = u * s - p
        area *= min(start + kernel, length + p) - start
    return area


def _part(length: int, parts: int, i: int) -> Pair:
    """Return where part i of an adaptive pool begins and ends, as PyTorch has it."""
    return i * length // parts, -(-(i + 1) * length // parts)


def _regular(length: int, parts: int) -> Pair:
    """Return kernel and stride of an adaptive pool that cuts ``length`` values into ``parts``."""
    spans = [_part(length, parts, i) for i in range(parts)]
    kernels = {stop - start for start, stop in spans}
    strides = {b[0] - a[0] for a, b in pairwise(spans)} or kernels
    if len(kernels) > 1 or len(strides) > 1 or 0 in strides:
        raise InputError(
            f"An adaptive pool from {length} to {parts} has windows that differ.",
            "All its windows must have one size and one stride.",
            "Choose sizes of which one divides the other.",
        )
    return min(kernels), min(strides)
