"""The training and evaluation images of a run: all of them on one device, normalised once for its network."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.images import mnist, shapes
from model.images.inputs import normalise, reads_digits, to_inputs
from model.networks.catalogue import ASSIGNMENT, CATALOGUE
from model.networks.records import ImageSpec

HELD_OUT = 5_000  # of the training images: MNIST's 60,000, or 30,000 shapes
_SPLIT_SEED = 0  # every run has the same split, so that runs can be compared


@dataclass(frozen=True)
class Images:
    """Labelled images on one device: ``x`` normalised (N, C, H, W), ``y`` labels (N,)."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.y)

    def at(self, index: Tensor) -> "Images":
        """Return the images at these positions, in this order."""
        return Images(self.x[index], self.y[index])

    def batches(self, size: int) -> Iterator["Images"]:
        """Split into batches of ``size``; the last one may be smaller."""
        yield from map(Images, self.x.split(size), self.y.split(size))


class Source(Protocol):
    """Labelled images of which a training takes some at a time."""

    @property
    def y(self) -> Tensor:
        """Labels (N,), on the device of the training."""

    def __len__(self) -> int: ...

    def at(self, index: Tensor) -> Images:
        """Return the images at these positions, in this order."""

    def batches(self, size: int) -> Iterator[Images]:
        """Split into batches of ``size``; the last one may be smaller."""


@dataclass(frozen=True, eq=False)
class Pixels:
    """Labelled pictures as they are kept, which take a quarter of the memory; a batch is normalised when it is used.

    Args:
        pixels: (N, H, W) or (N, H, W, 3), from 0 to 255.
        y: Labels (N,).
        image: What the network takes.
    """

    pixels: NDArray[np.uint8]
    y: Tensor
    image: ImageSpec

    def __len__(self) -> int:
        return len(self.y)

    def at(self, index: Tensor) -> Images:
        """Return the images at these positions, in this order."""
        return Images(to_inputs(self.pixels[index.numpy()], self.image), self.y[index])

    def batches(self, size: int) -> Iterator[Images]:
        """Split into batches of ``size``; the last one may be smaller."""
        yield from map(self.at, torch.arange(len(self)).split(size))


def reads_mnist(id: str) -> bool:
    """Tell whether a network that comes along reads MNIST; else it reads the shapes that this project draws."""
    return reads_digits(CATALOGUE[id].input, CATALOGUE[id].classes)


def read_images(split: mnist.Split, device: str, id: str = ASSIGNMENT) -> Images:
    """Read the images of a network that comes along into memory, and normalise them as it asks.

    Raises:
        DataError: They are MNIST's, and the files are missing or damaged.
    """
    pixels, labels = mnist.read(split) if reads_mnist(id) else shapes.pictures(split)
    return Images(normalise(pixels, CATALOGUE[id].input).to(device), torch.from_numpy(np.asarray(labels)).to(device))


def split_training(images: Images) -> tuple[Images, Images]:
    """Return the training images and the ``HELD_OUT`` held-out images, always the same ones."""
    training, held_out = split_positions(len(images))
    return images.at(training.to(images.y.device)), images.at(held_out.to(images.y.device))


def split_positions(count: int) -> tuple[Tensor, Tensor]:
    """Return the positions of the training images and of the held-out ones among all of them."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(_SPLIT_SEED))
    return order[HELD_OUT:], order[:HELD_OUT]


@dataclass(frozen=True)
class Judgement:
    """The evaluation of a network: the number of correct images, and the mean cross-entropy."""

    correct: int
    loss: float


@torch.inference_mode()
def score(network: nn.Module, images: Source) -> Tensor:
    """Return the logits of each image (N, K) in evaluation mode; restore the mode."""
    was_training = network.training
    network.eval()
    try:
        return torch.cat([network(batch.x) for batch in images.batches(500)])
    finally:
        network.train(was_training)


def judge(network: nn.Module, images: Source) -> Judgement:
    """Evaluate in evaluation mode; an image is correct if the logit of its label is the largest. Restore the mode."""
    logits = score(network, images)
    correct = int((logits.argmax(1) == images.y).sum())
    return Judgement(correct, float(nn.functional.cross_entropy(logits, images.y)))
