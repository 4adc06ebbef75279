"""The batch norm page in Streamlit's own simulator."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from model import trace
from model.batch_norm import statistics
from model.images import digits
from model.networks.assignment import weights
from tests import charting
from tests.pages.conftest import as_read, assert_works, charts, run, said, show, shown
from viz.pictures import words

PAGE, TITLE = "batch_norm", "Batch norm"
NORMS = [f"BatchNorm2d-{number}" for number in (2, 5, 8, 11, 14, 17, 20)]


@pytest.fixture(scope="module", autouse=True)
def _fresh_caches() -> Iterator[None]:
    """Clear the caches once: no result here depends on an earlier one."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def opened() -> AppTest:
    """Return the open page; each test shows its own link."""
    return run(PAGE)


@pytest.fixture
def no_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))


def captions(app: AppTest) -> str:
    return "\n".join(each.value for each in app.caption)


@pytest.mark.usefixtures("no_mnist")
def test_page_shows_every_batch_norm(opened: AppTest) -> None:
    app = show(opened)
    assert_works(app, TITLE)
    assert app.selectbox("widget-norm").options == NORMS
    for name in NORMS[::3]:
        app.query_params["row"] = name
        app.run()
        assert_works(app, TITLE)
        assert app.selectbox("widget-norm").value == name
        assert f"Map 0 of {name} on your digit" in said(app)
    app.query_params["norm_view"] = "fold"
    for name in NORMS[1::2]:
        app.query_params["row"] = name
        app.run()
        assert_works(app, TITLE)
        assert f"Steps between {name} and " in said(app) or f"{name} cannot be folded" in said(app)
    app.query_params["norm_view"] = "forget"
    app.run()
    assert_works(app, TITLE)
    assert {*charts(app)} == {"running-mean"}


@pytest.mark.usefixtures("no_mnist")
@pytest.mark.parametrize(
    ("row", "norm"),
    [("Conv2d-7", NORMS[2]), ("Dropout-3", NORMS[0]), ("MaxPool2d-10", NORMS[3]), ("log-softmax", NORMS[6])],
)
def test_link_to_another_step_shows_the_batch_norm_of_its_block(opened: AppTest, row: str, norm: str) -> None:
    app = show(opened, row=row)
    assert_works(app, TITLE)
    assert app.selectbox("widget-norm").value == norm
    assert row in app.query_params["row"]  # the link stays as it is until the person chooses


@pytest.mark.usefixtures("no_mnist")
def test_choosing_a_batch_norm_without_that_map_shows_map_0(opened: AppTest) -> None:
    app = show(opened, row=NORMS[6], channel="20")
    assert f"Map 20 of {NORMS[6]}" in said(app)
    app.selectbox("widget-norm").set_value(NORMS[0]).run()
    assert_works(app, TITLE)
    assert f"Map 0 of {NORMS[0]}" in said(app)
    assert NORMS[0] in app.query_params["row"]


@pytest.mark.usefixtures("no_mnist")
def test_batches_without_mnist_are_samples_and_smaller(opened: AppTest) -> None:
    app = show(opened, norm_view="forget", content="3", batch="256", forgets="same")
    assert not app.exception
    (warning,) = app.warning
    assert warning.value.startswith("The link asks for batch '256'.")
    count = sum(sample.label == 3 for sample in digits.samples())
    assert "the project's samples" in captions(app)
    assert f"There are {count}; with MNIST" in captions(app)


def test_batches_with_mnist_are_test_images(opened: AppTest, mnist_root: Path) -> None:
    assert mnist_root
    app = show(opened, norm_view="forget", content="3", batch="16", forgets="ruined")
    assert_works(app, TITLE)
    assert "the others are MNIST test images" in captions(app)
    network, images = weights.load(), statistics.image_set("3")
    score = statistics.accuracy(network, images, 16)
    assert f"In evaluation mode {score.evaluation_mode} of 256 predictions are correct" in said(app)
    assert "As you predicted: Less than half as many" in said(app)
    batch = statistics.run_in_training_mode(network, digits.find("project-3a").pixels, images, 16)
    three = trace.record(network, digits.to_input(digits.find("project-3a")))
    assert words.number(float(abs(three.logits - batch.logits).max())) in said(app)
    assert all(words.number(float(logit)) in shown(app) for logit in batch.logits)


