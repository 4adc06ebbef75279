"""What charts call the runs of designs: no two have one name, and none is lost."""

from pathlib import Path

from model.design.runs.records import Run
from tests.model.design.runs import few
from viz.design.training.figures import named


def test_runs_of_one_name_are_numbered_and_others_are_not(tmp_path: Path) -> None:
    tenth, first = (few.finished(tmp_path, few.choices(epochs=1, seed=seed)) for seed in (10, 1))
    runs: list[tuple[Run, int]] = [(tenth, 472), (first, 472), (first, 480), (first, 472)]
    found = named(runs)
    assert [name.rpartition("seed ")[2] for name in found] == ["10", "1", "1", "1 (2)"]
    assert all(shown is run.progress for shown, (run, _) in zip(found.values(), runs, strict=True))
