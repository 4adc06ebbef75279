"""A max pool: its winners, its gradient, an average pool in its place, and its outputs for a shifted digit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model import layers
from model.errors import InputError
from model.images.digits import normalise
from model.layers.windows import pair
from model.pooling.records import Offset, PoolAccuracy, Pooled, PoolGradient, Shift, ShiftedMaps
from model.receptive_field.records import ReceptiveField, Window
from model.records import Activation, Pair, Pixels
from model.trace import inputs_of, record, run
from model.trace.private import private_copy, put, steps_of
from model.trace.records import LayerKind, Trace

POOL = "MaxPool2d-10"
_ROUNDING = 1e-5  # relative to the largest value; sums of a few hundred float32 products differ by less


def pooled(trace: Trace, name: str = POOL) -> Pooled:
    """Find the winner of every window of a max pool, and its ties.

    Args:
        trace: Contains the pool.
        name: Name of the pool.

    Raises:
        InputError: The step is not a max pool, or its windows overlap or leave gaps.

    >>> from model.trace import record
    >>> done = pooled(record(nn.Sequential(nn.MaxPool2d(2)), torch.tensor([[[[1.0, 5.0], [5.0, 2.0]]]])), "0")
    >>> done.winners.tolist(), done.ties.tolist()
    ([[[[0, 1]]]], [[[2]]])
    """
    step, window = trace[name], layers.window(trace[name])
    if step.kind is not LayerKind.MAX_POOL:
        raise InputError(f"{name} has the kind '{step.kind}'.", "Only a max pool has winners.", "Choose a max pool.")
    values = cut_windows(step.input, window)  # (C, h, w, kH * kW)
    index = values.argmax(axis=-1)  # the first of equal values, as in PyTorch
    (height, width), (rows, columns) = window.kernel, index.shape[1:]
    down, across = np.divmod(index, width)
    winners = np.stack(
        [down + height * np.arange(rows)[:, None], across + width * np.arange(columns)[None, :]], axis=-1
    )  # (C, h, w, 2)
    largest = np.take_along_axis(values, index[..., None], axis=-1)
    at_relu_zero = np.take_along_axis(cut_windows(_relu_zeros(trace, name), window), index[..., None], axis=-1)[..., 0]
    return Pooled(
        name=name,
        source=trace.source(name),
        window=window,
        input=step.input,
        output=step.output,
        winners=winners,
        ties=(values == largest).sum(axis=-1),
        at_relu_zero=at_relu_zero,
    )


def cut_windows(maps: NDArray[Any], window: Window) -> NDArray[Any]:
    """Cut maps (C, H, W) into windows side by side, (C, h, w, kH * kW), without incomplete windows at the end.

    Raises:
        InputError: The windows overlap, leave gaps or include padding.

    >>> cut_windows(np.arange(8).reshape(1, 2, 4), Window((2, 2), (2, 2))).tolist()
    [[[[0, 1, 4, 5], [2, 3, 6, 7]]]]
    """
    if window.stride != window.kernel or window.padding != (0, 0) or window.dilation != (1, 1):
        raise InputError(
            f"Windows {window.kernel} with stride {window.stride}, padding {window.padding} and dilation "
            f"{window.dilation} are not side by side.",
            "The stride must equal the kernel size, without padding and dilation.",
            "Choose such a pool.",
        )
    height, width = window.kernel
    channels, rows, columns = len(maps), maps.shape[1] // height, maps.shape[2] // width
    complete = maps[:, : rows * height, : columns * width].reshape(channels, rows, height, columns, width)
    return complete.transpose(0, 1, 3, 2, 4).reshape(channels, rows, columns, height * width)


def _relu_zeros(trace: Trace, name: str) -> NDArray[np.bool_]:
    """Return which inputs of a step come from a 0 of a ReLU; none if no earlier ReLU has that shape."""
    step = trace[name]
    before = trace.steps[: trace.steps.index(step)]
    relus = [each for each in before if each.kind is LayerKind.RELU and each.output.shape == step.input.shape]
    return relus[-1].output == 0 if relus else np.zeros(step.input.shape, dtype=np.bool_)


def replaceable_pool(network: nn.Module, name: str = POOL) -> nn.MaxPool2d:
    """Return a max pool that an average pool can replace; it is the network's own and must not be changed.

    Raises:
        InputError: The step is not a max pool, or is dilated.
    """
    pool = steps_of(network).get(name)
    if isinstance(pool, nn.MaxPool2d) and pair(pool.dilation) == (1, 1):
        return pool
    raise InputError(
        f"'{name}' is not a max pool that an average pool can replace.",
        "It must be a step of the network, without dilation.",
        "Choose such a step.",
    )


def average_pool_like(pool: nn.MaxPool2d) -> nn.AvgPool2d:
    """Return an average pool with the same windows."""
    return nn.AvgPool2d(pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode)


def with_average_pool(network: nn.Module, trace: Trace, name: str = POOL) -> Trace:
    """Record the network with an average pool in the place of a max pool; the weights stay the same.

    Args:
        network: Not changed.
        trace: Trace of the network itself, for the image.
        name: Name of the pool; in the result the average pool has it.

    Raises:
        InputError: See ``replaceable_pool``.
    """
    private = private_copy(network)
    put(private, name, average_pool_like(replaceable_pool(network, name)))
    return record(private, torch.tensor(trace.image)[None])


def gradient(network: nn.Module, trace: Trace, target: int, name: str = POOL) -> PoolGradient:
    """Compute the gradient of a logit with respect to the input of a max pool, and of an average pool in its place.

    Args:
        network: In evaluation mode; not changed, and its parameters get no gradient.
        trace: Trace of the network.
        target: The class of the logit.
        name: Name of the max pool.

    Raises:
        InputError: There is no such class, or see ``replaceable_pool``.
    """
    if not 0 <= target < len(trace.logits):
        raise InputError(
            f"There is no class {target}.", f"The classes are 0 to {len(trace.logits) - 1}.", "Choose one of them."
        )
    pool = replaceable_pool(network, name)
    at_input, at_output = _gradients(network, trace, name, pool, target)
    at_average_input, _ = _gradients(network, trace, name, average_pool_like(pool), target)
    return PoolGradient(target, at_input, at_output, at_average_input)


def _gradients(
    network: nn.Module, trace: Trace, name: str, pool: nn.Module, target: int
) -> tuple[Activation, Activation]:
    """Return the gradient of a logit with respect to the input and to the output of a pool."""
    inputs = torch.tensor(trace[name].input)[None].requires_grad_()  # (1, C, H, W)
    with torch.enable_grad():
        outputs = pool(inputs)
        logits = run(network, trace, {name: outputs}).flatten()
        at_input, at_output = torch.autograd.grad(logits[target], (inputs, outputs))
    return at_input[0].numpy(), at_output[0].numpy()


def accuracy(network: nn.Module, images: Tensor, labels: NDArray[np.int64], name: str = POOL) -> PoolAccuracy:
    """Count how many images are classified correctly with a max pool, and with an average pool in its place.

    Args:
        network: In evaluation mode; not changed.
        images: Normalised, (N, C, H, W).
        labels: (N,).
        name: Name of the max pool.

    Raises:
        InputError: See ``replaceable_pool``.
    """
    pool = replaceable_pool(network, name)
    with torch.no_grad():
        inputs = run(network, images, give=inputs_of(network, name)[0])
        correct = (
            int((run(network, images, {name: each(inputs)}).argmax(dim=1).numpy() == labels).sum())
            for each in (pool, average_pool_like(pool))
        )
        return PoolAccuracy(len(labels), *correct)


def shift_image(pixels: Pixels, by: Pair) -> Pixels:
    """Shift an image down and to the right; new pixels are 0, and pixels beyond the edge are lost.

    Args:
        pixels: (H, W).
        by: Number of pixels (y, x), neither below 0.

    Raises:
        InputError: The shift is up or to the left.

    >>> shift_image(np.array([[1, 2], [3, 4]], dtype=np.uint8), (0, 1)).tolist()
    [[0, 1], [0, 3]]
    """
    if min(by) < 0:
        raise InputError(f"An image cannot be shifted by {by}.", "The least is (0, 0).", "Give larger numbers.")
    height, width = pixels.shape
    down, right = by
    shifted = np.zeros_like(pixels)
    shifted[down:, right:] = pixels[: max(height - down, 0), : max(width - right, 0)]
    return shifted


def shift(
    network: nn.Module,
    trace: Trace,
    pixels: Pixels,
    by: Pair,
    fields: Mapping[str, ReceptiveField],
    name: str = POOL,
) -> Shift:
    """Shift a digit, and compare the maps around a max pool with those before the shift.

    Args:
        network: In evaluation mode; not changed.
        trace: Trace of the digit before the shift.
        pixels: The digit before the shift, (H, W).
        by: Number of pixels (y, x).
        fields: Receptive fields of the network, for the jump of each step.
        name: Name of the pool.

    Raises:
        InputError: The shift is up or to the left, or see ``replaceable_pool``.
    """
    pool = replaceable_pool(network, name)
    shifted, step = shift_image(pixels, by), trace[name]
    with torch.no_grad():
        inputs = run(network, normalise(shifted), give=trace.source(name))
        outputs = pool(inputs)
        prediction = int(run(network, normalise(shifted), {name: outputs}).argmax())
    input_jump, output_jump = fields[trace.source(name)].jump, fields[name].jump
    window = layers.window(step)
    means = [cut_windows(maps, window).mean(axis=-1) for maps in (step.input, inputs[0].numpy())]
    maps = (
        _compare("into the pool", step.input, inputs[0].numpy(), by, input_jump),
        _compare("max pool", step.output, outputs[0].numpy(), by, output_jump),
        _compare("average pool", means[0], means[1], by, output_jump),
    )
    cut_off = int((pixels > 0).sum() - (shifted > 0).sum())
    return Shift(shifted, by, cut_off, maps, prediction)


def _compare(label: str, before: Activation, after: Activation, by: Pair, jump: Pair) -> ShiftedMaps:
    """Compare maps before and after a shift, for each whole number of units next to the shift."""
    down, across = (sorted({amount // each, -(-amount // each)}) for amount, each in zip(by, jump, strict=True))
    offsets = tuple(_difference_after(before, after, (y, x)) for y in down for x in across)
    equivariant = min(offset.largest for offset in offsets) <= _ROUNDING * float(np.abs(before).max())
    return ShiftedMaps(label, before, after, offsets, equivariant)


def _difference_after(before: Activation, after: Activation, units: Pair) -> Offset:
    """Compare the maps where they overlap after shifting them back."""
    y, x = units
    height, width = before.shape[1:]
    difference = np.abs(after[:, y:, x:] - before[:, : height - y, : width - x])
    return Offset(units, float(difference.max()), float(difference.mean()))
