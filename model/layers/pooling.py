"""Pools: the largest value or the mean of each window of a map. They learn nothing and work on each map alone."""

from itertools import pairwise, product
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from torch import nn

from model.errors import InputError
from model.graph.records import Op
from model.layers.layer import Layer, Modules, Settings, Shape, WorkedUnit, format_number, weighted_sum
from model.layers.records import Calculation, Recipe, Rule, Term, Where
from model.layers.stand_ins import WindowMean
from model.layers.windows import covered_along, covered_positions, output_size, pair, sliding
from model.receptive_field.records import Window
from model.records import Pair, Unit, format_sizes
from model.trace.records import LayerKind, Step

_POOL_NAMES = MappingProxyType({"kernel": "kernel_size", "ceil": "ceil_mode", "divisor": "divisor_override"})
_ABOUT_AVERAGE = (
    "Computes the mean of each window. Where the window is the whole map, the result says how much of the map's "
    "pattern there is, not where it is. It learns nothing and works on each map alone."
)
_LARGEST, _MEAN = "max of the window", "Σ of the window / number of values"


class MaxPool(Layer):
    """``y[c, i, j]`` is the largest value of window (i, j) of map c."""

    kind = LayerKind.MAX_POOL
    modules = (nn.MaxPool2d,)
    ops = (Op.MAX_POOL,)
    names = _POOL_NAMES
    about = (
        "Keeps the largest value of each window. A pattern is still found when it moves a little. It learns nothing "
        "and works on each map alone."
    )
    settings = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """As many maps as before; height and width by the places that the window has."""
        return _pooled(step)

    def window(self, settings: Settings, before: Shape, after: Shape) -> Window:
        """Return the window that slides."""
        return sliding(settings)

    def describe(self, step: Step) -> str:
        """Say what the pool does, whether its windows overlap, and what it leaves out."""
        window = sliding(step.settings)
        sides = zip(window.kernel, window.stride, window.dilation, strict=True)
        overlap = any(kernel > 1 and (stride < kernel or dilation > 1) for kernel, stride, dilation in sides)
        kept = " and drops the others."
        if overlap:
            kept = ". The windows overlap: a value can be the largest of several windows."
        smaller = " The maps get smaller." if step.output[0].size < step.input[0].size else ""
        said = self.about.replace(".", f"{kept}{smaller}", 1)
        return said + _say_left_out(step)

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """The values of the window; the largest has weight 1 and the others 0. The first of equal values counts."""
        channel, *where = unit
        covered = covered_positions(self.window_of(step), (where[0], where[1]), step.input.shape[1:])
        return _largest(step, channel, [position for _, position in covered])

    def recipe(self, step: Step) -> Recipe:
        """The windows."""
        return Recipe(Rule.LARGEST, Where.WINDOW, (_LARGEST,), settings=_covered(step, self.window_of(step)))

    def monotone(self, module: nn.Module) -> nn.Module:
        """The mean of each window: the maximum passes on a change of one value alone."""
        assert isinstance(module, nn.MaxPool2d)  # noqa: S101 (for the type checker)
        return WindowMean(module)


class AveragePool(Layer):
    """``y[c, i, j]`` is the mean of window (i, j) of map c."""

    kind = LayerKind.AVERAGE_POOL
    modules = (nn.AvgPool2d,)
    ops = (Op.AVG_POOL,)
    names = _POOL_NAMES
    linear = True
    about = _ABOUT_AVERAGE
    settings = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """As many maps as before; height and width by the places that the window has."""
        return _pooled(step)

    def window(self, settings: Settings, before: Shape, after: Shape) -> Window:
        """Return the window that slides."""
        return sliding(settings)

    def describe(self, step: Step) -> str:
        """Say what the pool does, and what it leaves out."""
        return self.about + _say_left_out(step)

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """The values of the window, each divided by their number."""
        channel, y, x = unit
        window, size = self.window_of(step), (step.input.shape[1], step.input.shape[2])
        covered = covered_positions(window, (y, x), size)
        return _mean(step, channel, [position for _, position in covered], self._divisor(step, (y, x), len(covered)))

    def recipe(self, step: Step) -> Recipe:
        """The windows, and the number that each is divided by, (H, W)."""
        covered = _covered(step, self.window_of(step))
        divisors = [
            [self._divisor(step, (y, x), len(row) * len(column)) for x, column in enumerate(covered["columns"])]
            for y, row in enumerate(covered["rows"])
        ]
        return _mean_recipe(covered, divisors)

    def _divisor(self, step: Step, unit: Pair, covered: int) -> int:
        """Return what the sum of a window is divided by that covers some values."""
        override = step.settings["divisor_override"]
        if override is not None:
            return int(override)
        if not step.settings["count_include_pad"]:
            return covered
        return _padded_area(self.window_of(step), unit, (step.input.shape[1], step.input.shape[2]))

    def monotone(self, module: nn.Module) -> nn.Module:
        """The step itself."""
        return module


