"""Reports come back as records that say the same; what is missing, broken or contradicts itself gets a sentence."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import InputError
from model.training import alterations, published, report
from model.training.records import Alteration
from tests import reports

NAMES = (*reports.FINAL, *reports.SEARCH)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    reports.write_all(folder, seeds=4)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_study_says_what_its_file_says(folder: Path, name: str) -> None:
    """The summary at the head of the file is the second witness: it was counted when the file was written."""
    study, head = published.read(name, folder), json.loads((folder / f"{name}.json").read_text())
    assert study.accuracies.tolist() == pytest.approx([*head["accuracy"]["values"].values()], abs=1e-6)
    assert study.median_seed == head["median_seed"]
    assert (study.name, study.judged, study.images) == (head["recipe"]["name"], head["judged"], head["images"])
    correct = [[count / 5_000 for count in each["validation_correct"]] for each in head["results"]]
    assert study.held_out.tolist() == correct
    assert study.training_loss.tolist() == [each["training_loss"] for each in head["results"]]
    if study.judged == "test":
        undisputed = head["accuracy_without_disputed"]["values"].values()
        assert study.undisputed.tolist() == pytest.approx([*undisputed], abs=1e-6)
        assert study.undisputed.tolist() != pytest.approx(study.accuracies.tolist(), abs=1e-6)
        assert study.held_out.shape == (len(study.seeds), 0)
    else:
        assert study.undisputed.size == 0
        assert study.held_out[:, -1].tolist() == pytest.approx(study.accuracies.tolist()), "the last epoch is judged"
        assert study.held_out.mean(axis=1).tolist() != pytest.approx(study.accuracies.tolist())


def test_a_trial_is_the_difference_from_the_recipe_that_was_found(folder: Path) -> None:
    base = published.read("glass-search", folder)
    keys = published.trial_keys(folder)
    assert keys == ("constant", "dropout-10", "no-affine", "shift-1")
    for key in keys:
        trial = published.read_trial(key, base, folder)
        content = json.loads((folder / "search" / f"{key}.json").read_text())
        means = [json.loads((folder / "glass-search.json").read_text()), content]
        own, other = (each["accuracy"]["mean"] for each in means)
        assert trial.difference == pytest.approx(other - own, abs=1e-6), "the trial's less the recipe's"
        assert trial.difference != pytest.approx(own - other, abs=1e-6)
        assert trial.low <= trial.difference <= trial.high
        assert trial.losses.tolist() == [each["validation_loss"][-1] for each in content["results"]]
    assert published.read_trial("shift-1", base, folder).alterations == (Alteration("affine.shift", 2.0, 1.0),)


def test_without_a_folder_there_is_no_trial(tmp_path: Path) -> None:
    assert published.trial_keys(tmp_path) == ()
    assert not published.is_present("glass-final", tmp_path)
    with pytest.raises(InputError, match=r"glass-final\.json' cannot be read as a report"):
        published.read("glass-final", tmp_path)


def test_a_trial_on_other_images_is_refused(folder: Path, tmp_path: Path) -> None:
    reports.write(tmp_path, "search/peeked", reports.made("glass-final", 2))
    with pytest.raises(InputError, match="'peeked' was judged on the test images, the recipe on the held-out images"):
        published.read_trial("peeked", published.read("glass-search", folder), tmp_path)


@pytest.mark.parametrize("other", ["glass-search", "assignment-final"])
def test_a_report_of_another_name_is_refused(other: str, tmp_path: Path) -> None:
    reports.write(tmp_path, "glass-final", reports.made(other, 2))
    with pytest.raises(InputError, match=r"It must be of 'glass', judged on the test images\."):
        published.read("glass-final", tmp_path)


GOOD = reports.made("glass-search", 2)
BROKEN: dict[str, report.Report] = {
    "no seed": dataclasses.replace(GOOD, results=()),
    "a seed twice": dataclasses.replace(GOOD, results=(GOOD.results[0], GOOD.results[0])),
    "a ragged curve": reports.without(GOOD, validation_correct=[1, 2]),
    "words in a curve": reports.without(GOOD, training_loss=["much"] * reports.EPOCHS),
    "a loss that is no number": reports.without(GOOD, validation_loss=[float("nan")] * reports.EPOCHS),
    "a mistake outside": reports.without(GOOD, mistakes={5_000: 1}),
    "a mistake before the first": reports.without(GOOD, mistakes={-1: 1}),
    "a recipe without a name": dataclasses.replace(GOOD, recipe={"epochs": 3}),
    "a recipe of no kind": dataclasses.replace(GOOD, recipe=None),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("why", BROKEN)
def test_what_contradicts_itself_gets_a_sentence(why: str, tmp_path: Path) -> None:
    content: dict[str, Any] = dataclasses.asdict(BROKEN[why])
    (tmp_path / "glass-search.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="contradicts itself") as caught:
        published.read("glass-search", tmp_path)
    assert "git checkout -- model/training/reports" in str(caught.value)


def test_what_ships_can_be_read() -> None:
    """None of it need be there; what is there is whole, and stands for the recipe that it is named after."""
    present = [name for name in NAMES if published.is_present(name)]
    for name in present:
        study = published.read(name)
        recipe, _, protocol = name.partition("-")
        assert study.name == recipe
        assert study.judged == ("test" if protocol == "final" else "held-out")
        assert alterations.alterations(alterations.choices(recipe), study.recipe) == ()
    if "glass-search" in present:
        base = published.read("glass-search")
        trials = [published.read_trial(key, base) for key in published.trial_keys()]
        assert all(np.isfinite(trial.difference) for trial in trials)
    assert {path.suffix for path in published.FOLDER.rglob("*") if path.is_file()} <= {".json"}
