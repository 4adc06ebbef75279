"""Transposed convolution: each input value, times a kernel, is added to the output around its place.

With a stride the input places lie apart in the output, so the maps grow.
"""

from itertools import product as product_of
from types import MappingProxyType

import torch
from torch import nn

from model.errors import InputError
from model.graph.records import Op
from model.layers.initial import draw_weights
from model.layers.layer import Layer, Settings, Shape, WorkedUnit, learned_lines, product, sum_symbols, weighted_sum
from model.layers.records import Calculation, Recipe, Rule, Term, Where
from model.layers.stand_ins import positive
from model.layers.windows import pair
from model.receptive_field.records import Window
from model.records import Pair, Unit
from model.trace.records import Step


class TransposedConvolution(Layer):
    """``y[c, i * stride - padding + a * dilation, ...] += weight[k, c, a, b] * x[k, i, j]``, and the bias."""

    kind = "transposed convolution"
    modules = (nn.ConvTranspose2d,)
    ops = (Op.CONV_TRANSPOSE,)
    names = MappingProxyType({"kernel": "kernel_size"})
    learns = True
    linear = True
    about = (
        "Adds each input value, times a kernel, to the output around its place. With a stride these places lie apart, "
        "so the maps grow. It is what a convolution does to gradients."
    )
    settings = ("kernel_size", "stride", "padding", "output_padding", "dilation", "groups")

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """``(size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output padding + 1``."""
        s = step.settings
        names = ("stride", "padding", "dilation", "kernel_size", "output_padding")
        lines = []
        for axis, (name, size) in enumerate(zip(("height", "width"), step.input.shape[1:], strict=True)):
            stride, padding, dilation, kernel, extra = (pair(s[each])[axis] for each in names)
            lines.append(
                Calculation(
                    name,
                    f"({name} in − 1) × stride − 2 × padding + dilation × (kernel − 1) + output padding + 1",
                    f"({size} − 1) × {stride} − 2 × {padding} + {dilation} × ({kernel} − 1) + {extra} + 1",
                    (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1,
                )
            )
        per_group, groups = step.weights["weight"].shape[1], s["groups"]
        return product("channels", maps_of_a_group=per_group, groups=groups), *lines

    def parameters(self, step: Step) -> tuple[Calculation, ...]:
        """A weight for each input map, output map of its group and window position; a bias for each output map."""
        maps_in, maps_out, height, width = step.weights["weight"].shape
        weights = product("weights", maps_in=maps_in, maps_out=maps_out, kernel_height=height, kernel_width=width)
        return learned_lines(step, weight=weights, bias=product("biases", maps_out=len(step.output)))

    def multiply_accumulates(self, step: Step) -> Calculation:
        """The weights of an input map, once for each of its values."""
        maps_in, maps_out, kernel_height, kernel_width = step.weights["weight"].shape
        _, height, width = step.input.shape
        return product(
            "multiply-accumulates",
            maps_in=maps_in,
            height_in=height,
            width_in=width,
            maps_out=maps_out,
            kernel_height=kernel_height,
            kernel_width=kernel_width,
        )

    def window(self, settings: Settings, before: Shape, after: Shape) -> Window:
        """Return the window, which is that of a convolution where the stride is 1.

        Raises:
            InputError: The stride is larger: neighbouring units then have other windows.
        """
        if pair(settings["stride"]) != (1, 1):
            raise InputError(
                "Units of a transposed convolution with a stride have different windows.",
                "With a stride of 1 all are alike.",
                "Measure its receptive field.",
            )
        kernel, padding, dilation = (pair(settings[name]) for name in ("kernel_size", "padding", "dilation"))
        reach = [d * (k - 1) - p for d, k, p in zip(dilation, kernel, padding, strict=True)]
        return Window(kernel, (1, 1), (reach[0], reach[1]), dilation)

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """Every input value whose kernel reaches this place, and the bias."""
        channel, *where = unit
        weight, s = step.weights["weight"], step.settings
        per_group, maps_in = weight.shape[1], len(weight) // s["groups"]
        first = channel // per_group * maps_in  # input map of this output map's group
        inside = [_reaching(step, axis, where[axis]) for axis in (0, 1)]
        terms = []
        for k, (ky, y), (kx, x) in product_of(range(first, first + maps_in), inside[0], inside[1]):
            value, factor = float(step.input[k, y, x]), float(weight[k, channel % per_group, ky, kx])
            terms.append(Term((k, y, x), value, factor, value * factor))
        biased = "bias" in step.weights
        return weighted_sum(tuple(terms), float(step.weights["bias"][channel]) if biased else 0.0, biased=biased)

    def recipe(self, step: Step) -> Recipe:
        """Weights in the order of a convolution's, (C_out, C_in / groups, kH, kW), and biases if there are any."""
        weights, groups = step.weights, step.settings["groups"]
        maps_in, per_group, *kernel = weights["weight"].shape
        grouped = weights["weight"].reshape(groups, maps_in // groups, per_group, *kernel).swapaxes(1, 2)
        arrays = {"weight": grouped.reshape(groups * per_group, maps_in // groups, *kernel)}
        biased = "bias" in weights
        reaching = ([_reaching(step, axis, u) for u in range(step.output.shape[1 + axis])] for axis in (0, 1))
        settings = {**dict(zip(("rows", "columns"), reaching, strict=True)), "per_group": per_group}
        arrays |= {"bias": weights["bias"]} if biased else {}
        return Recipe(Rule.SUM, Where.WINDOW, sum_symbols(biased=biased), settings=settings, arrays=arrays)

    def monotone(self, module: nn.Module) -> nn.Module:
        """All weights positive and equal."""
        return positive(module)

    def randomize(self, module: nn.Module, generator: torch.Generator) -> None:
        """Draw weights and biases."""
        draw_weights(module, generator)


LAYERS = (TransposedConvolution(),)


def _reaching(step: Step, axis: int, unit: int) -> list[Pair]:
    """Return along one axis the places in the kernel with which input values reach a unit, each with its input."""
    stride, padding, dilation = (pair(step.settings[name])[axis] for name in ("stride", "padding", "dilation"))
    found = []
    for k in range(step.weights["weight"].shape[2 + axis]):
        place, rest = divmod(unit + padding - k * dilation, stride)
        if rest == 0 and 0 <= place < step.input.shape[1 + axis]:
            found.append((k, place))
    return found[::-1]  # in the order of the input
