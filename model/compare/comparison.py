"""Compare two networks: their figures, and which of their steps stand beside each other."""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby

from model.compare.records import Facts
from model.images.inputs import reads_digits, reads_shapes
from model.networks.records import Network
from model.networks.summary.table import of_network

Beside = tuple[range, range]


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
        has_test_pictures=reads_digits(network.input, network.classes) or reads_shapes(network.classes),
    )


def side_by_side(first: Sequence[tuple[int, ...]], second: Sequence[tuple[int, ...]]) -> list[Beside]:
    """Return which steps of two networks stand beside each other: those whose maps are alike in size.

    Steps that follow one another with maps of one size are a group. Groups are paired in the order they run, so that
    the sum of ``|log2(units / units)|`` over all pairs, and of 1 for each group without a partner, is the smallest.

    Args:
        first: The shape of what each step of one network gives.
        second: Likewise of the other.

    Returns:
        For each pair, the positions of the steps of both; one of them is empty where there is no partner.

    >>> side_by_side([(8, 26, 26), (8, 13, 13), (10,)], [(4, 11, 11), (4, 11, 11), (10, 1, 1)])
    [(range(0, 1), range(0, 0)), (range(1, 2), range(0, 2)), (range(2, 3), range(2, 3))]
    """
    one, other = _groups(first), _groups(second)
    costs: dict[tuple[int, int], tuple[float, int, int]] = {}  # with how many groups of each the last pair has
    for a in range(len(one) + 1):
        for b in range(len(other) + 1):
            ways = [(costs[a - 1, b][0] + 1, 1, 0)] if a else []
            ways += [(costs[a, b - 1][0] + 1, 0, 1)] if b else []
            if a and b:
                apart = abs(math.log2(one[a - 1][0] / other[b - 1][0]))
                ways.append((costs[a - 1, b - 1][0] + apart, 1, 1))
            costs[a, b] = min(ways, default=(0.0, 0, 0))
    return _pairs(one, other, costs)


def _groups(shapes: Sequence[tuple[int, ...]]) -> list[tuple[int, range]]:
    """Return the units of a map, and the positions, of each run of steps with maps of one size."""
    found: list[tuple[int, range]] = []
    for units, run in groupby(enumerate(shapes), lambda each: math.prod(each[1][1:])):
        places = [at for at, _ in run]
        found.append((units, range(places[0], places[-1] + 1)))
    return found


def _pairs(
    one: Sequence[tuple[int, range]],
    other: Sequence[tuple[int, range]],
    costs: Mapping[tuple[int, int], tuple[float, int, int]],
) -> list[Beside]:
    """Follow the cheapest pairs back from the end."""
    found: list[Beside] = []
    a, b = len(one), len(other)
    while a or b:
        _, from_one, from_other = costs[a, b]
        left = one[a - 1][1] if from_one else range(0)
        right = other[b - 1][1] if from_other else range(0)
        found.append((left, right))
        a, b = a - from_one, b - from_other
    return found[::-1]
