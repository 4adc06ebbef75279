"""The published results: read and check the reports in ``model/training/reports``.

``<recipe>-final.json`` holds results on the test images, ``<recipe>-search.json`` on the held-out images, and
``search/`` the trials that led to the recipe. ``model.training.report`` writes each file.
"""

from pathlib import Path
from typing import Any

import numpy as np

from model.errors import InputError
from model.records import Numbers
from model.training import report
from model.training.comparison import compare
from model.training.images import HELD_OUT
from model.training.recipe_changes import changes
from model.training.records import RecipeResult, Trial
from model.training.report import Report

FOLDER = Path(__file__).with_name("reports")
_TRIALS = "search"
_JUDGED = {"final": "test", "search": "held-out"}
_DRAWS = 1_000  # of the bootstrap for each trial


def read(name: str, folder: Path = FOLDER) -> RecipeResult:
    """Read one report.

    Args:
        name: Such as ``glass-final``.
        folder: The folder of the reports.

    Raises:
        InputError: It is missing, not a report, inconsistent, or does not match its name.
    """
    result = _result(folder / f"{name}.json")
    recipe, _, protocol = name.partition("-")
    if (result.name, result.judged) != (recipe, _JUDGED.get(protocol)):
        raise InputError(
            f"The report '{name}.json' has the recipe '{result.name}' and is for the {result.judged} images.",
            f"It must have the recipe '{recipe}' and be for the {_JUDGED.get(protocol)} images.",
            "Restore it with 'git checkout -- model/training/reports'.",
        )
    return result


def is_present(name: str, folder: Path = FOLDER) -> bool:
    """Return whether the file of a report exists."""
    return (folder / f"{name}.json").is_file()


def trial_keys(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the names of the saved trials, sorted; empty if the folder is missing."""
    return tuple(sorted(path.stem for path in (folder / _TRIALS).glob("*.json")))


def read_trial(key: str, base: RecipeResult, folder: Path = FOLDER) -> Trial:
    """Read one trial and compare it with the chosen recipe.

    Args:
        key: One of ``trial_keys``.
        base: The result of the chosen recipe on the same held-out images.
        folder: The folder of the reports.

    Raises:
        InputError: It cannot be read, or is for other images.
    """
    result = _result(folder / _TRIALS / f"{key}.json")
    if result.judged != base.judged:
        raise InputError(
            f"Trial '{key}' is for the {result.judged} images, the recipe for the {base.judged} images.",
            "Trials must be for the held-out images.",
            "Train it with '--protocol search'.",
        )
    found = compare(result.right, base.right, draws=_DRAWS)
    changed = changes(base.recipe, result.recipe)
    losses = result.validation_loss[:, -1:].ravel()
    return Trial(key, changed, result.accuracies, losses, found.difference, found.low, found.high)


def _result(path: Path) -> RecipeResult:
    found = report.read(path)
    try:
        return _checked(found)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"The report '{path}' is inconsistent ({error}).",
            "Every seed must have complete curves, and its mistakes must be among the images.",
            "Restore it with 'git checkout -- model/training/reports', or train again: see 'make train'.",
        ) from error


def _checked(found: Report) -> RecipeResult:
    if not found.results or len({each.seed for each in found.results}) < len(found.results):
        raise ValueError("it has no seed, or the same seed twice")
    if not all(0 <= index < found.images for each in found.results for index in each.mistakes):
        raise ValueError("a mistake is not among the images")
    tested = found.judged == "test"
    held_out = found.images if not tested else HELD_OUT
    return RecipeResult(
        name=str(found.recipe["name"]),
        recipe=dict(found.recipe),
        protocol=str(found.protocol["words"]),
        judged=found.judged,
        seeds=tuple(each.seed for each in found.results),
        median_seed=found.median_seed,
        right=found.right(),
        undisputed=np.asarray([*found.undisputed_accuracies.values()] if tested else [], float),
        held_out=_curves([each.validation_correct for each in found.results]) / held_out,
        training_loss=_curves([each.training_loss for each in found.results]),
        validation_loss=_curves([each.validation_loss for each in found.results]),
        seconds=float(np.median([each.seconds for each in found.results])),
        setting=dict(found.setting),
    )


def _curves(values: list[Any]) -> Numbers:
    """Return curves (n, E); raise an error for lists of different lengths and for values that are not finite."""
    curves: Numbers = np.asarray(values, dtype=float)
    if curves.ndim != 2 or not np.isfinite(curves).all():
        raise ValueError("a curve has a gap")
    return curves
