"""Cached figures of the network of this run, or of the one that is looked at."""

from model.compare import comparison
from model.compare.records import Facts
from viz.app import current
from viz.app.current import of_network
from viz.mistakes import cache as mistakes


@of_network(max_entries=64)
def facts() -> Facts:
    """Return the network in figures."""
    return comparison.facts(current.structure())


def measured() -> float | None:
    """Return the share of the first set of pictures that is classified correctly, where that is in the cache."""
    sets = mistakes.sets(with_folder=False)
    found = mistakes.known(sets[0]) if sets else None
    return float(found.correct.mean()) if found else None
