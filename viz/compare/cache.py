"""Cached figures and scores of the network of this run, or of the one that is looked at."""

from collections.abc import Callable

from model.compare import comparison
from model.compare.records import Facts
from model.mistakes import scores as files
from model.mistakes.records import Scores
from viz.app import current
from viz.app.current import of_network
from viz.app.queued_cache import NotCachedError
from viz.mistakes.cache import part_of


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
        found.append(part_of(part.start, part.stop))
        advance(len(found) / len(parts))
    return files.joined(found)


def measured() -> float | None:
    """Return the share of MNIST's test images that is classified correctly, where all are in the cache."""
    try:
        kept = [part_of.cached(part.start, part.stop) for part in files.parts()]
    except NotCachedError:
        return None
    return float(files.joined(kept).correct.mean())
