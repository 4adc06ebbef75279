"""Put the results of ten seeds into the project: ``python -m model.training.publish OURS THEIRS``.

Each argument is a folder written by ``python -m model.training --protocol final --seeds 1-10``. The project ships our
median seed's weights, every snapshot and the logits of the test images, and both reports. The card beside the weights
and docs/training.md then state the seed, the results of all seeds, and whether the two recipes differ.
"""

import argparse
import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from model.errors import GlassError, InputError
from model.mistakes import scores
from model.networks.assignment import weights
from model.training import document, published, report
from model.training.comparison import compare, mcnemar
from model.training.report import Report
from model.training.runner import seed_folder

_PROTOCOL = "final"
_SETTING = ("device", "hardware", "cores", "threads")


def publish(
    ours: Path,
    theirs: Path,
    shipped: Path = weights.SHIPPED,
    kept: Path = published.FOLDER,
    page: Path = document.DOCUMENT,
) -> dict[str, Any]:
    """Ship the weights of our median seed and the reports of both recipes, and update docs/training.md.

    Args:
        ours: Folder with the report of our recipe and a folder for each seed.
        theirs: Folder with the report of the recipe to compare with.
        shipped: Folder for the weights; it replaces those of an earlier run.
        kept: Folder for the reports.
        page: The document that gets the numbers.

    Returns:
        The new card.

    Raises:
        InputError: A report is missing or has another protocol, or the document has no place for the numbers.
        WeightsError: The median seed's weights or logits are missing or damaged.
    """
    reports = [_read(folder) for folder in (ours, theirs)]
    folder = seed_folder(ours, reports[0].median_seed)
    states = {name: weights.load(folder, name).state_dict() for name in weights.read_card(folder)["sha256"]}
    answers = scores.read(folder)
    card = {**weights.read_card(folder), "seeds": _say(*reports)}
    text = document.filled(page, card)
    weights.write(shipped, states, card)
    scores.write(shipped, answers)
    kept.mkdir(parents=True, exist_ok=True)
    for each, source in zip(reports, (ours, theirs), strict=True):
        shutil.copyfile(source / report.NAME, kept / f"{each.recipe['name']}-{_PROTOCOL}.json")
    page.write_text(text, encoding="utf-8")
    return card


def _read(folder: Path) -> Report:
    found = report.read(folder / report.NAME)
    if found.protocol["name"] != _PROTOCOL:
        raise InputError(
            f"The report in '{folder}' has the protocol '{found.protocol['name']}'.",
            f"Only results of the protocol '{_PROTOCOL}' are shipped.",
            f"Train with --protocol {_PROTOCOL}.",
        )
    return found


def _say(ours: Report, theirs: Report) -> dict[str, Any]:
    """Return the results of all seeds of both recipes, in the form of the card."""
    return {
        "chosen": "the median seed of ours by test accuracy, not the best one",
        **{each.recipe["name"]: _summary(each) for each in (ours, theirs)},
        "difference": dataclasses.asdict(compare(ours.right(), theirs.right())),
        "mcnemar_of_the_median_seeds": mcnemar(ours.median_right(), theirs.median_right()),
    }


def _summary(found: Report) -> dict[str, Any]:
    return {
        "median_seed": found.median_seed,
        "test_accuracy": report.summary(found.accuracies),
        "without_disputed_labels": report.summary(found.undisputed_accuracies),
        "seconds_an_epoch": found.seconds,
        **{name: found.setting.get(name) for name in _SETTING},
    }


def main(arguments: list[str] | None = None) -> None:
    """Ship the median seed's weights and the reports of two recipes."""
    parser = argparse.ArgumentParser(prog="python -m model.training.publish", description=main.__doc__)
    parser.add_argument("ours", type=Path, help="folder of the recipe whose weights are shipped")
    parser.add_argument("theirs", type=Path, help="folder of the recipe to compare with")
    options = parser.parse_args(arguments)
    try:
        card = publish(options.ours, options.theirs)
    except GlassError as error:
        sys.exit(f"error: {error}")
    print(json.dumps(card["seeds"], indent=2))


if __name__ == "__main__":
    main()
