"""Train the assignment's network on MNIST: ``python -m model.train``.

Every choice is made on 5,000 training images that are held out; the 10,000 test images are looked
at once, at the end. The epoch that does best on the held-out images is the one that is kept.
"""

import argparse
import dataclasses
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from model import mnist, weights
from model.digits import normalise
from model.errors import GlassError, InputError
from model.network import DROPOUT, AssignmentNetwork

HELD_OUT = 5_000  # of the 60,000 training images
_SPLIT_SEED = 0  # the split is the same for every seed, so that runs can be compared


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run, besides the seed."""

    epochs: int = 19
    batch_size: int = 64
    learning_rate: float = 0.1
    momentum: float = 0.9
    dropout: float = DROPOUT


RECIPES = {"assignment": Recipe()}


@dataclass(frozen=True)
class Images:
    """Labelled images on one device: ``x`` normalised (N, 1, 28, 28), ``y`` labels (N,)."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.y)

    def at(self, index: Tensor) -> "Images":
        """Return the images at these positions, in this order."""
        return Images(self.x[index], self.y[index])

    def batches(self, size: int) -> Iterator["Images"]:
        """Cut into batches of ``size``, the last one as it comes."""
        yield from map(Images, self.x.split(size), self.y.split(size))


@dataclass(frozen=True)
class Epoch:
    """What one epoch brought. Loss is the mean over its batches as they were trained."""

    number: int
    training_loss: float
    validation_correct: int
    seconds: float


@dataclass(frozen=True)
class Run:
    """A finished or interrupted run: its epochs, the weights after each, and the best of them."""

    epochs: list[Epoch]
    states: list[dict[str, Tensor]]
    interrupted: bool

    @property
    def best(self) -> Epoch:
        """The epoch with most held-out images right; the earliest of equals."""
        return max(self.epochs, key=lambda epoch: epoch.validation_correct)


def read_images(split: mnist.Split, device: str) -> Images:
    """Read a split of MNIST into memory once, normalised once."""
    pixels, labels = mnist.read(split)
    return Images(normalise(pixels).to(device), torch.from_numpy(np.asarray(labels)).to(device))


def split_training(images: Images) -> tuple[Images, Images]:
    """Return the images to train on and the ``HELD_OUT`` to choose by, always the same ones."""
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(_SPLIT_SEED)).to(images.y.device)
    return images.at(order[HELD_OUT:]), images.at(order[:HELD_OUT])


@torch.inference_mode()
def count_correct(network: nn.Module, images: Images) -> int:
    """Count the images whose largest logit is their label, in evaluation mode; the mode is put back."""
    was_training = network.training
    network.eval()
    try:
        return sum(int((network(b.x).argmax(1) == b.y).sum()) for b in images.batches(500))
    finally:
        network.train(was_training)


def train(recipe: Recipe, training: Images, validation: Images, seed: int) -> Run:
    """Train a new network; an interrupt ends the run early and keeps the epochs that were finished.

    Args:
        recipe: How to train.
        training: What to learn from.
        validation: What to choose the best epoch by.
        seed: Decides initial weights, order of images, and dropout. On one device and one version of
            PyTorch, the same seed gives the same weights.
    """
    torch.manual_seed(seed)
    network = AssignmentNetwork(recipe.dropout).to(training.x.device)
    optimiser = torch.optim.SGD(network.parameters(), lr=recipe.learning_rate, momentum=recipe.momentum)
    run = Run(epochs=[], states=[], interrupted=False)
    try:
        for number in range(1, recipe.epochs + 1):
            start = time.perf_counter()
            loss = _train_epoch(network, optimiser, training, recipe, f"epoch {number:2}/{recipe.epochs}")
            correct = count_correct(network, validation)
            print(f"         loss {loss:.4f}   held-out accuracy {correct / len(validation):.2%}")
            run.states.append({key: tensor.detach().cpu().clone() for key, tensor in network.state_dict().items()})
            run.epochs.append(Epoch(number, round(loss, 6), correct, round(time.perf_counter() - start, 1)))
    except KeyboardInterrupt:
        return dataclasses.replace(run, interrupted=True)
    return run


