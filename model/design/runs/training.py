"""Train a design, step by step: the training engine of the recipes, for a network that exists only as a design."""

import math
import platform
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.design.build import graph_of, network_of
from model.design.runs import kept
from model.design.runs.choices import recipe_of
from model.design.runs.curve import Curve
from model.design.runs.pictures import RunPictures, pictures_of
from model.design.runs.records import Mark, Run, RunChoices, RunProgress
from model.design.text import read
from model.errors import InputError
from model.graph.module import NetworkModule
from model.training.images import judge
from model.training.live.fresh import USUAL_BATCH, suited
from model.training.trainer import Trainer

_CPU = torch.device("cpu")
MOST_SECONDS = 600  # of a run for which others wait, on one core
_MARKS = 3  # in a run of one epoch, or a part of it


def train(
    choices: RunChoices, pictures: RunPictures | None = None, folder: Path | None = None
) -> Iterator[RunProgress]:
    """Train, and yield the progress before the first step and after each step; the finished run is kept.

    It reads and changes no global state. With one version and number of threads of PyTorch, the same choices give the
    same weights bit for bit; so a run that is kept is not trained again, and one of several epochs goes on after the
    last epoch that was finished. It ends early if a loss is not finite; then nothing is kept.

    Args:
        choices: Everything that decides it.
        pictures: By default those of the design, read at the first step.
        folder: Where the run is kept, by default ``kept.folder()``.

    Raises:
        DataError: MNIST is missing or damaged.
        InputError: The design cannot be trained, or takes too long, or the run cannot be kept.
    """
    before = kept.find(choices, folder)
    if before is not None:
        yield before.progress
        return
    check_time(choices)
    training = _Training(choices, pictures or pictures_of(read(choices.design)), folder)
    yield training.progress
    training.go_on()
    for epoch in range(training.epochs_done + 1, choices.epochs + 1):
        for loss in training.trainer.steps(epoch, training.given.training, choices.steps // choices.epochs):
            yield training.reached(float(loss))
            if training.progress.diverged:
                return
            training.go_on()


def check_time(choices: RunChoices) -> None:
    """Refuse a run that would keep others waiting for long; a full one is only allowed where that does not matter.

    Raises:
        InputError: It takes too long here, has no gradient, or too many parameters.
    """
    if choices.length == "full":
        return
    one = suited(network_of(read(choices.design)))
    seconds = one.seconds / USUAL_BATCH * choices.images
    if seconds > MOST_SECONDS:
        raise InputError(
            f"This run takes about {seconds / 60:.0f} minutes here.",
            f"It may take {MOST_SECONDS // 60}, for others wait meanwhile.",
            "Make the design smaller, or train it for 300 steps.",
        )


class _Training:
    """A run while it goes on: its trainer, its curves, and what is kept of it."""

    def __init__(self, choices: RunChoices, given: RunPictures, folder: Path | None) -> None:
        design = read(choices.design)
        self.choices, self.given, self.folder = choices, given, folder
        self.trainer = Trainer(recipe_of(choices), choices.seed, _CPU, make=lambda: NetworkModule(*graph_of(design)))
        self.progress = RunProgress(choices, 0, np.zeros(0), 1, (), len(given.held_out))
        saved = kept.find(choices, folder, kept.UNFINISHED)
        if saved is not None:
            self.trainer.restore({key: torch.from_numpy(values.copy()) for key, values in saved.weights.items()})
            self.progress = replace(saved.progress, id="")
        self.curve = Curve(self.progress)
        self._marks, self._since = _marks_of(choices), time.monotonic()

    @property
    def epochs_done(self) -> int:
        """How many epochs were finished before."""
        return self.progress.step * self.choices.epochs // self.choices.steps

    def go_on(self) -> None:
        """Note that a step begins: between two steps the run may have been paused."""
        self._since = time.monotonic()

    def reached(self, loss: float) -> RunProgress:
        """Note the loss of a step; judge and keep where it is time for that."""
        self.curve.add(loss)
        step, diverged, marks = self.curve.count, not math.isfinite(loss), self.progress.marks
        if step in self._marks and not diverged:
            found = judge(self.trainer.evaluation_network(self.given.training), self.given.held_out)
            marks = (*marks, Mark(step, self.curve.mean_since_mark(), found.correct, found.loss))
        self.progress = replace(
            self.progress,
            step=step,
            losses=self.curve.values(),
            group=self.curve.group,
            marks=marks,
            seconds=self.progress.seconds + time.monotonic() - self._since,
            diverged=diverged,
        )
        if self.progress.finished and not diverged:
            self._keep()
        elif step in self._marks and self.choices.epochs > 1:
            self._keep_state()
        return self.progress

    def _keep(self) -> None:
        network = self.trainer.evaluation_network(self.given.training)
        assert isinstance(network, NetworkModule)  # noqa: S101 (it is made above)
        weights = _as_arrays(network.author_state_dict())
        id = kept.write(Run("", self.progress, when=time.time(), setting=_setting(), weights=weights), self.folder)
        kept.forget_unfinished(self.choices, self.folder)
        self.progress = replace(self.progress, id=id)

    def _keep_state(self) -> None:
        run = Run("", self.progress, when=time.time(), weights=_as_arrays(self.trainer.state()))
        kept.write(run, self.folder, kept.UNFINISHED)


def _as_arrays(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    return {key: tensor.contiguous().numpy() for key, tensor in tensors.items()}


def _marks_of(choices: RunChoices) -> set[int]:
    """Return the steps after which the held-out images judge: the end of each epoch, or thirds of a single one."""
    parts = choices.epochs if choices.epochs > 1 else _MARKS
    return {choices.steps * part // parts for part in range(1, parts + 1)}


def _setting() -> dict[str, object]:
    return {"threads": torch.get_num_threads(), "torch": torch.__version__, "machine": platform.machine()}
