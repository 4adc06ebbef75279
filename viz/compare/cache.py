"""Cached figures and predictions of the network of this run, or of the one that is looked at."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from model.compare import comparison
from model.compare.records import Facts
from model.images import mnist
from viz.app import current, shared
from viz.app.current import of_network
from viz.app.queued_cache import queued

_PART = 500  # images at a time; fewer of a large network
_PART_COST, _PART_VALUES = 10_000_000_000, 50_000_000  # multiply-accumulates and values of a part, at most


@of_network(max_entries=64)
def facts() -> Facts:
    """Return the network in figures."""
    return comparison.facts(current.structure())


def predictions(advance: Callable[[float], object]) -> NDArray[np.int64]:
    """Return the class that the network predicts for each of MNIST's test images, (10000,).

    The parts are computed in turns and kept, so a person who leaves and comes back goes on where it was.

    Args:
        advance: Called with the share that is done.
    """
    count, part = mnist.SIZES["test"], _images_of_a_part()
    parts = []
    for start in range(0, count, part):
        parts.append(_part(start, min(part, count - start)))
        advance((start + len(parts[-1])) / count)
    return np.concatenate(parts)


def _images_of_a_part() -> int:
    graph = current.network().graph
    cost = sum(node.multiply_accumulates for node in graph.nodes)
    values = sum(int(np.prod(node.shape)) for node in graph.nodes)
    return max(1, min(_PART, _PART_COST // max(1, cost), _PART_VALUES // max(1, values)))


@queued(max_entries=2048)
def _part(start: int, count: int) -> NDArray[np.int64]:
    with torch.no_grad():
        scores = current.network().module(shared.mnist_inputs(start, count))
    return np.asarray(scores.argmax(1).numpy())
