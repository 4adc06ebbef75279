"""Records of dropout: a plan, the difference that one mask makes, and the statistics of many masks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Numbers, Unit


def entropy(probabilities: Activation) -> float:
    """Return the entropy of probabilities (N,) in bits.

    >>> entropy(np.array([0.5, 0.5])), entropy(np.array([1.0, 0.0]))
    (1.0, 0.0)
    """
    shares = probabilities[probabilities > 0].astype(np.float64)
    return abs(float((shares * np.log2(shares)).sum()))


@dataclass(frozen=True, slots=True)
class DropoutPlan:
    """Where dropout is on, and how.

    Attributes:
        p: Probability that a value is dropped, in [0, 1); with None each row keeps its own.
        rows: The rows that drop; None for all. The other rows draw their masks too and do not use them, so that a
            row has the same mask alone and together with others.
        whole_channels: Whether whole channels are dropped, as ``nn.Dropout2d`` does.
        seed: Seed of the masks.
    """

    p: float | None = None
    rows: tuple[str, ...] | None = None
    whole_channels: bool = False
    seed: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class RowDifference:
    """The difference of one row between dropout on and dropout off.

    Attributes:
        name: Name of the row.
        number: Number of the row.
        kind: Kind of the row.
        rms: Root mean square of the difference.
        activation_rms: Root mean square of the activation with dropout off.
        map: Mean over the channels of the absolute difference, (H, W).
    """

    name: str
    number: int
    kind: str
    rms: float
    activation_rms: float
    map: Activation

    @property
    def relative(self) -> float:
        """The difference divided by the activation; 0 where the activation is 0."""
        return self.rms / self.activation_rms if self.activation_rms else 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Passes:
    """The probabilities of one digit, once with dropout off and N times with it on, each time with another mask.

    Attributes:
        off: Probabilities with dropout off, (K,).
        probabilities: Probabilities with dropout on, (N, K).
        first: Seed of the first mask; each pass uses the next seed.
    """

    off: Activation
    probabilities: Activation
    first: int

    @property
    def predictions(self) -> NDArray[np.int64]:
        """Number of passes that predict each class, (K,)."""
        return np.bincount(self.probabilities.argmax(axis=1), minlength=self.probabilities.shape[1])

    @property
    def changed(self) -> int:
        """Number of passes that predict another class than the network does with dropout off."""
        return len(self.probabilities) - int(self.predictions[self.off.argmax()])

    @property
    def least_confident(self) -> int:
        """Seed of the pass that gives the lowest probability to the class predicted with dropout off."""
        return self.first + int(self.probabilities[:, self.off.argmax()].argmin())

    @property
    def mean(self) -> Activation:
        """Mean of the passes, (K,)."""
        mean: Activation = self.probabilities.mean(axis=0)
        return mean

    @property
    def entropy(self) -> float:
        """Entropy of the mean, in bits; 0 where all passes give one class the probability 1."""
        return entropy(self.mean)

    @property
    def off_entropy(self) -> float:
        """Entropy with dropout off, in bits."""
        return entropy(self.off)


@dataclass(frozen=True, eq=False, slots=True)
class RowMasks:
    """The masks of one row in N passes.

    Attributes:
        name: Name of the row.
        p: Probability that a value is dropped.
        shape: Shape of one mask, (C, H, W), or (C,) of a vector.
        kept: The values that each pass keeps, as packed bits, (N, bytes).
    """

    name: str
    p: float
    shape: tuple[int, ...]
    kept: NDArray[np.uint8]

    def masks(self, passes: slice) -> NDArray[np.uint8]:
        """Return the masks of a range of passes, 1 where a value is kept, (n, C, H, W)."""
        packed = self.kept[passes]
        return np.unpackbits(packed, axis=1, count=int(np.prod(self.shape))).reshape(len(packed), *self.shape)


@dataclass(frozen=True, eq=False, slots=True)
class CountedMasks:
    """N masks of one row, one for each seed, and how often they keep each value.

    Attributes:
        name: Name of the row.
        p: Probability that a value is dropped.
        first: Seed of the first mask.
        shape: Shape of one mask, (C, H, W); of a vector (C, 1, 1).
        kept: The values that each mask keeps, as packed bits, (N, bytes).
        after: Numbers of masks, increasing; the last is N.
        counts: How many of the first ``after[i]`` masks keep each value, (len(after), C, H, W).
    """

    name: str
    p: float
    first: int
    shape: tuple[int, ...]
    kept: NDArray[np.uint8]
    after: tuple[int, ...]
    counts: NDArray[np.uint16]

    def history(self, unit: Unit) -> NDArray[np.bool_]:
        """Return for each mask whether it keeps a unit, (N,)."""
        index = int(np.ravel_multi_index(unit, self.shape))
        kept: NDArray[np.bool_] = (self.kept[:, index // 8] >> (7 - index % 8) & 1).astype(bool)
        return kept


@dataclass(frozen=True, eq=False, slots=True)
class Convergence:
    """How the mean over masks converges to the value without dropout.

    Attributes:
        name: Name of the row.
        p: Probability that a value is dropped.
        unit: The unit whose mean is shown, (c, y, x).
        value: Value of that unit without dropout.
        running: Mean of that unit over the first 1, 2, ... N masks, (N,).
        unscaled: The same if the kept values were not scaled, (N,).
        error: Standard error of ``running`` by theory, (N,).
        after: Numbers of masks, increasing; the last is N.
        deviation: Root mean square deviation of the means of all units, after each number of masks.
        expected: The same by theory.
        variance: Mean over all units of the measured variance over the N masks.
        expected_variance: The same by theory.
        within: Share of units whose mean over N masks is within four standard errors of their value.
        within_unscaled: The same if the kept values were not scaled.
    """

    name: str
    p: float
    unit: Unit
    value: float
    running: Numbers
    unscaled: Numbers
    error: Numbers
    after: tuple[int, ...]
    deviation: tuple[float, ...]
    expected: tuple[float, ...]
    variance: float
    expected_variance: float
    within: float
    within_unscaled: float


@dataclass(frozen=True, slots=True)
class DropoutAccuracy:
    """The accuracy on many digits with dropout on.

    Attributes:
        p: Probability that a value is dropped.
        correct: Number of digits that are classified as their label.
        count: Number of digits.
        confidence: Mean of the largest probability.
    """

    p: float
    correct: int
    count: int
    confidence: float

    @property
    def accuracy(self) -> float:
        """Share of digits that are classified correctly."""
        return self.correct / self.count

    @property
    def error(self) -> float:
        """Standard error of the accuracy, for ``count`` digits drawn at random."""
        share = self.accuracy
        return float((share * (1 - share) / self.count) ** 0.5)