def _train_epoch(
    network: nn.Module, optimiser: torch.optim.Optimizer, images: Images, recipe: Recipe, title: str
) -> float:
    network.train()
    order = torch.randperm(len(images)).to(images.y.device)
    bar = tqdm(images.at(order).batches(recipe.batch_size), title, -(-len(images) // recipe.batch_size), leave=True)
    losses = []
    for batch in bar:
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(network(batch.x), batch.y)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % 50 == 0:
            bar.set_postfix(loss=f"{np.mean(losses[-50:]):.4f}")
    return float(np.mean(losses))


def describe(recipe: Recipe, name: str, seed: int, device: str, run: Run, test_correct: int | None) -> dict[str, Any]:
    """Return the card of a run: everything needed to train it again, and what came of it."""
    return {
        "recipe": {"name": name, **dataclasses.asdict(recipe)},
        "seed": seed,
        "device": device,
        "threads": torch.get_num_threads(),
        "protocol": "Trained on 55,000 of MNIST's training images; the epoch kept is the one with most of the other "
        f"{HELD_OUT:,} right; the 10,000 test images were looked at once, at the end.",
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "interrupted": run.interrupted,
        "epochs": [dataclasses.asdict(epoch) for epoch in run.epochs],
        "kept_epoch": run.best.number,
        "validation_accuracy": run.best.validation_correct / HELD_OUT,
        "test_accuracy": None if test_correct is None else test_correct / 10_000,
    }


def main(arguments: list[str] | None = None) -> None:
    """Train by command line and write the weights with their card."""
    parser = argparse.ArgumentParser(prog="python -m model.train", description=main.__doc__)
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="assignment", help="how to train")
    parser.add_argument("--seed", type=int, default=1, help="initial weights, order of images, dropout (default 1)")
    parser.add_argument("--epochs", type=int, help="fewer or more epochs than the recipe's")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps (default cpu)")
    parser.add_argument("--out", type=Path, default=Path("runs/latest"), help="folder to write (default runs/latest)")
    options = parser.parse_args(arguments)
    try:
        _main(options)
    except GlassError as error:
        sys.exit(f"error: {error}")


def _main(options: argparse.Namespace) -> None:
    recipe = _recipe(options)
    _check_device(options.device)
    _check_folder(options.out)
    if not mnist.is_present():
        _download()

    training, validation = split_training(read_images("train", options.device))
    run = train(recipe, training, validation, options.seed)
    if not run.epochs:
        sys.exit("Interrupted before the first epoch was finished: nothing was written.")
    best = run.states[run.best.number - 1]
    finished = zip(run.epochs, run.states, strict=False)  # an interrupt may leave weights whose epoch was not noted
    states = {weights.FINAL: best, **{weights.epoch_name(epoch.number): state for epoch, state in finished}}

    def write(test_correct: int | None) -> None:
        card = describe(recipe, options.recipe, options.seed, options.device, run, test_correct)
        weights.write(options.out, states, card)

    write(None)  # whatever comes now, the training is not lost
    kept = f"Kept epoch {run.best.number} of {len(run.epochs)}"
    if run.interrupted:
        print(f"\nInterrupted. {kept}, the best so far, in '{options.out}'; the test images were not looked at.")
        return
    network = AssignmentNetwork(recipe.dropout).to(options.device)
    network.load_state_dict(best)
    test_correct = count_correct(network, read_images("test", options.device))
    write(test_correct)
    print(f"{kept}, test accuracy {test_correct / 10_000:.2%}, in '{options.out}'.")


def _recipe(options: argparse.Namespace) -> Recipe:
    recipe = RECIPES[options.recipe]
    if options.epochs is None:
        return recipe
    if options.epochs < 1:
        raise InputError(f"--epochs is {options.epochs}.", "It must be at least 1.", "Give another number.")
    return dataclasses.replace(recipe, epochs=options.epochs)


def _check_device(device: str) -> None:
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"--device {device} cannot be used here ({error}).", "cpu always can.", "Give another device."
        ) from error


def _check_folder(folder: Path) -> None:
    """Find out before the training, not after it, that its result cannot be written."""
    probe = folder / ".probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"--out {folder} cannot be written ({error.strerror}).", "It must be a folder.", "Give another one."
        ) from error


def _download() -> None:
    with tqdm(total=100, desc="downloading MNIST", unit="%") as bar:

        def advance(share: float) -> None:
            bar.update(round(share * 100) - bar.n)

        mnist.download(advance)


if __name__ == "__main__":
    main()
