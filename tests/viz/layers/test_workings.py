"""What the browser is given of a unit that is worked out."""

import csv
import io

import numpy as np
import pytest
import torch
from torch import nn

from model import layers
from model.images import digits
from model.networks.assignment import weights
from model.receptive_field.records import Box
from model.trace import record
from model.trace.records import Trace
from viz.layers import workings
from viz.pictures import words


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


@pytest.mark.parametrize("name", ["Conv2d-7", "AvgPool2d-22", "Conv2d-23"])
def test_the_products_and_the_bias_in_the_csv_come_to_the_value(trace: Trace, name: str) -> None:
    unit = (3, 0, 0)
    _, *lines = csv.reader(io.StringIO(workings.terms_csv(layers.explain(trace, name, unit))))
    assert [line[0] for line in lines[-2:]] == ["bias", "recorded"]
    *added, recorded = (float(line[-1]) for line in lines)
    assert sum(added) == pytest.approx(recorded, abs=1e-4)
    assert recorded == pytest.approx(float(trace[name].maps[unit]))
    for c, y, x, value, weight, product in lines[:-2]:
        assert float(value) == pytest.approx(float(trace.maps_of(trace.source(name))[int(c), int(y), int(x)]))
        assert float(product) == pytest.approx(float(value) * float(weight), abs=1e-6)


def test_what_fills_in_while_playing_is_what_was_recorded(trace: Trace) -> None:
    data = workings.prepare(trace, layers.explain(trace, "Conv2d-1", (2, 4, 5)), layers.window(trace["Conv2d-1"]))
    shown = np.asarray([number(value) for value in data["output"]["values"]]).reshape(26, 26)
    np.testing.assert_allclose(shown, trace["Conv2d-1"].output[2], atol=6e-4)
    input_map, kernel = data["play"]["values"], data["play"]["weights"]
    np.testing.assert_array_equal(np.asarray(input_map, np.float32).reshape(28, 28), trace.image[0])
    np.testing.assert_array_equal(
        np.asarray(kernel, np.float32).reshape(3, 3), trace["Conv2d-1"].parameters["weight"][2, 0]
    )


def test_in_groups_the_kernel_that_is_played_belongs_to_the_map_in_front() -> None:
    torch.manual_seed(4)
    network = nn.Sequential(nn.Conv2d(1, 4, 1), nn.Conv2d(4, 4, 3, groups=2), nn.AdaptiveAvgPool2d(1)).eval()
    grouped = record(network, torch.randn(1, 1, 8, 8))
    for channel in range(4):
        data = workings.prepare(grouped, layers.explain(grouped, "1", (channel, 2, 3)), layers.window(grouped["1"]))
        (shown,) = [group for group in data["groups"] if group["channel"] == data["input"]["channel"]]
        assert [term["rule"] for term in shown["terms"]] == [f"× {words.number(w)}" for w in data["play"]["weights"]]


def test_while_its_value_is_asked_for_nothing_tells_it(trace: Trace) -> None:
    explained = layers.explain(trace, "Conv2d-4", (2, 5, 7))
    told = workings.prepare(trace, explained, layers.window(trace["Conv2d-4"]))
    asked = workings.prepare(trace, explained, layers.window(trace["Conv2d-4"]), hidden=True)
    value = told["recorded"]
    assert value in told["formula"]
    assert value not in str({key: shown for key, shown in asked.items() if key != "groups"})
    assert words.number(explained.recorded) in workings.say(explained)
    assert words.number(explained.recorded) not in workings.say(explained, hidden=True)
    assert asked["play"] is None


def test_only_a_window_that_moves_can_be_played(trace: Trace) -> None:
    playable = {
        step.name: workings.prepare(trace, layers.explain(trace, step.name, (0, 0, 0)), layers.window(step))["play"]
        for step in trace.steps
    }
    assert [name for name, can in playable.items() if can] == [
        "Conv2d-1", "Conv2d-4", "Conv2d-7", "MaxPool2d-10", "Conv2d-13", "Conv2d-16", "Conv2d-19",
    ]  # fmt: skip


def test_a_box_is_drawn_where_it_lies_on_the_digit() -> None:
    html = workings.field(digits.samples()[0].pixels, Box(-2, 7, 14, 14))
    assert "top: 0.00%; left: 25.00%; height: 50.00%; width: 25.00%" in html
