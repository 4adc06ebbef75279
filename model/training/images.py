"""The images that a run learns from and is judged by: whole, on one device, normalised once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from model.images import mnist
from model.images.digits import normalise

HELD_OUT = 5_000  # of the 60,000 training images
_SPLIT_SEED = 0  # the split is the same for every seed, so that runs can be compared


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


def read_images(split: mnist.Split, device: str) -> Images:
    """Read a split of MNIST into memory once, normalised once."""
    pixels, labels = mnist.read(split)
    return Images(normalise(pixels).to(device), torch.from_numpy(np.asarray(labels)).to(device))


def split_training(images: Images) -> tuple[Images, Images]:
    """Return the images to train on and the ``HELD_OUT`` to choose by, always the same ones."""
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(_SPLIT_SEED)).to(images.y.device)
    return images.at(order[HELD_OUT:]), images.at(order[:HELD_OUT])


@dataclass(frozen=True)
class Judgement:
    """How a network does on images it does not learn from: how many are right, and the mean cross-entropy."""

    correct: int
    loss: float


@torch.inference_mode()
def score(network: nn.Module, images: Images) -> Tensor:
    """Return the logits of each image (N, 10), in evaluation mode; the mode is put back."""
    was_training = network.training
    network.eval()
    try:
        return torch.cat([network(batch.x) for batch in images.batches(500)])
    finally:
        network.train(was_training)


def judge(network: nn.Module, images: Images) -> Judgement:
    """Judge in evaluation mode; an image is right if its largest logit is its label's. The mode is put back."""
    logits = score(network, images)
    correct = int((logits.argmax(1) == images.y).sum())
    return Judgement(correct, float(nn.functional.cross_entropy(logits, images.y)))
