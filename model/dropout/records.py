"""What dropout does to one digit: a plan, how far one mask travels, and what many masks come to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Numbers, Unit
from model.trace.records import LayerKind


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
        p: Probability that a value is dropped, in [0, 1); None leaves each row its own.
        rows: The rows that drop; None for all. The others draw their masks too and leave them unused, so that a
            row has the same mask whether it drops alone or with others.
        whole_channels: Whether a channel is kept or dropped as a whole, as ``nn.Dropout2d`` does.
        seed: What the masks are drawn from.
    """

    p: float | None = None
    rows: tuple[str, ...] | None = None
    whole_channels: bool = False
    seed: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Change:
    """How much one row differs between dropout off and dropout on.

    Attributes:
        name: Of the row.
        number: Of the row.
        kind: What it does.
        rms: Root of the mean squared difference of its units.
        size: Root of the mean squared value of its units with dropout off.
        map: Mean over the channels of the absolute difference, (H, W).
    """

    name: str
    number: int
    kind: LayerKind
    rms: float
    size: float
    map: Activation

    @property
    def relative(self) -> float:
        """The difference as a share of what was there; 0 where nothing was."""
        return self.rms / self.size if self.size else 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Passes:
    """The answers to one digit, once with dropout off and N times with it on, each time with another mask.

    Attributes:
        off: Probabilities with dropout off, (10,).
        probabilities: With dropout on, (N, 10).
        first: The seed of the first mask; each pass takes the next.
    """

    off: Activation
    probabilities: Activation
    first: int

    @property
    def answers(self) -> NDArray[np.int64]:
        """How many passes answer each class, (10,)."""
        return np.bincount(self.probabilities.argmax(axis=1), minlength=self.probabilities.shape[1])

    @property
    def changed(self) -> int:
        """How many passes answer another class than the network does with dropout off."""
        return len(self.probabilities) - int(self.answers[self.off.argmax()])

    @property
    def farthest(self) -> int:
        """The seed of the pass that believes least in the answer with dropout off."""
        return self.first + int(self.probabilities[:, self.off.argmax()].argmin())

    @property
    def mean(self) -> Activation:
        """Mean of the passes, (10,)."""
        mean: Activation = self.probabilities.mean(axis=0)
        return mean

    @property
    def entropy(self) -> float:
        """Entropy of the mean, in bits: 0 where all passes are certain of one class."""
        return entropy(self.mean)

    @property
    def off_entropy(self) -> float:
        """Entropy of the one answer with dropout off, in bits."""
        return entropy(self.off)


@dataclass(frozen=True, eq=False, slots=True)
class Draw:
    """What one row drops in many passes.

    Attributes:
        name: Of the row.
        p: Probability that a value is dropped.
        shape: Of one mask, (C, H, W).
        kept: Which values each pass keeps, eight to a byte, (N, bytes).
    """

    name: str
    p: float
    shape: tuple[int, ...]
    kept: NDArray[np.uint8]

    def masks(self, passes: slice) -> NDArray[np.uint8]:
        """Return the masks of some passes, 1 where a value is kept, (n, C, H, W)."""
        packed = self.kept[passes]
        return np.unpackbits(packed, axis=1, count=int(np.prod(self.shape))).reshape(len(packed), *self.shape)


@dataclass(frozen=True, eq=False, slots=True)
class Masks:
    """Many masks of one row, one for each seed.

    Attributes:
        name: Of the row.
        p: Probability that a value is dropped.
        first: The seed of the first mask.
        shape: Of one mask, (C, H, W).
        kept: Which values each mask keeps, eight to a byte, (N, bytes).
        after: Numbers of masks, rising; the last is N.
        counts: How many of so many masks keep each value, (len(after), C, H, W).
    """

    name: str
    p: float
    first: int
    shape: tuple[int, ...]
    kept: NDArray[np.uint8]
    after: tuple[int, ...]
    counts: NDArray[np.uint16]

    def history(self, unit: Unit) -> NDArray[np.bool_]:
        """Return which of the masks keep a unit, (N,)."""
        place = int(np.ravel_multi_index(unit, self.shape))
        kept: NDArray[np.bool_] = (self.kept[:, place // 8] >> (7 - place % 8) & 1).astype(bool)
        return kept


@dataclass(frozen=True, eq=False, slots=True)
class Convergence:
    """How the mean over masks returns to the value without dropout.

    Attributes:
        name: Of the row.
        p: Probability that a value is dropped.
        unit: The one that is followed, (c, y, x).
        value: Of that unit without dropout.
        running: Its mean over the first 1, 2, ... N masks, (N,).
        unscaled: The same had the values kept not been enlarged, (N,).
        error: Standard error of ``running`` by theory, (N,).
        after: Numbers of masks, rising; the last is N.
        deviation: Root of the mean squared deviation of all units' means after so many masks.
        expected: The same by theory.
        variance: Mean over all units of the measured variance over the N masks.
        expected_variance: The same by theory.
        within: Which part of all units has a mean over N masks within four standard errors of its value.
        within_unscaled: The same had the values kept not been enlarged.
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
class Reading:
    """How well many digits are read with dropout on.

    Attributes:
        p: Probability that a value is dropped.
        correct: How many are read as they are labelled.
        count: Of how many.
        confidence: Mean of the largest probability.
    """

    p: float
    correct: int
    count: int
    confidence: float

    @property
    def accuracy(self) -> float:
        """Which part is read right."""
        return self.correct / self.count

    @property
    def error(self) -> float:
        """Standard error of the accuracy, of so many digits drawn by chance."""
        share = self.accuracy
        return float((share * (1 - share) / self.count) ** 0.5)
