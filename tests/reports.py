"""Reports of training that never was, for tests: seeded numbers in the shape of real ones."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from model.training import alterations, report
from model.training.report import Report, Result

EPOCHS = 19
SEARCH = ("glass-search", "assignment-search")
FINAL = ("glass-final", "assignment-final")
_RATES = {"glass": 0.004, "assignment": 0.0075}  # share of images that are hard
_TRIALS: dict[str, dict[str, Any]] = {
    "dropout-10": {"dropout": 0.1},
    "no-affine": {"affine": None},
    "constant": {"schedule": "constant", "averaging": 0.0},
    "shift-1": {"affine": {"rotation": 10.0, "shear": 5.0, "scale": 0.1, "shift": 1.0}},
}


def made(name: str, seeds: int = 10, epochs: int = EPOCHS, **changed: Any) -> Report:
    """Make a report up, ``glass-final`` or the like, with some choices of its recipe changed."""
    recipe, _, protocol = name.partition("-")
    final = protocol == "final"
    images = 10_000 if final else 5_000
    generator = np.random.default_rng([*name.encode(), len(changed), *str(changed).encode()])
    results = []
    for seed in range(1, seeds + 1):
        wrong = generator.choice(images // 20, int(generator.normal(_RATES[recipe] * images, 4)), replace=False) * 20
        fall = np.exp(-np.arange(epochs) / 3)
        correct = 5_000 * (1 - _RATES[recipe] - 0.02 * fall) + generator.normal(0, 3, epochs)
        correct[-1] = images - len(wrong)
        result = Result(
            seed=seed,
            epoch=epochs,
            mistakes={int(index): int(generator.integers(10)) for index in sorted(wrong)},
            training_loss=(0.05 + 0.3 * fall + generator.normal(0, 0.002, epochs)).round(6).tolist(),
            validation_correct=[] if final else correct.astype(int).tolist(),
            validation_loss=[] if final else (0.02 + 0.1 * fall + generator.normal(0, 0.001, epochs)).tolist(),
            seconds=20.0,
        )
        results.append(result)
    choices = {**alterations.choices(recipe), **changed}
    words = {"name": protocol, "words": "Made up for a test."}
    judged = "test" if final else "held-out"
    return Report(choices, words, judged, images, tuple(results), {"hardware": "a machine that is not there"})


def write(folder: Path, name: str, found: Report) -> None:
    """Write a report under a name of its own."""
    path = folder / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    report.write(path.parent, found)
    (path.parent / report.NAME).rename(path)


def write_all(folder: Path, seeds: int = 10) -> None:
    """Write a report of each kind, and some trials."""
    for name in FINAL:
        write(folder, name, made(name, seeds))
    for name in SEARCH:
        write(folder, name, made(name, min(3, seeds)))
    for key, changed in _TRIALS.items():
        write(folder, f"search/{key}", made("glass-search", 2, **changed))


def without(found: Report, **changed: Any) -> Report:
    """Return a report with something in its first seed's result changed."""
    first, *others = found.results
    return dataclasses.replace(found, results=(dataclasses.replace(first, **changed), *others))
