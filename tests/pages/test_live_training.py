"""The small training in Streamlit's simulator."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from model import networks
from model.errors import DataError
from model.images import mnist
from model.networks.records import Network
from model.training.background.queue import MAX_WAITING
from model.training.live import loop, pictures
from model.training.live.pictures import LivePictures
from model.training.live.records import LiveChoices
from tests.model.training.few import live_pictures
from tests.pages.conftest import assert_works, charts, run, said, shown
from viz.training.live import cache

SOON = 60.0  # seconds
pytestmark = pytest.mark.slow(reason="runs small trainings")
LIVE = live_pictures()
SHORT = {"train_view": "live", "live_steps": "100", "live_batch": "16", "live_rate": "0.03", "live_seed": "3"}
CHOICES = LiveChoices(100, 0.03, 16, 0.1, 3, network="assignment")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make trainings use few images."""
    monkeypatch.setattr(mnist, "is_present", lambda _folder=None: True)
    monkeypatch.setattr(pictures, "read", lambda _kind: LIVE)


def until(app: AppTest, happened: Callable[[AppTest], object]) -> AppTest:
    """Run the page again, as it does itself, until something happened."""
    deadline = time.monotonic() + SOON
    while not happened(app):
        assert time.monotonic() < deadline
        time.sleep(0.1)
        app.run()
    return app


def press(app: AppTest, label: str) -> AppTest:
    return next(each for each in app.button if each.label == label).click().run()


def is_done(app: AppTest) -> bool:
    return any("steps are done" in each.label for each in app.select_slider)


def alone() -> list[int]:
    """Return the number of correct images at each snapshot, without the page."""
    *_, whole = loop.train(networks.by_id("assignment"), CHOICES, LIVE)
    return [each.correct for each in whole.snapshots]


@pytest.mark.usefixtures("few")
def test_training_starts_runs_and_ends() -> None:
    app = run("training", **SHORT)
    assert_works(app, "Training")
    assert not app.select_slider
    assert "The first kernels and the feature maps" in said(app)
    press(app, "Start")
    assert app.query_params["live"] == "yes"
    until(app, is_done)
    assert_works(app, "Training")
    expected = alone()
    assert f"**{expected[-1]} of 50 held-out images are classified correctly after step 100" in said(app)
    slider = next(each for each in app.select_slider if each.key == "widget-live_step")
    assert slider.options == [str(mark) for mark in loop.snapshot_steps(100)]
    assert slider.value == "100"
    slider.set_value("25").run()
    assert app.query_params["live_step"] == "25"
    assert "**After step 25 it predicts" in said(app)
    assert "kernels of Conv2d-1 after step 25" in shown(app)
    app.selectbox("widget-live_maps").set_value("Conv2d-7").run()
    assert "The 16 maps of Conv2d-7" in shown(app)


@pytest.mark.usefixtures("few")
def test_same_address_gives_the_same_run() -> None:
    first = until(run("training", **SHORT, live="yes"), is_done)
    again = until(run("training", **SHORT, live="yes"), is_done)
    assert_works(again, "Training")
    assert {*charts(first)} == {"live-loss", "live-accuracy"}
    assert charts(first) == charts(again)
    other = until(run("training", **{**SHORT, "live_seed": "4"}, live="yes"), is_done)
    assert charts(other)["live-loss"] != charts(first)["live-loss"]


@pytest.mark.usefixtures("few")
def test_new_choice_must_be_started() -> None:
    app = until(run("training", **SHORT, live="yes"), is_done)
    app.selectbox("widget-live_rate").set_value("0.1").run()
    assert_works(app, "Training")
    assert app.query_params["live_rate"] == "0.1"
    assert "live" not in app.query_params
    assert not app.select_slider


@pytest.mark.usefixtures("few")
def test_training_can_be_cancelled_and_started_again() -> None:
    app = run("training", **{**SHORT, "live_steps": "600", "live_batch": "64"})
    press(press(app, "Start"), "Cancel")
    assert_works(app, "Training")
    assert "live" not in app.query_params
    assert "Cancelled at step" in "".join([*(each.proto.text for each in app.get("progress")), *labels(app)])
    until(app, lambda _app: not trainings())
    press(app, "Start")
    assert app.query_params["live"] == "yes"
    assert trainings()
    press(app, "Cancel")


def labels(app: AppTest) -> list[str]:
    return [each.label for each in app.select_slider]


def trainings() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name == "training"]


def ask_for_long_ones(people: int) -> None:
    """Start long trainings of several people, all different."""
    for number in range(people):
        cache.training_queue().start(f"person {number}", LiveChoices(600, 0.1, 64, 0.1, number, network="assignment"))


@pytest.mark.usefixtures("few")
def test_place_in_the_queue_is_shown() -> None:
    ask_for_long_ones(2)
    app = run("training", **SHORT, live="yes")
    assert_works(app, "Training")
    assert app.get("progress")[0].proto.text.startswith("Waiting: 2 trainings are ahead of yours")


@pytest.mark.usefixtures("few")
def test_full_queue_is_an_error_and_start_works_again() -> None:
    ask_for_long_ones(1 + MAX_WAITING)
    app = run("training", **SHORT, live="yes")
    assert not app.exception
    (error,) = app.error
    assert error.value.startswith("41 trainings are in the queue already. One runs at a time, and up to 40 wait.")
    cache.training_queue().close()
    until(press(app, "Start"), is_done)
    assert_works(app, "Training")


def test_failure_is_an_error_for_its_owner(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_kind: str) -> LivePictures:
        raise DataError("MNIST is damaged.", "It should be whole.", "Download it again.")

    monkeypatch.setattr(pictures, "read", gone)
    app = until(run("training", **SHORT, live="yes"), lambda app: app.error)
    assert not app.exception
    assert [each.value for each in app.error] == ["MNIST is damaged. It should be whole. Download it again."]
    monkeypatch.setattr(pictures, "read", lambda _kind: LIVE)
    until(press(app, "Start"), is_done)
    assert_works(app, "Training")


def test_missing_mnist_is_offered_for_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))
    for link in (SHORT, {**SHORT, "live": "yes"}):
        app = run("training", **link)
        assert_works(app, "Training")
        assert "MNIST is not on this computer" in said(app)
        assert [each.label for each in app.button if "MNIST" in each.label] == ["Download MNIST"]
        assert not trainings()


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("live_steps", "10000", "300"),
        ("live_rate", "nan", "0.1"),
        ("live_batch", "4000", "32"),
        ("live_p", "0.95", "0.1"),
        ("live_seed", "-1", "1"),
        ("live", "maybe", ""),
    ],
)
def test_unknown_value_is_a_warning_and_the_default(name: str, value: str, default: str) -> None:
    app = run("training", **{"train_view": "live", name: value})
    assert not app.exception
    (warning,) = app.warning
    assert warning.value.startswith(f"The link asks for {name} '{value}'. It can be ")
    assert warning.value.endswith(f"Showing {default} instead." if default else "It is left out here.")
    assert not trainings()


@pytest.mark.usefixtures("few")
def test_people_with_the_same_choices_share_one_training(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    train = loop.train

    def counted(network: Network, choices: LiveChoices, given: LivePictures) -> object:
        begun.append(choices)
        return train(network, choices, given)

    monkeypatch.setattr(loop, "train", counted)
    people = [run("training", **SHORT, live="yes") for _ in range(6)]
    for app in people:
        until(app, is_done)
        assert_works(app, "Training")
    assert begun == [CHOICES]
