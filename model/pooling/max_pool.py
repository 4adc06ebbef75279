"""A max pool: its winners, its gradient, an average pool in its place, and its outputs for a shifted picture."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model import layers
from model.errors import InputError
from model.graph.records import Graph, Node, Op
from model.images.inputs import DIGIT, normalise
from model.layers.windows import pair
from model.networks.records import ImageSpec
from model.pooling.records import Offset, PoolAccuracy, Pooled, PoolGradient, Shift, ShiftedMaps, places
from model.receptive_field.records import Field, NoSingleWindow
from model.records import IMAGE, Activation, Pair, Pixels
from model.trace import inputs_of, record, run
from model.trace.private import private_copy, put, steps_of
from model.trace.records import LayerKind, Trace

POOL = "MaxPool2d-10"
MaxPool = nn.MaxPool2d | nn.AdaptiveMaxPool2d
_KEEP_PLACES = {LayerKind.BATCH_NORM, LayerKind.DROPOUT, "identity"}  # equal values of a map stay equal
_ROUNDING = 1e-5  # relative to the largest value; sums of a few hundred float32 products differ by less


def max_pools(graph: Graph) -> tuple[Node, ...]:
    """Return the max pools of a graph, in the order they run."""
    return graph.all(Op.MAX_POOL, Op.ADAPTIVE_MAX_POOL)


def pooled(trace: Trace, name: str = POOL) -> Pooled:
    """Find the winner of every window of a max pool, and its ties.

    Args:
        trace: Contains the pool.
        name: Name of the pool.

    Raises:
        InputError: The step is not a max pool, or the windows of an adaptive pool differ.

    >>> from model.trace import record
    >>> done = pooled(record(nn.Sequential(nn.MaxPool2d(2)), torch.tensor([[[[1.0, 5.0], [5.0, 2.0]]]])), "0")
    >>> done.winners.tolist(), done.ties.tolist()
    ([[[[0, 1]]]], [[[2]]])
    """
    step = trace[name]
    if step.kind != LayerKind.MAX_POOL:
        raise InputError(f"{name} has the kind '{step.kind}'.", "Only a max pool has winners.", "Choose a max pool.")
    window = layers.window(step)
    rows, columns = places(window, (step.output.shape[1], step.output.shape[2]))
    values = _windows(step.input, rows, columns)  # (C, h, w, kH * kW)
    index = values.argmax(axis=-1)  # the first of equal values, as in PyTorch
    down, across = np.divmod(index, window.kernel[1])
    winner_rows = rows[np.arange(len(rows))[:, None], down]
    winner_columns = columns[np.arange(len(columns))[None, :], across]
    largest = np.take_along_axis(values, index[..., None], axis=-1)
    channel = np.arange(len(values))[:, None, None]
    return Pooled(
        name=name,
        source=trace.source(name),
        window=window,
        input=step.input,
        output=step.output,
        winners=np.stack([winner_rows, winner_columns], axis=-1),
        ties=(values == largest).sum(axis=-1),
        at_relu_zero=_relu_zeros(trace, name)[channel, winner_rows, winner_columns],
    )


def _windows(maps: Activation, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Activation:
    """Return the values of each window of maps (C, H, W), (C, h, w, kH * kW), with -infinity for padding."""
    height, width = maps.shape[1:]
    inside = ((rows >= 0) & (rows < height))[:, None, :, None] & ((columns >= 0) & (columns < width))[None, :, None, :]
    near = rows.clip(0, height - 1)[:, None, :, None], columns.clip(0, width - 1)[None, :, None, :]
    cut = np.where(inside, maps[:, near[0], near[1]], -np.inf)  # (C, h, w, kH, kW)
    return cut.reshape(*cut.shape[:3], -1)


def _relu_zeros(trace: Trace, name: str) -> NDArray[np.bool_]:
    """Return which inputs of a step come from a 0 of a ReLU; none if the way back to one changes places or values."""
    step = trace[name]
    source = step.inputs[0] if step.inputs else IMAGE
    while source != IMAGE:
        before = trace[source]
        if before.kind == LayerKind.RELU:
            zeros: NDArray[np.bool_] = before.output == 0
            return zeros
        if before.kind not in _KEEP_PLACES or not before.inputs:
            break
        source = before.inputs[0]
    return np.zeros(step.input.shape, dtype=np.bool_)


def replaceable_pool(network: nn.Module, name: str = POOL) -> MaxPool:
    """Return a max pool that an average pool can replace; it is the network's own and must not be changed.

    Raises:
        InputError: The step is not a max pool, or is dilated.
    """
    pool = steps_of(network).get(name)
    if isinstance(pool, nn.AdaptiveMaxPool2d) or (isinstance(pool, nn.MaxPool2d) and pair(pool.dilation) == (1, 1)):
        return pool
    raise InputError(
        f"'{name}' is not a max pool that an average pool can replace.",
        "It must be a step of the network, without dilation.",
        "Choose such a step.",
    )


def average_pool_like(pool: MaxPool) -> nn.Module:
    """Return an average pool with the same windows; padding counts as little in the mean as it does in the maximum."""
    if isinstance(pool, nn.AdaptiveMaxPool2d):
        return nn.AdaptiveAvgPool2d(pool.output_size)
    return nn.AvgPool2d(pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode, count_include_pad=False)


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
        pixels: (H, W) or (H, W, 3).
        by: Number of pixels (y, x), neither below 0.

    Raises:
        InputError: The shift is up or to the left.

    >>> shift_image(np.array([[1, 2], [3, 4]], dtype=np.uint8), (0, 1)).tolist()
    [[0, 1], [0, 3]]
    """
    if min(by) < 0:
        raise InputError(f"An image cannot be shifted by {by}.", "The least is (0, 0).", "Give larger numbers.")
    height, width = pixels.shape[:2]
    down, right = by
    shifted = np.zeros_like(pixels)
    shifted[down:, right:] = pixels[: max(height - down, 0), : max(width - right, 0)]
    return shifted


