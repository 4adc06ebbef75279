"""What training came to: the reports that ship in ``model/training/reports``, read and checked.

``<recipe>-final.json`` is judged once on the test images, ``<recipe>-search.json`` on the held-out ones, and
``search/`` holds the trials that led to the recipe. Each is a report as ``model.training.report`` writes it.
"""

from pathlib import Path
from typing import Any

import numpy as np

from model.errors import InputError
from model.records import Numbers
from model.training import report
from model.training.alterations import alterations
from model.training.comparison import compare
from model.training.images import HELD_OUT
from model.training.records import Study, Trial
from model.training.report import Report

FOLDER = Path(__file__).with_name("reports")
_TRIALS = "search"
_JUDGED = {"final": "test", "search": "held-out"}
_DRAWS = 1_000  # of the bootstrap, for each trial


def read(name: str, folder: Path = FOLDER) -> Study:
    """Read one report.

    Args:
        name: ``glass-final`` or the like.
        folder: Where the reports lie.

    Raises:
        InputError: It is not there, is no report, contradicts itself, or holds another one than its name says.
    """
    study = _study(folder / f"{name}.json")
    recipe, _, protocol = name.partition("-")
    if (study.name, study.judged) != (recipe, _JUDGED.get(protocol)):
        raise InputError(
            f"The report '{name}.json' is of the recipe '{study.name}', judged on the {study.judged} images.",
            f"It must be of '{recipe}', judged on the {_JUDGED.get(protocol)} images.",
            "Restore it with 'git checkout -- model/training/reports'.",
        )
    return study


def is_present(name: str, folder: Path = FOLDER) -> bool:
    """Tell whether a report is there, whole or not."""
    return (folder / f"{name}.json").is_file()


def trial_keys(folder: Path = FOLDER) -> tuple[str, ...]:
    """Name the trials that were kept, in the order of their names; none where there is no such folder."""
    return tuple(sorted(path.stem for path in (folder / _TRIALS).glob("*.json")))


def read_trial(key: str, base: Study, folder: Path = FOLDER) -> Trial:
    """Read one trial and hold it against the recipe that was found.

    Args:
        key: One of ``trial_keys``.
        base: The recipe that was found, judged on the same held-out images.
        folder: Where the reports lie.

    Raises:
        InputError: It cannot be read, or was judged on other images.
    """
    study = _study(folder / _TRIALS / f"{key}.json")
    if study.judged != base.judged:
        raise InputError(
            f"Trial '{key}' was judged on the {study.judged} images, the recipe on the {base.judged} images.",
            "Trials must be judged on the held-out images.",
            "Train it with '--protocol search'.",
        )
    found = compare(study.right, base.right, draws=_DRAWS)
    changed = alterations(base.recipe, study.recipe)
    losses = study.validation_loss[:, -1:].ravel()
    return Trial(key, changed, study.accuracies, losses, found.difference, found.low, found.high)


def _study(path: Path) -> Study:
    found = report.read(path)
    try:
        return _checked(found)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"The report '{path}' contradicts itself ({error}).",
            "Every seed must have whole curves, and mistakes among the images.",
            "Restore it with 'git checkout -- model/training/reports', or train again: see 'make train'.",
        ) from error


def _checked(found: Report) -> Study:
    if not found.results or len({each.seed for each in found.results}) < len(found.results):
        raise ValueError("it has no seed, or one twice")
    if not all(0 <= index < found.images for each in found.results for index in each.mistakes):
        raise ValueError("a mistake lies outside the images")
    tested = found.judged == "test"
    held_out = found.images if not tested else HELD_OUT
    return Study(
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
    """Return curves (n, E); a ragged list, or a value that is no number, is an error."""
    curves: Numbers = np.asarray(values, dtype=float)
    if curves.ndim != 2 or not np.isfinite(curves).all():
        raise ValueError("a curve has a gap")
    return curves
