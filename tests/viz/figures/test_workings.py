"""What the browser is given of a unit that is worked out."""

import numpy as np
import pytest

from model import digits, layers, weights
from model.records import Box, Trace
from model.trace import record
from viz.figures import workings


@pytest.fixture(scope="module")
def trace() -> Trace:
    return record(weights.load(), digits.to_input(digits.samples()[0]))


def number(text: str) -> float:
    return float(text.replace("−", "-"))


@pytest.mark.parametrize("name", ["Conv2d-1", "Conv2d-7", "MaxPool2d-10", "AvgPool2d-22", "Conv2d-23", "BatchNorm2d-5"])
def test_every_term_is_shown_with_its_value_and_the_sums_are_theirs(trace: Trace, name: str) -> None:
    explained = layers.explain(trace, name, (3, 0, 0))
    data = workings.prepare(trace, explained, layers.window(trace[name]))
    terms = [term for group in data["groups"] for term in group["terms"]]
    assert [tuple(term["unit"]) for term in terms] == [term.unit for term in explained.terms]
    source = trace.maps_of(explained.source)
    for term in terms:
        assert number(term["value"]) == pytest.approx(source[tuple(term["unit"])], abs=6e-4)
    total = sum(number(group["sum"]) for group in data["groups"]) + explained.bias
    assert total == pytest.approx(trace[name].maps[3, 0, 0], abs=6e-4 * max(1, len(data["groups"])))
    assert number(data["recorded"]) == pytest.approx(trace[name].maps[3, 0, 0], abs=6e-5)


def test_what_fills_in_while_playing_is_what_was_recorded(trace: Trace) -> None:
    data = workings.prepare(trace, layers.explain(trace, "Conv2d-1", (2, 4, 5)), layers.window(trace["Conv2d-1"]))
    shown = np.asarray([number(value) for value in data["output"]["values"]]).reshape(26, 26)
    np.testing.assert_allclose(shown, trace["Conv2d-1"].output[2], atol=6e-4)
    assert data["playable"]


def test_only_a_window_that_moves_can_be_played(trace: Trace) -> None:
    playable = {
        step.name: workings.prepare(trace, layers.explain(trace, step.name, (0, 0, 0)), layers.window(step))["playable"]
        for step in trace.steps
    }
    assert [name for name, can in playable.items() if can] == [
        "Conv2d-1", "Conv2d-4", "Conv2d-7", "MaxPool2d-10", "Conv2d-13", "Conv2d-16", "Conv2d-19",
    ]  # fmt: skip


def test_a_box_is_drawn_where_it_lies_on_the_digit() -> None:
    html = workings.field(digits.samples()[0].pixels, Box(-2, 7, 14, 14))
    assert "top: 0.00%; left: 25.00%; height: 50.00%; width: 25.00%" in html
