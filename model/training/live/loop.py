"""A small training: a few hundred steps on a few thousand of MNIST's training images.

It uses the assignment's optimiser (SGD with momentum and a constant learning rate). It trains on 4,000 of the 55,000
training images of the search protocol, and is evaluated on 500 of its 5,000 held-out images.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from model.errors import InputError
from model.images import mnist
from model.images.digits import normalise
from model.training.images import Images, judge, split_training
from model.training.live.records import LiveChoices, LiveRun, Snapshot
from model.training.recipe import Recipe
from model.training.trainer import Trainer, uninitialised_network

IMAGES, HELD_OUT = 4_000, 500
STEPS = (100, 200, 300, 400, 500, 600)
BATCH_SIZES = (16, 32, 64)
HIGHEST_RATE, HIGHEST_DROPOUT, HIGHEST_SEED = 1.0, 0.5, 99
_EARLY, _EVERY = (5, 10), 25  # steps; the weights change fast at first


@dataclass(frozen=True, eq=False, slots=True)
class LiveImages:
    """The training images and the held-out images."""

    training: Images
    held_out: Images


def read_images() -> LiveImages:
    """Read the images of all small trainings, once.

    Raises:
        DataError: MNIST is missing or damaged.
    """
    return _read_images(mnist.root())


@functools.lru_cache(maxsize=1)
def _read_images(_root: Path) -> LiveImages:
    pixels, labels = mnist.read("train")
    numbers = torch.arange(len(labels))
    training, held_out = split_training(Images(numbers, numbers))  # choose the images before normalising them

    def chosen(positions: Tensor) -> Images:
        index = positions.numpy()
        return Images(normalise(pixels[index]), torch.from_numpy(labels[index]))

    return LiveImages(chosen(training.x[:IMAGES]), chosen(held_out.x[:HELD_OUT]))


def snapshot_steps(steps: int) -> tuple[int, ...]:
    """Return the steps after which a training is evaluated and a snapshot is saved.

    >>> snapshot_steps(100)
    (0, 5, 10, 25, 50, 75, 100)
    """
    return (0, *_EARLY, *range(_EVERY, steps + 1, _EVERY))


def check(choices: LiveChoices) -> None:
    """Check that the choices are among those offered.

    Raises:
        InputError: A choice is not offered.
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


def train(choices: LiveChoices, images: LiveImages) -> Iterator[LiveRun]:
    """Train, and yield the progress before the first step and after each step.

    It reads and changes no global state, so several threads may train at the same time. With the same version and
    number of threads of PyTorch, the same choices give the same numbers bit for bit. It ends early if the loss is
    not finite.

    Args:
        choices: Everything that decides the training.
        images: The images; only read.

    Raises:
        InputError: A choice is not offered.
    """
    check(choices)
    trainer = Trainer(_recipe(choices), choices.seed, torch.device("cpu"))
    trainer.network.train()
    losses: list[float] = []
    snapshots = [_snapshot(trainer, images, 0)]
    judged = {*snapshot_steps(choices.steps)}
    batches = _batches(trainer, len(images.training))
    while True:
        kept = np.asarray(losses, np.float64)
        run = LiveRun(choices, len(images.training), len(images.held_out), kept, tuple(snapshots))
        yield run
        if run.finished:
            return
        losses.append(float(trainer.train_step(images.training, next(batches), len(losses), choices.steps)))
        if len(losses) in judged:
            snapshots.append(_snapshot(trainer, images, len(losses)))


def _recipe(choices: LiveChoices) -> Recipe:
    return Recipe(
        batch_size=choices.batch_size,
        learning_rate=choices.learning_rate,
        dropout=choices.dropout,
        masks="gaps",  # the same distribution as nn.Dropout in a third of the time
    )


def _batches(trainer: Trainer, count: int) -> Iterator[Tensor]:
    """Yield batches of all images in random order, again and again."""
    while True:
        yield from torch.randperm(count, generator=trainer.generators[0]).split(trainer.recipe.batch_size)


def _snapshot(trainer: Trainer, images: LiveImages, step: int) -> Snapshot:
    weights = {key: tensor.detach().numpy().copy() for key, tensor in trainer.network.state_dict().items()}
    for values in weights.values():
        values.setflags(write=False)
    return Snapshot(step, judge(trainer.network, images.held_out).correct, weights)


def network_of(snapshot: Snapshot) -> nn.Module:
    """Return a new network with the weights of a snapshot, in evaluation mode."""
    network = uninitialised_network(Recipe())
    network.load_state_dict({key: torch.from_numpy(values.copy()) for key, values in snapshot.weights.items()})
    return network.eval()
