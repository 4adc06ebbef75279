"""A small training to watch: a few hundred steps on a few thousand of MNIST's training images.

It takes the assignment's steps (SGD with momentum, one learning rate) on 4,000 of the 55,000 images that the
project's recipes learn from when choices are made, and is judged by 500 of the 5,000 that those never learn from.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.errors import InputError
from model.images import mnist
from model.images.digits import normalise
from model.networks.assignment.network import AssignmentNetwork
from model.training.images import Images, judge, split_training
from model.training.learner import Learner, blank
from model.training.live.records import LiveChoices, LiveRun, Snapshot
from model.training.recipe import Recipe

IMAGES, HELD_OUT = 4_000, 500
STEPS = (100, 200, 300, 400, 500, 600)
BATCH_SIZES = (16, 32, 64)
HIGHEST_RATE, HIGHEST_DROPOUT, HIGHEST_SEED = 1.0, 0.5, 99
_EARLY, _EVERY = (5, 10), 25  # steps: at first the weights move fast


@dataclass(frozen=True, eq=False, slots=True)
class Lesson:
    """What there is to learn from, and what to judge by."""

    training: Images
    held_out: Images


def lesson() -> Lesson:
    """Read the images of every small training; they are read once.

    Raises:
        DataError: MNIST is missing or damaged.
    """
    return _lesson(mnist.root())


@functools.lru_cache(maxsize=1)
def _lesson(_root: Path) -> Lesson:
    pixels, labels = mnist.read("train")
    numbers = torch.arange(len(labels))
    training, held_out = split_training(Images(numbers, numbers))  # which images, before any is normalised

    def chosen(positions: Tensor) -> Images:
        index = positions.numpy()
        return Images(normalise(pixels[index]), torch.from_numpy(labels[index]))

    return Lesson(chosen(training.x[:IMAGES]), chosen(held_out.x[:HELD_OUT]))


def marks(steps: int) -> tuple[int, ...]:
    """Return after which steps a training is judged and its weights are kept.

    >>> marks(100)
    (0, 5, 10, 25, 50, 75, 100)
    """
    return (0, *_EARLY, *range(_EVERY, steps + 1, _EVERY))


def check(choices: LiveChoices) -> None:
    """Refuse what would train for too long, or not at all.

    Raises:
        InputError: A choice lies outside of what is offered.
    """
    listed = {
        "A training of {} steps": (choices.steps, STEPS),
        "A batch of {} images": (choices.batch_size, BATCH_SIZES),
    }
    for words, (value, allowed) in listed.items():
        if value not in allowed:
            several = ", ".join(map(str, allowed))
            raise InputError(f"{words.format(value)} is not offered.", f"It can be {several}.", "Choose one of these.")
    if not 0 < choices.learning_rate <= HIGHEST_RATE:
        _refuse("learning rate", choices.learning_rate, f"above 0 and at most {HIGHEST_RATE:g}")
    if not 0 <= choices.dropout <= HIGHEST_DROPOUT:
        _refuse("dropout p", choices.dropout, f"from 0 to {HIGHEST_DROPOUT:g}")
    if not 0 <= choices.seed <= HIGHEST_SEED:
        _refuse("seed", choices.seed, f"a whole number from 0 to {HIGHEST_SEED}")


def _refuse(what: str, value: float, allowed: str) -> None:
    raise InputError(f"A {what} of {value} is not possible here.", f"It must be {allowed}.", "Choose another.")


def train(choices: LiveChoices, given: Lesson) -> Iterator[LiveRun]:
    """Train, and yield how far it is: before the first step, and after each.

    Nothing global is read or changed, so any number of threads may train at once; with one version of PyTorch and
    one number of its threads, the same choices give the same numbers to the bit. It ends early where the loss is no
    number any more.

    Args:
        choices: What decides it.
        given: The images; only read.

    Raises:
        InputError: A choice lies outside of what is offered.
    """
    check(choices)
    learner = Learner(_recipe(choices), choices.seed, torch.device("cpu"))
    learner.network.train()
    losses: list[float] = []
    snapshots = [_snapshot(learner, given, 0)]
    judged = {*marks(choices.steps)}
    batches = _batches(learner, len(given.training))
    while True:
        kept = np.asarray(losses, np.float64)
        run = LiveRun(choices, len(given.training), len(given.held_out), kept, tuple(snapshots))
        yield run
        if run.finished:
            return
        losses.append(float(learner.learn(given.training, next(batches), len(losses), choices.steps)))
        if len(losses) in judged:
            snapshots.append(_snapshot(learner, given, len(losses)))


def _recipe(choices: LiveChoices) -> Recipe:
    return Recipe(
        batch_size=choices.batch_size,
        learning_rate=choices.learning_rate,
        dropout=choices.dropout,
        masks="gaps",  # a third of the time of nn.Dropout's own, and as likely
    )


def _batches(learner: Learner, count: int) -> Iterator[Tensor]:
    """Go through all images in an order of chance, and again in another."""
    while True:
        yield from torch.randperm(count, generator=learner.generators[0]).split(learner.recipe.batch_size)


def _snapshot(learner: Learner, given: Lesson, step: int) -> Snapshot:
    weights = {key: tensor.detach().numpy().copy() for key, tensor in learner.network.state_dict().items()}
    for values in weights.values():
        values.setflags(write=False)
    return Snapshot(step, judge(learner.network, given.held_out).correct, weights)


def network_of(snapshot: Snapshot) -> AssignmentNetwork:
    """Return the network as it was, in evaluation mode, a new one at each call."""
    network = blank(Recipe())
    network.load_state_dict({key: torch.from_numpy(values.copy()) for key, values in snapshot.weights.items()})
    return network.eval()
