"""The training page in Streamlit's own simulator: with results, without, with broken ones, and every block."""

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model import trace
from model.images.digits import find, to_input
from model.networks.assignment import weights
from model.training import published, snapshots
from tests import reports
from tests.pages.conftest import as_read, assert_works, charts, component, run, said, shown

PAGE = "training"
VIEWS = ("curves", "epochs", "recipe")
ROWS = snapshots.rows(trace.record(weights.load(), to_input(find("project-3a"))))
each_view = pytest.mark.parametrize("view", VIEWS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the app read reports that were made up."""
    reports.write_all(tmp_path, seeds=4)
    monkeypatch.setattr(published, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the app find no report."""
    monkeypatch.setattr(published, "FOLDER", tmp_path)


def notes(app: AppTest) -> list[str]:
    return [str(each.value) for each in app.info]


def test_curves_say_what_the_reports_say(folder: Path) -> None:
    app = run(PAGE)
    assert_works(app, "Training")
    assert notes(app) == []
    for name in reports.FINAL:
        head = json.loads((folder / f"{name}.json").read_text())
        assert f"mean **{100 * head['accuracy']['mean']:.2f}\xa0%**" in said(app)
    assert {*charts(app)} == {"accuracy-by-epoch", "loss-by-epoch", "every-seed", "right-by-one-alone"}
    assert "McNemar" in said(app)
    assert "Of 15 test images" in said(app)
    assert "**99.26\xa0%**" in said(app)


def test_the_recipe_shows_each_part_and_the_log(folder: Path) -> None:
    app = run(PAGE, train_view="recipe")
    assert_works(app, "Training")
    assert any("dropout: 0.1 in place of 0.03" in text for text in charts(app)["worth-of-each-part"].data[-1].text)
    for path in (folder / "search").iterdir():
        assert f'<th scope="row">{path.stem}</th>' in shown(app)
    assert "The assignment's recipe keeps 0.1 all through." in said(app)


@each_view
@pytest.mark.usefixtures("nothing")
def test_without_results_the_page_says_so_and_shows_the_rest(view: str) -> None:
    app = run(PAGE, train_view=view)
    assert_works(app, "Training")
    if view == "epochs":
        assert component(app, "formation")["epochs"]
        return
    assert all("not there yet" in each for each in notes(app))
    assert len(notes(app)) == {"curves": 2, "recipe": 1}[view]
    assert all(f"'model/training/reports/{recipe}-search.json'" in notes(app)[0] for recipe in ("glass", "assignment"))
    assert ("accuracy-by-epoch" if view == "curves" else "learning-rate") in charts(app)


@pytest.mark.parametrize("name", reports.FINAL)
def test_one_result_of_two_is_shown_alone(name: str, folder: Path) -> None:
    (folder / f"{name}.json").unlink()
    app = run(PAGE)
    assert_works(app, "Training")
    assert [name in each for each in notes(app)] == [True]
    assert sum(trace.type == "bar" for trace in charts(app)["every-seed"].data) == 2
    assert "The paired test needs the results of both recipes." in said(app)


@pytest.mark.parametrize("content", ["", "[]", '{"results": []}'])
def test_a_broken_report_is_a_sentence_and_the_rest_shows(content: str, folder: Path) -> None:
    (folder / "glass-final.json").write_text(content)
    app = run(PAGE)
    assert not app.exception
    assert [each.value.endswith("What it measures is left out here.") for each in app.warning] == [True]
    assert sum(trace.type == "bar" for trace in charts(app)["every-seed"].data) == 2


def test_a_broken_trial_is_a_sentence_and_the_others_show(folder: Path) -> None:
    (folder / "search" / "shift-1.json").write_text("{}")
    reports.write(folder, "search/peeked", reports.made("glass-final", 2))
    app = run(PAGE, train_view="recipe")
    assert not app.exception
    assert [each.value.endswith("This trial is left out.") for each in app.warning] == [True, True]
    assert any("dropout: 0.1 in place of 0.03" in text for text in charts(app)["worth-of-each-part"].data[-1].text)
    assert "shift, pixels" not in shown(app).partition("worth")[2]


@pytest.mark.parametrize("other", ["assignment-search", "glass-final"])
def test_a_report_that_its_name_does_not_tell_is_left_out(other: str, folder: Path) -> None:
    reports.write(folder, "assignment-final", reports.made(other, 2))
    app = run(PAGE)
    assert not app.exception
    (warning,) = app.warning
    assert "'assignment-final.json' is of the recipe" in warning.value
    assert sum(trace.type == "bar" for trace in charts(app)["every-seed"].data) == 2


def test_a_report_that_was_replaced_is_read_anew(folder: Path) -> None:
    app = run(PAGE)
    before = said(app)
    reports.write(folder, "glass-final", reports.made("glass-final", 7))
    app.run()
    assert_works(app, "Training")
    assert "n = 7" in said(app)
    assert "n = 7" not in before


def test_results_of_another_recipe_are_told(folder: Path) -> None:
    reports.write(folder, "glass-final", reports.made("glass-final", 2, dropout=0.2))
    app = run(PAGE, train_view="recipe")
    assert not app.exception
    (warning,) = app.warning
    assert "'model/training/reports/glass-final.json' was measured with another recipe" in warning.value


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("scale", ["layer", "map"])
def test_every_block_has_its_epochs(row: str, scale: str) -> None:
    app = run(PAGE, train_view="epochs", digit="project-4or9", row=row, epoch="2", scale=scale)
    assert_works(app, "Training")
    found = snapshots.follow(snapshots.snapshots(), to_input(find("project-4or9")), row)
    given = component(app, "formation")
    assert given["epochs"] == [*found.epochs]
    assert given["epochs"][given["at"]] == 2
    assert given["predictions"] == found.predictions.tolist()
    assert len(given["panels"]) == (1 if found.kernels is None else 2)
    assert len(given["statistics"]) == (4 if found.norm else 0)
    assert "Download every number" in "".join(each.proto.label for each in app.get("download_button"))


def test_by_default_the_last_epoch_is_shown_and_a_step_within_a_block_shows_the_block() -> None:
    app = run(PAGE, train_view="epochs", row="Dropout-9", channel="5")
    assert_works(app, "Training")
    given = component(app, "formation")
    assert given["at"] == len(given["epochs"]) - 1
    assert app.selectbox("widget-row").value == "Conv2d-7"
    assert app.selectbox("widget-channel").value == "5"


def test_a_damaged_snapshot_is_a_sentence_and_the_other_views_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(weights.SHIPPED, folder)
    path = folder / "epoch-03.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    healthy = snapshots.snapshots
    monkeypatch.setattr(snapshots, "snapshots", lambda: healthy(folder))
    app = run(PAGE, train_view="epochs")
    assert not app.exception
    assert "are not the ones that were trained" in app.error[0].value
    app.query_params["train_view"] = "recipe"
    assert_works(app.run(), "Training")


@each_view
def test_without_mnist_every_view_works(view: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path / "empty"))
    assert_works(run(PAGE, train_view=view), "Training")


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("train_view", "secret", "curves"),
        ("epoch", "0", "last"),
        ("epoch", "99", "last"),
        ("epoch", "1.5", "last"),
        ("epoch", "<b>", "last"),
        ("row", "Conv2d-99", "Conv2d-1"),
        ("channel", "99", "0"),
        ("scale", "none", "layer"),
    ],
)
def test_nonsense_is_a_sentence_and_the_default(name: str, value: str, default: str) -> None:
    app = run(PAGE, **{"train_view": "epochs", name: value})
    assert not app.exception
    sentence = as_read(app.warning[0].value)
    assert sentence.startswith(f"The link asks for {name} '{value}'. It can be ")
    last = str(component(app, "formation")["epochs"][-1]) if name == "epoch" else ""
    assert sentence.endswith(f"Showing {last if default == 'last' else default} instead.")
