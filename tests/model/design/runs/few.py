"""A tiny run: a small design on a few pictures, which takes milliseconds."""

from dataclasses import replace
from pathlib import Path

import torch

from model.design.build import input_of
from model.design.kinds import layer
from model.design.records import Design
from model.design.runs import kept
from model.design.runs.choices import choose
from model.design.runs.pictures import RunPictures
from model.design.runs.records import Run, RunChoices
from model.design.runs.training import train
from model.design.text import read
from model.training.images import Pixels
from tests.model.training.few import small_pictures

TINY = read("conv 4 5 stride=2\nrelu\nbn\nconv 10 3 stride=2 bias=no\ngap")
DROPPING = Design((*TINY.layers[:3], layer("dropout2d", p=0.2), layer("dropout", p=0.1), *TINY.layers[3:]))


def pictures() -> RunPictures:
    """Return 130 pictures to train on, and 50 that are held out."""
    every = small_pictures()
    labels = torch.from_numpy(every.labels)
    parts = (slice(130), slice(130, 180))
    training, held_out = (Pixels(every.pixels[part], labels[part], input_of(TINY)) for part in parts)
    return RunPictures(training, held_out)


def choices(design: Design = TINY, recipe: str = "assignment", epochs: int = 2, seed: int = 1) -> RunChoices:
    """Return choices of a run of 3 steps in each epoch, with 50 pictures in each."""
    made = choose(design, recipe, ["batch_size=50"], "full", epochs, seed, long=True)
    return replace(made, steps=3 * epochs)


def finished(folder: Path, asked: RunChoices | None = None) -> Run:
    """Train, and return what was kept."""
    *_, last = train(asked or choices(), pictures(), folder)
    return kept.read(last.id, folder)
