"""Cached figures and scores of the network of this run, or of the one that is looked at."""

from collections.abc import Callable

from model.compare import comparison
from model.compare.records import Facts
from model.mistakes import scores as files
from model.mistakes.records import Scores
from viz.app import current
from viz.app.current import of_network
from viz.app.queued_cache import queued


@of_network(max_entries=64)
def facts() -> Facts:
    """Return the network in figures."""
    return comparison.facts(current.structure())


def scores(advance: Callable[[float], object]) -> Scores:
    """Return the logits of MNIST's test images.

    The parts are computed in turns and kept, so a person who leaves and comes back goes on where it was.

    Args:
        advance: Called with the share that is done.
    """
    found, parts = [], files.parts()
    for part in parts:
        found.append(_part(part.start, part.stop))
        advance(len(found) / len(parts))
    return files.joined(found)


@queued(max_entries=512)
def _part(start: int, stop: int) -> Scores:
    return files.of_part(current.network(), slice(start, stop))
