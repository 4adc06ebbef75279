"""What makes it doubtful that an image is a digit such as the network learned.

``python -m model.images.doubt`` writes the file of shapes again, from MNIST's training images.
"""

import argparse
import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from scipy import ndimage

from model.images import mnist
from model.images.preparation import SIDE
from model.records import Activation, Pixels

SHAPES = Path(__file__).with_name("digit_shapes.safetensors")
_INKED = 51  # of 255: a fifth of white
_FULL = 0.32  # of the image: more ink than this have 0.6 % of MNIST's test images
_PIECES = 2  # more separate pieces have 0.4 % of them
_FAR = 43.8  # squared distance from the shapes of all ten classes: further are 1 % of them
_EIGHT = np.ones((3, 3), dtype=bool)


def doubts(pixels: Pixels) -> tuple[str, ...]:
    """Say why an image may show no digit: too much ink, many pieces, or a shape that no digit of MNIST has.

    Args:
        pixels: (28, 28) in 0..255, white ink on black.

    Returns:
        A sentence for each reason; none where it looks like a digit. Of MNIST's test images 1.8 % get one.
    """
    inked = pixels > _INKED
    pieces = ndimage.label(inked, structure=_EIGHT)[1]
    distance = distance_from_digits(pixels)
    found = []
    if inked.mean() > _FULL:
        found.append(f"{inked.mean():.0%} of the image is ink; almost all digits of MNIST have at most {_FULL:.0%}.")
    if pieces > _PIECES:
        found.append(f"It has {pieces} separate pieces; almost all digits of MNIST have at most {_PIECES}.")
    if distance > _FAR:
        found.append(
            f"Its shape differs from every class of MNIST by {distance:.0f} (squared distance); "
            f"99 in 100 digits of MNIST differ by at most {_FAR:.0f}."
        )
    return tuple(found)


def distance_from_digits(pixels: Pixels) -> float:
    """Return how far an image is from the nearest class of digits.

    For each class, MNIST's training images lie near a plane: their mean plus eight principal components. The distance
    is ``|d|^2 - |V d|^2``, where ``d`` is the image in [0, 1] less the mean and ``V`` the components (8, 784); the
    smallest of ten counts.

    Args:
        pixels: (28, 28) in 0..255.
    """
    means, components = _shapes()
    offsets = pixels.reshape(1, SIDE * SIDE) / np.float32(255) - means  # (10, 784)
    along = np.einsum("kcp,kp->kc", components, offsets)  # (10, 8)
    return float(((offsets**2).sum(1) - (along**2).sum(1)).min())


@functools.cache
def _shapes() -> tuple[Activation, Activation]:
    """Return the mean of each class (10, 784) and its principal components (10, 8, 784)."""
    kept = load_file(SHAPES)
    return kept["means"].astype(np.float32), kept["components"].astype(np.float32)


def learn_shapes(images: Pixels, labels: np.ndarray, components: int = 8) -> dict[str, np.ndarray]:
    """Work out what ``SHAPES`` holds: the mean and the principal components of each class, float16.

    Args:
        images: (N, 28, 28) in 0..255.
        labels: (N,), 0 to 9.
        components: How many for each class.
    """
    means, axes = [], []
    for label in range(10):
        flat = images[labels == label].reshape(-1, SIDE * SIDE) / np.float32(255)
        means.append(flat.mean(0))
        _values, vectors = np.linalg.eigh(np.cov(flat.T))
        axes.append(vectors[:, : -components - 1 : -1].T)
    kept = {"means": np.stack(means), "components": np.stack(axes)}
    return {name: np.ascontiguousarray(values, dtype=np.float16) for name, values in kept.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the shapes of MNIST's ten classes, which the distance is measured from."""
    parser = argparse.ArgumentParser(prog="python -m model.images.doubt", description=main.__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=SHAPES, help="the file (%(default)s)")
    save_file(learn_shapes(*mnist.read("train")), parser.parse_args(arguments).path)


if __name__ == "__main__":
    main()
