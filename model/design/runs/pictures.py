"""The images that runs train on and are judged by, as a design takes them."""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from model.design.build import input_of
from model.design.records import Design
from model.design.runs.choices import kind_of_pictures
from model.images import mnist, shapes
from model.records import Pixels as Drawn
from model.training.images import Pixels, Source, split_positions
from model.training.live.pictures import MNIST


@dataclass(frozen=True, eq=False)
class RunPictures:
    """The images to train on, and those that judge."""

    training: Source
    held_out: Source


def pictures_of(design: Design) -> RunPictures:
    """Return the training images as a design takes them: 5,000 are held out, always the same ones.

    All runs share one copy of the pictures. Drawing the shapes takes 15 seconds, once.

    Raises:
        DataError: They are MNIST's, and the files are missing or damaged.
        InputError: There are no pictures for the design.
    """
    kind = kind_of_pictures(design)
    training, held_out = _parts(kind, mnist.root())
    return RunPictures(_as_taken(design, *training), _as_taken(design, *held_out))


def pictures_to_judge(design: Design) -> Pixels:
    """Return the test images as a design takes them.

    Raises:
        DataError: They are MNIST's, and the files are missing or damaged.
        InputError: There are no pictures for the design.
    """
    return _as_taken(design, *_drawn_or_read(kind_of_pictures(design), "test"))


_Labelled = tuple[Drawn, NDArray[np.int64]]


@functools.lru_cache(maxsize=1)
def _parts(kind: str, _root: Path) -> tuple[_Labelled, _Labelled]:
    pixels, labels = _drawn_or_read(kind, "train")
    training, held_out = (index.numpy() for index in split_positions(len(labels)))
    return (pixels[training], labels[training]), (pixels[held_out], labels[held_out])


def _drawn_or_read(kind: str, split: mnist.Split) -> _Labelled:
    return mnist.read(split) if kind == MNIST else shapes.pictures(split)


def _as_taken(design: Design, pixels: Drawn, labels: NDArray[np.int64]) -> Pixels:
    return Pixels(pixels, torch.from_numpy(np.asarray(labels)), input_of(design))
