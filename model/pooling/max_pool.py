"""What the max pool keeps and throws away, where its gradient goes, and what it makes of a digit that moved."""

from collections import OrderedDict
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
from model.pooling.records import Moved, Offset, Pooled, PoolGradient, PoolScore, Shift
from model.receptive_field.records import ReceptiveField, Window
from model.records import Activation, Pair, Pixels
from model.trace import record
from model.trace.records import LayerKind, Trace

POOL = "MaxPool2d-10"
_ROUNDING = 1e-5  # of the largest value; sums of a few hundred float32 products differ by less


def pooled(trace: Trace, name: str = POOL) -> Pooled:
    """Find the winner of every window of a max pool, and what ties with it.

    Args:
        trace: Holds the pool.
        name: Of the pool.

    Raises:
        InputError: It is no max pool, or its windows overlap or leave gaps.

    >>> from model.trace import record
    >>> done = pooled(record(nn.Sequential(nn.MaxPool2d(2)), torch.tensor([[[[1.0, 5.0], [5.0, 2.0]]]])), "0")
    >>> done.winners.tolist(), done.ties.tolist()
    ([[[[0, 1]]]], [[[2]]])
    """
    step, window = trace[name], layers.window(trace[name])
    if step.kind is not LayerKind.MAX_POOL:
        raise InputError(f"{name} is of the kind '{step.kind}'.", "Only a max pool has winners.", "Choose a max pool.")
    values = side_by_side(step.input, window)  # (C, h, w, kH * kW)
    place = values.argmax(axis=-1)  # the first of equal ones, as PyTorch has it
    (high, wide), (rows, columns) = window.kernel, place.shape[1:]
    down, across = np.divmod(place, wide)
    winners = np.stack(
        [down + high * np.arange(rows)[:, None], across + wide * np.arange(columns)[None, :]], axis=-1
    )  # (C, h, w, 2)
    largest = np.take_along_axis(values, place[..., None], axis=-1)
    silent = np.take_along_axis(side_by_side(_silence(trace, name), window), place[..., None], axis=-1)[..., 0]
    return Pooled(
        name=name,
        source=trace.source(name),
        window=window,
        input=step.input,
        output=step.output,
        winners=winners,
        ties=(values == largest).sum(axis=-1),
        silent=silent,
    )


def side_by_side(maps: NDArray[Any], window: Window) -> NDArray[Any]:
    """Cut maps (C, H, W) into windows that lie side by side, (C, h, w, kH * kW); what is left at the end is left out.

    Raises:
        InputError: The windows overlap, leave gaps or reach beyond the map.

    >>> side_by_side(np.arange(8).reshape(1, 2, 4), Window((2, 2), (2, 2))).tolist()
    [[[[0, 1, 4, 5], [2, 3, 6, 7]]]]
    """
    if window.stride != window.kernel or window.padding != (0, 0) or window.dilation != (1, 1):
        raise InputError(
            f"Windows {window.kernel} with stride {window.stride}, padding {window.padding} and dilation "
            f"{window.dilation} do not lie side by side.",
            "The stride must be the kernel, without padding and dilation.",
            "Choose such a pool.",
        )
    high, wide = window.kernel
    channels, height, width = maps.shape
    rows, columns = height // high, width // wide
    whole = maps[:, : rows * high, : columns * wide].reshape(channels, rows, high, columns, wide)
    return whole.transpose(0, 1, 3, 2, 4).reshape(channels, rows, columns, high * wide)


def _silence(trace: Trace, name: str) -> NDArray[np.bool_]:
    """Return which values that go into a step come of a ReLU's 0; none where no ReLU of that shape stands before."""
    step = trace[name]
    before = trace.steps[: trace.steps.index(step)]
    cuts = [each for each in before if each.kind is LayerKind.RELU and each.output.shape == step.input.shape]
    return cuts[-1].output == 0 if cuts else np.zeros(step.input.shape, dtype=np.bool_)


def parts(network: nn.Module, name: str = POOL) -> tuple[nn.Sequential, nn.MaxPool2d, nn.Sequential]:
    """Cut a network into the steps before a max pool, the pool, and the steps after it.

    They are the network's own modules, so whoever runs them may only read them, as the network itself.

    Raises:
        InputError: Its steps do not run one after another, or that one is no max pool, or is dilated.
    """
    steps = list(network.named_children()) if isinstance(network, nn.Sequential) else []
    for index, (known, pool) in enumerate(steps):
        if known == name and isinstance(pool, nn.MaxPool2d) and pair(pool.dilation) == (1, 1):
            before, after = (nn.Sequential(OrderedDict(some)) for some in (steps[:index], steps[index + 1 :]))
            return before, pool, after
    raise InputError(
        f"'{name}' is no max pool that an average pool could replace.",
        "It must be one of a network's steps, without dilation.",
        "Choose such a step.",
    )


def average_of(pool: nn.MaxPool2d) -> nn.AvgPool2d:
    """Return an average pool of the same windows."""
    return nn.AvgPool2d(pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode)


def averaged(network: nn.Module, trace: Trace, name: str = POOL) -> Trace:
    """Run the network on from a max pool, with an average pool in its place; no weight is trained for it.

    Args:
        network: Only read.
        trace: Of the whole network, with the max pool.
        name: Of the pool; in what is returned it is the average pool's.

    Raises:
        InputError: See ``parts``.
    """
    _, pool, after = parts(network, name)
    twin = nn.Sequential(OrderedDict([(name, average_of(pool)), *after.named_children()]))
    return record(twin, _entering(trace, name))


