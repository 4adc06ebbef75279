"""The sum of a worked unit: each of its parts belongs to the term, or to the input map, that adds it."""

import re

import pytest
import torch

from model import layers, networks
from model.images import digits
from model.layers.records import Explanation
from model.networks.assignment import weights
from model.trace import record
from model.trace.records import Trace
from viz.layers import sums
from viz.layers.worked_unit import _by_map, prepare

BUTTON = re.compile(r'<button type="button" data-group="(\d+)"(?: data-term="(\d+)")?>([^<]*)</button>')


@pytest.fixture(scope="module")
def trace() -> Trace:
    return record(weights.load(), digits.to_input(digits.samples()[0]))


def parts(explained: Explanation, *, hidden: bool = False) -> list[tuple[str, str, str]]:
    groups = _by_map(explained)
    return BUTTON.findall(sums.draw(explained, groups, [*groups], hidden=hidden))


def value(part: str) -> float:
    found = 1.0
    for factor in part.split(" × "):
        found *= float(factor.strip("()").replace("−", "-"))
    return found


def test_of_one_input_map_each_part_is_a_term(trace: Trace) -> None:
    explained = layers.explain(trace, "Conv2d-1", (2, 9, 11))
    found = parts(explained)
    assert [(group, term) for group, term, _ in found] == [("0", str(n)) for n in range(9)]
    for (_, _, part), term in zip(found, explained.terms, strict=True):
        assert value(part) == pytest.approx(term.product, abs=2e-3)


@pytest.mark.parametrize("name", ["Conv2d-7", "Conv2d-13", "Conv2d-23"])
def test_of_several_input_maps_each_part_is_the_sum_of_one(trace: Trace, name: str) -> None:
    explained = layers.explain(trace, name, (3, 0, 0))
    found = parts(explained)
    assert [int(group) for group, _, _ in found] == list(range(len(explained.channels)))
    for (_, _, part), added in zip(found, explained.channels.values(), strict=True):
        assert value(part) == pytest.approx(added, abs=6e-5)
    shown = prepare(trace, explained, layers.window(trace[name]))["groups"]
    assert [group["sum"] for group in shown] == [part.strip("()") for _, _, part in found]


@pytest.mark.parametrize("name", ["BatchNorm2d-5", "MaxPool2d-10", "ReLU-7", "AvgPool2d-22", "log-softmax"])
def test_what_is_not_a_sum_of_its_terms_has_no_parts(trace: Trace, name: str) -> None:
    name = name if name in [step.name for step in trace.steps] else trace.steps[-1].name
    explained = layers.explain(trace, name, (3, 0, 0))
    assert parts(explained) == []
    assert 'role="math"' in prepare(trace, explained, None)["formula"]


def test_products_are_those_of_the_terms_and_hidden_while_asked(trace: Trace) -> None:
    explained = layers.explain(trace, "Conv2d-4", (2, 5, 7))
    told = prepare(trace, explained, layers.window(trace["Conv2d-4"]))["groups"]
    said = [term["product"] for group in told for term in group["terms"]]
    assert said == [f"= {term.product:z.4f}".replace("-", "−") for term in explained.terms]
    asked = prepare(trace, explained, layers.window(trace["Conv2d-4"]), hidden=True)["groups"]
    assert {term["product"] for group in asked for term in group["terms"]} == {""}
    assert {group["sum"] for group in asked} == {""}


def test_playing_starts_at_the_first_window_with_ink(trace: Trace) -> None:
    play = prepare(trace, layers.explain(trace, "Conv2d-1", (2, 4, 5)), layers.window(trace["Conv2d-1"]))["play"]
    y, x = divmod(play["start"], 26)
    ink = digits.samples()[0].pixels
    assert ink[y : y + 3, x : x + 3].max() > 0.25 * ink.max()
    assert ink[:y].max() <= 0.25 * ink.max(), "no line before it has a window with ink"
    assert max(ink[y : y + 3, left : left + 3].max() for left in range(x)) <= 0.25 * ink.max()


def test_maps_of_one_unit_are_a_strip_with_the_names_of_classes(trace: Trace) -> None:
    output = prepare(trace, layers.explain(trace, "Conv2d-23", (3, 0, 0)), None)["output"]
    assert [cell["name"] for cell in output["strip"]] == [trace.class_name(k) for k in range(10)]
    said = [f"{logit:z.3f}".replace("-", "−") for logit in trace.logits]
    assert [cell["value"] for cell in output["strip"]] == said
    assert "strip" not in prepare(trace, layers.explain(trace, "Conv2d-23", (3, 0, 0)), None, hidden=True)["output"]
    assert prepare(trace, layers.explain(trace, "Conv2d-19", (3, 0, 0)), None)["output"]["strip"] == []


def test_of_an_add_a_map_of_each_input_is_drawn() -> None:
    network = networks.load("residual")
    run = record(network.module, torch.zeros(1, *network.input.shape))
    step = next(step for step in run.steps if step.kind == "add")
    data = prepare(run, layers.explain(run, step.name, (4, 5, 6)), layers.window(step))
    assert {data["source"], *(each["source"] for each in data["others"])} == {*step.inputs}
    assert [each["covered"] for each in data["others"]] == [[5, 6, 6, 7]]
    alone = next(step for step in run.steps if len(step.inputs) == 1)
    assert prepare(run, layers.explain(run, alone.name, (0, 5, 6)), layers.window(alone))["others"] == []
