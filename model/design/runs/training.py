"""Train a design, step by step: the training engine of the recipes, for a network that exists only as a design."""

import functools
import math
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from model.design.build import graph_of, input_of
from model.design.records import Design
from model.design.runs import kept
from model.design.runs.choices import kind_of_pictures, recipe_of
from model.design.runs.records import Mark, Run, RunChoices, RunProgress
from model.design.text import read
from model.graph.module import NetworkModule
from model.images import mnist, shapes
from model.records import Numbers
from model.records import Pixels as Drawn
from model.training.images import Pixels, Source, judge, split_positions
from model.training.live.pictures import MNIST
from model.training.trainer import Trainer

_CPU = torch.device("cpu")
_MOST_POINTS = 500  # of a curve
_MARKS = 3  # in a run of one epoch, or a part of it


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


def train(
    choices: RunChoices, pictures: RunPictures | None = None, folder: Path | None = None
) -> Iterator[RunProgress]:
    """Train, and yield the progress before the first step and after each step; the finished run is kept.

    It reads and changes no global state. With one version and number of threads of PyTorch, the same choices give the
    same weights bit for bit. It ends early if a loss is not finite; then nothing is kept.

    Args:
        choices: Everything that decides it.
        pictures: By default those of the design, read at the first step.
        folder: Where the run is kept, by default ``kept.folder()``.

    Raises:
        DataError: MNIST is missing or damaged.
        InputError: The design cannot be trained, or the run cannot be kept.
    """
    design, recipe = read(choices.design), recipe_of(choices)
    given = pictures or pictures_of(design)
    trainer = Trainer(recipe, choices.seed, _CPU, make=lambda: NetworkModule(*graph_of(design)))
    curve, marks, judged_at = _Curve(), list[Mark](), _marks_of(choices)
    began = time.monotonic()
    progress = RunProgress(choices, 0, curve.values(), 1, (), len(given.held_out))
    yield progress
    for epoch in range(1, choices.epochs + 1):
        for loss in trainer.steps(epoch, given.training, choices.steps // choices.epochs):
            value = float(loss)
            curve.add(value)
            diverged = not math.isfinite(value)
            if curve.count in judged_at and not diverged:
                found = judge(trainer.evaluation_network(given.training), given.held_out)
                marks.append(Mark(curve.count, curve.mean_since_mark(), found.correct, found.loss))
            progress = replace(
                progress,
                step=curve.count,
                losses=curve.values(),
                group=curve.group,
                marks=tuple(marks),
                seconds=time.monotonic() - began,
                diverged=diverged,
            )
            if progress.finished and not diverged:
                network = trainer.evaluation_network(given.training)
                assert isinstance(network, NetworkModule)  # noqa: S101 (it is made above)
                weights = {key: tensor.contiguous().numpy() for key, tensor in network.author_state_dict().items()}
                id = kept.write(Run("", progress, when=time.time(), setting=_setting(), weights=weights), folder)
                progress = replace(progress, id=id)
            yield progress
            if diverged:
                return


def _marks_of(choices: RunChoices) -> set[int]:
    """Return the steps after which the held-out images judge: the end of each epoch, or thirds of a single one."""
    parts = choices.epochs if choices.epochs > 1 else _MARKS
    return {choices.steps * part // parts for part in range(1, parts + 1)}


def _setting() -> dict[str, object]:
    return {"threads": torch.get_num_threads(), "torch": torch.__version__, "machine": platform.machine()}


class _Curve:
    """The losses so far, as means of groups that grow so that there are never too many."""

    def __init__(self) -> None:
        self.count, self.group = 0, 1
        self._sums: list[float] = []
        self._since: list[float] = []

    def add(self, loss: float) -> None:
        """Add the loss of a step."""
        if self.count % self.group == 0:
            self._sums.append(0.0)
        self._sums[-1] += loss
        self._since.append(loss)
        self.count += 1
        if len(self._sums) == _MOST_POINTS and self.count % self.group == 0:
            self._sums = [a + b for a, b in zip(self._sums[::2], self._sums[1::2], strict=True)]
            self.group *= 2

    def values(self) -> Numbers:
        """Return the mean of each group; the last one may have fewer steps."""
        sizes = np.full(len(self._sums), self.group, np.float64)
        if self._sums:
            sizes[-1] = self.count - self.group * (len(self._sums) - 1)
        return np.asarray(self._sums, np.float64) / sizes

    def mean_since_mark(self) -> float:
        """Return the mean loss since the last call."""
        found, self._since = float(np.mean(self._since)), []
        return found
