"""A small training that somebody watches: what was chosen, how far it is, and the weights on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from model.records import Numbers

LiveStage = Literal["waiting", "running", "finished", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class LiveChoices:
    """What decides a small training, to the bit.

    Attributes:
        steps: How many it takes.
        learning_rate: Of every step.
        batch_size: Images a step.
        dropout: Probability that a dropout row drops a value.
        seed: First weights, order of the images and dropout masks are drawn from it.
    """

    steps: int = 300
    learning_rate: float = 0.1
    batch_size: int = 32
    dropout: float = 0.1
    seed: int = 1

    @property
    def images(self) -> int:
        """How many images it looks at, each counted as often as it is seen."""
        return self.steps * self.batch_size


@dataclass(frozen=True, eq=False, slots=True)
class Snapshot:
    """The network after some steps.

    Attributes:
        step: After how many; 0 is before the first.
        correct: How many of the held-out images it reads right.
        weights: Every parameter and running statistic by its name.
    """

    step: int
    correct: int
    weights: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False, slots=True)
class LiveRun:
    """A small training as far as it has come.

    Attributes:
        choices: What decides it.
        images: How many images it learns from.
        held_out: How many other images it is judged by.
        losses: Of each step that was taken, the mean over its batch as it was trained, (N,).
        snapshots: The network at the start and after some of the steps.
    """

    choices: LiveChoices
    images: int
    held_out: int
    losses: Numbers
    snapshots: tuple[Snapshot, ...]

    @property
    def step(self) -> int:
        """How many steps were taken."""
        return len(self.losses)

    @property
    def diverged(self) -> bool:
        """Whether the last loss is no number any more, so that nothing more can be learned."""
        return self.step > 0 and not bool(np.isfinite(self.losses[-1]))

    @property
    def finished(self) -> bool:
        """Whether no step follows."""
        return self.step == self.choices.steps or self.diverged

    def at(self, step: int) -> Snapshot:
        """Return the last snapshot at or before a step."""
        return [each for each in self.snapshots if each.step <= step][-1]

    def accuracy(self, snapshot: Snapshot) -> float:
        """Return the share of the held-out images that a snapshot reads right."""
        return snapshot.correct / self.held_out


@dataclass(frozen=True, slots=True)
class Shipped:
    """The app's own network on the images that a small training is judged by.

    Attributes:
        correct: How many it reads right.
        epochs: How often it saw each of its training images.
        images: How many these were.
        learned_from_them: Whether these were among them, so that it has an advantage.
    """

    correct: int
    epochs: int
    images: int
    learned_from_them: bool


@dataclass(frozen=True, eq=False, slots=True)
class LiveStatus:
    """How a person's training stands.

    Attributes:
        stage: Whether it waits, runs, or has ended, and how.
        choices: What decides it.
        run: As far as it has come; None before its start.
        before: How many trainings come before it.
        seconds: About how long until it starts, or, while it runs, until it ends; None where nothing is known yet.
        problem: Where it failed, why, in a sentence.
    """

    stage: LiveStage
    choices: LiveChoices
    run: LiveRun | None = None
    before: int = 0
    seconds: float | None = None
    problem: str = ""

    @property
    def under_way(self) -> bool:
        """Whether it waits or runs."""
        return self.stage in {"waiting", "running"}
