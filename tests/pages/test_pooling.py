"""The pooling page in Streamlit's own simulator."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest
from torch.nn import functional

from model.images import digits, inputs, pictures
from model.networks import store
from model.networks.assignment import weights
from model.pooling import max_pool
from model.trace import record
from tests import any_network, own_networks
from tests.pages.conftest import as_read, assert_works, component, run, said, show, shown
from viz.pictures import words

PAGE = "pooling"


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


def test_page_shows_maps_and_a_corner_unit(opened: AppTest) -> None:
    app = show(opened)
    assert_works(app, "Pooling")
    for channel in (0, 7, 15):
        app.query_params["channel"], app.query_params["unit"] = str(channel), "10.0"
        app.run()
        assert_works(app, "Pooling")
        assert f"Unit y 10, x 0 of map {channel}: the winner" in said(app)


def test_page_shows_the_counts_of_this_digit(opened: AppTest) -> None:
    done = max_pool.pooled(record(weights.load(), digits.to_input(digits.find("project-8a"))), "MaxPool2d-10")
    app = show(opened, digit="project-8a", channel="2")
    assert_works(app, "Pooling")
    assert f" {(done.ties[2] > 1).sum()} of the 121 windows of this map have a tie" in said(app)
    app = show(opened, digit="project-8a", channel="2", pool_view="lost")
    assert_works(app, "Pooling")
    text = said(app)
    assert f"{(done.ties > 1).sum():,} of 1,936 windows have a tie" in text
    assert "and 0 of the 5,808 other values." in text


def test_prediction_comes_before_the_shifted_digit(opened: AppTest) -> None:
    app = show(opened, pool_view="move")
    assert 'class="moves"' not in shown(app)
    assert "No answer is chosen yet" in said(app)
    app.button_group("widget-pool_guess").set_value("one").run()
    assert_works(app, "Pooling")
    assert app.query_params["pool_guess"] == "one"
    assert 'class="moves"' in shown(app)
    assert "You predicted: After 1 pixel. Measured: After 2 pixels." in said(app)
    app.button_group("widget-pool_towards").set_value("down").run()
    assert_works(app, "Pooling")
    assert "**2 pixels down.** Input of the pool: the maps are only shifted" in said(app)


def test_each_value_of_the_window_can_be_traced(opened: AppTest) -> None:
    boxes = set()
    for name in ("winner", "0.0", "0.1", "1.0", "1.1"):
        app = show(opened, channel="3", unit="5.5", pool_trace=name)
        assert_works(app, "Pooling")
        boxes.add(re.findall(r"rows \d+ to \d+, columns \d+ to \d+", said(app))[0])
    assert len(boxes) == 4  # the winner is one of the four


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("channel", "16", "0"),
        ("pool_trace", "2.0", "winner"),
        ("pool_test", "train", "project"),
        ("pool_towards", "up", "right"),
        ("pool_guess", "three", ""),
        ("pool_view", "all", "windows"),
    ],
)
def test_nonsense_in_the_link_shows_a_sentence_and_the_default(
    opened: AppTest, name: str, value: str, default: str
) -> None:
    view = {"pool_test": "average", "pool_towards": "move", "pool_guess": "move"}.get(name, "windows")
    app = show(opened, **{"pool_view": view, name: value})
    assert not app.exception
    assert app.warning[0].value.startswith(f"The link asks for {name} '{value}'. It can be ")
    assert app.warning[0].value.endswith(f"Showing {default} instead." if default else "It is left out here.")


def test_unknown_unit_shows_a_sentence_and_the_largest_unit(opened: AppTest) -> None:
    app = show(opened, unit="11.0", channel="3")
    assert not app.exception
    assert app.warning[0].value.startswith("The link asks for unit '11.0'. It can be 0.0")
    maps = record(weights.load(), digits.to_input(digits.find("project-3a")))["MaxPool2d-10"].output
    y, x = divmod(int(maps[3].argmax()), 11)
    assert f"Unit y {y}, x {x} of map 3: the winner" in said(app)


def test_accuracy_without_mnist_is_measured_on_the_samples(
    opened: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))
    app = show(opened, pool_view="average")
    assert_works(app, "Pooling")
    assert len(app.selectbox("widget-pool_test").options) == 1
    assert show(opened, pool_view="average", pool_test="mnist").warning[0].value.endswith("Showing project instead.")


@pytest.mark.slow  # both pools classify all 10,000 test images
@pytest.mark.usefixtures("mnist_root")
def test_accuracy_with_mnist_is_measured_on_all_test_images(opened: AppTest) -> None:
    app = show(opened, pool_view="average", pool_test="mnist")
    assert_works(app, "Pooling")
    assert len(re.findall(r"<td>[\d,]+ of 10,000</td>", shown(app))) == 2


@pytest.fixture
def varied(opened: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the id of a network in colour with two pools; the open page forgets the addresses before."""
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    return store.keep_bytes(own_networks.varied())


