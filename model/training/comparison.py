"""Compare two recipes on the same images: ``python -m model.training.comparison ONE OTHER``.

Each argument is a ``report.json``.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.errors import GlassError, InputError
from model.training import report
from model.training.report import Report

_DRAWS = 10_000


@dataclass(frozen=True)
class Comparison:
    """The difference between two accuracies.

    Args:
        difference: The difference of the mean accuracies.
        low: The lower end of its 95 % interval.
        high: The upper end.
        p: The two-sided p-value: the probability of so large a difference by chance alone.
    """

    difference: float
    low: float
    high: float
    p: float


def mcnemar(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return the two-sided p-value of McNemar's exact test for two networks.

    Exactly one network classifies n images correctly. If both are equally good, each of the n images is as likely to
    be the one's as the other's: ``p = min(1, 2 * sum over i <= k of C(n, i) / 2^n)``, where k is the smaller count.

    Args:
        one: Which images one network classifies correctly, (N,).
        other: Which images the other classifies correctly, (N,).

    Source: McNemar, "Note on the sampling error of the difference between correlated proportions", 1947; the exact
    form, not the chi-squared approximation.

    >>> mcnemar(np.array([True, True, True, False]), np.array([False, False, False, False]))
    0.25
    """
    _check(one.shape, other.shape)
    alone = [int((one & ~other).sum()), int((other & ~one).sum())]
    n = sum(alone)
    p: float = 2 * sum(math.comb(n, i) for i in range(min(alone) + 1)) / 2**n
    return min(1.0, p)


def compare(one: NDArray[np.bool_], other: NDArray[np.bool_], seed: int = 0, draws: int = _DRAWS) -> Comparison:
    """Compare mean accuracies by the bootstrap: resample seeds and images with replacement, many times.

    Each draw judges both recipes on the same images, so an image that is hard for both favours neither. Seeds are
    drawn separately for each recipe. The p-value is twice the share of draws on the other side of zero, at least
    ``2 / (draws + 1)``.

    Args:
        one: Which images each seed of one recipe classifies correctly, (seeds, N).
        other: The same for the other recipe, (seeds, N).
        seed: The seed of the draws.
        draws: The number of draws.

    Source: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, percentile interval.
    """
    _check(one.shape[1:], other.shape[1:])
    generator = np.random.default_rng(seed)
    images = one.shape[1]
    found = np.empty(draws)
    for draw in range(draws):
        times = np.bincount(generator.integers(images, size=images), minlength=images)
        means = [
            times @ each[generator.integers(len(each), size=len(each))].mean(axis=0) / images for each in (one, other)
        ]
        found[draw] = means[0] - means[1]
    low, high = np.quantile(found, (0.025, 0.975))
    beyond = min(int((found <= 0).sum()), int((found >= 0).sum()))
    difference = float(one.mean() - other.mean())
    return Comparison(difference, float(low), float(high), min(1.0, 2 * (beyond + 1) / (draws + 1)))


def _check(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    if one != other:
        raise InputError(
            f"The two were evaluated on {one[0]:,} and on {other[0]:,} images.",
            "Only results on the same images can be compared.",
            "Give two reports of the same protocol.",
        )


def main(arguments: Sequence[str]) -> None:
    """Compare two reports and print the result."""
    try:
        one, other = (report.read(Path(path)) for path in arguments)
    except GlassError as error:
        sys.exit(f"error: {error}")
    except ValueError:
        sys.exit(__doc__)
    try:
        print(say(one, other))
    except GlassError as error:
        sys.exit(f"error: {error}")


def check_judged(one: str, other: str) -> None:
    """Check that two results are for the same images.

    Raises:
        InputError: They are not.
    """
    if one != other:
        raise InputError(
            f"One was evaluated on the {one} images, the other on the {other} images.",
            "Only results on the same images can be compared.",
            "Give two reports of the same protocol.",
        )


def say(one: Report, other: Report) -> str:
    """Describe the comparison of two reports: all seeds by the bootstrap, their median seeds by McNemar's test.

    Raises:
        InputError: They were evaluated on different images.
    """
    check_judged(one.judged, other.judged)
    found = compare(one.right(), other.right())
    p = mcnemar(one.median_right(), other.median_right())
    names = f"{one.recipe['name']} - {other.recipe['name']}"
    return (
        f"{names}: {found.difference:+.3%} (95 %: {found.low:+.3%} to {found.high:+.3%}), p = {found.p:.2g}, "
        f"n = {len(one.results)} and {len(other.results)} seeds, {one.images:,} {one.judged} images\n"
        f"median seeds {one.median_seed} and {other.median_seed}, McNemar: p = {p:.2g}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
