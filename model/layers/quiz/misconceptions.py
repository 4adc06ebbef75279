"""Common wrong answers to questions on a step, computed with its own numbers, and an explanation of each.

Each function yields wrong answers and their explanations, the most specific first. A wrong rule can give the right
answer for some steps; the caller leaves these out.
"""

import math
from collections.abc import Iterator

import numpy as np

from model.layers.records import Arithmetic, Explanation, Term
from model.layers.windows import pair
from model.receptive_field.records import Growth, Window
from model.records import format_sizes
from model.trace.records import LayerKind, Step

WrongAnswers = Iterator[tuple[tuple[float, ...], str]]
_SLIDING = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL}


def of_shape(step: Step, window: Window | None) -> WrongAnswers:
    """Yield wrong output shapes: (C, H, W) of maps, (N,) of a vector."""
    before, after = step.input.shape, step.output.shape
    if len(after) == 3:
        yield (*after[1:], after[0]), "The numbers are right, but the order is not: the channels come first."
    if step.kind == LayerKind.CONVOLUTION and len(before) == len(after) == 3:
        yield (
            (before[0], *after[1:]),
            f"That is the number of input maps. Each of the {after[0]} kernels makes one output map.",
        )
    if step.kind in _SLIDING and len(before) == len(after) == 3 and window:
        yield from _of_positions(step, window)
    elif step.kind == LayerKind.FLATTEN and len(before) == 3:
        yield (before[0],), "That is the number of maps. Each value of each map becomes a unit."
        yield (before[1] * before[2],), f"That is one map alone. All {before[0]} are written one after another."
    elif step.kind == LayerKind.LINEAR:
        yield (
            (*before[:-1], before[-1]),
            "That is the number of inputs. Each row of the weight matrix makes one output.",
        )
    elif step.kind == "concatenation":
        yield before, "That is the first input alone. The inputs are put one behind another, so their sizes add up."
    elif step.kind in {"add", "subtract", "multiply"} and len(step.operands) > 1 and len(after) in {1, 3}:
        sizes = sum(operand.shape[0] for operand in step.operands if operand.ndim == len(after))
        yield (sizes, *after[1:]), "That puts the inputs one behind another. This step joins them place by place."


