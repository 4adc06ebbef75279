"""Saliency, sanity checks, mistakes and training of networks that are not the assignment's.

Each number is derived again from the author's own module, which knows nothing of a graph.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from captum.attr import Saliency
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn

from model import networks
from model.graph import capture
from model.images import digits, mnist, pictures
from model.images.inputs import normalise
from model.networks.assignment import logged_run, weights
from model.networks.records import ImageSpec
from tests import charting
from tests.pages.conftest import as_read, charts, component, run, said, show, shown
from tests.viz.saliency.test_figures import number
from viz.training import figures, origin

NAMES = ["circle", "square", "star", "ring", "heart", "cross", "moon", "arrow"]
COLOUR = ImageSpec(3, 32, 32, (0.4, 0.5, 0.6), (0.2, 0.25, 0.3))
HISTORY = [{"epoch": k, "training loss": 2.0 / k, "held-out accuracy": 0.9 - 0.01 * (k - 3) ** 2} for k in range(1, 6)]
PICTURE = "shape-star-1"


class Residual(nn.Module):
    """Grey digits, with a way around two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 6, 3, stride=2, padding=1)
        self.body = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 6, 3, padding=1))
        self.head = nn.Linear(6, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, 10)."""
        x = self.stem(x).relu()
        x = (x + self.body(x)).relu()
        found: Tensor = self.head(x.mean((2, 3)))
        return found


def colour() -> nn.Sequential:
    """Return a network of colour pictures and eight classes with names; DeepLIFT and LRP have no rule for its GELU."""
    first = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(4)
    return nn.Sequential(*first, nn.Conv2d(6, 4, 3), nn.GELU(), nn.Flatten(), nn.Linear(144, 8))


@pytest.fixture(scope="module")
def authors() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    return {"residual": Residual().eval(), "colour": colour().eval()}


@pytest.fixture(scope="module")
def ids(authors: dict[str, nn.Module], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Keep both networks in a store of this file's own."""
    folder, found = tmp_path_factory.mktemp("networks"), dict[str, str]()
    st.cache_resource.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASS_NETWORKS", str(folder / "kept"))
        given: dict[str, dict[str, Any]] = {
            "residual": {"mean": (0.1307,), "std": (0.3081,), "history": HISTORY},
            "colour": {"mean": COLOUR.mean, "std": COLOUR.std, "classes": NAMES},
        }
        for name, shape in (("residual", (1, 28, 28)), ("colour", COLOUR.shape)):
            path = folder / f"{name}.glass"
            capture.save(authors[name], path, shape, title=name.title(), **given[name])
            found[name] = networks.keep(path)
        yield found
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def opened(ids: dict[str, str]) -> AppTest:
    return run("saliency", net=ids["colour"], digit=PICTURE, method="saliency")


def picture() -> Tensor:
    """Return the input of the colour network for the picture, (1, 3, 32, 32)."""
    found = pictures.find(PICTURE, COLOUR)
    return normalise(found.pixels[None], COLOUR)


