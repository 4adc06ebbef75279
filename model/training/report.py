"""What came of one seed or of many: every value, their mean and spread, and every mistake."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model.errors import InputError

NAME = "report.json"

# Test images whose label most of five raters did not confirm.
# Source: Northcutt, Athalye, Mueller, "Pervasive Label Errors in Test Sets", NeurIPS 2021.
DISPUTED = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)


@dataclass(frozen=True)
class Result:
    """What one seed came to, at the epoch that its protocol judges.

    Args:
        seed: Of the run.
        epoch: That was judged.
        mistakes: What was read in place of the label, by the position of the image.
        training_loss: Of each epoch, the mean over its batches as they were trained.
        validation_correct: Held-out images right after each epoch; empty where none were held out.
        validation_loss: Mean cross-entropy of these after each epoch; empty where none were held out.
        seconds: Of a middling epoch.
    """

    seed: int
    epoch: int
    mistakes: dict[int, int]
    training_loss: list[float] = field(default_factory=list)
    validation_correct: list[int] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """Results of one recipe under one protocol.

    Args:
        recipe: Its name and every choice.
        protocol: Its name, and in words.
        judged: Which images: ``test`` or ``held-out``.
        images: How many.
        results: One a seed.
        setting: Hardware, threads, processes and versions.
    """

    recipe: dict[str, Any]
    protocol: dict[str, str]
    judged: str
    images: int
    results: tuple[Result, ...]
    setting: dict[str, Any]

    @property
    def accuracies(self) -> dict[int, float]:
        """The share of images right, by seed."""
        return {each.seed: (self.images - len(each.mistakes)) / self.images for each in self.results}

    @property
    def undisputed_accuracies(self) -> dict[int, float]:
        """The share of test images right, by seed, where the 15 disputed labels do not count."""
        left = self.images - len(DISPUTED)
        return {each.seed: (left - len(each.mistakes.keys() - {*DISPUTED})) / left for each in self.results}

    @property
    def median_seed(self) -> int:
        """The seed in the middle; of an even number, the worse of the two in the middle."""
        order = sorted(self.results, key=lambda each: (-len(each.mistakes), each.seed))
        return order[(len(order) - 1) // 2].seed

    @property
    def seconds(self) -> float:
        """Of a middling epoch of a middling seed."""
        return round(statistics.median(each.seconds for each in self.results), 1)

    def right(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Return which images each seed got right, (seeds, images)."""
        right = np.ones((len(self.results), self.images), dtype=bool)
        for row, each in zip(right, self.results, strict=True):
            row[[*each.mistakes]] = False
        return right

    def median_right(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return which images the median seed got right, (images,)."""
        place = [each.seed for each in self.results].index(self.median_seed)
        row: np.ndarray[tuple[int], np.dtype[np.bool_]] = self.right()[place]
        return row


def join(reports: Sequence[Report]) -> Report:
    """Put reports of single seeds together, in the order of the seeds."""
    results = sorted((each for report in reports for each in report.results), key=lambda each: each.seed)
    first = reports[0]
    return Report(first.recipe, first.protocol, first.judged, first.images, tuple(results), first.setting)


def summary(accuracies: dict[int, float]) -> dict[str, Any]:
    """Return mean, standard deviation (of a sample; None for one value), n, and every seed's value."""
    values = [*accuracies.values()]
    return {
        "mean": round(statistics.fmean(values), 6),
        "standard_deviation": round(statistics.stdev(values), 6) if len(values) > 1 else None,
        "n": len(values),
        "values": {str(seed): round(value, 6) for seed, value in accuracies.items()},
    }


def say(report: Report) -> str:
    """Say mean, spread and n in a line."""
    found = summary(report.accuracies)
    spread = f" +- {found['standard_deviation']:.3%}" if found["n"] > 1 else ""
    name, protocol = report.recipe["name"], report.protocol["name"]
    return f"{name}, {protocol}: {report.judged} accuracy {found['mean']:.3%}{spread}, n = {found['n']}"


def write(folder: Path, report: Report) -> None:
    """Write a report, the summary first."""
    disputed = {"accuracy_without_disputed": summary(report.undisputed_accuracies)} if report.judged == "test" else {}
    content = {
        "accuracy": summary(report.accuracies),
        **disputed,
        "median_seed": report.median_seed,
        "seconds_an_epoch": report.seconds,
        **asdict(report),
    }
    unfinished = folder / f"{NAME}.part"
    unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(folder / NAME)


def read(path: Path) -> Report:
    """Read a report.

    Raises:
        InputError: It is not there, or is none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        results = tuple(
            Result(**{**each, "mistakes": {int(index): read for index, read in each["mistakes"].items()}})
            for each in content["results"]
        )
        names = ("recipe", "protocol", "judged", "images", "setting")
        return Report(results=results, **{name: content[name] for name in names})
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"'{path}' cannot be read as a report ({error}).",
            "python -m model.training writes them.",
            "Give another file.",
        ) from error


def setting(device: str, processes: int) -> dict[str, Any]:
    """Describe where this runs: what may change a number or a second."""
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else _processor()
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    return {
        "device": device,
        "hardware": name,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "processes": processes,
        "versions": versions,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []  # only Linux tells there
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
