"""Compare two networks: their figures, and which of their steps stand beside each other."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from model.compare.records import Facts
from model.networks.records import Network
from model.networks.summary.table import of_network

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
