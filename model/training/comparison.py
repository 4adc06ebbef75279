"""Which of two recipes is better, judged on the same images: ``python -m model.training.comparison ONE OTHER``.

Each is the ``report.json`` of some seeds.
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
    """How much more of the images one gets right than the other.

    Args:
        difference: Of the mean accuracies.
        low: With 95 % confidence the difference is at least this,
        high: and at most this.
        p: How likely chance alone makes a difference as large, in either direction.
    """

    difference: float
    low: float
    high: float
    p: float


def mcnemar(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return how likely chance alone parts two networks as far as this, in either direction.

    Of the n images that only one of the two gets right, each is as likely to fall to either if they are equally good:
    ``p = min(1, 2 * sum over i <= k of C(n, i) / 2^n)``, where k is the smaller share of the n.

    Args:
        one: Which images one network gets right, (N,).
        other: Which the other does, (N,).

    Source: McNemar, "Note on the sampling error of the difference between correlated proportions", 1947; the exact
    form, not the approximation by chi-squared.

    >>> mcnemar(np.array([True, True, True, False]), np.array([False, False, False, False]))
    0.25
    """
    _check(one.shape, other.shape)
    alone = [int((one & ~other).sum()), int((other & ~one).sum())]
    n = sum(alone)
    p: float = 2 * sum(math.comb(n, i) for i in range(min(alone) + 1)) / 2**n
    return min(1.0, p)


def compare(one: NDArray[np.bool_], other: NDArray[np.bool_], seed: int = 0, draws: int = _DRAWS) -> Comparison:
    """Compare mean accuracies by the bootstrap: seeds and images are drawn anew, with replacement, many times.

    In each draw both recipes are judged by the same images, so an image that is hard for both counts for neither.
    Seeds are drawn for each recipe on its own. The p-value is twice the share of draws on the other side of zero, at
    least ``2 / (draws + 1)``.

    Args:
        one: Which images each seed of one recipe gets right, (seeds, N).
        other: The same of the other, (seeds, N).
        seed: Of the draws.
        draws: How many.

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
            f"The two were judged on {one[0]:,} and on {other[0]:,} images.",
            "Only what was judged on the same images can be compared.",
            "Give reports of one protocol.",
        )


def main(arguments: Sequence[str]) -> None:
    """Compare two reports and print what there is to say."""
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
    """Refuse to compare what was judged on different images.

    Raises:
        InputError: They are not the same.
    """
    if one != other:
        raise InputError(
            f"One was judged on the {one} images, the other on the {other} images.",
            "Only what was judged on the same images can be compared.",
            "Give reports of one protocol.",
        )


def say(one: Report, other: Report) -> str:
    """Compare two reports in words: all seeds by the bootstrap, their median seeds by McNemar's test.

    Raises:
        InputError: They were judged on different images.
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
