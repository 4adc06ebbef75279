"""The logits of many labelled images, the predictions, and how they are distributed."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Numbers, Pair

MNIST, SHAPES, FOLDER = "mnist", "shapes", "folder"  # the names of the sets of pictures
_TEN = tuple("0123456789")


@dataclass(frozen=True, eq=False, slots=True)
class Scores:
    """The logits of many labelled images.

    Attributes:
        weights: SHA-256 of the weights file that they come from, or the id of the network.
        logits: (N, K), as the network computes them.
        labels: (N,), in 0..K-1.
        pictures: The name of the set of pictures.
        classes: The names of the K classes, or more.
        known_places: (N,), ascending: the place of each image in its set; None if it is its position here.
    """

    weights: str
    logits: Activation
    labels: NDArray[np.integer[Any]]
    pictures: str = MNIST
    classes: tuple[str, ...] = _TEN
    known_places: NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def places(self) -> NDArray[np.intp]:
        """The place of each image in its set, (N,)."""
        return np.arange(len(self)) if self.known_places is None else self.known_places

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The class with the largest logit, (N,)."""
        found: NDArray[np.int64] = self.logits.argmax(axis=1)
        return found

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether that class is the label, (N,)."""
        found: NDArray[np.bool_] = self.predicted == self.labels
        return found

    def log_probabilities(self, temperature: float = 1.0) -> Numbers:
        """Return ``logits / T − log Σ exp(logits / T)``, (N, K)."""
        scaled = self.logits.astype(np.float64) / temperature
        found: Numbers = scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True)
        return found

    def probabilities(self, temperature: float = 1.0) -> Numbers:
        """Return ``exp(logits / T) / Σ exp(logits / T)``, (N, K); the network itself has T = 1."""
        return np.exp(self.log_probabilities(temperature))

    def at(self, places: slice | NDArray[np.intp]) -> "Scores":
        """Return the scores of some of the images."""
        return replace(self, logits=self.logits[places], labels=self.labels[places], known_places=self.places[places])


@dataclass(frozen=True, eq=False, slots=True)
class SharedMistakes:
    """The predictions of two networks for the same labelled images, by who is wrong.

    Attributes:
        first: Scores of the first network.
        second: Scores of the second, of the same images.
    """

    first: Scores
    second: Scores

    @property
    def both_right(self) -> NDArray[np.intp]:
        """Positions of the images that both classify correctly, ascending."""
        return np.flatnonzero(self.first.correct & self.second.correct)

    @property
    def only_first_wrong(self) -> NDArray[np.intp]:
        """Positions of the images that the first alone misclassifies."""
        return np.flatnonzero(~self.first.correct & self.second.correct)

    @property
    def only_second_wrong(self) -> NDArray[np.intp]:
        """Positions of the images that the second alone misclassifies."""
        return np.flatnonzero(self.first.correct & ~self.second.correct)

    @property
    def both_wrong(self) -> NDArray[np.intp]:
        """Positions of the images that both misclassify."""
        return np.flatnonzero(~self.first.correct & ~self.second.correct)

    @property
    def same_mistake(self) -> NDArray[np.intp]:
        """Positions of the images that both misclassify as the same class."""
        return np.flatnonzero(~self.first.correct & (self.first.predicted == self.second.predicted))

    @property
    def by_chance(self) -> float:
        """How many images both would misclassify if the mistakes of one said nothing about those of the other."""
        return float((~self.first.correct).sum() * (~self.second.correct).sum() / len(self.first))


@dataclass(frozen=True, eq=False, slots=True)
class Prediction:
    """The prediction for one labelled image.

    Attributes:
        index: The place of the image in its set.
        label: Its label.
        probabilities: (K,).
        is_disputed: Whether most of the people asked did not confirm the label.
        classes: The names of the classes.
    """

    index: int
    label: int
    probabilities: Numbers
    is_disputed: bool
    classes: tuple[str, ...] = _TEN

    @property
    def label_name(self) -> str:
        """The name of the label."""
        return self.classes[self.label]

    @property
    def predicted_name(self) -> str:
        """The name of the predicted class."""
        return self.classes[self.predicted]

    @property
    def predicted(self) -> int:
        """The class with the largest probability."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The probability of the predicted class."""
        return float(self.probabilities[self.predicted])

    @property
    def label_probability(self) -> float:
        """The probability of the label."""
        return float(self.probabilities[self.label])

    @property
    def is_correct(self) -> bool:
        """Whether the predicted class is the label."""
        return self.predicted == self.label


@dataclass(frozen=True, eq=False, slots=True)
class Confusion:
    """How often each label is classified as each class.

    Attributes:
        counts: (K, K): a row for each label, a column for each predicted class.
        classes: The names of the classes.
    """

    counts: NDArray[np.int64]
    classes: tuple[str, ...] = _TEN

    @property
    def images(self) -> int:
        """The number of images."""
        return int(self.counts.sum())

    @property
    def correct(self) -> NDArray[np.int64]:
        """How many images of each label are classified correctly, (K,)."""
        return self.counts.diagonal()

    @property
    def labelled(self) -> NDArray[np.int64]:
        """How many images have each label, (K,)."""
        found: NDArray[np.int64] = self.counts.sum(axis=1)
        return found

    @property
    def predicted(self) -> NDArray[np.int64]:
        """How many images are classified as each class, (K,)."""
        found: NDArray[np.int64] = self.counts.sum(axis=0)
        return found

    @property
    def recalls(self) -> Numbers:
        """The share of the images of each label that are classified correctly, (K,); nan if there are none."""
        return _shares(self.correct, self.labelled)

    @property
    def precisions(self) -> Numbers:
        """The share of the images classified as each class that have its label, (K,); nan if there are none."""
        return _shares(self.correct, self.predicted)

    @property
    def mistakes(self) -> NDArray[np.int64]:
        """The counts off the diagonal, (K, K)."""
        return self.counts - np.diag(self.correct)

    @property
    def most_frequent_mistake(self) -> Pair:
        """The label and the predicted class of the most frequent mistake; the first of equals."""
        label, predicted = np.unravel_index(int(self.mistakes.argmax()), self.counts.shape)
        return int(label), int(predicted)


def _shares(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> Numbers:
    found: Numbers = np.divide(parts, wholes, out=np.full(len(parts), np.nan), where=wholes > 0)
    return found


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many of some images are classified correctly."""

    correct: int
    images: int

    @property
    def incorrect(self) -> int:
        """How many are not."""
        return self.images - self.correct

    @property
    def share(self) -> float:
        """The accuracy."""
        return self.correct / self.images
