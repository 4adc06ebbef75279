"""Deletion and insertion: are the pixels that a map ranks highest the ones that the network needs?"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.errors import InputError
from model.records import Activation
from model.saliency.records import Attribution
from model.sanity_checks.records import PixelCurves
from model.trace.private import copy_for_many

STEPS = 49
ORDERS = 8
_BATCH = 64  # images in a forward pass: larger batches delay other users

Order = NDArray[np.int64]
Curves = tuple[Activation, Activation]  # deletion, insertion


def pixel_curves(
    network: nn.Module, x: Tensor, attribution: Attribution, *, steps: int = STEPS, orders: int = ORDERS, seed: int = 0
) -> PixelCurves:
    """Compute the probability of the target while pixels are deleted or inserted, the highest attribution first.

    A good map has a small area under its deletion curve and a large one under its insertion curve; random orders of
    the pixels are the comparison.

    Args:
        network: Not changed.
        x: The normalised image that was explained, (1, C, H, W).
        attribution: Its map, with the baseline that replaces deleted pixels.
        steps: The number of equal steps: 49 change 16 of 784 pixels at a time.
        orders: The number of random orders.
        seed: For the random orders.

    Raises:
        InputError: The map is not of the image, or the number of steps or orders is out of range.

    Source: Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018.
    Insertion starts from the attribution's own baseline, where RISE starts from a blurred image.
    """
    found = list(curves_by_order(network, x, attribution, steps=steps, orders=orders, seed=seed))
    return from_curves(x, steps, found)


def curves_by_order(
    network: nn.Module, x: Tensor, attribution: Attribution, *, steps: int = STEPS, orders: int = ORDERS, seed: int = 0
) -> Iterator[Curves]:
    """Yield deletion and insertion for the order of the map, then for one random order after another.

    Arguments and errors are those of ``pixel_curves``; ``from_curves`` puts the curves together.
    """
    _check(x, attribution, steps, orders)
    private = copy_for_many(network)
    counts, random = _counts(x, steps), np.random.default_rng(seed)
    baseline = torch.from_numpy(attribution.baseline.copy()).to(x).reshape(x.shape)
    for number in range(orders + 1):
        order = random.permutation(_pixels(x)) if number else descending(attribution.values)
        changed = _changed(order, counts).reshape(-1, 1, *x.shape[2:])  # (n, 1, H, W)
        deleted, inserted = torch.where(changed, baseline, x), torch.where(changed, x, baseline)
        target = attribution.target
        yield _probabilities(private, deleted, target), _probabilities(private, inserted, target)


def steps_for(x: Tensor) -> int:
    """Return how many steps an image (1, C, H, W) gets: 49, or as many as it has pixels."""
    return min(STEPS, _pixels(x))


def from_curves(x: Tensor, steps: int, found: Sequence[Curves]) -> PixelCurves:
    """Put together the curves that ``curves_by_order`` has yielded so far: at least those of the map.

    Args:
        x: The image, (1, C, H, W).
        steps: As given to ``curves_by_order``.
        found: Deletion and insertion of each order.
    """
    deletions, insertions = (np.stack(curves) for curves in zip(*found, strict=True))
    return PixelCurves(_counts(x, steps), deletions[0], insertions[0], deletions[1:], insertions[1:])


def descending(values: Activation) -> Order:
    """Return the pixels of a map in order, the highest signed value first; equal ones line by line from top left.

    >>> descending(np.array([[0.0, 2.0], [-1.0, 2.0]], dtype=np.float32)).tolist()
    [1, 3, 0, 2]
    """
    return np.argsort(-values.ravel(), kind="stable")


def _counts(x: Tensor, steps: int) -> NDArray[np.int64]:
    return np.linspace(0, _pixels(x), steps + 1).round().astype(np.int64)


def _pixels(x: Tensor) -> int:
    """Return the number of pixels; all channels of a pixel change together."""
    return x[0, 0].numel()


def _changed(order: Order, counts: NDArray[np.int64]) -> Tensor:
    """Return for each count which pixels are among the first of the order, (n, pixels)."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return torch.from_numpy(place < counts[:, None])


def _probabilities(private: nn.Module, images: Tensor, target: int) -> Activation:
    with torch.no_grad():
        parts = [private(part).softmax(1)[:, target] for part in images.split(_BATCH)]
    return np.asarray(torch.cat(parts).numpy())


def _check(x: Tensor, attribution: Attribution, steps: int, orders: int) -> None:
    if x.shape != (1, x.shape[1], *attribution.values.shape):
        raise InputError(
            f"A map of shape {attribution.values.shape} cannot order the pixels of an image of shape {tuple(x.shape)}.",
            "It must have one value for each pixel of one image.",
            "Explain the image itself, not the activation of a step.",
        )
    if not 1 <= steps <= _pixels(x) or orders < 0:
        raise InputError(
            f"{steps} steps and {orders} random orders are not possible.",
            f"There can be 1 to {_pixels(x)} steps, and 0 or more orders.",
            f"Use {steps_for(x)} and {ORDERS}.",
        )
