"""A max pool: its winners, its gradient, and an average pool in its place."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model import layers
from model.errors import InputError
from model.layers.windows import pair
from model.pooling.records import PoolAccuracy, Pooled, PoolGradient, places
from model.records import IMAGE, Activation
from model.trace import inputs_of, record, run
from model.trace.private import private_copy, put, steps_of
from model.trace.records import LayerKind, Trace

MaxPool = nn.MaxPool2d | nn.AdaptiveMaxPool2d
_KEEP_PLACES = {LayerKind.BATCH_NORM, LayerKind.DROPOUT, "identity"}  # equal values of a map stay equal


def pooled(trace: Trace, name: str) -> Pooled:
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


def replaceable_pool(network: nn.Module, name: str) -> MaxPool:
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


def with_average_pool(network: nn.Module, trace: Trace, name: str) -> Trace:
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


def gradient(network: nn.Module, trace: Trace, target: int, name: str) -> PoolGradient:
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


def accuracy(network: nn.Module, images: Tensor, labels: NDArray[np.int64], name: str) -> PoolAccuracy:
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
