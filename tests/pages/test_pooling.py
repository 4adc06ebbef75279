"""The page of the max pool in Streamlit's own simulator."""

import re
from pathlib import Path

import pytest

from model.images import digits
from model.networks.assignment import weights
from model.pooling import max_pool
from model.trace import record
from tests.pages.conftest import assert_works, run, said, shown

PAGE = "pooling"


def test_every_map_and_a_corner_unit_open_the_page() -> None:
    app = run(PAGE)
    assert_works(app, "Pooling")
    for channel in (0, 7, 15):
        app.query_params["channel"], app.query_params["unit"] = str(channel), "10.0"
        app.run()
        assert_works(app, "Pooling")
        assert f"Unit y 10, x 0 of map {channel}: the winner" in said(app)


def test_the_page_counts_what_it_says_for_this_digit() -> None:
    done = max_pool.pooled(record(weights.load(), digits.to_input(digits.find("project-8a"))))
    app = run(PAGE, digit="project-8a", channel="2")
    assert_works(app, "Pooling")
    assert f"In {(done.ties[2] > 1).sum()} of the 121 windows of this map" in said(app)
    app = run(PAGE, digit="project-8a", channel="2", pool_view="lost")
    assert_works(app, "Pooling")
    text = said(app)
    assert f"{(done.ties > 1).sum():,} of 1,936 windows tie" in text
    assert "0 of the 5,808 values that lost have a gradient" in text


def test_the_moves_are_shown_once_something_is_predicted() -> None:
    app = run(PAGE, pool_view="move")
    assert 'class="moves"' not in shown(app)
    assert "Choose an answer" in said(app)
    app.button_group("widget-pool_guess").set_value("one").run()
    assert_works(app, "Pooling")
    assert app.query_params["pool_guess"] == "one"
    assert 'class="moves"' in shown(app)
    assert "You predicted: After 1 pixel. Measured: After 2 pixels." in said(app)
    app.button_group("widget-pool_towards").set_value("down").run()
    assert_works(app, "Pooling")
    assert "**2 pixels down.** Into the pool: the old maps" in said(app)


def test_another_value_of_the_window_can_be_traced() -> None:
    boxes = set()
    for name in ("winner", "0.0", "0.1", "1.0", "1.1"):
        app = run(PAGE, channel="3", unit="5.5", pool_trace=name)
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
def test_nonsense_is_a_sentence_and_the_default(name: str, value: str, default: str) -> None:
    view = {"pool_test": "average", "pool_towards": "move", "pool_guess": "move"}.get(name, "windows")
    app = run(PAGE, **{"pool_view": view, name: value})
    assert not app.exception
    assert app.warning[0].value.startswith(f"The link asks for {name} '{value}'. It can be ")
    assert app.warning[0].value.endswith(f"Showing {default} instead." if default else "It is left out here.")


def test_a_unit_that_is_not_there_is_a_sentence_and_one_that_somebody_won() -> None:
    app = run(PAGE, unit="11.0", channel="3")
    assert not app.exception
    assert app.warning[0].value.startswith("The link asks for unit '11.0'. It can be 0.0")
    maps = record(weights.load(), digits.to_input(digits.find("project-3a")))["MaxPool2d-10"].output
    y, x = divmod(int(maps[3].argmax()), 11)
    assert f"Unit y {y}, x {x} of map 3: the winner" in said(app)


def test_without_mnist_the_projects_digits_are_tested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))
    app = run(PAGE, pool_view="average")
    assert_works(app, "Pooling")
    assert len(app.selectbox("widget-pool_test").options) == 1
    assert run(PAGE, pool_view="average", pool_test="mnist").warning[0].value.endswith("Showing project instead.")


@pytest.mark.usefixtures("mnist_root")
def test_mnist_is_read_with_both_pools() -> None:
    app = run(PAGE, pool_view="average", pool_test="mnist")
    assert_works(app, "Pooling")
    assert len(re.findall(r"<td>[\d,]+ of 10,000</td>", shown(app))) == 2
