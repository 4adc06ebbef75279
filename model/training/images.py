"""The training and evaluation images of a run: all of them on one device, normalised once for its network."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from model.images import mnist, shapes
from model.images.inputs import normalise, reads_digits
from model.networks.catalogue import ASSIGNMENT, CATALOGUE

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
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(_SPLIT_SEED)).to(images.y.device)
    return images.at(order[HELD_OUT:]), images.at(order[:HELD_OUT])


@dataclass(frozen=True)
class Judgement:
    """The evaluation of a network: the number of correct images, and the mean cross-entropy."""

    correct: int
    loss: float


@torch.inference_mode()
def score(network: nn.Module, images: Images) -> Tensor:
    """Return the logits of each image (N, K) in evaluation mode; restore the mode."""
    was_training = network.training
    network.eval()
    try:
        return torch.cat([network(batch.x) for batch in images.batches(500)])
    finally:
        network.train(was_training)


def judge(network: nn.Module, images: Images) -> Judgement:
    """Evaluate in evaluation mode; an image is correct if the logit of its label is the largest. Restore the mode."""
    logits = score(network, images)
    correct = int((logits.argmax(1) == images.y).sum())
    return Judgement(correct, float(nn.functional.cross_entropy(logits, images.y)))
