"""Protocols: the training images, the epoch to keep, and the evaluation images, all decided before a run."""

import dataclasses
import statistics
from dataclasses import dataclass
from typing import Any

from model.training.images import HELD_OUT, Images, split_training
from model.training.loop import Epoch, Run
from model.training.recipe import Recipe
from model.training.report import Report, Result

THREADS = "number of threads"  # its name in a checkpoint


@dataclass(frozen=True)
class Protocol:
    """How a run is evaluated.

    Args:
        holds_out: Whether some training images are held out and evaluate each epoch.
        keeps_best: Whether to keep the epoch that is best on the held-out images; else the last one.
        uses_test: Whether the test images evaluate the kept epoch, once, at the end.
        words: The same as text.
    """

    holds_out: bool
    keeps_best: bool
    uses_test: bool
    words: str

    def split(self, images: Images) -> tuple[Images, Images | None]:
        """Return the training images, and the held-out images if there are any."""
        return split_training(images) if self.holds_out else (images, None)

    def kept(self, run: Run) -> Epoch:
        """Return the epoch whose weights are the run's result."""
        return run.best if self.keeps_best else run.last

    @property
    def judged(self) -> str:
        """The name of the images that the accuracy belongs to."""
        return "test" if self.uses_test else "held-out"


_PARTS = f"Trained on 55,000 of MNIST's 60,000 training images, with {HELD_OUT:,} held out"
_ONCE = "the 10,000 test images were looked at once, at the end."

PROTOCOLS = {
    "best": Protocol(
        holds_out=True,
        keeps_best=True,
        uses_test=True,
        words=f"{_PARTS}; the epoch kept is the one with most of these right; {_ONCE}",
    ),
    "search": Protocol(
        holds_out=True,
        keeps_best=False,
        uses_test=False,
        words=f"{_PARTS}; the last epoch is judged by these; the test images were not looked at.",
    ),
    "final": Protocol(
        holds_out=False,
        keeps_best=False,
        uses_test=True,
        words=f"Trained on all 60,000 of MNIST's training images; the last epoch is kept; {_ONCE}",
    ),
}


@dataclass(frozen=True)
class Plan:
    """A planned run: everything that decides it, and its hardware and versions."""

    name: str
    recipe: Recipe
    protocol: str
    setting: dict[str, Any]

    @property
    def rules(self) -> Protocol:
        """The protocol itself."""
        return PROTOCOLS[self.protocol]

    def identity(self, seed: int) -> dict[str, Any]:
        """Return what a checkpoint must match."""
        return {
            "recipe": self.described,
            "protocol": self.protocol,
            "seed": seed,
            "device": self.setting["device"],
            THREADS: self.setting["threads"],
            "number of processes": self.setting["processes"],
            "version of PyTorch": self.setting["versions"]["torch"],
        }

    @property
    def described(self) -> dict[str, Any]:
        """The recipe's name and every choice."""
        return {"name": self.name, **dataclasses.asdict(self.recipe)}

    def report(self, seed: int, run: Run, mistakes: dict[int, int], images: int) -> Report:
        """Return the report of one seed.

        Args:
            seed: The seed of the run.
            run: A finished run.
            mistakes: The predicted class of each misclassified image, by its position.
            images: The number of evaluation images.
        """
        result = Result(
            seed=seed,
            epoch=self.rules.kept(run).number,
            mistakes=mistakes,
            training_loss=[epoch.training_loss for epoch in run.epochs],
            validation_correct=[each.validation_correct for each in run.epochs if each.validation_correct is not None],
            validation_loss=[each.validation_loss for each in run.epochs if each.validation_loss is not None],
            seconds=statistics.median(epoch.seconds for epoch in run.epochs),
        )
        protocol = {"name": self.protocol, "words": self.rules.words}
        return Report(self.described, protocol, self.rules.judged, images, (result,), self.setting)

    def card(self, seed: int, run: Run, test_accuracy: float | None) -> dict[str, Any]:
        """Return the card of a run: everything needed to repeat it, and its results."""
        kept = self.rules.kept(run)
        return {
            "recipe": self.described,
            "seed": seed,
            "protocol": self.rules.words,
            **self.setting,
            "interrupted": run.interrupted,
            "epochs": [dataclasses.asdict(epoch) for epoch in run.epochs],
            "kept_epoch": kept.number,
            "validation_accuracy": None if kept.validation_correct is None else kept.validation_correct / HELD_OUT,
            "test_accuracy": test_accuracy,
        }