class AdaptiveAveragePool(Layer):
    """The mean of each window; the number of windows is given, and together they cover the map."""

    kind = LayerKind.AVERAGE_POOL
    modules: ClassVar[Modules] = (nn.AdaptiveAvgPool2d,)
    ops = (Op.ADAPTIVE_AVG_POOL,)
    names = MappingProxyType({"size": "output_size"})
    linear = True
    about = _ABOUT_AVERAGE
    settings = ("output_size",)

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """As many maps as before; height and width as given."""
        channels, *sides = step.output.shape
        given = (Calculation(n, "as given", str(s), s) for n, s in zip(("height", "width"), sides, strict=True))
        return Calculation("channels", "channels in", str(channels), channels), *given

    def window(self, settings: Settings, before: Shape, after: Shape) -> Window:
        """Return the sliding window.

        Raises:
            InputError: The windows differ in size or in stride.
        """
        kernel, stride = zip(*map(_regular, before[1:], after[1:]), strict=True)
        return Window(pair(kernel), pair(stride))

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """The values of this window, each divided by their number."""
        covered = _adaptive_window(step, unit)
        return _mean(step, unit[0], covered, len(covered))

    def recipe(self, step: Step) -> Recipe:
        """The windows, each divided by the number of its values."""
        covered = _adaptive_windows(step)
        divisors = [[len(row) * len(column) for column in covered["columns"]] for row in covered["rows"]]
        return _mean_recipe(covered, divisors)

    def monotone(self, module: nn.Module) -> nn.Module:
        """The step itself."""
        return module


class AdaptiveMaxPool(AdaptiveAveragePool):
    """The largest value of each window; the number of windows is given, and together they cover the map."""

    kind = LayerKind.MAX_POOL
    modules = (nn.AdaptiveMaxPool2d,)
    ops = (Op.ADAPTIVE_MAX_POOL,)
    linear = False
    about = MaxPool.about

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """The values of this window; the largest has weight 1 and the others 0. The first of equal values counts."""
        return _largest(step, unit[0], _adaptive_window(step, unit))

    def recipe(self, step: Step) -> Recipe:
        """The windows."""
        return Recipe(Rule.LARGEST, Where.WINDOW, (_LARGEST,), settings=_adaptive_windows(step))

    def monotone(self, module: nn.Module) -> nn.Module:
        """The mean of each window."""
        assert isinstance(module, nn.AdaptiveMaxPool2d)  # noqa: S101 (for the type checker)
        return nn.AdaptiveAvgPool2d(module.output_size)


LAYERS = (MaxPool(), AveragePool(), AdaptiveAveragePool(), AdaptiveMaxPool())


def _adaptive_window(step: Step, unit: Unit) -> list[Pair]:
    """Return the places of the window of a unit."""
    windows = _adaptive_windows(step)
    return [(y, x) for (_, y), (_, x) in product(windows["rows"][unit[1]], windows["columns"][unit[2]])]


def _adaptive_windows(step: Step) -> dict[str, list[list[Pair]]]:
    """Return the windows along both axes, as ``covered_along`` does."""
    found = {}
    for name, length, parts in zip(("rows", "columns"), step.input.shape[1:], step.output.shape[1:], strict=True):
        spans = (_adaptive_span(length, parts, i) for i in range(parts))
        found[name] = [[(place - start, place) for place in range(start, stop)] for start, stop in spans]
    return found


def _covered(step: Step, window: Window) -> dict[str, list[list[Pair]]]:
    (_, *units), (_, *size) = step.output.shape, step.input.shape
    return covered_along(window, (units[0], units[1]), (size[0], size[1]))


