"""What the values of many seeds come to: mean and spread, the band of their curves, and choices that flatter."""

from model.errors import InputError
from model.records import Numbers
from model.training.comparison import check_judged, compare, mcnemar
from model.training.records import Choosing, Extent, Paired, Spread, Study


def spread(values: Numbers) -> Spread:
    """Return mean and standard deviation of values (n,): ``√(Σ (x − mean)² / (n − 1))``, of a sample.

    >>> import numpy as np
    >>> found = spread(np.array([1.0, 3.0]))
    >>> found.mean, round(found.deviation, 4), found.low, found.high
    (2.0, 1.4142, 1.0, 3.0)
    """
    _check_some(values)
    deviation = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return Spread(values, float(values.mean()), deviation)


def extent(curves: Numbers) -> Extent:
    """Return the smallest, mean and largest value of each epoch over seeds, (n, E)."""
    _check_some(curves)
    return Extent(curves.min(axis=0), curves.mean(axis=0), curves.max(axis=0))


def choosing(held_out: Numbers) -> Choosing:
    """Choose each seed's best epoch by the very images that it is then judged by, and hold it against the last.

    The last epoch is one of those to choose from, so the best never looks worse: the gain is zero or above whatever
    the network is worth on other images.

    Args:
        held_out: Share of the images right after each epoch, (n, E).

    >>> import numpy as np
    >>> choosing(np.array([[0.5, 0.9, 0.8]])).gain.__round__(3)
    0.1
    """
    _check_some(held_out)
    best = held_out.argmax(axis=1)
    return Choosing(best + 1, held_out.max(axis=1), held_out[:, -1])


def paired(one: Study, other: Study) -> Paired:
    """Test whether two recipes differ, on the same images.

    All seeds are compared by the bootstrap, and the two median seeds by McNemar's test.

    Raises:
        InputError: They were judged on different images.
    """
    check_judged(one.judged, other.judged)
    found = compare(one.right, other.right)
    first, second = (each.right[each.seeds.index(each.median_seed)] for each in (one, other))
    return Paired(
        (one.name, other.name),
        (len(one.seeds), len(other.seeds)),
        one.images,
        found.difference,
        found.low,
        found.high,
        found.p,
        (one.median_seed, other.median_seed),
        (int((first & ~second).sum()), int((second & ~first).sum())),
        mcnemar(first, second),
    )


def _check_some(values: Numbers) -> None:
    if not values.size:
        raise InputError("There is no value to summarise.", "There must be at least one.", "Give the values of a seed.")
