"""What is learned from, which epoch is judged, and by which images: decided before a run, never after it."""

import dataclasses
import statistics
from dataclasses import dataclass
from typing import Any

from model.training.images import HELD_OUT, Images, split_training
from model.training.loop import Epoch, Run
from model.training.recipe import Recipe
from model.training.report import Report, Result

THREADS = "number of threads"  # as a checkpoint has it


@dataclass(frozen=True)
class Protocol:
    """How a run is judged.

    Args:
        holds_out: Whether some training images are kept back, and each epoch judged by them.
        keeps_best: Whether the epoch that is kept is the one best on these; else it is the last.
        looks_at_test: Whether the kept epoch is judged on the test images, once, at the end.
        words: The same for a person.
    """

    holds_out: bool
    keeps_best: bool
    looks_at_test: bool
    words: str

    def split(self, images: Images) -> tuple[Images, Images | None]:
        """Return what to learn from, and what is held out if anything is."""
        return split_training(images) if self.holds_out else (images, None)

    def kept(self, run: Run) -> Epoch:
        """Return the epoch whose weights are the run's result."""
        return run.best if self.keeps_best else run.last

    @property
    def judged(self) -> str:
        """Which images the accuracy is of."""
        return "test" if self.looks_at_test else "held-out"


_PARTS = f"Trained on 55,000 of MNIST's 60,000 training images, with {HELD_OUT:,} held out"
_ONCE = "the 10,000 test images were looked at once, at the end."

PROTOCOLS = {
    "best": Protocol(
        holds_out=True,
        keeps_best=True,
        looks_at_test=True,
        words=f"{_PARTS}; the epoch kept is the one with most of these right; {_ONCE}",
    ),
    "search": Protocol(
        holds_out=True,
        keeps_best=False,
        looks_at_test=False,
        words=f"{_PARTS}; the last epoch is judged by these; the test images were not looked at.",
    ),
    "final": Protocol(
        holds_out=False,
        keeps_best=False,
        looks_at_test=True,
        words=f"Trained on all 60,000 of MNIST's training images; the last epoch is kept; {_ONCE}",
    ),
}


@dataclass(frozen=True)
class Plan:
    """A run that is to be: everything that decides it, and the setting that it happens in."""

    name: str
    recipe: Recipe
    protocol: str
    setting: dict[str, Any]

    @property
    def rules(self) -> Protocol:
        """The protocol itself."""
        return PROTOCOLS[self.protocol]

    def told(self, seed: int) -> dict[str, Any]:
        """Return what a checkpoint has to agree with."""
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
            seed: Of the run.
            run: Finished.
            mistakes: What was read in place of the label, by position.
            images: How many were read.
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
        """Return the card of a run: everything needed to train it again, and what came of it."""
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
