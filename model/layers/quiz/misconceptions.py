"""Common wrong answers to questions on a step, computed with its own numbers, and an explanation of each.

Each function yields wrong answers and their explanations, the most specific first. A wrong rule can give the right
answer for some steps; the caller leaves these out.
"""

import math
from collections.abc import Iterator

import numpy as np

from model.layers.records import Arithmetic, Explanation
from model.receptive_field.records import Growth, Window
from model.records import format_sizes
from model.trace.records import LayerKind, Step

WrongAnswers = Iterator[tuple[tuple[float, ...], str]]


def of_shape(step: Step, window: Window) -> WrongAnswers:
    """Yield wrong output shapes (C, H, W)."""
    (maps_in, *before), (maps, *after) = step.input.shape, step.output.shape
    kernel = format_sizes(window.kernel)
    yield (*after, maps), "The numbers are right, but the order is not: the channels come first."
    yield (
        (maps_in, *after),
        f"That is the number of input maps. Each of the {maps} kernels makes one output map.",
    )
    yield (
        (maps, *before),
        f"That keeps the size of the input maps. A window of {kernel} with stride {format_sizes(window.stride)} has "
        f"{format_sizes(after)} positions.",
    )
    yield (
        (maps, *(size - k for size, k in zip(before, window.kernel, strict=True))),
        f"That subtracts the whole window of {kernel}. The first position counts too: subtract one less.",
    )
    yield (
        (maps, *(size - k + 1 for size, k in zip(before, window.kernel, strict=True))),
        f"That moves the window by one. Its stride is {format_sizes(window.stride)}, so it has fewer positions.",
    )


def of_parameters(step: Step, arithmetic: Arithmetic) -> WrongAnswers:
    """Yield wrong numbers of parameters."""
    count, lines = arithmetic.parameter_count, arithmetic.parameters
    if lines:
        yield (0,), f"It does have parameters: {' and '.join(line.name for line in lines)}."
    for line in reversed(lines):
        if len(lines) > 1:
            yield (count - line.result,), f"That leaves out the {line.name}: {line.result:,} more."
    names: list[str] = []
    kept = 0
    for line in arithmetic.buffers:
        names.append(line.name)
        kept += line.result
        yield (count + kept,), f"That includes {' and '.join(names)}. They are kept, but not learned."
    if step.kind is LayerKind.CONVOLUTION and len(lines) > 1:
        maps, maps_in = step.parameters["weight"].shape[:2]
        weights, biases = (line.result for line in lines)
        yield (
            (weights // maps_in + biases,),
            f"That gives each kernel one slice. It has one slice for each of the {maps_in} input maps.",
        )
        yield (
            (weights + maps * maps_in,),
            "That gives each slice of a kernel a bias. A kernel has one bias for all its slices.",
        )
        yield (weights + maps_in,), "That counts a bias for each input map. There is one for each output map."
    if step.kind in {LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL}:
        kernel = step.settings.get("kernel_size")
        if isinstance(kernel, int):
            yield (kernel * kernel,), "That is the size of the window. Nothing in it is learned."


def of_field(growth: Growth) -> WrongAnswers:
    """Yield wrong sizes of the receptive field (y, x)."""
    kernel, stride = np.array(growth.window.kernel), np.array(growth.window.stride)
    before, jump = np.array(growth.before.size), np.array(growth.before.jump)
    if (stride > 1).any():
        yield (
            tuple(before * stride),
            "That multiplies the receptive field by the stride. The stride multiplies the jump, which matters from the "
            "next row on.",
        )
    yield (
        tuple(before + kernel - 1),
        f"That leaves out the jump. Neighbouring input units are {jump[0]} pixels apart; each further one adds that.",
    )
    yield (
        tuple(before + kernel * jump),
        "That adds the whole window. Its first unit is already included: count one less.",
    )
    yield (
        tuple(kernel),
        "That is the window on the input units. The receptive field counts pixels, through all steps before.",
    )


def of_unit(step: Step, explained: Explanation) -> WrongAnswers:
    """Yield wrong values of a unit."""
    value, values = explained.value, [term.value for term in explained.terms]
    if step.kind in {LayerKind.CONVOLUTION, LayerKind.LINEAR}:
        yield (value - explained.bias,), "That leaves out the bias."
        yield (sum(values),), "That sums the input values without the weights."
        for channel, part in explained.channels.items():
            yield (part + explained.bias,), f"That is input map {channel} alone. All input maps are summed."
    elif step.kind is LayerKind.BATCH_NORM:
        yield from _of_norm(step, explained)
    elif step.kind is LayerKind.DROPOUT and step.settings.get("p", 1) < 1:
        kept = 1 - float(step.settings["p"])
        yield (value / kept,), "That divides by 1 − p, as in training mode. Here dropout is off."
        yield (
            (value * kept,),
            "That multiplies by 1 − p. Training mode divides by 1 − p instead, and evaluation mode changes nothing.",
        )
    elif step.kind is LayerKind.RELU:
        yield (values[0],), "That is negative, and ReLU sets it to zero."
    elif step.kind is LayerKind.MAX_POOL and values:
        yield (sum(values) / len(values),), "That is the mean of the window. This pool keeps the largest value."
    elif step.kind is LayerKind.AVERAGE_POOL and values:
        yield (sum(values),), f"That is the sum. The mean divides it by {len(values)}."
        yield (max(values),), "That is the largest value. This pool takes the mean."
    elif step.kind is LayerKind.LOG_SOFTMAX:
        yield (math.exp(value),), "That is the probability. This step computes its logarithm."
        yield (values[explained.unit[0]],), "That is the score itself. The logarithm of the sum is subtracted from it."


def _of_norm(step: Step, explained: Explanation) -> WrongAnswers:
    channel, value = explained.unit[0], explained.value
    mean, variance = (float(step.buffers[key][channel]) for key in ("running_mean", "running_var"))
    scale, shift = (
        float(step.parameters[key][channel]) if key in step.parameters else default
        for key, default in (("weight", 1.0), ("bias", 0.0))
    )
    centred = explained.terms[0].value - mean
    yield (value - shift,), "That leaves out the shift."
    yield ((value - shift) / scale if scale else value,), "That stops before the scale and the shift."
    yield (
        (centred / (variance or 1) * scale + shift,),
        "That divides by the variance. Batch norm divides by its square root.",
    )
    yield (explained.terms[0].value * scale + shift,), "That leaves out the mean and the standard deviation."
