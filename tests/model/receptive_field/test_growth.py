"""The arithmetic of the receptive field, evaluated."""

import re
from itertools import pairwise

import pytest
from torch import nn

from model.errors import TraceError
from model.graph.records import Op
from model.networks import load
from model.networks.assignment import weights
from model.receptive_field import growth, of_network, windows_of
from model.receptive_field.records import Growth
from tests.model.graph.build import Builder


def evaluate(line: str) -> tuple[float, float]:
    """Return the value of the arithmetic, and the number after the equals sign."""
    left, right = line.replace("×", "*").replace("−", "-").split(" = ")
    assert re.fullmatch(r"([\d.+\-*/(), ]|min|max)+", left)
    return eval(left), float(right)  # noqa: S307 (digits, signs, min and max alone)


ODD = nn.Sequential(
    nn.Conv2d(1, 2, 3, padding=2, dilation=2), nn.MaxPool2d(3, stride=2), nn.ReLU(), nn.Conv2d(2, 2, 5, padding=1)
)
NETWORKS = {"assignment": weights.load(), "odd": ODD}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_growth_arithmetic_gives_the_receptive_fields(network: nn.Module) -> None:
    fields = of_network(network)
    steps = growth(network)
    assert [step.name for step in steps] == list(fields)
    for step in steps:
        field = fields[step.name]
        assert step.after == field
        for line, true in ((step.size, field.size[0]), (step.jump, field.jump[0]), (step.center, field.center[0])):
            assert evaluate(line) == (true, true)


def test_growth_before_is_the_previous_growth_after() -> None:
    steps = growth(weights.load())
    assert steps[0].before.size == (1, 1)
    for before, after in pairwise(steps):
        assert after.before == before.after


def named() -> dict[str, Growth]:
    return {step.name: step for step in growth(weights.load())}


def test_growth_numbers_rows_only() -> None:
    steps = named()
    assert steps["MaxPool2d-10"].number == 10
    assert steps["ReLU-7"].number is None
    assert sum(step.number is not None for step in steps.values()) == 23


def test_seven_steps_change_the_receptive_field() -> None:
    changing = ["Conv2d-1", "Conv2d-4", "Conv2d-7", "MaxPool2d-10", "Conv2d-16", "Conv2d-19", "AvgPool2d-22"]
    assert [name for name, step in named().items() if step.changes] == changing


def test_max_pool_adds_one_and_doubles_the_jump() -> None:
    pool = named()["MaxPool2d-10"]
    assert (pool.size, pool.jump) == ("7 + (2 − 1) × 1 × 1 = 8", "1 × 2 = 2")
    assert (pool.units, pool.middle) == ((11, 11), (5, 5))


# ---- on a graph ----


def test_growth_on_the_graph_that_comes_along_is_that_of_its_class() -> None:
    assert growth(load("assignment").module) == growth(weights.load())


def test_growth_on_a_graph_gives_its_fields_by_windows_and_by_unions() -> None:
    build = Builder((2, 16, 16))
    beside = build.conv(2, 1, 2, 0, "image")
    three = build.conv(2, 3, 2, 1, "image")
    add = build.add(Op.ADD, beside, three, alpha=1.0)
    build.add(Op.MEAN, add, dims=(2, 3), keepdim=True)
    module = build.module()
    steps = {step.name: step for step in growth(module)}
    assert {name: step.after for name, step in steps.items()} == of_network(module)
    for step in steps.values():
        for line, true in (
            *((step.size, step.after.size[0]), (step.jump, step.after.jump[0])),
            (step.center, step.after.center[0]),
        ):
            assert evaluate(line) == (true, true)
    assert steps[add].size == "max(0, 1) − min(−1, 0) + 1 = 3"
    assert (steps[add].before, steps[three].window.kernel) == (of_network(module)[beside], (3, 3))


def test_a_graph_that_branches_is_no_chain() -> None:
    build = Builder((1, 8, 8))
    first = build.conv(1, 3, 1, 1, "image")
    build.add(Op.RELU, first)
    build.conv(1, 3, 1, 1, first)
    with pytest.raises(TraceError, match=f"gets the output of {first}"):
        windows_of(build.module(), (1, 8, 8))
