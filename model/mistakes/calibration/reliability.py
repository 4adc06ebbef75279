"""Do probabilities agree with the accuracy? The expected calibration error, and temperature scaling.

Source: Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
"""

import numpy as np

from model.errors import InputError
from model.mistakes.calibration.records import ChanceError, Reliability, TemperatureScaling
from model.mistakes.records import Scores
from model.records import Numbers

BINS = 15
_HIGHEST = 64.0  # a fitted temperature lies between 1 / 64 and 64
_BISECTIONS = 50  # enough for the precision of a double


def halves(scores: Scores) -> tuple[Scores, Scores]:
    """Split images into a half to fit a temperature on and a half to evaluate it on: even and odd positions.

    The first and the second half would not do: MNIST's first 5,000 test images come from other writers than the rest.
    """
    return scores.at(slice(0, None, 2)), scores.at(slice(1, None, 2))


def reliability(scores: Scores, temperature: float = 1.0, bins: int = BINS) -> Reliability:
    """Sort images into equal bins by the largest probability, and count how many in each bin are correct.

    ``(m / M, (m + 1) / M]`` is bin m of M. The loss is ``−mean(log probability[label])``.

    Args:
        scores: Of N images.
        temperature: T, the divisor of the logits.
        bins: M.

    Raises:
        InputError: The temperature is not a finite number above 0.
    """
    _check(temperature)
    logs = scores.log_probabilities(temperature)
    confidence = np.exp(logs.max(axis=1))
    edges: Numbers = np.arange(bins + 1) / bins
    place = _bin_of(confidence, edges)
    counts, correct = np.bincount(place, minlength=bins), np.bincount(place[scores.correct], minlength=bins)
    sums: Numbers = np.bincount(place, weights=confidence, minlength=bins).astype(np.float64)
    return Reliability(temperature, edges, counts, correct, sums, _mean_loss(logs, scores))


def chance_error(scores: Scores, temperature: float = 1.0, draws: int = 500, seed: int = 0) -> ChanceError:
    """Simulate the calibration error if all probabilities were true.

    Each image is correct with the probability of its predicted class; nothing else changes. A finite number of images
    differs from its probabilities by chance alone, so the error of no network is zero.

    Args:
        scores: Of N images.
        temperature: T, the divisor of the logits.
        draws: The number of simulations.
        seed: For the simulations.
    """
    _check(temperature)
    confidence = scores.probabilities(temperature).max(axis=1)
    edges: Numbers = np.arange(BINS + 1) / BINS
    place, generator = _bin_of(confidence, edges), np.random.default_rng(seed)
    errors = np.empty(draws)
    for draw in range(draws):
        gap = (generator.random(len(confidence)) < confidence) - confidence
        errors[draw] = np.abs(np.bincount(place, weights=gap, minlength=BINS)).sum() / len(confidence)
    return ChanceError(draws, float(errors.mean()), float(np.quantile(errors, 0.95)))


def loss(scores: Scores, temperature: float) -> float:
    """Return the mean negative log-probability of the label.

    Raises:
        InputError: The temperature is not a finite number above 0.
    """
    _check(temperature)
    return _mean_loss(scores.log_probabilities(temperature), scores)


def derivative(scores: Scores, temperature: float) -> float:
    """Return the derivative of the loss by ``1 / T``: ``mean(Σ_k probability[k] × logit[k] − logit[label])``."""
    logits = scores.logits.astype(np.float64)
    expected = (scores.probabilities(temperature) * logits).sum(axis=1)
    return float((expected - _of_label(logits, scores)).mean())


def fit(scores: Scores) -> float:
    """Return the temperature with the lowest loss.

    The loss is convex in ``1 / T``, so its derivative increases and has one zero; bisection finds it. The order of
    the classes does not change, and no prediction does.

    Args:
        scores: To fit on; evaluate on others.

    Raises:
        InputError: The loss has no minimum: all images are correct, or the predictions are worse than guessing.
    """
    low, high = 1 / _HIGHEST, _HIGHEST
    if derivative(scores, low) <= 0 or derivative(scores, high) >= 0:
        raise InputError(
            f"No temperature from {low:g} to {high:g} has the lowest loss on these {len(scores):,} images.",
            "There is one if some images are misclassified and the network is better than guessing.",
            "Fit on more images.",
        )
    for _ in range(_BISECTIONS):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if derivative(scores, middle) < 0 else (middle, high)
    return float(np.sqrt(low * high))


def temperature_scaling(fitting: Scores, evaluation: Scores, temperatures: Numbers) -> TemperatureScaling:
    """Fit a temperature on some images, and compute the loss of these and of others at many temperatures.

    Args:
        fitting: Images to fit on.
        evaluation: Images to evaluate on.
        temperatures: To compare with, (T,), ascending.
    """
    first, second = (np.array([loss(half, float(each)) for each in temperatures]) for half in (fitting, evaluation))
    return TemperatureScaling(fit(fitting), temperatures, first, second, fit(evaluation))


def _bin_of(confidence: Numbers, edges: Numbers) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.searchsorted(edges[1:-1], confidence, side="left")


def _mean_loss(logs: Numbers, scores: Scores) -> float:
    return float(-_of_label(logs, scores).mean())


def _of_label(values: Numbers, scores: Scores) -> Numbers:
    found: Numbers = values[np.arange(len(scores)), scores.labels]
    return found


def _check(temperature: float) -> None:
    if not 0 < temperature < float("inf"):
        raise InputError(
            f"A temperature of {temperature} is not possible.", "It must be finite and above 0.", "Try 0.5 to 2."
        )
