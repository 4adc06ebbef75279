"""The page on the head in Streamlit's own simulator."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from model import trace
from model.images import digits
from model.networks.assignment import weights
from tests.heads import of_trace
from tests.pages.conftest import as_read, assert_works, run, said, show, shown

PAGE, TITLE = "head", "The head"
KEY = "project-4or9"


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


def test_page_shows_the_figures_of_each_part(opened: AppTest) -> None:
    marks = {
        "class": "class-map",
        "sum": "ledger contributions",
        "two": "two-classes",
        "mix": "cells weights",
        "softmax": "ledger softmax",
    }
    for part, mark in marks.items():
        app = show(opened, digit=KEY, part=part)
        assert_works(app, TITLE)
        assert [other for other in marks.values() if f'class="{other}' in shown(app)] == [mark]
        assert len(app.get("download_button")) >= 1


def test_page_compares_the_two_largest_logits_by_default(opened: AppTest) -> None:
    read = of_trace(trace.record(weights.load(), digits.to_input(digits.find(KEY))))
    first, second = read.ranking[:2]
    app = show(opened, digit=KEY, part="two")
    assert app.button_group("widget-target").value == str(first)
    assert app.button_group("widget-against").value == str(second)
    app.button_group("widget-target").set_value("0").run()
    assert_works(app, TITLE)
    assert app.query_params["target"] == "0"
    assert f"against {first}" not in said(app)
    assert f"The logit of 0 minus the logit of {first}" in said(app)
    assert_works(show(opened, digit=KEY, part="two", target="3", against="3"), TITLE)


def test_changed_maps_are_kept_in_the_address(opened: AppTest) -> None:
    app = show(opened, digit=KEY, part="mix")
    assert "No input map is changed yet" in said(app)
    app.button_group("widget-mute").set_value(["7", "3"]).run()
    assert_works(app, TITLE)
    assert app.query_params["mute"] == "3.7"
    app.button_group("widget-gain").set_value("-1").run()
    assert_works(app, TITLE)
    assert "Input maps 3, 7 are multiplied by −1." in said(app)
    first = shown(app)
    assert shown(show(opened, digit=KEY, part="mix", mute="3.7", gain="-1")) == first
    app.button_group("widget-mute").set_value([]).run()
    assert "mute" not in app.query_params


@pytest.mark.parametrize(("part", "name"), [("mix", "without"), ("softmax", "warmer")])
def test_prediction_comes_before_the_measurement(opened: AppTest, part: str, name: str) -> None:
    app = show(opened, digit=KEY, part=part)
    assert "No answer is chosen yet" in said(app)
    app.button_group(f"widget-{name}").set_value("other").run()
    assert_works(app, TITLE)
    assert "predicted" in said(app)
    assert app.query_params[name] == "other"


def test_button_sets_the_most_important_map_to_0(opened: AppTest) -> None:
    app = show(opened, digit=KEY, part="mix", without="same", gain="2")
    (offer,) = (button for button in app.button if button.label.startswith("Set map"))
    offer.click().run()
    assert_works(app, TITLE)
    assert offer.label == f"Set map {app.query_params['mute']} to 0"
    assert f"Input map {app.query_params['mute']} is multiplied by 0." in said(app)


def test_temperature_is_read_from_the_address(opened: AppTest) -> None:
    app = show(opened, digit=KEY, part="softmax", temperature="8")
    assert_works(app, TITLE)
    assert " / 8 = " in said(app)
    assert "this is the output of the network" in said(show(opened, digit=KEY, part="softmax"))


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("class", "part", "all"),
        ("class", "target", "10"),
        ("sum", "pooled", "32"),
        ("two", "against", "-1"),
        ("mix", "mute", "16"),
        ("mix", "mute", "3.3"),
        ("mix", "mute", "<script>"),
        ("mix", "gain", "7"),
        ("softmax", "temperature", "0"),
    ],
)
def test_nonsense_in_the_link_shows_a_sentence_and_the_default(
    opened: AppTest, part: str, name: str, value: str
) -> None:
    app = show(opened, **{"digit": KEY, "part": part, name: value})
    assert not app.exception
    (warning,) = (as_read(each.value) for each in app.warning)
    assert warning.startswith(f"The link asks for {name} '{value}'. It can be ")
    assert "instead." in warning
    assert "<script>" not in shown(app)
