"""Reports compared with NumPy, with and without the disputed labels."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import InputError
from model.training import report
from model.training.report import DISPUTED, Report, Result

MISTAKES = {1: {0: 3, 947: 2, 9729: 1}, 2: {5: 5}, 3: {1: 1, 2: 2, 3: 3, 4: 4}, 4: {947: 8, 6: 6}}


def made(judged: str = "test", seeds: tuple[int, ...] = (1, 2, 3, 4)) -> Report:
    results = tuple(Result(seed, 19, MISTAKES[seed], seconds=20.0 + seed) for seed in seeds)
    return Report({"name": "glass"}, {"name": "final", "words": "..."}, judged, 10_000, results, {"threads": 2})


def test_summary_equals_numpy() -> None:
    found = report.summary(made().accuracies)
    values = np.array([9997, 9999, 9996, 9998]) / 10_000
    assert [*found["values"].values()] == pytest.approx(values)
    assert found["mean"] == pytest.approx(np.mean(values), abs=1e-6)
    assert found["standard_deviation"] == pytest.approx(np.std(values, ddof=1), abs=1e-6)
    assert found["standard_deviation"] != pytest.approx(np.std(values), abs=1e-6)
    assert found["n"] == 4


def test_summary_of_one_value_has_no_deviation() -> None:
    assert report.summary(made(seeds=(2,)).accuracies)["standard_deviation"] is None


def test_undisputed_accuracies_ignore_disputed_labels() -> None:
    found = made().undisputed_accuracies
    assert len({*DISPUTED}) == 15
    assert found == pytest.approx({1: 9984 / 9985, 2: 9984 / 9985, 3: 9981 / 9985, 4: 9984 / 9985})


@pytest.mark.parametrize(("seeds", "median"), [((1, 2, 3), 1), ((1, 2, 3, 4), 1), ((2,), 2), ((2, 4), 4)])
def test_median_seed_is_the_middle_or_the_worse_of_two(seeds: tuple[int, ...], median: int) -> None:
    assert made(seeds=seeds).median_seed == median


def test_right_is_the_complement_of_the_mistakes() -> None:
    right = made().right()
    assert right.shape == (4, 10_000)
    assert [np.flatnonzero(~row).tolist() for row in right] == [sorted(mistakes) for mistakes in MISTAKES.values()]


def test_join_sorts_by_seed() -> None:
    assert report.join([made(seeds=(seed,)) for seed in (3, 1, 4, 2)]) == made()


def test_read_returns_the_written_report(tmp_path: Path) -> None:
    report.write(tmp_path, made())
    assert report.read(tmp_path / report.NAME) == made()
    content = json.loads((tmp_path / report.NAME).read_text())
    assert content["accuracy"] == report.summary(made().accuracies)
    assert content["accuracy_without_disputed"] == report.summary(made().undisputed_accuracies)
    assert (content["seconds_an_epoch"], content["median_seed"]) == (22.5, 1)
    assert [path.name for path in tmp_path.iterdir()] == [report.NAME]


def test_held_out_report_has_no_disputed_labels(tmp_path: Path) -> None:
    report.write(tmp_path, made("held-out"))
    assert "accuracy_without_disputed" not in json.loads((tmp_path / report.NAME).read_text())


NO_REPORTS = [None, "no JSON", "[]", "{}", '{"results": [{"seed": 1}]}', '{"results": 5}', "[" * 200_000]


@pytest.mark.parametrize("content", NO_REPORTS, ids=lambda content: str(content)[:30])
def test_read_refuses_other_files(content: Any, tmp_path: Path) -> None:
    path = tmp_path / report.NAME
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=r"report\.json' cannot be read as a report"):
        report.read(path)


def test_say_has_mean_deviation_and_n() -> None:
    assert report.say(made()) == "glass, final: test accuracy 99.975% +- 0.013%, n = 4"
    assert report.say(made(seeds=(2,))) == "glass, final: test accuracy 99.990%, n = 1"


def test_setting_names_hardware_threads_and_versions() -> None:
    setting = report.setting("cpu", 2)
    assert (setting["device"], setting["processes"]) == ("cpu", 2)
    assert setting["hardware"]
    assert setting["versions"].keys() == {"python", "torch", "numpy"}
