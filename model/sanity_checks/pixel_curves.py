"""Whether the pixels that a map ranks highest are the ones that the network needs: take them away, bring them back."""

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.errors import InputError
from model.records import Activation
from model.saliency.records import Attribution, PixelCurves

STEPS = 49
ORDERS = 8
_BATCH = 64  # images in a forward pass, so that nobody else waits long

Order = NDArray[np.int64]
Curves = tuple[Activation, Activation]  # deletion, insertion


def pixel_curves(
    network: nn.Module, x: Tensor, attribution: Attribution, *, steps: int = STEPS, orders: int = ORDERS, seed: int = 0
) -> PixelCurves:
    """Follow the probability of the target while pixels are taken away, or brought back, the highest first.

    A good map has a small area under its deletion curve and a large one under its insertion curve; random orders of
    the pixels say what any order would reach.

    Args:
        network: Only read.
        x: The normalised image that was explained, (1, 1, H, W).
        attribution: Its map, with the baseline whose pixels stand for "taken away".
        steps: How many equal parts the pixels are changed in: 49 change 16 of 784 at a time.
        orders: How many random orders.
        seed: Of the random orders.

    Raises:
        InputError: The map is not of the image, or a number of steps or orders makes no sense.

    Source: Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018.
    Insertion starts from the attribution's own baseline, where RISE starts from a blurred image.
    """
    found = list(each_order(network, x, attribution, steps=steps, orders=orders, seed=seed))
    return gathered(x, steps, found)


def each_order(
    network: nn.Module, x: Tensor, attribution: Attribution, *, steps: int = STEPS, orders: int = ORDERS, seed: int = 0
) -> Iterator[Curves]:
    """Work out deletion and insertion for the map's own order, then for one random order after another.

    Arguments and errors are those of ``pixel_curves``, which ``gathered`` makes of what is yielded.
    """
    _check(x, attribution, steps, orders)
    private = copy.deepcopy(network).eval()
    counts, random = _counts(x, steps), np.random.default_rng(seed)
    baseline = torch.from_numpy(attribution.baseline.copy()).to(x).reshape(x.shape)
    for number in range(orders + 1):
        order = random.permutation(x.numel()) if number else descending(attribution.values)
        changed = _changed(order, counts).reshape(-1, *x.shape[1:])  # (n, 1, H, W)
        deleted, inserted = torch.where(changed, baseline, x), torch.where(changed, x, baseline)
        target = attribution.target
        yield _probabilities(private, deleted, target), _probabilities(private, inserted, target)


def gathered(x: Tensor, steps: int, found: Sequence[Curves]) -> PixelCurves:
    """Put together what ``each_order`` has yielded so far: the map's own order at least.

    Args:
        x: The image, (1, 1, H, W).
        steps: As given to ``each_order``.
        found: Deletion and insertion of each order.
    """
    deletions, insertions = (np.stack(curves) for curves in zip(*found, strict=True))
    return PixelCurves(_counts(x, steps), deletions[0], insertions[0], deletions[1:], insertions[1:])


def descending(values: Activation) -> Order:
    """Order the pixels of a map, the highest signed value first; equal ones from top left, line by line.

    >>> descending(np.array([[0.0, 2.0], [-1.0, 2.0]], dtype=np.float32)).tolist()
    [1, 3, 0, 2]
    """
    return np.argsort(-values.ravel(), kind="stable")


def _counts(x: Tensor, steps: int) -> NDArray[np.int64]:
    return np.linspace(0, x.numel(), steps + 1).round().astype(np.int64)


def _changed(order: Order, counts: NDArray[np.int64]) -> Tensor:
    """Say for each count which pixels are among the first of the order, (n, pixels)."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return torch.from_numpy(place < counts[:, None])


def _probabilities(private: nn.Module, images: Tensor, target: int) -> Activation:
    with torch.no_grad():
        parts = [private(part).softmax(1)[:, target] for part in images.split(_BATCH)]
    return np.asarray(torch.cat(parts).numpy())


def _check(x: Tensor, attribution: Attribution, steps: int, orders: int) -> None:
    if x.shape != (1, 1, *attribution.values.shape):
        raise InputError(
            f"A map of {attribution.values.shape} orders no pixels of an image of {tuple(x.shape)}.",
            "It must have one value for each pixel of one grey image.",
            "Explain the image itself, not the activation of a step.",
        )
    if not 1 <= steps <= x.numel() or orders < 0:
        raise InputError(
            f"{steps} steps and {orders} random orders cannot be taken.",
            f"There are 1 to {x.numel()} steps, and 0 or more orders.",
            f"Take {STEPS} and {ORDERS}.",
        )
