"""Records of training in the background: what the queue must know of a training, and its status."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

Stage = Literal["waiting", "running", "paused", "finished", "cancelled", "failed"]


class Choices(Hashable, Protocol):
    """What decides a training bit for bit; people with equal choices share one training."""

    @property
    def network(self) -> str:
        """What is trained: of one network each image takes the same time."""

    @property
    def images(self) -> int:
        """How many images it uses, counted with repetitions."""

    @property
    def stays(self) -> bool:
        """Whether it goes on when nobody looks, and beside other trainings of the same person."""


class Progress(Protocol):
    """How far a training is."""

    @property
    def step(self) -> int:
        """The number of steps so far."""

    @property
    def used(self) -> int:
        """How many images it has used."""

    @property
    def finished(self) -> bool:
        """Whether no step follows."""

    @property
    def bytes(self) -> int:
        """What it takes to keep."""


C_co = TypeVar("C_co", bound=Choices, covariant=True)
R_co = TypeVar("R_co", bound=Progress, covariant=True)


@dataclass(frozen=True, eq=False)  # generic and frozen: with slots, Python 3.11 cannot make a Status[...]
class Status(Generic[C_co, R_co]):
    """The status of a person's training.

    Attributes:
        stage: Whether it waits, runs, stands still, or how it ended.
        choices: Its choices.
        run: Its progress; None before its start.
        before: How many trainings are ahead of it.
        seconds: The estimated time until it starts, or, while it runs, until it ends; None if unknown.
        problem: The reason for a failure, in a sentence.
    """

    stage: Stage
    choices: C_co
    run: R_co | None = None
    before: int = 0
    seconds: float | None = None
    problem: str = ""

    @property
    def under_way(self) -> bool:
        """Whether it waits or runs."""
        return self.stage in {"waiting", "running"}


AnyStatus = Status[Any, Any]
