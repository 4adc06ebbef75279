"""Images for batches, mixed or of one class."""

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from model.batch_norm.records import (
    ImageSet,
)
from model.errors import DataError, InputError
from model.images import digits, mnist
from model.records import Pixels

MIXED = "mixed"
CONTENTS = (MIXED, *map(str, range(10)))
_MAX_IMAGES = 1000  # images of an image set


def image_set(content: str) -> ImageSet:
    """Return images for batches: MNIST's test images if they are present, else the project's labelled samples.

    Args:
        content: ``mixed``, or one class, ``0`` to ``9``.

    Raises:
        InputError: The content is neither.
    """
    if content not in CONTENTS:
        raise InputError(f"A batch cannot hold '{content}'.", f"It can hold {', '.join(CONTENTS)}.", "Choose one.")
    source, pixels, labels = _labelled()
    order = np.random.default_rng(0).permutation(len(labels))
    if content != MIXED:
        order = order[labels[order] == int(content)]
    order = order[:_MAX_IMAGES]
    return ImageSet(source, content, pixels[order], labels[order])


def _labelled() -> tuple[str, Pixels, NDArray[np.int64]]:
    """Return the source of labelled images, the images (N, 28, 28) and their labels (N,)."""
    if mnist.is_present():
        with suppress(DataError):  # present but damaged: the sidebar says so
            test = digits.mnist("test")
            return "MNIST test images", test.images, test.labels
    labelled = [(sample.pixels, sample.label) for sample in digits.samples() if sample.label is not None]
    labels = np.asarray([label for _, label in labelled], np.int64)
    return "the project's samples", np.stack([pixels for pixels, _ in labelled]), labels
