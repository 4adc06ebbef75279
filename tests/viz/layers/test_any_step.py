"""The arithmetic of a unit with several inputs, very many inputs, or no window, as the page shows it."""

import csv
import io
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model import layers, trace
from model.trace.records import Trace
from tests.model.conftest import Example
from viz.layers import worked_unit

SHAPE = (1, 6, 6)


class Joined(nn.Module):
    """An addition of two branches, a concatenation, and a linear step with 1,800 inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.wide = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(1, 2, 1), nn.Conv2d(4, 50, 1)
        self.last = nn.Linear(1800, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        y = self.one(x) + self.two(x)
        y = self.wide(torch.cat((y, self.two(x)), 1))
        scores: Tensor = self.last(y.flatten(1))
        return scores


@pytest.fixture(scope="module")
def joined() -> Trace:
    return trace.record(
        Example(Joined, SHAPE).module, torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(2))
    )


def prepared(joined: Trace, name: str, unit: tuple[int, int, int]) -> dict[str, Any]:
    explained = layers.explain(joined, name, unit)
    return worked_unit.prepare(joined, explained, None if name == "Linear-5" else layers.window(joined[name]))


def test_each_input_of_an_add_is_a_way_back(joined: Trace) -> None:
    add = next(step for step in joined.steps if step.kind == "add")
    shown = prepared(joined, add.name, (1, 2, 3))
    assert [group["source"] for group in shown["groups"]] == ["Conv2d-1", "Conv2d-2"]
    assert [group["heading"] for group in shown["groups"]] == ["Conv2d-1, map 1", "Conv2d-2, map 1"]
    strongest = max(add.inputs, key=lambda name: abs(float(joined[name].output[1, 2, 3])))
    assert shown["source"] == strongest
    assert shown["covered"] == [2, 3, 3, 4]
    explained = layers.explain(joined, add.name, (1, 2, 3))
    assert "2 units of Conv2d-1 and Conv2d-2" in worked_unit.say(explained)
    head, *lines = csv.reader(io.StringIO(worked_unit.terms_csv(explained)))
    assert head[:2] == ["step", "map"]
    assert [line[0] for line in lines] == ["Conv2d-1", "Conv2d-2", "bias", "recorded"]


def test_a_concatenation_leads_to_the_input_that_gave_the_map(joined: Trace) -> None:
    cat = next(step for step in joined.steps if step.kind == "concatenation")
    add = next(step for step in joined.steps if step.kind == "add")
    assert [prepared(joined, cat.name, (c, 0, 0))["source"] for c in range(4)] == [add.name] * 2 + [cat.inputs[1]] * 2


def test_of_very_many_inputs_those_that_add_most_are_shown_and_the_others_summed(joined: Trace) -> None:
    linear = joined.steps[-2]
    shown = worked_unit.prepare(joined, layers.explain(joined, linear.name, (0, 0, 0)), None)
    assert len(shown["groups"]) == 64
    assert shown["more"] == "64 of 1,800 input maps"
    products = linear.parameters["weight"][0].astype(float) * linear.input.astype(float)
    order = np.abs(products).argsort()[::-1]
    assert {group["channel"] for group in shown["groups"]} == {*order[:64].tolist()}
    for part in (products[order[:64]].sum(), products[order[64:]].sum()):
        assert f"{abs(part):.4f}" in shown["formula"]