def gradient(author: nn.Module, target: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the gradient by Captum, (3, 32, 32)."""
    found: Tensor = Saliency(author).attribute(picture().requires_grad_(), target=target, abs=False)
    return found[0].detach().numpy()


def predicted(author: nn.Module) -> int:
    with torch.no_grad():
        return int(author(picture()).argmax())


def visible(app: AppTest) -> str:
    """Return the HTML of a page without its style and its tags."""
    return re.sub(r"<style>.*?</style>|<[^>]*>", " ", shown(app), flags=re.DOTALL)


def assert_about_no_digit(app: AppTest) -> None:
    assert not app.exception
    assert not app.error
    texts = [said(app), *(str(each.value) for kind in (app.title, app.header, app.caption) for each in kind)]
    labels = [each.label for kind in (app.selectbox, app.select_slider, app.button) for each in kind]
    assert "digit" not in "\n".join([*texts, *labels, visible(app)]).lower()


# --- Saliency


def test_map_in_colour_is_the_sum_over_the_channels(opened: AppTest, authors: dict[str, nn.Module]) -> None:
    target = predicted(authors["colour"])
    expected = gradient(authors["colour"], target)
    told = [number(each) for each in component(opened, "value_map")["values"]]
    np.testing.assert_allclose(told, expected.sum(0).ravel(), atol=6e-5)
    assert np.abs(np.array(told) - expected[0].ravel()).max() > 1e-3, "the wrong rule: the first channel alone"
    assert_about_no_digit(opened)
    assert f"raise the logit of {NAMES[target]} if" in said(opened)
    sums = re.search(r"in total: red (.*), green (.*), blue (.*)\. Point", said(opened))
    assert sums, "the sum of each channel"
    np.testing.assert_allclose([number(each) for each in sums.groups()], expected.sum((1, 2)), atol=6e-4)
    assert [*opened.button_group("widget-target").options] == NAMES


def test_refused_method_is_named_with_the_reason(opened: AppTest, ids: dict[str, str]) -> None:
    app = show(opened, net=ids["colour"], digit=PICTURE, method="lrp")
    (info,) = (as_read(each.value) for each in app.info)
    assert info.startswith("Layer-wise relevance propagation does not apply to this network. It has no rule for GELU-")
    assert not app.exception
    assert '<dl class="column-sum' not in shown(app), "no map and no sum"
    every = show(opened, net=ids["colour"], digit=PICTURE, map_view="all")
    assert "<b>Grad-CAM</b>" in shown(every)
    assert "<b>DeepLIFT</b>" not in shown(every)
    assert said(every).count("does not apply to this network") == 2
    default = show(opened, net=ids["colour"], digit=PICTURE)
    assert default.selectbox("widget-method").value == "integrated_gradients"


def test_steps_that_another_way_goes_around_have_no_map(opened: AppTest, ids: dict[str, str]) -> None:
    app = show(opened, net=ids["residual"], map_view="through", method="saliency")
    assert not app.exception
    assert not app.error
    titles = re.findall(r"<b>([^<]+)</b><img", shown(app))
    assert titles == ["The digit", "Conv2d-1", "add-4"]
    assert "There is no map of Conv2d-2, ReLU-3, Conv2d-4: another way goes around each" in said(app)
    one = show(opened, net=ids["residual"], method="grad_cam")
    assert one.selectbox("widget-cam").value == "relu-4", "of a sum of two ways, not of one of them"


# --- Sanity checks


def test_checks_of_a_network_of_pictures(ids: dict[str, str], authors: dict[str, nn.Module]) -> None:
    author, link = authors["colour"], {"net": ids["colour"], "digit": PICTURE, "method": "saliency"}
    app = run("lie_detector", **link, doubt_test="weights")
    assert_about_no_digit(app)
    (stages,) = re.findall(r'<ol class="check-stages">(.*?)</ol>', shown(app))
    assert re.findall(r"<b>([^<]+)</b>", stages) == ["trained", "Linear-8", "Conv2d-5", "BatchNorm2d-2", "Conv2d-1"]
    order = show(app, **link, doubt_test="order")
    assert_about_no_digit(order)
    target = predicted(author)
    assert f"under the probability of {NAMES[target]} is" in said(order)
    drawn = charting.named(charts(order)["deletion"], "the map's order")
    first = np.argsort(-gradient(author, target).sum(0).ravel(), kind="stable")
    probabilities = []
    for count in np.asarray(drawn.x, int):
        deleted = picture().flatten(2)
        black = -torch.tensor(COLOUR.mean) / torch.tensor(COLOUR.std)
        deleted[0, :, torch.from_numpy(first[:count].copy())] = black[:, None]
        with torch.no_grad():
            probabilities.append(float(author(deleted.reshape(1, *COLOUR.shape)).softmax(1)[0, target]))
    np.testing.assert_allclose(drawn.y, probabilities, atol=1e-5)
    assert np.ptp(probabilities) > 1e-3, "the curve is not flat"


def test_quiz_has_this_networks_pictures_and_methods(ids: dict[str, str]) -> None:
    app = run("lie_detector", net=ids["colour"], doubt_view="round")
    assert_about_no_digit(app)
    assert re.search(r"explain the logit of (\w+) by", said(app))[1] in NAMES  # type: ignore[index]
    for each in (3, 5):  # of the assignment's network, one of five is by LRP
        other = show(app, net=ids["colour"], doubt_view="round", round=str(each), rounds=f"{each}l")
        assert not other.exception
        assert not other.error


# --- Mistakes


def test_mistakes_are_those_of_this_network(
    ids: dict[str, str], authors: dict[str, nn.Module], mnist_root: Path
) -> None:
    images, labels = mnist.read("test", mnist_root)
    with torch.no_grad():
        x = (torch.from_numpy(images)[:, None] / 255 - 0.1307) / 0.3081
        read = np.concatenate([authors["residual"](part).argmax(1).numpy() for part in x.split(1000)])
    expected = np.zeros((10, 10), int)
    np.add.at(expected, (labels, read), 1)
    app = run("mistakes", net=ids["residual"])
    assert not app.exception
    assert not app.error
    table = re.findall(r'aria-label="labelled (\d), classified as (\d): [^"]*"[^>]*>([\d,]+)</a>', shown(app))
    counts = np.zeros((10, 10), int)
    for label, each, count in table:
        counts[int(label), int(each)] = int(count.replace(",", ""))
    np.testing.assert_array_equal(counts, expected)
    right = int(np.trace(expected))
    assert f"classifies {right:,} of MNIST's 10,000 test images correctly" in said(app)
    assert_not_the_assignments(app)


def test_mistakes_without_labelled_images_are_a_sentence(
    ids: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))
    for name, net in ids.items():
        app = run("mistakes", net=net)
        assert not app.exception
        assert not app.error
        assert [each.value for each in app.title] == ["Mistakes"]
        assert '<table class="confusion' not in shown(app)
        downloads = [each.key for each in app.button if each.key == "download-mistakes"]
        assert downloads == (["download-mistakes"] if name == "residual" else [])
        assert len(app.info) == (name == "colour")
        assert_not_the_assignments(app)


# --- Training


def test_history_is_the_authors(ids: dict[str, str]) -> None:
    app = run("training", net=ids["residual"])
    assert not app.exception
    assert not app.error
    drawn = charts(app)
    assert {*drawn} == {"history-1", "history-2"}
    losses = charting.named(drawn["history-1"], "training loss")
    assert [*losses.x] == [1, 2, 3, 4, 5]
    assert [*losses.y] == [row["training loss"] for row in HISTORY]
    assert "training loss: 0.4000 after epoch 5, which is the best of 5." in said(app)
    assert "held-out accuracy: 0.8600 after epoch 5; the best is 0.9000 after epoch 3." in said(app)
    assert_not_the_assignments(app)


def test_network_that_comes_along_has_its_own_epochs(ids: dict[str, str]) -> None:
    assert ids, "with the store of this file"
    found = networks.by_id("padded")
    app = run("training", net="padded", train_view="epochs", digit="project-4or9")
    assert not app.exception
    assert not app.error
    player, x = component(app, "epoch_player"), normalise(digits.find("project-4or9").pixels[None], found.input)
    assert player["epochs"] == [int(row["epoch"]) for row in found.history]
    with torch.no_grad():
        kept = networks.snapshots("padded")
        expected = [module(x).softmax(1)[0].numpy() for _, module in sorted(kept.items())]
    np.testing.assert_allclose(player["probabilities"], expected, atol=6e-5)
    assert player["predictions"] == [int(each.argmax()) for each in expected]
    assert_not_the_assignments(app)


@pytest.mark.parametrize("view", ["curves", "epochs", "recipe", "live"])
def test_training_says_what_is_missing(ids: dict[str, str], view: str) -> None:
    app = run("training", net=ids["colour"], train_view=view)
    assert not app.exception
    assert not app.error
    assert len(app.info) == 1
    (link,) = (each.proto for each in app.get("page_link") if "assignment's network" in each.proto.label)
    assert link.page == "training"
    assert "net=" not in link.query_string
    assert not charts(app)
    assert_not_the_assignments(app)


def facts() -> list[str]:
    """Return what is true of the assignment's network alone."""
    card, logged = weights.read_card(), logged_run.logged_run()
    return [
        f"{card['test_accuracy'] * 100:.2f}\xa0%",
        figures.share(logged.reported),
        origin.say_seed(card),
        card["protocol"],
        figures.LOGGED,
    ]


def assert_not_the_assignments(app: AppTest) -> None:
    whole = said(app) + shown(app) + "\n".join(str(each.value) for each in app.caption)
    assert [fact for fact in facts() if fact in whole] == []


def test_facts_of_the_assignment_are_on_its_own_pages() -> None:
    """Otherwise none of them could be found on a wrong page either."""
    both = [run("training"), run("mistakes")]
    whole = "".join(said(app) + shown(app) + "\n".join(str(each.value) for each in app.caption) for app in both)
    assert [fact for fact in facts() if fact not in whole and fact != figures.LOGGED] == []
