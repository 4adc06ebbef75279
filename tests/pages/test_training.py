"""The training page in Streamlit's simulator: with results, without, with damaged ones, and every block."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model import trace
from model.images.digits import find, to_input
from model.networks.assignment import weights
from model.training import published, snapshots
from tests import reports
from tests.pages.conftest import as_read, assert_works, charts, component, run, said, shown
from viz.training import cache

PAGE = "training"
FOLDED = (
    "Why a peak is too optimistic",
    "Loss",
    "The best epoch or the last?",
    "Is the difference chance?",
    "Disputed labels",
)
VIEWS = ("curves", "epochs", "recipe")
ROWS = snapshots.block_rows(trace.record(weights.load(), to_input(find("project-3a"))))
each_view = pytest.mark.parametrize("view", VIEWS)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Make the app read made-up reports. The caches know reports by their paths, so they stay."""
    reports.write_all(tmp_path, seeds=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published, "FOLDER", tmp_path)
        yield tmp_path


@pytest.fixture
def nothing(tmp_path: Path) -> Iterator[None]:
    """Make the app find no report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published, "FOLDER", tmp_path)
        yield


def unfolded(app: AppTest) -> AppTest:
    """Open every part of the curves that is folded at first."""
    for title in FOLDED:
        app.session_state[f"folded-{title}"] = True
    return app.run()


def notes(app: AppTest) -> list[str]:
    return [str(each.value) for each in app.info]


@pytest.mark.slow(reason="resamples 10,000 times")
def test_curves_view_has_the_numbers_of_the_reports(folder: Path) -> None:
    app = run(PAGE)
    assert_works(app, "Training")
    assert {*charts(app)} == {"accuracy-by-epoch"}
    assert [each.label for each in app.expander if each.label in FOLDED] == [*FOLDED]
    unfolded(app)
    assert_works(app, "Training")
    assert notes(app) == []
    for name in reports.FINAL:
        head = json.loads((folder / f"{name}.json").read_text())
        assert f"mean **{100 * head['accuracy']['mean']:.2f}\xa0%**" in said(app)
    assert {*charts(app)} == {"accuracy-by-epoch", "loss-by-epoch", "every-seed", "right-by-one-alone"}
    assert "McNemar" in said(app)
    assert "the label of 15 test images" in said(app)
    assert "**99.26\xa0%**" in said(app)


def test_recipe_view_has_each_part_and_the_log(folder: Path) -> None:
    app = run(PAGE, train_view="recipe")
    assert_works(app, "Training")
    assert any("dropout: 0.1 instead of 0.03" in text for text in charts(app)["effect-of-each-part"].data[-1].text)
    for path in (folder / "search").iterdir():
        assert f'<th scope="row">{path.stem}</th>' in shown(app)
    assert "The assignment's recipe keeps 0.1 in all steps." in said(app)


@each_view
@pytest.mark.usefixtures("nothing")
def test_page_without_results_shows_the_rest(view: str) -> None:
    app = run(PAGE, train_view=view)
    assert_works(app, "Training")
    if view == "epochs":
        assert component(app, "epoch_player")["epochs"]
        return
    assert all("do not exist yet" in each for each in notes(app))
    assert len(notes(app)) == {"curves": 2, "recipe": 1}[view]
    assert all(f"'model/training/reports/{recipe}-search.json'" in notes(app)[0] for recipe in ("glass", "assignment"))
    assert ("accuracy-by-epoch" if view == "curves" else "learning-rate") in charts(app)


@pytest.mark.parametrize("name", reports.FINAL)
def test_page_with_one_result_of_two(name: str, folder: Path) -> None:
    (folder / f"{name}.json").unlink()
    app = unfolded(run(PAGE))
    assert_works(app, "Training")
    assert [name in each for each in notes(app)] == [True]
    assert sum(trace.type == "bar" for trace in charts(app)["every-seed"].data) == 2
    assert "The paired test needs the results of both recipes." in said(app)


@pytest.mark.parametrize("content", ["", "[]", '{"results": []}'])
def test_broken_report_is_a_warning_and_the_rest_shows(content: str, folder: Path) -> None:
    (folder / "glass-final.json").write_text(content)
    app = unfolded(run(PAGE))
    assert not app.exception
    assert [each.value.endswith("Its results are left out here.") for each in app.warning] == [True]
    assert sum(trace.type == "bar" for trace in charts(app)["every-seed"].data) == 2


def test_broken_trial_is_a_warning_and_the_others_show(folder: Path) -> None:
    (folder / "search" / "shift-1.json").write_text("{}")
    reports.write(folder, "search/peeked", reports.made("glass-final", 2))
    app = run(PAGE, train_view="recipe")
    assert not app.exception
    assert [each.value.endswith("This trial is left out.") for each in app.warning] == [True, True]
    texts = charts(app)["effect-of-each-part"].data[-1].text
    assert any("dropout: 0.1 instead of 0.03" in text for text in texts)
    assert not any("shift, pixels" in text for text in texts)


@pytest.mark.parametrize("other", ["assignment-search", "glass-final"])
def test_report_with_the_wrong_name_is_left_out(other: str, folder: Path) -> None:
    reports.write(folder, "assignment-final", reports.made(other, 2))
    app = unfolded(run(PAGE))
    assert not app.exception
    (warning,) = app.warning
    assert "'assignment-final.json' has the recipe" in warning.value
    assert sum(trace.type == "bar" for trace in charts(app)["every-seed"].data) == 2


@pytest.mark.slow(reason="resamples 10,000 times")
def test_replaced_report_is_read_again(folder: Path) -> None:
    app = unfolded(run(PAGE))
    before = said(app)
    reports.write(folder, "glass-final", reports.made("glass-final", 7))
    app.run()
    assert_works(app, "Training")
    assert "n = 7" in said(app)
    assert "n = 7" not in before


def test_results_of_another_recipe_are_a_warning(folder: Path) -> None:
    reports.write(folder, "glass-final", reports.made("glass-final", 2, dropout=0.2))
    app = run(PAGE, train_view="recipe")
    assert not app.exception
    (warning,) = app.warning
    assert "'model/training/reports/glass-final.json' was measured with another recipe" in warning.value


KINDS_OF_BLOCK = {"Conv2d-1", "MaxPool2d-10", "Conv2d-23"}  # one input map, no kernel, no batch norm


@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=[] if row in KINDS_OF_BLOCK else [pytest.mark.exhaustive]) for row in ROWS]
)
@pytest.mark.parametrize("scale", ["layer", "map"])
def test_epochs_view_of_every_block(row: str, scale: str) -> None:
    app = run(PAGE, train_view="epochs", digit="project-4or9", row=row, epoch="2", scale=scale)
    assert_works(app, "Training")
    found = snapshots.block_history(snapshots.read_snapshots(), to_input(find("project-4or9")), row)
    given = component(app, "epoch_player")
    assert given["epochs"] == [*found.epochs]
    assert given["epochs"][given["at"]] == 2
    assert given["predictions"] == found.predictions.tolist()
    assert len(given["panels"]) == (1 if found.kernels is None else 2)
    assert len(given["statistics"]) == (4 if found.norm else 0)
    assert "Download every number" in "".join(each.proto.label for each in app.get("download_button"))


def test_epochs_view_defaults_to_the_last_epoch_and_the_block_of_a_step() -> None:
    app = run(PAGE, train_view="epochs", row="Dropout-9", channel="5")
    assert_works(app, "Training")
    given = component(app, "epoch_player")
    assert given["at"] == len(given["epochs"]) - 1
    assert app.selectbox("widget-row").value == "Conv2d-7"
    assert app.selectbox("widget-channel").value == "5"


@pytest.mark.slow(reason="opens views with empty caches")
def test_damaged_snapshot_is_an_error_and_other_views_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(weights.SHIPPED, folder)
    path = folder / "epoch-03.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    healthy = snapshots.read_snapshots
    monkeypatch.setattr(cache, "read_snapshots", lambda: healthy(folder))
    app = run(PAGE, train_view="epochs")
    assert not app.exception
    assert "are not the ones that were trained" in app.error[0].value
    app.query_params["train_view"] = "recipe"
    assert_works(app.run(), "Training")


@pytest.mark.slow(reason="opens views with empty caches")
@each_view
def test_every_view_works_without_mnist(view: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path / "empty"))
    assert_works(run(PAGE, train_view=view), "Training")


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        pytest.param("train_view", "secret", "curves", marks=[pytest.mark.slow(reason="resamples 10,000 times")]),
        ("epoch", "0", "last"),
        ("epoch", "99", "last"),
        ("epoch", "1.5", "last"),
        ("epoch", "<b>", "last"),
        ("row", "Conv2d-99", "Conv2d-23"),
        ("channel", "99", "0"),
        ("scale", "none", "layer"),
    ],
)
def test_unknown_value_is_a_warning_and_the_default(name: str, value: str, default: str) -> None:
    app = run(PAGE, **{"train_view": "epochs", name: value})
    assert not app.exception
    sentence = as_read(app.warning[0].value)
    assert sentence.startswith(f"The link asks for {name} '{value}'. It can be ")
    last = str(component(app, "epoch_player")["epochs"][-1]) if name == "epoch" else ""
    assert sentence.endswith(f"Showing {last if default == 'last' else default} instead.")
