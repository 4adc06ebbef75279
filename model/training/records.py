"""Records of training: results of recipes and trials, and a network after each epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Numbers


@dataclass(frozen=True, slots=True)
class LoggedEpoch:
    """One epoch in the assignment's log.

    Attributes:
        number: From 1.
        loss: Mean over the test images.
        correct: How many of the 10,000 test images are correct.
    """

    number: int
    loss: float
    correct: int


@dataclass(frozen=True, eq=False, slots=True)
class LoggedRun:
    """The assignment's logged run. It stopped at the first epoch whose test accuracy was high enough.

    Attributes:
        numbers: The epochs, (E,).
        losses: On the test images, (E,).
        accuracies: On the test images, (E,).
        peak: Position of the best epoch, whose accuracy was reported.
        around: Positions of the epochs just before it.
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
    """Values with their mean and standard deviation.

    Attributes:
        values: (n,).
        mean: Their mean.
        deviation: Their sample standard deviation; NaN for a single value.
    """

    values: Numbers
    mean: float
    deviation: float

    @property
    def low(self) -> float:
        """The smallest value."""
        return float(self.values.min())

    @property
    def high(self) -> float:
        """The largest value."""
        return float(self.values.max())


@dataclass(frozen=True, eq=False, slots=True)
class CurveBand:
    """The smallest, mean and largest value of each epoch over seeds, (E,) each."""

    low: Numbers
    mean: Numbers
    high: Numbers


@dataclass(frozen=True, eq=False, slots=True)
class RecipeResult:
    """The results of one recipe under one protocol, for several seeds.

    Attributes:
        name: The name of the recipe.
        recipe: Every choice in it.
        protocol: As text.
        judged: The evaluation images: ``test`` or ``held-out``.
        seeds: (n,).
        median_seed: The seed with the median accuracy.
        right: Which images each seed classifies correctly, (n, N).
        undisputed: Accuracy on the test images with undisputed labels, (n,); empty for other images.
        held_out: Accuracy on the held-out images after each epoch, (n, E); (n, 0) if none are held out.
        training_loss: Mean of each epoch, (n, E); (n, 0) if unknown.
        validation_loss: On the held-out images after each epoch, likewise.
        seconds: The median time of an epoch.
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
        """The number of evaluation images."""
        return int(self.right.shape[1])

    @property
    def accuracies(self) -> Numbers:
        """The accuracy of each seed, (n,)."""
        shares: Numbers = self.right.mean(axis=1)
        return shares


@dataclass(frozen=True, eq=False, slots=True)
class BestEpochs:
    """The best epoch of each seed compared with the last, on the images that chose the best epoch.

    Attributes:
        epochs: The best epoch, from 1; the earliest on a tie, (n,).
        best: Its accuracy, (n,).
        last: Accuracy after the last epoch, (n,).
    """

    epochs: NDArray[np.int64]
    best: Numbers
    last: Numbers

    @property
    def gain(self) -> float:
        """The mean over seeds of the apparent gain in accuracy."""
        return float((self.best - self.last).mean())


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Two recipes compared on the same images: all seeds by the bootstrap, the median seeds by McNemar's test.

    Attributes:
        names: The names of the two recipes.
        seeds: The number of seeds of each.
        images: The number of images.
        difference: The mean accuracy of the first minus that of the second.
        low: The lower end of its 95 % interval.
        high: The upper end.
        p: The two-sided p-value of the bootstrap.
        medians: The median seed of each.
        alone: How many images only the first, and only the second median network classifies correctly.
        mcnemar: The two-sided p-value of McNemar's test.
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
class RecipeChange:
    """One choice in which two recipes differ.

    Attributes:
        choice: Its name, with a dot for a nested choice: ``affine.shift``.
        base: Its value in the first recipe.
        other: Its value in the second.
    """

    choice: str
    base: Any
    other: Any


@dataclass(frozen=True, eq=False, slots=True)
class Trial:
    """A trial: a recipe that was tried in the search, and its results on the held-out images.

    Attributes:
        key: The name of its file.
        changes: The choices in which it differs from the chosen recipe.
        accuracies: Held-out accuracy of each seed, (n,).
        losses: Mean held-out loss of each seed, (n,); empty if unknown.
        difference: The mean accuracy of the trial minus that of the chosen recipe.
        low: The lower end of its 95 % interval.
        high: The upper end.
    """

    key: str
    changes: tuple[RecipeChange, ...]
    accuracies: Numbers
    losses: Numbers
    difference: float
    low: float
    high: float


@dataclass(frozen=True, eq=False, slots=True)
class BlockHistory:
    """One block of the network after each epoch, for one digit.

    Attributes:
        epochs: Their numbers, (E,).
        row: The first row of the block.
        kernels: Its weights, (E, C, C_in, kH, kW); None if it has none.
        shown: The step whose maps are shown: the input of the batch norm, which its running statistics describe;
            without a batch norm, the row itself.
        maps: The activation of that step, (E, C, H, W).
        norm: The batch norm of the block; empty if there is none.
        statistics: Its running mean, running variance, weight and bias by name, (E, C) each.
        probabilities: Of each class, (E, K).
        classes: The name of each class, K or none; without names a class is called by its number.
    """

    epochs: tuple[int, ...]
    row: str
    kernels: Activation | None
    shown: str
    maps: Activation
    norm: str
    statistics: Mapping[str, Activation]
    probabilities: Activation
    classes: tuple[str, ...] = ()

    def class_name(self, target: int) -> str:
        """Return what a class is called."""
        return self.classes[target] if self.classes else str(target)

    @property
    def predictions(self) -> NDArray[np.int64]:
        """The predicted class after each epoch, (E,)."""
        read: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return read
