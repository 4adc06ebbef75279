"""Seed statistics: mean and deviation, bands of curves, and the gain from choosing the best epoch."""

from model.errors import InputError
from model.records import Numbers
from model.training.comparison import check_judged, compare, mcnemar
from model.training.records import BestEpochs, CurveBand, PairedTest, RecipeResult, Spread


def spread(values: Numbers) -> Spread:
    """Return mean and sample standard deviation of values (n,): ``√(Σ (x − mean)² / (n − 1))``.

    >>> import numpy as np
    >>> found = spread(np.array([1.0, 3.0]))
    >>> found.mean, round(found.deviation, 4), found.low, found.high
    (2.0, 1.4142, 1.0, 3.0)
    """
    _check_some(values)
    deviation = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return Spread(values, float(values.mean()), deviation)


def curve_band(curves: Numbers) -> CurveBand:
    """Return the smallest, mean and largest value of each epoch over seeds, (n, E)."""
    _check_some(curves)
    return CurveBand(curves.min(axis=0), curves.mean(axis=0), curves.max(axis=0))


def best_epochs(held_out: Numbers) -> BestEpochs:
    """Choose each seed's best epoch by the images that also evaluate it, and compare it with the last epoch.

    The last epoch is among the choices, so the gain is never negative, also if the accuracy on other images is lower.

    Args:
        held_out: Accuracy after each epoch, (n, E).

    >>> import numpy as np
    >>> best_epochs(np.array([[0.5, 0.9, 0.8]])).gain.__round__(3)
    0.1
    """
    _check_some(held_out)
    best = held_out.argmax(axis=1)
    return BestEpochs(best + 1, held_out.max(axis=1), held_out[:, -1])


def paired_test(one: RecipeResult, other: RecipeResult) -> PairedTest:
    """Test whether two recipes differ, on the same images.

    All seeds are compared by the bootstrap, and the two median seeds by McNemar's test.

    Raises:
        InputError: They were evaluated on different images.
    """
    check_judged(one.judged, other.judged)
    found = compare(one.right, other.right)
    first, second = (each.right[each.seeds.index(each.median_seed)] for each in (one, other))
    return PairedTest(
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