@pytest.mark.usefixtures("no_mnist")
def test_prediction_comes_before_the_measurement_and_is_removed_with_the_batch(opened: AppTest) -> None:
    app = show(opened, norm_view="forget")
    assert "In evaluation mode" not in said(app)
    assert "Choose an answer" in said(app)
    app.button_group("widget-forgets").set_value("ruined").run()
    assert "In evaluation mode" in said(app)
    app.select_slider("widget-batch").set_value("2").run()
    assert_works(app, TITLE)
    assert "forgets" not in app.query_params
    assert "In evaluation mode" not in said(app)
    app.button_group("widget-norm_view").set_value("fold").run()
    assert "Choose an answer" in said(app)
    app.button_group("widget-frame").set_value("inside").run()
    assert "As you predicted: The same inside, not at the edge" in said(app)


@pytest.mark.usefixtures("no_mnist")
def test_choosing_a_class_with_few_digits_makes_the_batch_smaller(opened: AppTest) -> None:
    app = show(opened, norm_view="forget", batch="32")
    assert_works(app, TITLE)
    app.selectbox("widget-content").set_value("3").run()
    assert_works(app, TITLE)
    assert int(str(app.select_slider("widget-batch").value)) <= sum(s.label == 3 for s in digits.samples())


@pytest.mark.usefixtures("no_mnist")
@pytest.mark.parametrize("key", ["project-4or9", digits.from_strokes([[(0.3, 0.2), (0.7, 0.2), (0.45, 0.8)]]).key])
def test_page_works_for_a_digit_without_a_label(opened: AppTest, key: str) -> None:
    for view in ("steps", "forget", "fold"):
        assert_works(show(opened, digit=key, norm_view=view), TITLE)


@pytest.mark.usefixtures("no_mnist")
@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("row", "BatchNorm2d-3", "BatchNorm2d-2"),
        ("channel", "8", "0"),
        ("content", "letters", "mixed"),
        ("batch", "3", "16"),
        ("forgets", "<b>", ""),
        ("frame", "x", ""),
        ("norm_view", "x", "steps"),
    ],
)
def test_nonsense_in_the_link_shows_a_sentence_and_the_default(
    opened: AppTest, name: str, value: str, default: str
) -> None:
    view = {"frame": "fold", "content": "forget", "batch": "forget", "forgets": "forget"}.get(name, "steps")
    app = show(opened, **{"norm_view": view, name: value})
    assert not app.exception
    warning = as_read(app.warning[0].value)
    assert warning.startswith(f"The link asks for {name} '{value}'. It can be ")
    assert warning.endswith(f"Showing {default} instead." if default else "It is left out here.")


@pytest.mark.usefixtures("no_mnist")
def test_results_are_those_of_the_chosen_batch(opened: AppTest) -> None:
    app = show(opened, norm_view="forget", row="BatchNorm2d-5", batch="4")
    three = digits.find("project-3a").pixels
    averages = set()
    for content, size in (("mixed", 4), ("1", 4), ("1", 2)):
        app.query_params.update({"content": content, "batch": str(size), "forgets": "same"})
        app.run()
        assert_works(app, TITLE)
        network, images = weights.load(), statistics.image_set(content)
        batch, score = (
            statistics.run_in_training_mode(network, three, images, size),
            statistics.accuracy(network, images, size),
        )
        assert all(words.number(float(logit)) in shown(app) for logit in batch.logits)
        assert f"In evaluation mode {score.evaluation_mode} of {score.count} predictions are correct" in said(app)
        assert f"in training mode {score.training_mode} (" in said(app)
        average = statistics.running_averages(network, images, size)["BatchNorm2d-5"]
        assert f"from 0 to {words.number(average.means[-1, 0])} (as trained" in said(app)
        running = charting.named(charts(app)["running-mean"], "running mean").y
        np.testing.assert_array_equal(running, average.means[:, 0])
        averages.add(running.tobytes())
    assert len(averages) == 3
