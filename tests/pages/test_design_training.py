"""The training of a design on its page, in the simulator and on few pictures: states, results, and runs in a table."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from model import networks
from model.design import text
from model.design.assess import assess
from model.design.runs import choices as run_choices
from model.design.runs import kept, results, training
from model.design.runs.records import RunChoices, RunProgress
from model.images import digits, mnist
from model.images.inputs import normalise
from model.networks.limits import OPEN
from tests.model.design.runs import few
from tests.pages.conftest import as_read, assert_works, charts, component, run, said, show, shown
from viz.open import controls as opening
from viz.training.live import cache

TITLE = "Design lab"
LINK = {"design": text.to_link(few.TINY), "design_view": "train"}


@pytest.fixture
def _small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train on 130 pictures, three steps in all, and keep runs and networks in folders of the test."""
    monkeypatch.setenv("GLASS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path / "networks"))
    monkeypatch.setattr(mnist, "is_present", lambda _folder=None: True)
    monkeypatch.setattr(run_choices, "_training_images", lambda _design: 130)
    monkeypatch.setattr(training, "pictures_of", lambda _design: few.pictures())
    monkeypatch.setattr(results, "pictures_to_judge", lambda _design: few.pictures().held_out)


@pytest.fixture
def _held(_small: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a training wait at its second step until the test ends."""
    end, train = threading.Event(), training.train

    def held(choices: RunChoices) -> Iterator[RunProgress]:
        for progress in train(choices):
            yield progress
            while progress.step == 1 and not end.wait(0.01):
                yield progress

    monkeypatch.setattr(training, "train", held)
    yield
    end.set()
    cache.training_queue().close()


def press(app: AppTest, label: str) -> AppTest:
    (button,) = (each for each in app.button if each.label == label)
    assert not button.disabled, label
    return button.click().run()


def until(app: AppTest, holds: Callable[[AppTest], bool]) -> AppTest:
    deadline = time.monotonic() + 60
    while not holds(app):
        assert time.monotonic() < deadline, said(app)
        time.sleep(0.02)
        app.run()
    return app


def origin(app: AppTest) -> str:
    """Return what Mistakes says of how the network came about."""
    return " ".join(each.value for each in app.main.caption)


def progress_of(app: AppTest) -> str:
    return "".join(each.proto.text for each in app.get("progress"))


@pytest.mark.usefixtures("_small")
def test_a_run_ends_in_curves_a_result_and_a_line_of_the_table() -> None:
    app = run("design", **LINK)
    assert progress_of(app) == "Not started: 3 steps of 64 images, recipe: ours, seed 1."
    until(press(app, "Train"), lambda app: "Trained: 3 steps" in said(app))
    assert_works(app, TITLE)
    (known,) = kept.every()
    correct = known.progress.marks[-1].correct
    assert f"**{correct} of 50 held-out images are classified correctly after step 3: {2 * correct}.00" in said(app)
    drawn = {name: list(chart.data[-1].y) for name, chart in charts(app).items()}
    assert drawn["run-accuracies"] == [2.0 * mark.correct for mark in known.progress.marks]
    assert drawn["run-losses"] == pytest.approx(known.progress.losses.clip(max=3))
    assert f'<td data-name="held-out accuracy">{2 * correct}.00\xa0%</td>' in shown(app)
    assert "Nobody has looked at the test images" in said(app)
    press(app, "Look at the test images")
    assert "They were looked at once." in said(app)
    press(app, "Look at the test images")
    assert "They were looked at 2 times." in said(app)
    press(app, "Open it on every page")
    assert len(app.query_params["net"]) == 32
    assert app.query_params["design"] == LINK["design"]
    assert app.query_params["design_view"] == "train"
    assert "seed 1** is open. Look at it on" in said(app)
    show(app, design=LINK["design"], design_view="inside")
    assert "It was trained too" in said(app)
    show(app, design="conv-10-28", design_view="inside")
    assert "It was trained too" not in said(app)

    show(app, design=LINK["design"])
    limits = {each["name"]: each["evidence"] for each in component(app, "design_editor")["limits"]}
    assert limits["fewer than 20 epochs"] == "trained for 1"
    assert limits["at least 99.4 % correct"] == f"{2 * correct}.00 % of the images"
    show(app, **LINK, run_seed="2")
    until(press(app, "Train"), lambda app: "seed 2, in" in said(app))
    assert [each.name for each in charts(app)["run-losses"].data] == [
        f"{assess(few.TINY).parameters:,} parameters, short, seed 1",
        "this run",
    ]
    assert shown(app).count('data-name="held-out accuracy"') == 2


@pytest.mark.usefixtures("mnist_root", "_small")
def test_each_visit_that_sees_the_test_images_with_a_run_counts_as_a_look() -> None:
    app = run("design", **LINK)
    until(press(app, "Train"), lambda app: "Trained: 3 steps" in said(app))
    press(app, "Open it on every page")
    (before,), net = kept.every(), app.query_params["net"]
    assert before.test.looks == 0
    one = run("mistakes", net=net)
    assert "looked at once" in origin(one)
    assert "looked at once" in origin(show(one, net=net, mistakes_view="all")), "one visit counts once"
    assert "looked at 2 times" in origin(run("mistakes", net=net))
    run("compare", net=net, **{"with": "assignment"})
    (after,), network, test = kept.every(), networks.by_id(net), digits.mnist("test")
    assert after.test.looks == 3, "Compare shows the accuracy that Mistakes has measured"
    with torch.no_grad():
        predicted = network.module(normalise(test.images, network.input)).argmax(1).numpy()
    assert (after.test.correct, after.test.images) == ((predicted == test.labels).sum(), 10_000)


@pytest.mark.usefixtures("mnist_root", "_small")
def test_a_run_that_is_gone_is_said_and_can_be_trained_again() -> None:
    app = run("design", **LINK)
    until(press(app, "Train"), lambda app: "Trained: 3 steps" in said(app))
    press(app, "Open it on every page")
    net, path = app.query_params["net"], kept.folder() / f"{kept.every()[0].id}{kept.SUFFIX}"
    path.write_bytes(path.read_bytes()[:100])
    app.run()
    assert "is damaged. It was removed. Train the design again." in app.info[0].value
    app.run()
    assert app.info[0].value == "The run that was trained here is not kept any more. Train the design again."
    assert "A run of the design lab that is not kept any more" in origin(run("mistakes", net=net))
    until(press(app, "Train"), lambda app: "Trained: 3 steps" in said(app))
    assert [each.test.looks for each in kept.every()] == [0]
    assert not app.info


@pytest.mark.usefixtures("_small")
def test_a_run_with_another_recipe_and_rate_says_so() -> None:
    app = run("design", **LINK, run_recipe="assignment", run_rate="0.03")
    recipe = "recipe: the assignment's, learning rate 0.03, seed 1"
    assert progress_of(app) == f"Not started: 3 steps of 64 images, {recipe}."
    until(press(app, "Train"), lambda app: "Trained: 3 steps" in said(app))
    for seed in ("1", "2"):
        until(press(show(app, **LINK, run_seed=seed), "Train"), lambda app: "Trained: 3 steps" in said(app))
    parameters = f"{assess(few.TINY).parameters:,} parameters, short"
    names = [each.name for each in charts(app)["run-losses"].data]
    assert sorted(names) == sorted([f"{parameters}, {recipe}", f"{parameters}, seed 1", "this run"])


@pytest.mark.usefixtures("_held")
def test_a_run_is_paused_resumed_and_cancelled() -> None:
    app = press(run("design", **LINK), "Train")
    until(app, lambda app: "Step 1 of 3" in progress_of(app))
    press(app, "Pause")
    until(app, lambda app: "Paused at step 1 of 3." in progress_of(app))
    press(app, "Resume")
    until(app, lambda app: "Step 1 of 3" in progress_of(app))
    press(app, "Cancel")
    assert "Cancelled at step 1 of 3." in progress_of(app)
    assert not kept.every()
    assert_works(app, TITLE)


@pytest.mark.usefixtures("_small")
def test_what_cannot_be_trained_is_said() -> None:
    app = run("design", design="conv-8-3_max-40", design_view="train")
    assert app.info[0].value.startswith("The design is no network yet. ")
    show(app, design="classes-7_conv-7-28", design_view="train")
    assert app.info[0].value.startswith("A design for 7 classes of 1 x 28 x 28 cannot be trained.")
    show(app, **LINK, run_length="full", run_rate="7", run_seed="x")
    assert {each.value.partition(" '")[0] for each in app.warning} >= {
        "The link asks for run_rate",
        "The link asks for run_seed",
    }


@pytest.mark.usefixtures("_small")
def test_on_a_server_for_others_a_reload_shows_the_runs_of_the_design_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opening, "limits", lambda: OPEN)
    until(press(run("design", **LINK), "Train"), lambda app: "Trained: 3 steps" in said(app))
    cell = '<td data-name="held-out accuracy">'
    assert cell in shown(run("design", **LINK))
    assert cell not in shown(run("design", design="conv-10-28", design_view="train"))


@pytest.mark.usefixtures("_small")
def test_a_sweep_compares_the_means_of_several_sizes() -> None:
    app = run("design", **LINK, sweep_values="2-4", sweep_seeds="2")
    app.session_state["folded-A small sweep: several sizes, several seeds"] = True
    press(app.run(), "Train 4 runs")
    until(app, lambda _app: len(kept.every()) == 4)
    until(app.run(), lambda app: "sweep" in charts(app))  # drawn after the last run was kept
    assert_works(app, TITLE)
    shares: dict[str, list[float]] = {}
    for each in kept.every():
        shares.setdefault(each.progress.choices.design.split()[1], []).append(each.progress.accuracy or 0)
    (drawn,) = charts(app)["sweep"].data
    assert list(drawn.y) == pytest.approx([50 * sum(shares[size]) for size in ("2", "4")])
    assert list(drawn.error_y.array) == pytest.approx([100 * statistics.stdev(shares[size]) for size in ("2", "4")])
    assert [f"kernels {size} (" in said(app) for size in (2, 4)] == [True, True]
    app.text_input("sweep-values").set_value("2, x").run()
    assert as_read(app.error[0].value).startswith("'2, x' is no list of sizes. It can be whole numbers")
    assert (app.text_input("sweep-values").value, app.query_params["sweep_values"]) == ("2, x", "2-4")
    assert not [each for each in app.button if each.label.startswith("Train ")], "nothing is left to train"
    app.text_input("sweep-values").set_value("2, 4, 4 8").run()
    assert (app.query_params["sweep_values"], len(app.error)) == ("2-4-8", 0)
    app.text_input("sweep-values").set_value("-3").run()
    assert as_read(app.error[0].value).startswith("'-3' is no list of sizes.")
