"""Is a network right as often as it is sure? The expected calibration error, and a temperature that mends it.

Source: Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
"""

import numpy as np

from model.errors import InputError
from model.mistakes.calibration.records import Chance, Reliability, Scaling
from model.mistakes.records import Scores
from model.records import Numbers

BINS = 15
_HOTTEST = 64.0  # a temperature that is fitted lies between one over this and this
_HALVINGS = 50  # of the range it can lie in: as fine as a double


def halves(scores: Scores) -> tuple[Scores, Scores]:
    """Part images into those to fit a temperature on and those to judge it by: even and odd positions.

    Not the first half and the second: MNIST's first 5,000 test images come from other writers than the rest.
    """
    return scores.at(slice(0, None, 2)), scores.at(slice(1, None, 2))


def reliability(scores: Scores, temperature: float = 1.0, bins: int = BINS) -> Reliability:
    """Sort images into equal bins by the largest probability, and count how many in each are right.

    ``(m / M, (m + 1) / M]`` is bin m of M. The loss is ``−mean(log probability[label])``.

    Args:
        scores: Of N images.
        temperature: T, that the logits are divided by.
        bins: M.

    Raises:
        InputError: The temperature is not a finite number above 0.
    """
    _check(temperature)
    logs = scores.log_probabilities(temperature)
    sure = np.exp(logs.max(axis=1))
    edges: Numbers = np.arange(bins + 1) / bins
    place = _place(sure, edges)
    counts, right = np.bincount(place, minlength=bins), np.bincount(place[scores.right], minlength=bins)
    sums: Numbers = np.bincount(place, weights=sure, minlength=bins).astype(np.float64)
    return Reliability(temperature, edges, counts, right, sums, _mean_loss(logs, scores))


def chance(scores: Scores, temperature: float = 1.0, draws: int = 500, seed: int = 0) -> Chance:
    """Draw what the calibration error would be if every probability were true.

    Each image is read right with the probability that the network gives to what it reads; nothing else changes. So
    few images are far from their probabilities by chance alone, and no network comes out at zero.

    Args:
        scores: Of N images.
        temperature: T, that the logits are divided by.
        draws: How often.
        seed: Of the draws.
    """
    _check(temperature)
    sure = scores.probabilities(temperature).max(axis=1)
    edges: Numbers = np.arange(BINS + 1) / BINS
    place, generator = _place(sure, edges), np.random.default_rng(seed)
    errors = np.empty(draws)
    for draw in range(draws):
        off = (generator.random(len(sure)) < sure) - sure
        errors[draw] = np.abs(np.bincount(place, weights=off, minlength=BINS)).sum() / len(sure)
    return Chance(draws, float(errors.mean()), float(np.quantile(errors, 0.95)))


def loss(scores: Scores, temperature: float) -> float:
    """Return the mean negative log-probability of the label.

    Raises:
        InputError: The temperature is not a finite number above 0.
    """
    _check(temperature)
    return _mean_loss(scores.log_probabilities(temperature), scores)


def slope(scores: Scores, temperature: float) -> float:
    """Return how the loss grows with ``1 / T``: ``mean(Σ_k probability[k] × logit[k] − logit[label])``."""
    logits = scores.logits.astype(np.float64)
    expected = (scores.probabilities(temperature) * logits).sum(axis=1)
    return float((expected - _of_label(logits, scores)).mean())


def fit(scores: Scores) -> float:
    """Return the temperature with which the loss is least.

    The loss is convex in ``1 / T``, so its slope grows, and is zero at one place; halving finds it. The order of the
    classes stays, and so does every answer.

    Args:
        scores: To fit on; judge by others.

    Raises:
        InputError: The loss has no least value: every image is right, or the answers are worse than none.
    """
    cold, hot = 1 / _HOTTEST, _HOTTEST
    if slope(scores, cold) <= 0 or slope(scores, hot) >= 0:
        raise InputError(
            f"No temperature from {cold:g} to {hot:g} has the least loss on these {len(scores):,} images.",
            "There is one where some are wrong, and the network is better than guessing.",
            "Fit on more images.",
        )
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(cold * hot))
        cold, hot = (cold, middle) if slope(scores, middle) < 0 else (middle, hot)
    return float(np.sqrt(cold * hot))


def scaling(fitted: Scores, judged: Scores, temperatures: Numbers) -> Scaling:
    """Fit a temperature on some images, and follow the loss of these and of others over many temperatures.

    Args:
        fitted: To fit on.
        judged: To judge by.
        temperatures: To compare with, (T,), ascending.
    """
    ours, others = (np.array([loss(half, float(each)) for each in temperatures]) for half in (fitted, judged))
    return Scaling(fit(fitted), temperatures, ours, others, fit(judged))


def _place(sure: Numbers, edges: Numbers) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.searchsorted(edges[1:-1], sure, side="left")


def _mean_loss(logs: Numbers, scores: Scores) -> float:
    return float(-_of_label(logs, scores).mean())


def _of_label(values: Numbers, scores: Scores) -> Numbers:
    found: Numbers = values[np.arange(len(scores)), scores.labels]
    return found


def _check(temperature: float) -> None:
    if not 0 < temperature < float("inf"):
        raise InputError(f"A temperature of {temperature} divides nothing.", "It is above 0.", "Try 0.5 to 2.")
