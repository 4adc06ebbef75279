"""Compare two networks: their figures, the images that each gets right, and which of their steps are alike."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from model.compare.records import Agreement, Facts
from model.networks.records import Network
from model.networks.summary.table import of_network
from model.training.comparison import mcnemar

Beside = tuple[int | None, int | None]


def facts(network: Network) -> Facts:
    """Return a network in figures."""
    found, last = of_network(network), network.last_maps()
    fields = [row.field for row in found.rows if last and row.name == last.name]
    return Facts(
        id=network.id,
        title=network.title,
        parameters=found.used,
        rows=len(network.graph.rows),
        input=network.input.shape,
        classes=len(network.classes),
        last_field=fields[0] if fields else None,
        multiply_accumulates=found.multiply_accumulates,
        card=network.card,
    )


def agreement(labels: NDArray[np.integer], first: NDArray[np.integer], second: NDArray[np.integer]) -> Agreement:
    """Compare the predictions of two networks for the same images.

    Args:
        labels: (N,).
        first: The class that the first network predicts for each, (N,).
        second: The class that the second predicts, (N,).

    >>> found = agreement(np.array([1, 2, 3, 4]), np.array([1, 2, 0, 0]), np.array([1, 0, 3, 0]))
    >>> found.both.tolist(), found.only_first.tolist(), found.only_second.tolist(), found.neither.tolist()
    ([0], [1], [2], [3])
    """
    one, other = first == labels, second == labels
    return Agreement(
        both=np.flatnonzero(one & other),
        only_first=np.flatnonzero(one & ~other),
        only_second=np.flatnonzero(other & ~one),
        neither=np.flatnonzero(~one & ~other),
        same_mistake=int((~one & (first == second)).sum()),
        p=mcnemar(one, other),
    )


def side_by_side(first: Sequence[tuple[int, ...]], second: Sequence[tuple[int, ...]]) -> list[Beside]:
    """Return which step of one network stands beside which of the other, by the sizes of their maps.

    The longest runs of steps with maps of the same size (H, W) stand beside each other; what is between them is paired
    in the order it runs, and what is left has nothing beside it.

    Args:
        first: The shape of what each step of one network gives.
        second: Likewise of the other.

    Returns:
        The positions of both; None where there is none.

    >>> side_by_side([(8, 26, 26), (8, 13, 13), (10,)], [(4, 13, 13), (10,)])
    [(0, None), (1, 0), (2, 1)]
    """
    one, other = ([shape[1:] for shape in shapes] for shapes in (first, second))
    found: list[Beside] = []
    for _, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        found += zip_longest(range(a, b), range(c, d))
    return found
