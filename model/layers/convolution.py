"""Convolution: slide a kernel over the maps, multiply what it covers with its weights, add up, add a bias.

Each output map has a kernel of its own, and a kernel has a slice for every input map of its group.
"""

import numpy as np
from torch import nn

from model.errors import InputError
from model.layers.layer import Layer, Sum, product, weighted_sum
from model.layers.records import Calculation, Term
from model.layers.windows import each_axis, output_size, pair, places
from model.receptive_field.records import Window
from model.records import Pair, Unit
from model.trace.records import LayerKind, Step


class Convolution(Layer):
    """``y[c, i, j] = bias[c] + sum of weight[c, k, a, b] * x[k, i * stride - padding + a * dilation, ...]``."""

    kind = LayerKind.CONVOLUTION
    modules = (nn.Conv2d,)
    about = (
        "Each output map has a kernel of its own. It slides over the maps that come in; at each place, what it covers "
        "is multiplied by its weights, all is added up, and a bias is added. So an output map shows where one "
        "pattern is."
    )
    settings = ("kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")

    def describe(self, step: Step) -> str:
        """Say what it does, and what is left of that where its window is one place wide."""
        mixes = " Here the window is one place: it mixes the maps and looks at no neighbour."
        return self.about + (mixes if pair(step.settings["kernel_size"]) == (1, 1) else "")

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """One map for each kernel; height and width by the places that the kernel has."""
        window, after = self.window(step), _padding_after(step)
        sides = [
            output_size(name, size, axis, window, after=after[axis])
            for axis, (name, size) in enumerate(zip(("height", "width"), step.input.shape[1:], strict=True))
        ]
        kernels = step.parameters["weight"].shape[0]
        return Calculation("channels", "kernels", str(kernels), kernels), *sides

    def parameters(self, step: Step) -> tuple[Calculation, ...]:
        """A weight for each output map, input map of its group and place in the window; a bias for each output map."""
        maps_out, maps_in, height, width = step.parameters["weight"].shape
        weights = product("weights", maps_out=maps_out, maps_in=maps_in, kernel_height=height, kernel_width=width)
        if "bias" not in step.parameters:
            return (weights,)
        return weights, product("biases", maps_out=maps_out)

    def multiply_accumulates(self, step: Step) -> Calculation:
        """A kernel's weights, once for each unit."""
        _, maps_in, kernel_height, kernel_width = step.parameters["weight"].shape
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

    def window(self, step: Step) -> Window:
        """Return its kernel, stride, padding and dilation.

        Raises:
            InputError: It pads with anything but zeros.
        """
        settings = step.settings
        mode = settings["padding_mode"]
        if mode != "zeros":
            raise InputError(
                f"A convolution pads with padding_mode='{mode}'.",
                "Only zeros bring no pixel from elsewhere into a unit's window.",
                "Build it with padding_mode='zeros'.",
            )
        before, _ = _padding(step)
        return Window(pair(settings["kernel_size"]), pair(settings["stride"]), before, pair(settings["dilation"]))

    def explain(self, step: Step, unit: Unit) -> Sum:
        """Patch times kernel, by input map, and the bias."""
        channel, y, x = unit
        weight = step.parameters["weight"][channel].astype(np.float64)  # (C_in / groups, kH, kW)
        per_group = len(step.parameters["weight"]) // step.settings["groups"]
        first = channel // per_group * len(weight)  # of the input maps that this output map reads
        covered = places(self.window(step), (y, x), step.input.shape[1:])
        terms = []
        for slice_, (ky, kx), (iy, ix) in ((k, *place) for k in range(len(weight)) for place in covered):
            value, factor = float(step.input[first + slice_, iy, ix]), float(weight[slice_, ky, kx])
            terms.append(Term((first + slice_, iy, ix), value, factor, value * factor))
        biased = "bias" in step.parameters
        bias = float(step.parameters["bias"][channel]) if biased else 0.0
        return weighted_sum(tuple(terms), bias, biased=biased)


def _padding_after(step: Step) -> Pair:
    return _padding(step)[1]


def _padding(step: Step) -> tuple[Pair, Pair]:
    """Return how many zeros stand before the first value and after the last, (y, x) each."""
    padding = step.settings["padding"]
    if padding == "same":  # an odd one too many goes after the last value, where it moves nothing
        total = each_axis(lambda k, d: (k - 1) * d, pair(step.settings["kernel_size"]), pair(step.settings["dilation"]))
        before = each_axis(lambda t: t // 2, total)
        return before, each_axis(lambda t, b: t - b, total, before)
    both = (0, 0) if padding == "valid" else pair(padding)
    return both, both
