"""Records of the training of a design."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from model.records import Numbers
from model.training.background.records import Status
from model.training.records import Spread

Length = Literal["short", "epoch", "full"]


@dataclass(frozen=True, slots=True)
class RunChoices:
    """Everything that decides a run bit for bit; ``choices.choose`` makes one.

    Attributes:
        design: The design as text.
        recipe: The name of the recipe.
        changes: What is chosen otherwise than in the recipe, such as ``learning_rate=0.05``.
        length: ``short``, one ``epoch``, or ``full``.
        epochs: How many times every image is used; 1 for a short run, which ends before.
        seed: Of initial weights, order of images, distortions and dropout.
        steps: How many steps it takes.
        batch_size: Images in each step.
    """

    design: str
    recipe: str
    changes: tuple[str, ...]
    length: Length
    epochs: int
    seed: int
    steps: int
    batch_size: int
    stays: ClassVar[bool] = True  # it goes on when its page is left

    @property
    def images(self) -> int:
        """How many images it uses, counted with repetitions."""
        return self.steps * self.batch_size

    @property
    def network(self) -> str:
        """What is trained, and how: of these each image takes the same time."""
        return f"{self.design}\n{self.recipe} {' '.join(self.changes)}"


@dataclass(frozen=True, slots=True)
class Mark:
    """The network on the held-out images after some steps.

    Attributes:
        step: How many.
        training_loss: The mean since the mark before.
        correct: How many held-out images are classified correctly.
        loss: Their mean loss.
    """

    step: int
    training_loss: float
    correct: int
    loss: float


@dataclass(frozen=True, eq=False, slots=True)
class RunProgress:
    """How far a run is.

    Attributes:
        choices: Its choices.
        step: The number of steps so far.
        losses: The mean training loss of each few steps, (n,).
        group: How many steps are in each of these.
        marks: The network on the held-out images.
        held_out: How many these are.
        seconds: That its steps took.
        diverged: Whether a loss was not finite, so that it ended early.
        id: What the finished run is kept as; empty before.
    """

    choices: RunChoices
    step: int
    losses: Numbers
    group: int
    marks: tuple[Mark, ...]
    held_out: int
    seconds: float = 0.0
    diverged: bool = False
    id: str = ""

    @property
    def used(self) -> int:
        """How many images it has used, counted with repetitions."""
        return self.step * self.choices.batch_size

    @property
    def finished(self) -> bool:
        """Whether no step follows."""
        return self.step == self.choices.steps or self.diverged

    @property
    def bytes(self) -> int:
        """How many bytes its curve takes."""
        return self.losses.nbytes

    @property
    def accuracy(self) -> float | None:
        """The share of held-out images that are classified correctly at the last mark."""
        return self.marks[-1].correct / self.held_out if self.marks else None

    @property
    def steps(self) -> NDArray[np.int64]:
        """The last step of each group of ``losses``, (n,)."""
        return np.minimum((np.arange(len(self.losses)) + 1) * self.group, max(self.step, 1))


RunStatus = Status[RunChoices, RunProgress]


@dataclass(frozen=True, slots=True)
class Looks:
    """What is known of a run on the test images.

    Attributes:
        looks: How often somebody asked.
        correct: How many are classified correctly; None before the first look.
        images: How many there are.
    """

    looks: int = 0
    correct: int | None = None
    images: int = 0

    @property
    def accuracy(self) -> float | None:
        """The share that is classified correctly."""
        return None if self.correct is None else self.correct / self.images


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """A finished run that is kept.

    Attributes:
        id: What it is called.
        progress: Its choices and curves.
        test: What is known of it on the test images.
        when: The time when it ended, in seconds since 1970.
        setting: Versions and hardware.
        weights: By the names of the exported class; empty where only the card was read.
    """

    id: str
    progress: RunProgress
    test: Looks = Looks()
    when: float = 0.0
    setting: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class Variant:
    """One design of a sweep, over its seeds.

    Attributes:
        name: What is different in it.
        design: As text.
        parameters: How many it has.
        seeds: Of the runs that are finished.
        accuracies: Of these, on the held-out images; None before the first.
    """

    name: str
    design: str
    parameters: int
    seeds: tuple[int, ...] = ()
    accuracies: Spread | None = None
