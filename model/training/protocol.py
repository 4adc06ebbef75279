"""Protocols: the training images, the epoch to keep, and the evaluation images, all decided before a run."""

import dataclasses
import statistics
from dataclasses import dataclass
from typing import Any

from model.images import mnist, shapes
from model.networks.catalogue import ASSIGNMENT
from model.training.images import HELD_OUT, Images, reads_mnist, split_training
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
        text: The same as text, with gaps for the images.
    """

    holds_out: bool
    keeps_best: bool
    uses_test: bool
    text: str

    def split(self, images: Images) -> tuple[Images, Images | None]:
        """Return the training images, and the held-out images if there are any."""
        return split_training(images) if self.holds_out else (images, None)

    def kept(self, run: Run) -> Epoch:
        """Return the epoch whose weights are the run's result."""
        return run.best if self.keeps_best else run.last

    def words(self, id: str) -> str:
        """Return the rules as text, for the images of a network that comes along."""
        whose, sizes = ("MNIST's", mnist.SIZES) if reads_mnist(id) else ("this project's", shapes.SIZES)
        every, test = sizes["train"], sizes["test"]
        return self.text.format(whose=whose, every=every, test=test, part=every - HELD_OUT, held_out=HELD_OUT)

    @property
    def judged(self) -> str:
        """The name of the images that the accuracy belongs to."""
        return "test" if self.uses_test else "held-out"


_PARTS = "Trained on {part:,} of {whose} {every:,} training images, with {held_out:,} held out"
_ONCE = "the {test:,} test images were looked at once, at the end."

PROTOCOLS = {
    "best": Protocol(
        holds_out=True,
        keeps_best=True,
        uses_test=True,
        text=f"{_PARTS}; the epoch kept is the one with most of these right; {_ONCE}",
    ),
    "search": Protocol(
        holds_out=True,
        keeps_best=False,
        uses_test=False,
        text=f"{_PARTS}; the last epoch is judged by these; the test images were not looked at.",
    ),
    "final": Protocol(
        holds_out=False,
        keeps_best=False,
        uses_test=True,
        text=f"Trained on all {{every:,}} of {{whose}} training images; the last epoch is kept; {_ONCE}",
    ),
}


@dataclass(frozen=True)
class Plan:
    """A planned run: everything that decides it, and its hardware and versions."""

    name: str
    recipe: Recipe
    protocol: str
    setting: dict[str, Any]
    network: str = ASSIGNMENT

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
        """The recipe's name and every choice; the dropout of other networks than the assignment's is in their code."""
        choices = dataclasses.asdict(self.recipe)
        if self.network == ASSIGNMENT:
            return {"name": self.name, **choices}
        del choices["dropout"]
        return {"name": self.name, "network": self.network, **choices}

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
        protocol = {"name": self.protocol, "words": self.rules.words(self.network)}
        return Report(self.described, protocol, self.rules.judged, images, (result,), self.setting)

    def card(self, seed: int, run: Run, test_accuracy: float | None) -> dict[str, Any]:
        """Return the card of a run: everything needed to repeat it, and its results."""
        kept = self.rules.kept(run)
        return {
            "recipe": self.described,
            "seed": seed,
            "protocol": self.rules.words(self.network),
            **self.setting,
            "interrupted": run.interrupted,
            "epochs": [dataclasses.asdict(epoch) for epoch in run.epochs],
            "kept_epoch": kept.number,
            "validation_accuracy": None if kept.validation_correct is None else kept.validation_correct / HELD_OUT,
            "test_accuracy": test_accuracy,
        }
