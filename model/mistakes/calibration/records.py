"""Whether a network is right as often as it is sure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.records import Numbers


@dataclass(frozen=True, eq=False, slots=True)
class Reliability:
    """Images in bins by the probability of the class that is read, and how many in each bin are right.

    Attributes:
        temperature: That the logits were divided by.
        edges: Of the M bins, (M + 1,), from 0 to 1; a bin holds its upper edge and not its lower one.
        counts: Images in each bin, (M,).
        right: How many of them are read right, (M,).
        confidences: The sum of their largest probabilities, (M,).
        loss: The mean negative log-probability of the label.
    """

    temperature: float
    edges: Numbers
    counts: NDArray[np.int64]
    right: NDArray[np.int64]
    confidences: Numbers
    loss: float

    @property
    def images(self) -> int:
        """How many there are in all."""
        return int(self.counts.sum())

    @property
    def accuracies(self) -> Numbers:
        """The share of each bin that is right, (M,); not a number in an empty bin."""
        return self._per_image(self.right)

    @property
    def mean_confidences(self) -> Numbers:
        """How sure the network is in each bin, (M,); not a number in an empty bin."""
        return self._per_image(self.confidences)

    @property
    def accuracy(self) -> float:
        """The share of all images that is right."""
        return float(self.right.sum() / self.images)

    @property
    def confidence(self) -> float:
        """How sure the network is in the mean."""
        return float(self.confidences.sum() / self.images)

    @property
    def error(self) -> float:
        """The expected calibration error: ``Σ_m count[m] / N × |accuracy[m] − confidence[m]|``."""
        return float(np.abs(self.right - self.confidences).sum() / self.images)

    def _per_image(self, sums: NDArray[np.int64] | Numbers) -> Numbers:
        found: Numbers = np.divide(sums, self.counts, out=np.full(len(sums), np.nan), where=self.counts > 0)
        return found


@dataclass(frozen=True, eq=False, slots=True)
class Scaling:
    """A temperature fitted on some images, and what it does to them and to others.

    Attributes:
        temperature: With which the loss of the images fitted on is least.
        temperatures: Others to compare it with, (T,), ascending.
        fitted_losses: The loss of the images fitted on at each of these, (T,).
        judged_losses: The loss of the other images at each, (T,).
        judged_temperature: With which the loss of the others would be least: known only to who has looked at them.
    """

    temperature: float
    temperatures: Numbers
    fitted_losses: Numbers
    judged_losses: Numbers
    judged_temperature: float


@dataclass(frozen=True, slots=True)
class Chance:
    """The calibration error that so many images give by chance, were every probability true.

    Attributes:
        draws: How often right and wrong were drawn by the network's own probabilities.
        mean: Of the errors.
        most: That nineteen in twenty draws stay below.
    """

    draws: int
    mean: float
    most: float
