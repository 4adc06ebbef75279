"""The page of the head in Streamlit's own simulator."""

import pytest

from model import trace
from model.head import logits
from model.images import digits
from model.networks.assignment import weights
from tests.pages.conftest import as_read, assert_works, run, said, shown

PAGE, TITLE = "head", "The head"
KEY = "project-4or9"


def test_every_part_opens_and_shows_its_figures() -> None:
    marks = {
        "class": "class-map",
        "sum": "ledger parts",
        "two": "versus",
        "mix": "cells board",
        "softmax": "ledger softmax",
    }
    for part, mark in marks.items():
        app = run(PAGE, digit=KEY, part=part)
        assert_works(app, TITLE)
        assert [other for other in marks.values() if f'class="{other}' in shown(app)] == [mark]
        assert len(app.get("download_button")) >= 1


def test_the_page_explains_the_answer_against_the_runner_up_unless_told() -> None:
    read = logits.of_trace(trace.record(weights.load(), digits.to_input(digits.find(KEY))))
    first, second = read.ranking[:2]
    app = run(PAGE, digit=KEY, part="two")
    assert app.button_group("widget-target").value == str(first)
    assert app.button_group("widget-against").value == str(second)
    app.button_group("widget-target").set_value("0").run()
    assert_works(app, TITLE)
    assert app.query_params["target"] == "0"
    assert f"against {first}" not in said(app)
    assert f"The logit of 0 less that of {first}" in said(app)
    assert_works(run(PAGE, digit=KEY, part="two", target="3", against="3"), TITLE)


def test_a_changed_map_changes_every_later_row_and_is_kept_in_the_link() -> None:
    app = run(PAGE, digit=KEY, part="mix")
    assert "Nothing is changed yet" in said(app)
    app.button_group("widget-mute").set_value(["7", "3"]).run()
    assert_works(app, TITLE)
    assert app.query_params["mute"] == "3.7"
    app.button_group("widget-gain").set_value("-1").run()
    assert_works(app, TITLE)
    assert "Input maps 3, 7 are multiplied by −1." in said(app)
    again = run(PAGE, digit=KEY, part="mix", mute="3.7", gain="-1")
    assert shown(again) == shown(app)
    app.button_group("widget-mute").set_value([]).run()
    assert "mute" not in app.query_params


@pytest.mark.parametrize(("part", "name"), [("mix", "without"), ("softmax", "warmer")])
def test_a_prediction_comes_before_the_measurement(part: str, name: str) -> None:
    app = run(PAGE, digit=KEY, part=part)
    assert "Choose an answer" in said(app)
    app.button_group(f"widget-{name}").set_value("other").run()
    assert_works(app, TITLE)
    assert "predicted" in said(app)
    assert app.query_params[name] == "other"


def test_the_map_that_matters_most_can_be_silenced_at_once() -> None:
    app = run(PAGE, digit=KEY, part="mix", without="same", gain="2")
    (offer,) = (button for button in app.button if button.label.startswith("Silence map"))
    offer.click().run()
    assert_works(app, TITLE)
    assert offer.label == f"Silence map {app.query_params['mute']} and look"
    assert f"Input map {app.query_params['mute']} is silent." in said(app)


def test_temperature_is_kept_in_the_link() -> None:
    app = run(PAGE, digit=KEY, part="softmax", temperature="8")
    assert_works(app, TITLE)
    assert " / 8 = " in said(app)
    assert "what the network puts out" in said(run(PAGE, digit=KEY, part="softmax"))


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
def test_nonsense_is_a_sentence_and_the_default(part: str, name: str, value: str) -> None:
    app = run(PAGE, **{"digit": KEY, "part": part, name: value})
    assert not app.exception
    (warning,) = (as_read(each.value) for each in app.warning)
    assert warning.startswith(f"The link asks for {name} '{value}'. It can be ")
    assert "instead." in warning
    assert "<script>" not in shown(app)