def test_pools_that_overlap_and_leave_values_out(opened: AppTest, varied: str) -> None:
    image, author = store.by_id(varied).input, own_networks.varied_author()
    picture = pictures.fitted(pictures.samples(image)[0], image, own_networks.VARIED_CLASSES)
    with torch.no_grad():
        before = author.before(inputs.to_input(picture.pixels, image))
        maps, index = functional.max_pool2d(before, 3, 2, 1, return_indices=True)
        logits = author.after(maps)[0]
        averaged = author.after(functional.avg_pool2d(before, 3, 2, 1, count_include_pad=False))[0]
        second = author.third(author.behind(functional.relu(author.second(maps))))
    app = show(opened, net=varied, row="MaxPool2d-3", channel="1")
    assert_works(app, "Pooling")
    y, x = divmod(int(maps[0, 1].argmax()), maps.shape[3])
    row, column = divmod(int(index[0, 1, y, x]), before.shape[3])
    largest = f"the winner of its window is {words.number(float(maps[0, 1].max()))}, at y {row}, x {column} of the"
    assert f"Unit y {y}, x {x} of map 1: {largest}" in said(app)
    assert "begins 2 rows and 2 columns after the one before; the windows overlap. At its edges" in said(app)
    assert "Each value" not in said(app)

    app = show(opened, net=varied, row="MaxPool2d-3", channel="1", pool_view="lost")
    assert_works(app, "Pooling")
    kept = sum(len(each.unique()) for each in index[0].flatten(1))
    assert kept < maps.numel(), "some value wins several windows"
    assert f"The pool keeps {kept:,} of {before.numel():,} values" in said(app)
    name = own_networks.VARIED_CLASSES[int(logits.argmax())]
    assert f"The gradient of the logit of {name} with respect to" in said(app)

    app = show(opened, net=varied, row="MaxPool2d-3", pool_view="average")
    assert_works(app, "Pooling")
    now = own_networks.VARIED_CLASSES[int(averaged.argmax())]
    assert re.search(
        rf"in its place it (still )?predicts {now} with {words.percent(float(averaged.softmax(0).max()))}", said(app)
    )
    assert "of 27</td>" in shown(app), "the samples are shapes, of three each of nine classes"

    app = show(opened, net=varied, row="MaxPool2d-3", pool_view="move", pool_guess="neither")
    assert_works(app, "Pooling")
    assert "The picture is shifted by 1 pixel, then by 2." in app.button_group("widget-pool_guess").label

    app = show(opened, net=varied, row="max_pool2d-7", channel="2")
    assert_works(app, "Pooling")
    assert f"is {words.number(float(functional.max_pool2d(second, 2, 3)[0, 2].max()))}, at" in said(app)
    covered = functional.max_pool2d(torch.arange(42.0).reshape(1, 1, 7, 6), 2, 3, return_indices=True)[1]
    assert covered.flatten().tolist() == [7, 10, 25, 28], "the last of each window, so rows 0, 1, 3 and 4 are covered"
    assert "No window covers 3 rows and 2 columns of the input." in said(app)


@pytest.mark.parametrize("net", ["deep", "colours"])
def test_a_mean_over_all_places_is_a_global_average_pool(
    opened: AppTest, net: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    made = any_network.deep() if net == "deep" else own_networks.colours()
    app = show(opened, net=store.keep_bytes(made), channel="1")
    assert_works(app, "Pooling")
    assert re.fullmatch(
        r"This network has no max pool with windows. mean-\d+(\.\d)? is a global average pool: the mean over all "
        r"places of each map, so no value wins\.",
        as_read(app.info[0].value),
    )
    trace = record(store.by_id(app.query_params["net"]).module, inputs_of(app))
    pool = next(step for step in trace.steps if step.kind == "mean")
    before = torch.tensor(trace.maps_of(pool.inputs[0]))
    mean = float(functional.adaptive_avg_pool2d(before, 1)[1])
    assert float(pool.maps[1, 0, 0]) == pytest.approx(mean, abs=1e-5)
    assert words.number(mean) in said(app) + str(component(app, "workings"))
    assert "Show the max pool of the assignment's network" in [each.proto.label for each in app.get("page_link")]


def inputs_of(app: AppTest) -> torch.Tensor:
    """Return what goes into the network of a page: its default picture."""
    image = store.by_id(app.query_params["net"]).input
    return inputs.to_input(pictures.fitted(pictures.samples(image)[0], image, ()).pixels, image)


def test_network_without_a_pool_gets_a_sentence_and_a_link(
    opened: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    app = show(opened, net=store.keep_bytes(own_networks.without_pool()))
    assert_works(app, "Pooling")
    assert app.info[0].value == "This network has no pool."
    assert "Show the max pool of the assignment's network" in [each.proto.label for each in app.get("page_link")]


def test_what_was_measured_can_be_revealed_without_an_answer() -> None:
    app = run("pooling", pool_view="move")
    assert "No answer is chosen yet." in said(app)
    (reveal,) = [button for button in app.button if button.label == "Reveal"]
    reveal.click().run()
    assert not app.exception
    assert not app.warning
    assert "**Measured: " in said(app)
    assert app.query_params["pool_guess"] == "shown"