def _mean_recipe(covered: dict[str, list[list[Pair]]], divisors: list[list[int]]) -> Recipe:
    """Return the recipe of an average pool with its divisors, (H, W)."""
    return Recipe(Rule.MEAN, Where.WINDOW, (_MEAN,), "[0] / [1] = [2]", {**covered, "divisors": divisors})


def _say_left_out(step: Step) -> str:
    """Say which rows and columns at the end no window reaches, or that a window is not the whole map as it seems."""
    window, sides = sliding(step.settings), step.input.shape[1:]
    used = [
        (units - 1) * stride - padding + dilation * (kernel - 1) + 1
        for units, stride, padding, dilation, kernel in zip(
            step.output.shape[1:], window.stride, window.padding, window.dilation, window.kernel, strict=True
        )
    ]
    left = [max(0, side - end) for side, end in zip(sides, used, strict=True)]
    if not any(left):
        return ""
    named = [f"{n} {name}{'s' if n > 1 else ''}" for n, name in zip(left, ("row", "column"), strict=True) if n]
    said = f" No window reaches the last {' and '.join(named)}."
    if step.output.shape[1:] == (1, 1):
        size, whole = format_sizes(window.kernel), format_sizes(sides)
        return f" There is one window, but it is not the whole map: {size} of {whole} values.{said}"
    return said


def _pooled(step: Step) -> tuple[Calculation, ...]:
    window, channels = sliding(step.settings), step.input.shape[0]
    sides = [
        output_size(name, size, axis, window, after=window.padding[axis], round_up=step.settings["ceil_mode"])
        for axis, (name, size) in enumerate(zip(("height", "width"), step.input.shape[1:], strict=True))
    ]
    return Calculation("channels", "channels in", str(channels), channels), *sides


def _largest(step: Step, channel: int, covered: list[Pair]) -> WorkedUnit:
    values = [float(step.input[channel, y, x]) for y, x in covered]
    largest = int(np.argmax(values))
    terms = tuple(
        Term((channel, y, x), value, float(i == largest), value if i == largest else 0.0)
        for i, (value, (y, x)) in enumerate(zip(values, covered, strict=True))
    )
    result = values[largest]
    listed = ", ".join(format_number(value, bracket=False) for value in values)
    formula = f"max({listed}) = {format_number(result, bracket=False)}"
    return WorkedUnit(terms, 0.0, _LARGEST, formula, result)


def _mean(step: Step, channel: int, covered: list[Pair], divisor: int) -> WorkedUnit:
    values = [float(step.input[channel, y, x]) for y, x in covered]
    terms = tuple(
        Term((channel, y, x), value, 1 / divisor, value / divisor)
        for value, (y, x) in zip(values, covered, strict=True)
    )
    total = float(np.sum(values))
    return WorkedUnit(
        terms,
        0.0,
        _MEAN,
        f"{format_number(total, bracket=False)} / {divisor} = {format_number(total / divisor, bracket=False)}",
        weighted_sum(terms).value,
    )


def _padded_area(window: Window, unit: Pair, size: Pair) -> int:
    """Return how many positions a window covers, with padding, but without positions beyond the padding."""
    area = 1
    for u, s, p, kernel, length in zip(unit, window.stride, window.padding, window.kernel, size, strict=True):
        start = u * s - p
        area *= min(start + kernel, length + p) - start
    return area


def _adaptive_span(length: int, parts: int, i: int) -> Pair:
    """Return where window i of an adaptive pool begins and ends, as in PyTorch."""
    return i * length // parts, -(-(i + 1) * length // parts)


def _regular(length: int, parts: int) -> Pair:
    """Return kernel and stride of an adaptive pool that divides ``length`` values into ``parts`` windows."""
    spans = [_adaptive_span(length, parts, i) for i in range(parts)]
    kernels = {stop - start for start, stop in spans}
    strides = {b[0] - a[0] for a, b in pairwise(spans)} or kernels
    if len(kernels) > 1 or len(strides) > 1 or 0 in strides:
        raise InputError(
            f"An adaptive pool from {length} to {parts} has windows of different sizes or strides.",
            "All its windows must have one size and one stride.",
            "Choose an output size that divides the input size.",
        )
    return min(kernels), min(strides)
