"""One run from its first step, or from a checkpoint, to its last epoch."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from model.training.images import Images, Judgement, judge
from model.training.learner import Learner
from model.training.recipe import Recipe
from model.training.workers import Workers

State = dict[str, Tensor]


@dataclass(frozen=True)
class Epoch:
    """What one epoch brought. The training loss is the mean over its batches as they were trained.

    What is said of the validation, images that are right and their mean loss, is None where none were held out.
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
        """The epoch with most held-out images right; the earliest of equals."""
        return max(self.epochs, key=lambda epoch: epoch.validation_correct or 0)

    @property
    def last(self) -> Epoch:
        """The last epoch that was finished."""
        return self.epochs[-1]


@dataclass(frozen=True)
class Progress:
    """A run after an epoch, and the learner's state there: all that is needed to go on from there."""

    run: Run
    state: State


def _forgotten(progress: Progress) -> None:
    """Keep nothing."""


def train(
    recipe: Recipe,
    training: Images,
    validation: Images | None,
    seed: int,
    *,
    workers: Workers = Workers(),  # noqa: B008 (frozen)
    after: Progress | None = None,
    keep: Callable[[Progress], None] = _forgotten,
) -> Run:
    """Train a network; an interrupt ends the run early and keeps the epochs that were finished.

    Args:
        recipe: How to train.
        training: What to learn from.
        validation: What to judge each epoch by; None if nothing is held out.
        seed: Decides initial weights, order of images, distortions and dropout. On one device, with one number of
            threads and one version of PyTorch, the same seed gives the same weights.
        workers: Who shares the work; the first of them judges and keeps.
        after: Where an earlier run of the same recipe, images and seed ended; this one goes on from there.
        keep: Called after each epoch, in the first worker.

    Raises:
        WorkerError: Another worker has ended.
    """
    learner = Learner(recipe, seed, training.x.device, workers)
    run = Run()
    if after:
        learner.restore(after.state)
        run = Run([*after.run.epochs], [*after.run.states])
    try:
        for number in range(len(run.epochs) + 1, recipe.epochs + 1):
            start = time.perf_counter()
            loss = learner.learn_epoch(number, training)
            if workers.number > 0:
                continue
            network = learner.learned(training)
            judged = None if validation is None else judge(network, validation)
            _say(loss, judged, validation)
            run.states.append({key: tensor.detach().cpu().clone() for key, tensor in network.state_dict().items()})
            run.epochs.append(_noted(number, loss, judged, time.perf_counter() - start))
            keep(Progress(run, learner.state()))
    except KeyboardInterrupt:
        return dataclasses.replace(run, interrupted=True)
    return run


def _noted(number: int, loss: float, judged: Judgement | None, seconds: float) -> Epoch:
    correct, validation_loss = (judged.correct, round(judged.loss, 6)) if judged else (None, None)
    return Epoch(number, round(loss, 6), correct, validation_loss, round(seconds, 1))


def _say(loss: float, judged: Judgement | None, validation: Images | None) -> None:
    held_out = f"   held-out accuracy {judged.correct / len(validation):.2%}" if judged and validation else ""
    print(f"         loss {loss:.4f}{held_out}")