def gradient(network: nn.Module, trace: Trace, target: int, name: str = POOL) -> PoolGradient:
    """Measure how a logit changes with each value that goes into a max pool, and into an average pool in its place.

    Args:
        network: In evaluation mode; only read: no gradient reaches its parameters.
        trace: Of the network.
        target: The class of the logit.
        name: Of the max pool.

    Raises:
        InputError: There is no such class, or see ``parts``.
    """
    if not 0 <= target < len(trace.logits):
        raise InputError(f"There is no class {target}.", f"There are 0 to {len(trace.logits) - 1}.", "Choose one.")
    _, pool, after = parts(network, name)
    kept, passed = _gradients(pool, after, _entering(trace, name), target)
    shared, _ = _gradients(average_of(pool), after, _entering(trace, name), target)
    return PoolGradient(target, kept, passed, shared)


def _gradients(pool: nn.Module, after: nn.Module, entering: Tensor, target: int) -> tuple[Activation, Activation]:
    """Return the gradient of a logit with respect to what goes into a pool, and to what comes out."""
    entering.requires_grad_()
    with torch.enable_grad():
        leaving = pool(entering)
        logits = after(leaving).flatten()
        before, behind = torch.autograd.grad(logits[target], (entering, leaving))
    return before[0].numpy(), behind[0].numpy()


def _entering(trace: Trace, name: str) -> Tensor:
    """Return a copy of what went into a step, (1, C, H, W)."""
    return torch.tensor(trace[name].input)[None]


def score(network: nn.Module, images: Tensor, labels: NDArray[np.int64], name: str = POOL) -> PoolScore:
    """Count how many images are read right with a max pool, and with an average pool in its place.

    Args:
        network: In evaluation mode; only read.
        images: Normalised, (N, C, H, W).
        labels: (N,).
        name: Of the max pool.

    Raises:
        InputError: See ``parts``.
    """
    before, pool, after = parts(network, name)
    with torch.no_grad():
        entering = before(images)
        maximum, mean = (
            int((after(each(entering)).flatten(1).argmax(dim=1).numpy() == labels).sum())
            for each in (pool, average_of(pool))
        )
    return PoolScore(len(labels), maximum, mean)


def moved(pixels: Pixels, by: Pair) -> Pixels:
    """Move an image down and to the right; blank pixels come in, and what leaves it is lost.

    Args:
        pixels: (H, W).
        by: How far, (y, x), neither below 0.

    Raises:
        InputError: It is to move up or to the left.

    >>> moved(np.array([[1, 2], [3, 4]], dtype=np.uint8), (0, 1)).tolist()
    [[0, 1], [0, 3]]
    """
    if min(by) < 0:
        raise InputError(f"An image cannot move by {by}.", "The least is (0, 0).", "Give larger numbers.")
    height, width = pixels.shape
    down, right = by
    after = np.zeros_like(pixels)
    after[down:, right:] = pixels[: max(height - down, 0), : max(width - right, 0)]
    return after


def shift(
    network: nn.Module,
    trace: Trace,
    pixels: Pixels,
    by: Pair,
    fields: Mapping[str, ReceptiveField],
    name: str = POOL,
) -> Shift:
    """Move a digit, and hold the maps around a max pool against those of before.

    Args:
        network: In evaluation mode; only read.
        trace: Of the digit where it was.
        pixels: Of that digit, (H, W).
        by: How far it moves, (y, x).
        fields: Of the network: they tell how many pixels lie between two units.
        name: Of the pool.

    Raises:
        InputError: It is to move up or to the left, or see ``parts``.
    """
    front, pool, rest = parts(network, name)
    lying, step = moved(pixels, by), trace[name]
    with torch.no_grad():
        entering = front(normalise(lying))
        leaving = pool(entering)
        prediction = int(rest(leaving).argmax())
    into, out = fields[trace.source(name)].jump, fields[name].jump
    window = layers.window(step)
    means = [side_by_side(maps, window).mean(axis=-1) for maps in (step.input, entering[0].numpy())]
    maps = (
        _held("into the pool", step.input, entering[0].numpy(), by, into),
        _held("max pool", step.output, leaving[0].numpy(), by, out),
        _held("average pool", means[0], means[1], by, out),
    )
    cut_off = int((pixels > 0).sum() - (lying > 0).sum())
    return Shift(lying, by, cut_off, maps, prediction)


def _held(what: str, before: Activation, after: Activation, by: Pair, jump: Pair) -> Moved:
    """Try every whole number of units next to how far the digit moved."""
    down, across = (sorted({amount // each, -(-amount // each)}) for amount, each in zip(by, jump, strict=True))
    offsets = tuple(_left_over(before, after, (y, x)) for y in down for x in across)
    equivariant = min(offset.largest for offset in offsets) <= _ROUNDING * float(np.abs(before).max())
    return Moved(what, before, after, offsets, equivariant)


def _left_over(before: Activation, after: Activation, units: Pair) -> Offset:
    """Compare where both lie: what comes in at the edge has nothing to be held against."""
    y, x = units
    height, width = before.shape[1:]
    left = np.abs(after[:, y:, x:] - before[:, : height - y, : width - x])
    return Offset(units, float(left.max()), float(left.mean()))
