"""A small training set, and ``python -m model.training`` with it for tests of several processes."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from model.images import mnist
from model.images.digits import normalise, samples
from model.training import __main__ as train
from model.training import images, runner
from model.training.images import Images
from model.training.live.pictures import LivePictures, Pictures
from model.training.recipe import RECIPES, Affine, Recipe
from model.training.workers import leave

PLAIN = Recipe(epochs=3, batch_size=32, learning_rate=0.05)
RICH = Recipe(
    epochs=3,
    batch_size=50,  # the last batch is smaller
    learning_rate=0.05,
    nesterov=True,
    schedule="one-cycle",
    weight_decay=1e-4,
    dropout=0.05,
    masks="gaps",
    affine=Affine(),
    bend=0.5,
    label_smoothing=0.1,
    averaging=0.9,
    channels_last=True,
)


def small_pictures() -> Pictures:
    """Return 180 pictures: each labelled sample at four positions."""
    clear = [digit for digit in samples() if digit.label is not None]
    places = [(y, x) for y in (0, 1) for x in (0, 1)]
    pixels = [np.roll(digit.pixels, place, axis=(0, 1)) for place in places for digit in clear]
    labels = [digit.label for _ in places for digit in clear]
    return Pictures(np.stack(pixels), np.array(labels, np.int64))


def live_pictures() -> LivePictures:
    """Return 130 pictures for a small training, and 50 that are held out."""
    every = small_pictures()
    training, held_out = (Pictures(every.pixels[part], every.labels[part]) for part in (slice(130), slice(130, 180)))
    return LivePictures(training, held_out, "the samples")


def small_mnist() -> Images:
    """Return the 180 pictures as a network takes them."""
    every = small_pictures()
    return Images(normalise(every.pixels).to(torch.get_default_dtype()), torch.from_numpy(every.labels))


def use_few_images(patch: pytest.MonkeyPatch) -> None:
    """Make the command use few images and short recipes."""

    def read(split: mnist.Split, device: str, id: str) -> Images:
        return small_mnist()

    for module in (train, runner):
        patch.setattr(module, "read_images", read)
    patch.setattr(mnist, "is_present", lambda _folder=None: True)
    patch.setattr(images, "HELD_OUT", 60)
    patch.setitem(RECIPES, "assignment", PLAIN)
    patch.setitem(RECIPES, "glass", RICH)


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64 if "DOUBLE" in os.environ else torch.float32)
    Path(os.environ["PIDS"], os.environ.get("RANK", "0")).write_text(str(os.getpid()))
    with pytest.MonkeyPatch.context() as patch:
        use_few_images(patch)
        train.main(sys.argv[1:])
        leave()
