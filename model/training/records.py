"""How networks came to be: what was measured of recipes, of trials of one, and of one network after each epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Numbers


@dataclass(frozen=True, slots=True)
class LoggedEpoch:
    """What the assignment logged after an epoch.

    Attributes:
        number: From 1.
        loss: Mean over the test images.
        correct: Test images right, of 10,000.
    """

    number: int
    loss: float
    correct: int


@dataclass(frozen=True, eq=False, slots=True)
class LoggedRun:
    """The assignment's one logged run, which stopped at the first epoch that its test images liked well enough.

    Attributes:
        numbers: Of the epochs, (E,).
        losses: On the test images, (E,).
        accuracies: Share of the test images right, (E,).
        peak: Position of the best epoch, which is the one that was reported.
        around: Positions of the epochs just before it, which nobody chose.
    """

    numbers: NDArray[np.int64]
    losses: Numbers
    accuracies: Numbers
    peak: int
    around: slice

    @property
    def reported(self) -> float:
        """The accuracy of the peak."""
        return float(self.accuracies[self.peak])


@dataclass(frozen=True, eq=False, slots=True)
class Spread:
    """Some values and what they come to.

    Attributes:
        values: (n,).
        mean: Of them.
        deviation: Standard deviation of a sample; not a number where there is one value alone.
    """

    values: Numbers
    mean: float
    deviation: float

    @property
    def low(self) -> float:
        """The smallest."""
        return float(self.values.min())

    @property
    def high(self) -> float:
        """The largest."""
        return float(self.values.max())


@dataclass(frozen=True, eq=False, slots=True)
class Extent:
    """Curves of many seeds as one: smallest, mean and largest value of each epoch, (E,) each."""

    low: Numbers
    mean: Numbers
    high: Numbers


@dataclass(frozen=True, eq=False, slots=True)
class Study:
    """What came of one recipe under one protocol, over seeds.

    Attributes:
        name: Of the recipe.
        recipe: Every choice in it.
        protocol: In words.
        judged: Which images: ``test`` or ``held-out``.
        seeds: (n,).
        median_seed: The seed in the middle.
        right: Which images each seed got right at the epoch that was judged, (n, N).
        undisputed: Share right of the test images whose labels are not disputed, (n,); empty for other images.
        held_out: Share of the held-out images right after each epoch, (n, E); (n, 0) where none were held out.
        training_loss: Mean of each epoch, (n, E); (n, 0) where it is not known.
        validation_loss: Of the held-out images after each epoch, likewise.
        seconds: Of a middling epoch.
        setting: Hardware, threads, processes and versions.
    """

    name: str
    recipe: Mapping[str, Any]
    protocol: str
    judged: str
    seeds: tuple[int, ...]
    median_seed: int
    right: NDArray[np.bool_]
    undisputed: Numbers
    held_out: Numbers
    training_loss: Numbers
    validation_loss: Numbers
    seconds: float
    setting: Mapping[str, Any]

    @property
    def images(self) -> int:
        """How many were judged."""
        return int(self.right.shape[1])

    @property
    def accuracies(self) -> Numbers:
        """Share of the judged images right, (n,)."""
        shares: Numbers = self.right.mean(axis=1)
        return shares


@dataclass(frozen=True, eq=False, slots=True)
class Choosing:
    """The best epoch on the images that chose it, held against the last, for each seed.

    Attributes:
        epochs: The best epoch, from 1; the earliest of equals, (n,).
        best: Accuracy there, (n,).
        last: Accuracy after the last epoch, (n,).
    """

    epochs: NDArray[np.int64]
    best: Numbers
    last: Numbers

    @property
    def gain(self) -> float:
        """By how much the choice looks better, in the mean over seeds."""
        return float((self.best - self.last).mean())


@dataclass(frozen=True, slots=True)
class Paired:
    """Two recipes on the same images: all seeds by the bootstrap, their median seeds by McNemar's test.

    Attributes:
        names: Of the two.
        seeds: How many of each.
        images: How many were read by all.
        difference: Of the mean accuracies, the first less the second.
        low: With 95 % confidence it is at least this,
        high: and at most this.
        p: How likely chance alone makes it as large, in either direction.
        medians: The seeds in the middle.
        alone: How many images only the first, and only the second of these two networks gets right.
        mcnemar: How likely chance alone parts them so.
    """

    names: tuple[str, str]
    seeds: tuple[int, int]
    images: int
    difference: float
    low: float
    high: float
    p: float
    medians: tuple[int, int]
    alone: tuple[int, int]
    mcnemar: float


@dataclass(frozen=True, slots=True)
class Alteration:
    """One choice of a recipe that another makes differently.

    Attributes:
        choice: Its name; one within another has a dot: ``affine.shift``.
        base: In the one.
        other: In the other.
    """

    choice: str
    base: Any
    other: Any


@dataclass(frozen=True, eq=False, slots=True)
class Trial:
    """A recipe that was tried while another was looked for, and what came of it on the held-out images.

    Attributes:
        key: Of its file.
        alterations: What it does differently from the recipe that was found; empty if nothing.
        accuracies: Held-out accuracy of each seed, (n,).
        losses: Mean loss of the held-out images of each seed, (n,); empty where it is not known.
        difference: Of the mean accuracies, the trial's less that of the recipe found.
        low: With 95 % confidence it is at least this,
        high: and at most this.
    """

    key: str
    alterations: tuple[Alteration, ...]
    accuracies: Numbers
    losses: Numbers
    difference: float
    low: float
    high: float


@dataclass(frozen=True, eq=False, slots=True)
class Formation:
    """One block of the network after each epoch, on one digit.

    Attributes:
        epochs: Their numbers, (E,).
        row: The row that begins the block.
        kernels: Its weights, (E, C, C_in, kH, kW); None where it has none.
        shown: The step whose maps are shown: the one before the batch norm, which its running statistics are of;
            where there is no batch norm the row itself.
        maps: What that step puts out, (E, C, H, W).
        norm: The block's batch norm; empty where it has none.
        statistics: Its running mean, running variance, weight and bias by name, (E, C) each.
        probabilities: Of the classes, (E, 10).
    """

    epochs: tuple[int, ...]
    row: str
    kernels: Activation | None
    shown: str
    maps: Activation
    norm: str
    statistics: Mapping[str, Activation]
    probabilities: Activation

    @property
    def predictions(self) -> NDArray[np.int64]:
        """What is read after each epoch, (E,)."""
        read: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return read