def shift(
    network: nn.Module,
    trace: Trace,
    pixels: Pixels,
    by: Pair,
    fields: Mapping[str, Field],
    name: str = POOL,
    image: ImageSpec = DIGIT,
) -> Shift:
    """Shift a picture, and compare the maps around a max pool with those before the shift.

    Args:
        network: In evaluation mode; not changed.
        trace: Trace of the picture before the shift.
        pixels: The picture before the shift, (H, W) or (H, W, 3), as large as the network takes it.
        by: Number of pixels (y, x).
        fields: Receptive fields of the network, for the jump of each step.
        name: Name of the pool.
        image: What the network takes.

    Raises:
        InputError: The shift is up or to the left, or moves all maps away, the maps have no jump, or see
            ``replaceable_pool``.
    """
    pool = replaceable_pool(network, name)
    shifted, step, source = shift_image(pixels, by), trace[name], trace.source(name)
    input_jump, output_jump = (_jump(fields, each) for each in (source, name))
    average, x = average_pool_like(pool), normalise(shifted[None], image)
    with torch.no_grad():
        inputs = run(network, x, give=source)
        outputs = pool(inputs)
        prediction = int(run(network, x, {name: outputs}).argmax())
        means = [average(maps)[0].numpy() for maps in (torch.tensor(step.input)[None], inputs)]
    maps = (
        _compare("into the pool", step.input, inputs[0].numpy(), by, input_jump),
        _compare("max pool", step.output, outputs[0].numpy(), by, output_jump),
        _compare("average pool", means[0], means[1], by, output_jump),
    )
    cut_off = int(np.atleast_3d(pixels).any(axis=2).sum() - np.atleast_3d(shifted).any(axis=2).sum())
    return Shift(shifted, by, cut_off, maps, prediction)


def _jump(fields: Mapping[str, Field], name: str) -> Pair:
    """Return how many pixels lie between neighbouring units of a step."""
    if name == IMAGE:
        return 1, 1
    field = fields[name]
    if isinstance(field, NoSingleWindow):
        raise InputError(
            f"How many units of {name} a shift is cannot be said. {field.reason}",
            "Neighbouring units must be the same number of pixels apart, whichever way they are reached.",
            "Choose a pool before the ways meet.",
        )
    return field.jump


def _compare(label: str, before: Activation, after: Activation, by: Pair, jump: Pair) -> ShiftedMaps:
    """Compare maps before and after a shift, for each whole number of units next to the shift."""
    down, across = (sorted({amount // each, -(-amount // each)}) for amount, each in zip(by, jump, strict=True))
    height, width = before.shape[1:]
    offsets = tuple(_difference_after(before, after, (y, x)) for y in down for x in across if y < height and x < width)
    if not offsets:
        raise InputError(
            f"A shift by {by} moves all maps {label} out of the image.",
            f"They have {height} × {width} units, {jump[0]} × {jump[1]} pixels apart.",
            "Choose a smaller shift.",
        )
    equivariant = min(offset.largest for offset in offsets) <= _ROUNDING * float(np.abs(before).max())
    return ShiftedMaps(label, before, after, offsets, equivariant)


def _difference_after(before: Activation, after: Activation, units: Pair) -> Offset:
    """Compare the maps where they overlap after shifting them back."""
    y, x = units
    height, width = before.shape[1:]
    difference = np.abs(after[:, y:, x:] - before[:, : height - y, : width - x])
    return Offset(units, float(difference.max()), float(difference.mean()))
