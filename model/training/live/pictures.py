"""The pictures of small trainings: some of MNIST's training images, or drawn shapes; and others that are held out."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.images import mnist, shapes
from model.images.inputs import reads_digits, reads_shapes, to_inputs
from model.images.records import SHAPES
from model.networks.records import Network
from model.records import Pixels
from model.training.images import split_positions

COUNT, HELD_OUT = 4_000, 500
MNIST, DRAWN = "mnist", "shapes"
KINDS: Mapping[str, str] = {MNIST: "MNIST's training images", DRAWN: "the training pictures of coloured shapes"}
_DIGITS = tuple("0123456789")


@dataclass(frozen=True, eq=False, slots=True)
class Pictures:
    """Labelled pictures, of which a batch at a time becomes a network's input.

    Attributes:
        pixels: (N, H, W) or (N, H, W, 3), from 0 to 255.
        labels: (N,), as indices into ``classes``.
        classes: Their names.
    """

    pixels: Pixels
    labels: NDArray[np.int64]
    classes: tuple[str, ...] = _DIGITS

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, index: NDArray[np.int64], network: Network) -> tuple[Tensor, Tensor]:
        """Return some pictures as a network takes them, (n, C, H, W), and their labels as its classes, (n,)."""
        own = np.array([network.classes.index(name) for name in self.classes])
        return to_inputs(self.pixels[index], network.input), torch.from_numpy(own[self.labels[index]])


@dataclass(frozen=True, eq=False, slots=True)
class LivePictures:
    """The pictures to train on, those that are held out, and what both are, in words."""

    training: Pictures
    held_out: Pictures
    said: str = "the training images"


def kind_of(network: Network) -> str | None:
    """Return the kind of pictures that a network can be trained on, or None."""
    if reads_digits(network.input, network.classes):
        return MNIST
    return DRAWN if reads_shapes(network.classes) else None


def read(kind: str) -> LivePictures:
    """Read the pictures of all small trainings of a kind, once; they are split as for the recipes.

    Raises:
        DataError: MNIST is missing or damaged.
    """
    return _read_mnist(mnist.root()) if kind == MNIST else _draw_shapes()


@functools.lru_cache(maxsize=1)
def _read_mnist(_root: Path) -> LivePictures:
    pixels, labels = mnist.read("train")
    training, held_out = (Pictures(pixels[index], labels[index]) for index in _positions(len(labels)))
    return LivePictures(training, held_out, KINDS[MNIST])


@functools.lru_cache(maxsize=1)
def _draw_shapes() -> LivePictures:
    found = []
    for index in _positions(shapes.SIZES["train"]):
        drawn = [shapes.picture("train", int(number)) for number in index]
        labels = np.array([label for _, label in drawn], np.int64)
        found.append(Pictures(np.stack([pixels for pixels, _ in drawn]), labels, SHAPES))
    return LivePictures(found[0], found[1], KINDS[DRAWN])


def _positions(count: int) -> list[NDArray[np.int64]]:
    """Return the positions of the training pictures and of those that are held out."""
    training, held_out = split_positions(count)
    return [training[:COUNT].numpy(), held_out[:HELD_OUT].numpy()]
