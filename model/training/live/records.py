"""Records of a small training: its choices, its progress, and its snapshots."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Numbers
from model.training.background.records import Status


@dataclass(frozen=True, slots=True)
class LiveChoices:
    """The choices that decide a small training bit for bit.

    Attributes:
        steps: The number of steps.
        learning_rate: The rate of every step.
        batch_size: Images in each step.
        dropout: Probability that a dropout drops a value; None where each keeps its own.
        seed: The seed of initial weights, order of images and dropout masks.
        network: The id of the network.
    """

    steps: int = 300
    learning_rate: float = 0.1
    batch_size: int = 32
    dropout: float | None = 0.1
    seed: int = 1
    network: str = field(kw_only=True)
    stays: ClassVar[bool] = False  # it is cancelled when nobody watches it

    @property
    def images(self) -> int:
        """How many images it uses, counted with repetitions."""
        return self.steps * self.batch_size


@dataclass(frozen=True, eq=False, slots=True)
class Snapshot:
    """The network after some steps.

    Attributes:
        step: The number of steps; 0 is before the first.
        correct: How many held-out images it classifies correctly.
        weights: Every parameter and running statistic by name.
        kernels: Those of the first convolution (O, C, kH, kW); None without one.
    """

    step: int
    correct: int
    weights: Mapping[str, NDArray[Any]]
    kernels: Activation | None = None


@dataclass(frozen=True, eq=False, slots=True)
class LiveRun:
    """The progress of a small training.

    Attributes:
        choices: Its choices.
        images: The number of training images.
        held_out: The number of held-out images.
        losses: The mean training loss of each step so far, (N,).
        snapshots: The network at the start and after some of the steps.
        classes: The number of classes.
        pictures: What the images are, in words.
        first: The name of the first convolution; empty without one.
    """

    choices: LiveChoices
    images: int
    held_out: int
    losses: Numbers
    snapshots: tuple[Snapshot, ...]
    classes: int = 10
    pictures: str = "the training images"
    first: str = ""

    @property
    def step(self) -> int:
        """The number of steps so far."""
        return len(self.losses)

    @property
    def used(self) -> int:
        """How many images it has used, counted with repetitions."""
        return self.step * self.choices.batch_size

    @property
    def diverged(self) -> bool:
        """Whether the last loss is not finite, so that the training cannot continue."""
        return self.step > 0 and not bool(np.isfinite(self.losses[-1]))

    @property
    def finished(self) -> bool:
        """Whether no step follows."""
        return self.step == self.choices.steps or self.diverged

    def at(self, step: int) -> Snapshot:
        """Return the last snapshot at or before a step."""
        return [each for each in self.snapshots if each.step <= step][-1]

    @property
    def bytes(self) -> int:
        """How many bytes the snapshots take."""
        return sum(values.nbytes for each in self.snapshots for values in each.weights.values())

    def accuracy(self, snapshot: Snapshot) -> float:
        """Return the held-out accuracy of a snapshot."""
        return snapshot.correct / self.held_out


@dataclass(frozen=True, slots=True)
class Shipped:
    """The trained network on the held-out images of small trainings.

    Attributes:
        correct: How many it classifies correctly.
        epochs: The number of epochs of its training; None where its card does not say it, or there is no card.
        images: The number of its training images.
        trained_on_them: Whether the held-out images were among its training images, which is an advantage.
    """

    correct: int
    epochs: int | None = None
    images: int = 0
    trained_on_them: bool = False


LiveStatus = Status[LiveChoices, LiveRun]
