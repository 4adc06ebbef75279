"""Convolution: slide a kernel over the input maps, multiply by its weights, sum, and add a bias.

Each output map has its own kernel, and a kernel has a slice for every input map of its group.
"""

from types import MappingProxyType

import numpy as np
import torch
from torch import nn

from model.errors import InputError
from model.graph.records import Node, Op
from model.layers.initial import draw_weights
from model.layers.layer import Layer, Settings, Shape, WorkedUnit, learned_lines, product, sum_symbols, weighted_sum
from model.layers.records import Calculation, Recipe, Rule, Term, Where
from model.layers.stand_ins import positive
from model.layers.windows import covered_along, covered_positions, each_axis, output_size, pair
from model.receptive_field.records import Window
from model.records import Pair, Unit
from model.trace.records import LayerKind, Step


class Convolution(Layer):
    """``y[c, i, j] = bias[c] + sum of weight[c, k, a, b] * x[k, i * stride - padding + a * dilation, ...]``."""

    kind = LayerKind.CONVOLUTION
    modules = (nn.Conv2d,)
    ops = (Op.CONV,)
    names = MappingProxyType({"kernel": "kernel_size"})
    learns = True
    linear = True
    about = (
        "Each output map has its own kernel, which slides over the input maps. At each position the values that it "
        "covers are multiplied by its weights and summed, and a bias is added. So an output map shows where one "
        "pattern is."
    )
    settings = ("kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")

    def describe(self, step: Step) -> str:
        """Say what the convolution does, with a sentence on 1 × 1 kernels."""
        if pair(step.settings["kernel_size"]) != (1, 1):
            return self.about
        one_by_one = " Here the window is 1 × 1: the kernel combines maps and uses no neighbours."
        ring = " The padding adds a ring of units that see no input: their value is the bias."
        return self.about + one_by_one + (ring if any(_padding(step.settings)[0]) else "")

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """One map for each kernel; height and width are the numbers of kernel positions."""
        window, after = self.window_of(step), _padding(step.settings)[1]
        sides = [
            output_size(name, size, axis, window, after=after[axis])
            for axis, (name, size) in enumerate(zip(("height", "width"), step.input.shape[1:], strict=True))
        ]
        kernels = step.weights["weight"].shape[0]
        return Calculation("channels", "kernels", str(kernels), kernels), *sides

    def parameters(self, step: Step) -> tuple[Calculation, ...]:
        """A weight for each output map, input map of its group and window position; a bias for each output map."""
        maps_out, maps_in, height, width = step.weights["weight"].shape
        weights = product("weights", maps_out=maps_out, maps_in=maps_in, kernel_height=height, kernel_width=width)
        return learned_lines(step, weight=weights, bias=product("biases", maps_out=maps_out))

    def multiply_accumulates(self, step: Step) -> Calculation:
        """The weights of a kernel, once for each unit."""
        _, maps_in, kernel_height, kernel_width = step.weights["weight"].shape
        maps_out, height, width = step.output.shape
        return product(
            "multiply-accumulates",
            maps_out=maps_out,
            height_out=height,
            width_out=width,
            maps_in=maps_in,
            kernel_height=kernel_height,
            kernel_width=kernel_width,
        )

    def settings_of(self, node: Node) -> Settings:
        """Return the settings of a node by PyTorch's names; in a graph, other padding than zeros is a node."""
        return {**super().settings_of(node), "padding_mode": "zeros"}

    def window(self, settings: Settings, before: Shape, after: Shape) -> Window:
        """Return its kernel, stride, padding and dilation.

        Raises:
            InputError: The padding is not zeros.
        """
        mode = settings["padding_mode"]
        if mode != "zeros":
            raise InputError(
                f"A convolution has padding_mode='{mode}'.",
                "Only with zeros does no other pixel enter a unit's window.",
                "Build it with padding_mode='zeros'.",
            )
        padding, _ = _padding(settings)
        return Window(pair(settings["kernel_size"]), pair(settings["stride"]), padding, pair(settings["dilation"]))

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """Patch times kernel, by input map, and the bias."""
        channel, y, x = unit
        weight = step.weights["weight"][channel].astype(np.float64)  # (C_in / groups, kH, kW)
        per_group = len(step.weights["weight"]) // step.settings["groups"]
        first = channel // per_group * len(weight)  # input map of this output map's group
        covered = covered_positions(self.window_of(step), (y, x), step.input.shape[1:])
        terms = []
        for slice_, (ky, kx), (iy, ix) in ((k, *each) for k in range(len(weight)) for each in covered):
            value, factor = float(step.input[first + slice_, iy, ix]), float(weight[slice_, ky, kx])
            terms.append(Term((first + slice_, iy, ix), value, factor, value * factor))
        biased = "bias" in step.weights
        bias = float(step.weights["bias"][channel]) if biased else 0.0
        return weighted_sum(tuple(terms), bias, biased=biased)

    def recipe(self, step: Step) -> Recipe:
        """Weights (C_out, C_in / groups, kH, kW), and biases (C_out,) if there are any."""
        (_, *units), (_, *size), weights = step.output.shape, step.input.shape, step.weights
        covered = covered_along(self.window_of(step), (units[0], units[1]), (size[0], size[1]))
        per_group = len(weights["weight"]) // step.settings["groups"]
        arrays = {name: weights[name] for name in ("weight", "bias") if name in weights}
        symbols = sum_symbols(biased="bias" in weights)
        return Recipe(Rule.SUM, Where.WINDOW, symbols, settings={**covered, "per_group": per_group}, arrays=arrays)

    def monotone(self, module: nn.Module) -> nn.Module:
        """All weights positive and equal."""
        return positive(module)

    def randomize(self, module: nn.Module, generator: torch.Generator) -> None:
        """Draw weights and biases."""
        draw_weights(module, generator)


LAYERS = (Convolution(),)


def _padding(settings: Settings) -> tuple[Pair, Pair]:
    """Return the number of zeros before the first value and after the last, each (y, x)."""
    padding = settings["padding"]
    if padding == "same":  # an odd number puts one more after the last value
        total = each_axis(lambda k, d: (k - 1) * d, pair(settings["kernel_size"]), pair(settings["dilation"]))
        before = each_axis(lambda t: t // 2, total)
        return before, each_axis(lambda t, b: t - b, total, before)
    both = (0, 0) if padding == "valid" else pair(padding)
    return both, both
