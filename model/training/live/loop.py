"""A small training: a few hundred steps on a few thousand pictures, for any network that reads digits or shapes.

It trains a private copy of the network's graph from random weights, as PyTorch draws them, with the assignment's
optimiser (SGD with momentum and a constant learning rate).
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from model.errors import InputError
from model.graph.module import NetworkModule
from model.networks.records import Network
from model.training.live import fresh
from model.training.live.pictures import LivePictures, Pictures
from model.training.live.records import LiveChoices, LiveRun, Snapshot

STEPS = (100, 200, 300, 400, 500, 600)
BATCH_SIZES = (16, 32, 64)
HIGHEST_RATE, HIGHEST_DROPOUT, HIGHEST_SEED = 1.0, 0.5, 99
MOMENTUM = 0.9
_EARLY, _EVERY = (5, 10), 25  # steps; the weights change fast at first
_AT_ONCE = 100  # held-out pictures in one pass
_BYTES, _FEWEST = 24_000_000, 3  # that the snapshots of a training take, and how many there are at least


def snapshot_steps(steps: int, parameters: int = 0) -> tuple[int, ...]:
    """Return the steps after which a training is evaluated and a snapshot is saved; fewer of a large network.

    >>> snapshot_steps(100)
    (0, 5, 10, 25, 50, 75, 100)
    >>> snapshot_steps(100, parameters=2_000_000)
    (0, 25, 100)
    """
    every = (0, *_EARLY, *range(_EVERY, steps + 1, _EVERY))
    most = max(_FEWEST, _BYTES // max(1, 4 * parameters))
    places = np.linspace(0, len(every) - 1, min(most, len(every))).round().astype(int)
    return tuple(every[place] for place in places)


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
    if choices.dropout is not None and not 0 <= choices.dropout <= HIGHEST_DROPOUT:
        _refuse("dropout p", choices.dropout, f"from 0 to {HIGHEST_DROPOUT:g}")
    if not 0 <= choices.seed <= HIGHEST_SEED:
        _refuse("seed", choices.seed, f"a whole number from 0 to {HIGHEST_SEED}")


def _refuse(what: str, value: float, allowed: str) -> None:
    raise InputError(f"A {what} of {value} is not possible here.", f"It must be {allowed}.", "Choose another.")


def train(network: Network, choices: LiveChoices, pictures: LivePictures) -> Iterator[LiveRun]:
    """Train, and yield the progress before the first step and after each step.

    It reads and changes no global state, so several threads may train at the same time. With the same version and
    number of threads of PyTorch, the same choices give the same numbers bit for bit. It ends early if the loss is
    not finite.

    Args:
        network: Not changed.
        choices: Everything else that decides the training.
        pictures: Only read.

    Raises:
        InputError: A choice is not offered, or the network cannot be trained.
    """
    check(choices)
    generator = torch.Generator().manual_seed(choices.seed)
    module = fresh.untrained(network, generator, choices.dropout).train()
    optimiser = torch.optim.SGD(fresh.learned(module), lr=choices.learning_rate, momentum=MOMENTUM)
    marks = {*snapshot_steps(choices.steps, network.graph.used)}
    losses: list[float] = []
    snapshots = [_snapshot(module, network, pictures.held_out, 0)]
    batches = _batches(generator, len(pictures.training), choices.batch_size)
    first, classes = _first_convolution(module), len(network.classes)
    counts = len(pictures.training), len(pictures.held_out)
    while True:
        kept = np.asarray(losses, np.float64)
        run = LiveRun(choices, *counts, kept, tuple(snapshots), classes, pictures.said, first)
        yield run
        if run.finished:
            return
        losses.append(take_step(module, optimiser, *pictures.training.at(next(batches).numpy(), network)))
        if len(losses) in marks:
            snapshots.append(_snapshot(module, network, pictures.held_out, len(losses)))


def take_step(module: nn.Module, optimiser: torch.optim.Optimizer, x: Tensor, y: Tensor) -> float:
    """Take one step on a batch, and return its mean loss."""
    optimiser.zero_grad()
    loss = nn.functional.cross_entropy(module(x), y)
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def _batches(generator: torch.Generator, count: int, size: int) -> Iterator[Tensor]:
    """Yield batches of all pictures in random order, again and again."""
    while True:
        yield from torch.randperm(count, generator=generator).split(size)


def _snapshot(module: NetworkModule, network: Network, held_out: Pictures, step: int) -> Snapshot:
    weights = {key: tensor.detach().numpy().copy() for key, tensor in module.state_dict().items()}
    for values in weights.values():
        values.setflags(write=False)
    first = _first_convolution(module)
    key = next((name for name, each in module.named_modules() if first and each is module.step(first)), None)
    kernels = None if key is None else weights[f"{key}.weight"]
    return Snapshot(step, count_correct(module, network, held_out), weights, kernels)


def _first_convolution(module: NetworkModule) -> str:
    steps = zip(module.graph.nodes, module.steps, strict=True)
    return next((node.name for node, step in steps if isinstance(step, nn.Conv2d)), "")


def count_correct(module: nn.Module, network: Network, pictures: Pictures) -> int:
    """Count the pictures whose label has the largest logit, in evaluation mode; restore the mode.

    Args:
        module: Computes the logits.
        network: Says how a picture becomes the input.
        pictures: Labelled pictures.
    """
    was_training, correct = module.training, 0
    module.eval()
    try:
        with torch.inference_mode():
            for start in range(0, len(pictures), _AT_ONCE):
                x, y = pictures.at(np.arange(start, min(start + _AT_ONCE, len(pictures))), network)
                correct += int((module(x).argmax(1) == y).sum())
    finally:
        module.train(was_training)
    return correct


def network_of(network: Network, snapshot: Snapshot) -> NetworkModule:
    """Return a copy of a network with the weights of a snapshot, in evaluation mode."""
    module = fresh.own_copy(network)
    tensors = {key: torch.from_numpy(values.copy()) for key, values in snapshot.weights.items()}
    module.load_state_dict(tensors, strict=False)  # a batch norm may count its batches in training alone
    return module.eval()
