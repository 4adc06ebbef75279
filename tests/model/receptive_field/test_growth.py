"""The printed arithmetic of the receptive field, evaluated."""

import re
from itertools import pairwise

import pytest
from torch import nn

from model.networks.assignment import weights
from model.receptive_field import growth, of_network
from model.receptive_field.records import Growth


def evaluate(line: str) -> tuple[float, float]:
    """Return what the arithmetic gives, and what is printed behind the sign of equality."""
    left, right = line.replace("×", "*").replace("−", "-").split(" = ")
    assert re.fullmatch(r"[\d.+\-*/() ]+", left)
    return eval(left), float(right)  # noqa: S307 (digits and signs alone)


ODD = nn.Sequential(
    nn.Conv2d(1, 2, 3, padding=2, dilation=2), nn.MaxPool2d(3, stride=2), nn.ReLU(), nn.Conv2d(2, 2, 5, padding=1)
)
NETWORKS = {"assignment": weights.load(), "odd": ODD}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_the_printed_arithmetic_gives_the_fields(network: nn.Module) -> None:
    fields = of_network(network)
    steps = growth(network)
    assert [step.name for step in steps] == list(fields)
    for step in steps:
        field = fields[step.name]
        assert step.after == field
        for line, true in ((step.size, field.size[0]), (step.jump, field.jump[0]), (step.center, field.center[0])):
            assert evaluate(line) == (true, true)


def test_each_step_begins_where_the_one_before_ended() -> None:
    steps = growth(weights.load())
    assert steps[0].before.size == (1, 1)
    for before, after in pairwise(steps):
        assert after.before == before.after


def named() -> dict[str, Growth]:
    return {step.name: step for step in growth(weights.load())}


def test_rows_have_their_number_and_hidden_steps_none() -> None:
    steps = named()
    assert steps["MaxPool2d-10"].number == 10
    assert steps["ReLU-7"].number is None
    assert sum(step.number is not None for step in steps.values()) == 23


def test_seven_steps_change_the_field() -> None:
    changing = ["Conv2d-1", "Conv2d-4", "Conv2d-7", "MaxPool2d-10", "Conv2d-16", "Conv2d-19", "AvgPool2d-22"]
    assert [name for name, step in named().items() if step.changes] == changing


def test_the_pool_adds_one_and_doubles_the_jump() -> None:
    pool = named()["MaxPool2d-10"]
    assert (pool.size, pool.jump) == ("7 + (2 − 1) × 1 × 1 = 8", "1 × 2 = 2")
    assert (pool.units, pool.middle) == ((11, 11), (5, 5))
