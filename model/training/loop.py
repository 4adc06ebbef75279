"""The training loop: one run from its first step, or from a checkpoint, to its last epoch."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from model.networks.catalogue import ASSIGNMENT
from model.training.images import Images, Judgement, judge
from model.training.recipe import Recipe
from model.training.trainer import Trainer
from model.training.workers import Workers

State = dict[str, Tensor]


@dataclass(frozen=True)
class Epoch:
    """The result of one epoch. The training loss is the mean over its batches.

    The number of correct held-out images and their mean loss are None if no images are held out.
    """

    number: int
    training_loss: float
    validation_correct: int | None
    validation_loss: float | None
    seconds: float


@dataclass(frozen=True)
class Run:
    """A finished or interrupted run: its epochs, and the weights after each."""

    epochs: list[Epoch] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    interrupted: bool = False

    @property
    def best(self) -> Epoch:
        """The epoch with most correct held-out images; the earliest on a tie."""
        return max(self.epochs, key=lambda epoch: epoch.validation_correct or 0)

    @property
    def last(self) -> Epoch:
        """The last finished epoch."""
        return self.epochs[-1]


@dataclass(frozen=True)
class Progress:
    """A run after an epoch and the trainer's state: everything needed to resume."""

    run: Run
    state: State


def _discard(progress: Progress) -> None:
    """Save nothing."""


def train(
    recipe: Recipe,
    training: Images,
    validation: Images | None,
    seed: int,
    *,
    id: str = ASSIGNMENT,
    workers: Workers = Workers(),  # noqa: B008 (frozen)
    resume_from: Progress | None = None,
    save: Callable[[Progress], None] = _discard,
) -> Run:
    """Train a network; an interrupt ends the run early and keeps the finished epochs.

    Args:
        recipe: How to train.
        training: The training images.
        validation: The held-out images that evaluate each epoch; None if there are none.
        seed: The seed of initial weights, order of images, distortions and dropout. On one device, with the same
            number of threads and version of PyTorch, the same seed gives the same weights.
        id: The network, one of those that come along.
        workers: The processes that share the work; the first one evaluates and saves.
        resume_from: The end of an earlier run with the same recipe, images and seed; this run continues it.
        save: Called after each epoch in the first process.

    Raises:
        WorkerError: Another process ended.
    """
    trainer = Trainer(recipe, seed, training.x.device, workers, id)
    run = Run()
    if resume_from:
        trainer.restore(resume_from.state)
        run = Run([*resume_from.run.epochs], [*resume_from.run.states])
    try:
        for number in range(len(run.epochs) + 1, recipe.epochs + 1):
            start = time.perf_counter()
            loss = trainer.train_epoch(number, training)
            if workers.number > 0:
                continue
            network = trainer.evaluation_network(training)
            judged = None if validation is None else judge(network, validation)
            _say(loss, judged, validation)
            run.states.append({key: tensor.detach().cpu().clone() for key, tensor in network.state_dict().items()})
            run.epochs.append(_epoch(number, loss, judged, time.perf_counter() - start))
            save(Progress(run, trainer.state()))
    except KeyboardInterrupt:
        return dataclasses.replace(run, interrupted=True)
    return run


def _epoch(number: int, loss: float, judged: Judgement | None, seconds: float) -> Epoch:
    correct, validation_loss = (judged.correct, round(judged.loss, 6)) if judged else (None, None)
    return Epoch(number, round(loss, 6), correct, validation_loss, round(seconds, 1))


def _say(loss: float, judged: Judgement | None, validation: Images | None) -> None:
    held_out = f"   held-out accuracy {judged.correct / len(validation):.2%}" if judged and validation else ""
    print(f"         loss {loss:.4f}{held_out}")
