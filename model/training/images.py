"""The training and evaluation images of a run: all of them on one device, normalised once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from model.images import mnist
from model.images.digits import normalise

HELD_OUT = 5_000  # of the 60,000 training images
_SPLIT_SEED = 0  # every run has the same split, so that runs can be compared


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
        """Split into batches of ``size``; the last one may be smaller."""
        yield from map(Images, self.x.split(size), self.y.split(size))


def read_images(split: mnist.Split, device: str) -> Images:
    """Read a split of MNIST into memory and normalise it."""
    pixels, labels = mnist.read(split)
    return Images(normalise(pixels).to(device), torch.from_numpy(np.asarray(labels)).to(device))


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
    """Return the logits of each image (N, 10) in evaluation mode; restore the mode."""
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
