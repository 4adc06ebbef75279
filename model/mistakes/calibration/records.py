"""Reliability, temperature scaling, and the calibration error that is due to chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.records import Numbers


@dataclass(frozen=True, eq=False, slots=True)
class Reliability:
    """Images in bins by the probability of the predicted class, and how many in each bin are correct.

    Attributes:
        temperature: The divisor of the logits.
        edges: Of the M bins, (M + 1,), from 0 to 1; a bin includes its upper edge but not its lower edge.
        counts: The number of images in each bin, (M,).
        correct: How many of them are classified correctly, (M,).
        confidence_sums: The sum of their largest probabilities, (M,).
        loss: The mean negative log-probability of the label.
    """

    temperature: float
    edges: Numbers
    counts: NDArray[np.int64]
    correct: NDArray[np.int64]
    confidence_sums: Numbers
    loss: float

    @property
    def images(self) -> int:
        """The number of images."""
        return int(self.counts.sum())

    @property
    def accuracies(self) -> Numbers:
        """The accuracy in each bin, (M,); nan for an empty bin."""
        return self._per_image(self.correct)

    @property
    def mean_confidences(self) -> Numbers:
        """The mean confidence in each bin, (M,); nan for an empty bin."""
        return self._per_image(self.confidence_sums)

    @property
    def accuracy(self) -> float:
        """The accuracy on all images."""
        return float(self.correct.sum() / self.images)

    @property
    def confidence(self) -> float:
        """The mean confidence on all images."""
        return float(self.confidence_sums.sum() / self.images)

    @property
    def error(self) -> float:
        """The expected calibration error: ``Σ_m count[m] / N × |accuracy[m] − confidence[m]|``."""
        return float(np.abs(self.correct - self.confidence_sums).sum() / self.images)

    def _per_image(self, sums: NDArray[np.int64] | Numbers) -> Numbers:
        found: Numbers = np.divide(sums, self.counts, out=np.full(len(sums), np.nan), where=self.counts > 0)
        return found


@dataclass(frozen=True, eq=False, slots=True)
class TemperatureScaling:
    """A temperature fitted on one half of the images, and its effect on both halves.

    Attributes:
        temperature: The temperature with the lowest loss on the fitting half.
        temperatures: Temperatures to compare it with, (T,), ascending.
        fitting_losses: The loss on the fitting half at each temperature, (T,).
        evaluation_losses: The loss on the evaluation half at each temperature, (T,).
        evaluation_temperature: The temperature with the lowest loss on the evaluation half, for comparison only.
    """

    temperature: float
    temperatures: Numbers
    fitting_losses: Numbers
    evaluation_losses: Numbers
    evaluation_temperature: float


@dataclass(frozen=True, slots=True)
class ChanceError:
    """The calibration error that is due to chance alone: that of this many images if all probabilities were true.

    Attributes:
        draws: How often correct and incorrect were drawn with the network's own probabilities.
        mean: The mean of the errors.
        percentile_95: The 95th percentile of the errors.
    """

    draws: int
    mean: float
    percentile_95: float
