"""What many get wrong about a step, worked out with its own numbers, so that a wrong answer can be answered.

Each function gives wrong answers and what they overlook, the most telling first. One that happens to be right for a
step is no misconception there; who asks leaves it out.
"""

import math
from collections.abc import Iterator

import numpy as np

from model.layers.records import Arithmetic, Explanation
from model.receptive_field.records import Growth, Window
from model.trace.records import LayerKind, Step

Guesses = Iterator[tuple[tuple[float, ...], str]]


def of_shape(step: Step, window: Window) -> Guesses:
    """Get an output shape (C, H, W) wrong."""
    (maps_in, *before), (maps, *after) = step.input.shape, step.output.shape
    kernel = times(window.kernel)
    yield (*after, maps), "These are the right numbers in another order: here the channels come first."
    yield (
        (maps_in, *after),
        f"That is how many maps come in. Each kernel makes one map, and there are {maps} of them.",
    )
    yield (
        (maps, *before),
        f"That leaves the maps as large as they came in. A window of {kernel} that moves by {times(window.stride)} has "
        f"{times(tuple(after))} places.",
    )
    yield (
        (maps, *(size - k for size, k in zip(before, window.kernel, strict=True))),
        f"That takes the whole window of {kernel} off. The first place is one too: take one less.",
    )
    yield (
        (maps, *(size - k + 1 for size, k in zip(before, window.kernel, strict=True))),
        f"That moves the window by one. Its stride is {times(window.stride)}, so it stops at fewer places.",
    )


def of_parameters(step: Step, arithmetic: Arithmetic) -> Guesses:
    """Get the number of parameters wrong."""
    count, lines = arithmetic.parameter_count, arithmetic.parameters
    if lines:
        yield (0,), f"It does learn: {' and '.join(line.name for line in lines)}."
    for line in reversed(lines):
        if len(lines) > 1:
            yield (count - line.result,), f"That leaves out the {line.name}: {line.result:,} more."
    names: list[str] = []
    kept = 0
    for line in arithmetic.buffers:
        names.append(line.name)
        kept += line.result
        yield (count + kept,), f"That counts {' and '.join(names)} too. They are kept, but not learned."
    if step.kind is LayerKind.CONVOLUTION and len(lines) > 1:
        maps, maps_in = step.parameters["weight"].shape[:2]
        weights, biases = (line.result for line in lines)
        yield (
            (weights // maps_in + biases,),
            f"That gives each kernel one slice. It has one for each of the {maps_in} maps that come in.",
        )
        yield (
            (weights + maps * maps_in,),
            "That gives each slice of a kernel a bias. A kernel has one bias, for all its slices.",
        )
        yield (weights + maps_in,), "That is a bias for each map that comes in. There is one for each that comes out."
    if step.kind in {LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL}:
        kernel = step.settings.get("kernel_size")
        if isinstance(kernel, int):
            yield (kernel * kernel,), "That is the size of the window. Nothing in it is learned."


def of_field(growth: Growth) -> Guesses:
    """Get the size of the receptive field (y, x) wrong."""
    kernel, stride = np.array(growth.window.kernel), np.array(growth.window.stride)
    before, jump = np.array(growth.before.size), np.array(growth.before.jump)
    if (stride > 1).any():
        yield (
            tuple(before * stride),
            "That multiplies the field by the stride. The stride multiplies the jump, which counts from the next row.",
        )
    yield (
        tuple(before + kernel - 1),
        f"That forgets the jump. Neighbouring units are {jump[0]} pixels apart here, so each further one adds that.",
    )
    yield (
        tuple(before + kernel * jump),
        "That adds the whole window. Its first unit is in the field already: count one less.",
    )
    yield (
        tuple(kernel),
        "That is the window on what comes in. The field reaches through all steps before it, down to the pixels.",
    )


def of_unit(step: Step, explained: Explanation) -> Guesses:
    """Get the value of a unit wrong."""
    value, values = explained.value, [term.value for term in explained.terms]
    if step.kind in {LayerKind.CONVOLUTION, LayerKind.LINEAR}:
        yield (value - explained.bias,), "That leaves out the bias."
        yield (sum(values),), "That adds up what comes in, without the weights."
        for channel, part in explained.channels.items():
            yield (part + explained.bias,), f"That is input map {channel} alone. All maps that come in are added up."
    elif step.kind is LayerKind.BATCH_NORM:
        yield from _of_norm(step, explained)
    elif step.kind is LayerKind.DROPOUT and step.settings.get("p", 1) < 1:
        kept = 1 - float(step.settings["p"])
        yield (value / kept,), "That enlarges it as in training. Here dropout is off, and nothing is."
        yield (value * kept,), "That shrinks it. In training the kept values are enlarged, so here nothing is to do."
    elif step.kind is LayerKind.RELU:
        yield (values[0],), "That is below zero, and ReLU makes it zero."
    elif step.kind is LayerKind.MAX_POOL and values:
        yield (sum(values) / len(values),), "That is the mean of the window. This pool keeps the largest."
    elif step.kind is LayerKind.AVERAGE_POOL and values:
        yield (sum(values),), f"That is the sum. The mean divides it by {len(values)}."
        yield (max(values),), "That is the largest. This pool takes the mean."
    elif step.kind is LayerKind.LOG_SOFTMAX:
        yield (math.exp(value),), "That is the probability. This step puts out its logarithm."
        yield (values[explained.unit[0]],), "That is the score as it comes in. The logarithm of the sum is taken away."


def _of_norm(step: Step, explained: Explanation) -> Guesses:
    channel, value = explained.unit[0], explained.value
    mean, variance = (float(step.buffers[key][channel]) for key in ("running_mean", "running_var"))
    scale, shift = (
        float(step.parameters[key][channel]) if key in step.parameters else default
        for key, default in (("weight", 1.0), ("bias", 0.0))
    )
    centred = explained.terms[0].value - mean
    yield (value - shift,), "That leaves out the shift."
    yield ((value - shift) / scale if scale else value,), "That stops before the scale and the shift."
    yield (centred / (variance or 1) * scale + shift,), "That divides by the variance. It is divided by its root."
    yield (explained.terms[0].value * scale + shift,), "That leaves out the mean and the deviation."


def times(sizes: tuple[int, ...]) -> str:
    """Say sizes."""
    return " × ".join(map(str, sizes))