def _of_positions(step: Step, window: Window) -> WrongAnswers:
    """Yield shapes by wrong numbers of positions of a window."""
    before, (maps, *after) = step.input.shape[1:], step.output.shape
    kernel, stride = format_sizes(window.kernel), format_sizes(window.stride)
    reach = [d * (k - 1) + 1 for k, d in zip(window.kernel, window.dilation, strict=True)]
    room = [size + 2 * p for size, p in zip(before, window.padding, strict=True)]
    positions = f"A window of {kernel} with stride {stride} has {format_sizes(after)} positions."
    yield (maps, *before), f"That keeps the size of the input maps. {positions}"
    if any(window.padding):
        bare = ((n - r) // s + 1 for n, r, s in zip(before, reach, window.stride, strict=True))
        yield (maps, *bare), f"That leaves out the padding of {format_sizes(window.padding)} on each side."
    if max(window.dilation) > 1:
        dense = ((n - k) // s + 1 for n, k, s in zip(room, window.kernel, window.stride, strict=True))
        yield (maps, *dense), f"That leaves out the dilation: the window reaches over {format_sizes(reach)} values."
    if max(window.stride) == 1:
        yield (
            (maps, *(n - r for n, r in zip(room, reach, strict=True))),
            f"That subtracts the whole window of {format_sizes(reach)}. The first position counts too: subtract one "
            "less.",
        )
    else:
        yield (maps, *(n - 1 for n in after)), "That leaves out the first position: add one."
        yield (
            (maps, *(n - r + 1 for n, r in zip(room, reach, strict=True))),
            f"That moves the window by one. Its stride is {stride}, so it has fewer positions.",
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
    if step.kind == LayerKind.CONVOLUTION and "weight" in step.parameters:
        yield from _of_kernels(step, arithmetic)
    if step.kind in {LayerKind.CONVOLUTION, LayerKind.LINEAR} and [*step.weights] == ["weight"] and lines:
        yield (count + len(step.weights["weight"]),), "That adds a bias for each output. This step has none."
    if step.kind in {LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL} and "kernel_size" in step.settings:
        height, width = pair(step.settings["kernel_size"])
        yield (height * width,), "That is the size of the window. Nothing in it is learned."


def _of_kernels(step: Step, arithmetic: Arithmetic) -> WrongAnswers:
    """Yield wrong numbers of weights and biases of a convolution."""
    maps, maps_in = step.parameters["weight"].shape[:2]
    weights = arithmetic.parameters[0].result
    biases = sum(line.result for line in arithmetic.parameters[1:])
    groups = int(step.settings["groups"])
    if groups > 1:
        yield (
            (weights * groups + biases,),
            f"That gives each kernel a slice for each of the {maps_in * groups} input maps. In {groups} groups it has "
            f"one for each of the {maps_in} of its group.",
        )
        return
    yield (
        (weights // maps_in + biases,),
        f"That gives each kernel one slice. It has one slice for each of the {maps_in} input maps.",
    )
    if biases:
        yield (
            (weights + maps * maps_in,),
            "That gives each slice of a kernel a bias. A kernel has one bias for all its slices.",
        )
        yield (weights + maps_in,), "That counts a bias for each input map. There is one for each output map."


def of_field(growth: Growth) -> WrongAnswers:
    """Yield wrong sizes of the receptive field (y, x)."""
    kernel, stride = np.array(growth.window.kernel), np.array(growth.window.stride)
    before, jump = np.array(growth.before.size), np.array(growth.before.jump)
    dilation = np.array(growth.window.dilation)
    if is_union(growth):
        yield tuple(before), "That is the receptive field on one of the ways. The fields of all ways count together."
        return
    if (stride > 1).any():
        yield (
            tuple(before * stride),
            "That multiplies the receptive field by the stride. The stride multiplies the jump, which matters from the "
            "next row on.",
        )
    yield (
        tuple(before + (kernel - 1) * dilation),
        f"That leaves out the jump. Neighbouring input units are {jump[0]} pixels apart; each further one adds that.",
    )
    yield (
        tuple(before + (kernel - 1) * jump),
        f"That leaves out the dilation. The values in the window are {dilation[0]} input units apart.",
    )
    yield (
        tuple(before + kernel * dilation * jump),
        "That adds the whole window. Its first unit is already included: count one less.",
    )
    yield (
        tuple(kernel),
        "That is the window on the input units. The receptive field counts pixels, through all steps before.",
    )


def is_union(growth: Growth) -> bool:
    """Tell whether a field is put together from those of several ways, so that no window gives it."""
    return growth.window == Window((1, 1)) and growth.after.size != growth.before.size


def of_input(explained: Explanation, term: Term) -> WrongAnswers:
    """Yield wrong values of a unit one of whose inputs is 0.

    Args:
        explained: The arithmetic of the unit as it is.
        term: The input that is 0.
    """
    value = explained.recorded
    yield (value,), "That is the value as it is now. This input counts, so the unit changes when it is 0."
    yield (value - term.value,), "That takes away the input, but not times its weight."
    yield (value + term.product,), "That adds the product once more. Without this input it is missing."
    yield (term.product,), "That is only what this input adds. The others still count."
    yield (0.0,), "Only this input is 0. The others still count."


def of_unit(step: Step, explained: Explanation) -> WrongAnswers:
    """Yield wrong values of a unit."""
    value, values = explained.value, [term.value for term in explained.terms]
    if step.kind in {LayerKind.CONVOLUTION, LayerKind.LINEAR}:
        yield (value - explained.bias,), "That leaves out the bias."
        yield (sum(values),), "That sums the input values without the weights."
        if step.kind == LayerKind.CONVOLUTION:
            of_group = "All input maps of its group" if step.settings["groups"] > 1 else "All input maps"
            for channel, part in explained.channels.items():
                yield (part + explained.bias,), f"That is input map {channel} alone. {of_group} are summed."
    elif step.kind == LayerKind.BATCH_NORM and "running_mean" in step.buffers:
        yield from _of_norm(step, explained)
    elif step.kind == LayerKind.DROPOUT and step.settings.get("p", 1) < 1:
        kept = 1 - float(step.settings["p"])
        yield (value / kept,), "That divides by 1 − p, as in training mode. Here dropout is off."
        yield (
            (value * kept,),
            "That multiplies by 1 − p. Training mode divides by 1 − p instead, and evaluation mode changes nothing.",
        )
    elif step.kind == LayerKind.RELU:
        yield (values[0],), "That is negative, and ReLU sets it to zero."
    elif step.kind in {LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL, "mean"} and values:
        yield from _of_window(step, explained)
    elif step.kind in {LayerKind.SOFTMAX, LayerKind.LOG_SOFTMAX}:
        yield from _of_scores(step, explained)
    elif len(explained.terms) > 1:
        yield from _of_join(step, values)


def _of_window(step: Step, explained: Explanation) -> WrongAnswers:
    values = [term.value for term in explained.terms]
    if step.kind == LayerKind.MAX_POOL:
        yield (sum(values) / len(values),), "That is the mean of the window. This pool keeps the largest value."
        return
    yield (sum(values),), f"That is the sum. The mean divides it by {round(1 / (explained.terms[0].weight or 1))}."
    yield (max(values),), "That is the largest value. This step takes the mean."


def _of_scores(step: Step, explained: Explanation) -> WrongAnswers:
    (score,) = [term.value for term in explained.terms if term.unit == explained.unit]
    if step.kind == LayerKind.LOG_SOFTMAX:
        yield (math.exp(explained.value),), "That is the probability. This step computes its logarithm."
        yield (score,), "That is the score itself. The logarithm of the sum is subtracted from it."
    else:
        yield (math.log(explained.value or 1),), "That is the logarithm. This step computes the probability."
        yield (score,), "That is the score itself. Its exponential is divided by the sum of all exponentials."


def _of_join(step: Step, values: list[float]) -> WrongAnswers:
    one, other = values[:2]
    if step.kind == "add":
        yield (one,), "That is the first input alone. The second is added."
        yield (other,), "That is the second input alone. Both are added."
    elif step.kind == "multiply":
        yield (one + other,), "That adds the inputs. This step multiplies them."


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
