"""What a network makes of many labelled images: logits, answers, and how the answers fall."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Numbers, Pair


@dataclass(frozen=True, eq=False, slots=True)
class Scores:
    """The logits of many labelled images, and whose they are.

    Attributes:
        weights: SHA-256 of the file of weights that gave them.
        logits: (N, K), as the network computed them.
        labels: (N,), in 0..K-1.
    """

    weights: str
    logits: Activation
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def read(self) -> NDArray[np.int64]:
        """The class with the largest logit, (N,)."""
        found: NDArray[np.int64] = self.logits.argmax(axis=1)
        return found

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether that class is the label, (N,)."""
        found: NDArray[np.bool_] = self.read == self.labels
        return found

    def log_probabilities(self, temperature: float = 1.0) -> Numbers:
        """Return the logits over T less the logarithm of the sum of their exponentials, (N, K)."""
        scaled = self.logits.astype(np.float64) / temperature
        found: Numbers = scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True)
        return found

    def probabilities(self, temperature: float = 1.0) -> Numbers:
        """Return ``exp(logits / T) / Σ exp(logits / T)``, (N, K); the network itself has T = 1."""
        return np.exp(self.log_probabilities(temperature))

    def at(self, places: slice | NDArray[np.intp]) -> "Scores":
        """Return those of some of the images."""
        return Scores(self.weights, self.logits[places], self.labels[places])


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """What the network answers to one labelled image.

    Attributes:
        index: Which of the images it is.
        label: What it is said to be.
        probabilities: (K,).
        is_disputed: Whether people who were asked did not confirm the label.
    """

    index: int
    label: int
    probabilities: Numbers
    is_disputed: bool

    @property
    def read(self) -> int:
        """The class with the largest probability."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The probability of the class that is read."""
        return float(self.probabilities[self.read])

    @property
    def of_label(self) -> float:
        """The probability of the label."""
        return float(self.probabilities[self.label])

    @property
    def is_right(self) -> bool:
        """Whether the label is read."""
        return self.read == self.label


@dataclass(frozen=True, eq=False, slots=True)
class Confusion:
    """How often each label is read as each class.

    Attributes:
        counts: (K, K): a row for each label, a column for each class that is read.
    """

    counts: NDArray[np.int64]

    @property
    def images(self) -> int:
        """How many there are."""
        return int(self.counts.sum())

    @property
    def right(self) -> NDArray[np.int64]:
        """How many of each label are read as it, (K,)."""
        return self.counts.diagonal()

    @property
    def labelled(self) -> NDArray[np.int64]:
        """How many have each label, (K,)."""
        found: NDArray[np.int64] = self.counts.sum(axis=1)
        return found

    @property
    def read(self) -> NDArray[np.int64]:
        """How many are read as each class, (K,)."""
        found: NDArray[np.int64] = self.counts.sum(axis=0)
        return found

    @property
    def recalls(self) -> Numbers:
        """Which share of the images with a label is read as it, (K,); not a number where no image has it."""
        return _shares(self.right, self.labelled)

    @property
    def precisions(self) -> Numbers:
        """Which share of what is read as a class has that label, (K,); not a number where nothing is read so."""
        return _shares(self.right, self.read)

    @property
    def wrong(self) -> NDArray[np.int64]:
        """The counts off the diagonal, (K, K)."""
        return self.counts - np.diag(self.right)

    @property
    def worst(self) -> Pair:
        """The label and the other class that it is most often read as; the first of equals."""
        label, read = np.unravel_index(int(self.wrong.argmax()), self.counts.shape)
        return int(label), int(read)


def _shares(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> Numbers:
    found: Numbers = np.divide(parts, wholes, out=np.full(len(parts), np.nan), where=wholes > 0)
    return found


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of some images are read right."""

    right: int
    images: int

    @property
    def wrong(self) -> int:
        """How many are not."""
        return self.images - self.right

    @property
    def share(self) -> float:
        """The accuracy."""
        return self.right / self.images
