"""The batch norm page in Streamlit's own simulator."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from model import trace
from model.batch_norm import image_sets, statistics
from model.images import digits, inputs, pictures
from model.networks import store
from model.networks.assignment import weights
from tests import any_network, charting, own_networks
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
    network, images = weights.load(), image_sets.image_set("3")
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
    assert "No answer is chosen yet" in said(app)
    app.button_group("widget-forgets").set_value("ruined").run()
    assert "In evaluation mode" in said(app)
    app.select_slider("widget-batch").set_value("2").run()
    assert_works(app, TITLE)
    assert "forgets" not in app.query_params
    assert "In evaluation mode" not in said(app)
    app.button_group("widget-norm_view").set_value("fold").run()
    assert "No answer is chosen yet" in said(app)
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
        network, images = weights.load(), image_sets.image_set(content)
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


def test_norms_before_and_after_a_relu_of_a_network_in_colour(
    opened: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    net = store.keep_bytes(own_networks.varied())
    image, author, names = store.by_id(net).input, own_networks.varied_author(), own_networks.VARIED_CLASSES
    author.requires_grad_(requires_grad=False)
    every = [pictures.fitted(each, image, names) for each in pictures.samples(image)]
    x = inputs.to_input(every[0].pixels, image)
    app = show(opened, net=net, row="BatchNorm2d-2", channel="1")
    assert_works(app, TITLE)
    with torch.no_grad():
        maps = author.first(x)[0]
    mean, variance = author.norm.running_mean, author.norm.running_var
    assert mean is not None
    assert variance is not None
    divided = (maps[1] - mean[1]) / (variance[1] + author.norm.eps).sqrt()
    assert f"Map 1 of BatchNorm2d-2 on your picture, {maps[1].numel()} values from Conv2d-1." in said(app)
    assert f"the mean of this map is {words.number(float(divided.mean()))}, not 0" in said(app)
    assert "1 of the 2 batch norms come after a ReLU" in said(app)

    app = show(opened, net=net, norm_view="forget", batch="8", forgets="same")
    assert_works(app, TITLE)
    order = np.random.default_rng(0).permutation(len(every))
    others = [every[k] for k in order if every[k].key != every[0].key][:7]
    batch = torch.cat([inputs.to_input(each.pixels, image) for each in (every[0], *others)])
    trained = own_networks.varied_author()
    trained.norm.train()
    trained.behind.train()
    with torch.no_grad():
        logits, off = trained(batch)[0], author(x)[0]
    assert all(words.number(float(logits[k])) in shown(app) for k in off.topk(10).indices)
    assert "in 3 batches of 8" in said(app)
    assert "Of the 12 classes the 10 most likely are shown." in said(app)

    app = show(opened, net=net, row="BatchNorm2d-2", channel="1", norm_view="fold", frame="everywhere")
    assert_works(app, TITLE)
    assert "2 of the 2 batch norms fold into a convolution." in said(app)
    gain = author.norm.weight[1] / (variance[1] + author.norm.eps).sqrt()
    assert author.first.bias is not None
    bias = (author.first.bias[1] - mean[1]) * gain + author.norm.bias[1]
    assert f" = {words.number(float(author.first.weight[1, 0, 0, 0] * gain))}</dd>" in shown(app)
    assert f" = {words.number(float(bias))}</dd>" in shown(app)
    assert "As you predicted: The same everywhere" in said(app)
    app = show(opened, net=net, row="BatchNorm2d-6", norm_view="fold", frame="inside")
    assert "Conv2d-7 is directly after BatchNorm2d-6." in said(app)
    assert "As you predicted: The same inside, not at the edge" in said(app)


def test_group_norms_are_worked_out_and_have_no_running_average(
    opened: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    net = store.keep_bytes(any_network.deep())
    app = show(opened, net=net)
    assert_works(app, TITLE)
    assert "of several maps together. After the division the mean of this map alone is" in said(app)
    assert "ReLU before batch norm" not in [each.value for each in app.header]
    assert "No batch norm of this network keeps running" in show(opened, net=net, norm_view="forget").info[0].value
    app = show(opened, net=net, norm_view="fold")
    assert_works(app, TITLE)
    assert "no fixed multiplication and addition" in app.info[0].value


def test_network_without_a_norm_gets_a_sentence_and_a_link(
    opened: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    app = show(opened, net=store.keep_bytes(own_networks.residual()))
    assert_works(app, TITLE)
    assert app.info[0].value.startswith("This network has no batch norm")
