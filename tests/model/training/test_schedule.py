"""The learning rate compared with PyTorch's one-cycle schedule."""

from typing import Literal

import pytest
import torch

from model.training.recipe import Recipe
from model.training.schedule import learning_rate

STEPS = 100
CYCLE = Recipe(learning_rate=0.1, schedule="one-cycle", warm_up=0.3)


def by_pytorch(strategy: Literal["cos", "linear"]) -> list[float]:
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=1.0, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 0.1, total_steps=STEPS, pct_start=0.3, anneal_strategy=strategy, cycle_momentum=False
    )
    rates = []
    for _ in range(STEPS):
        rates.append(float(scheduler.get_last_lr()[0]))
        optimiser.step()
        if len(rates) < STEPS:
            scheduler.step()
    return rates


def test_one_cycle_equals_pytorch() -> None:
    rates = [learning_rate(CYCLE, step, STEPS) for step in range(STEPS)]
    assert rates == pytest.approx(by_pytorch("cos"), rel=1e-9)
    assert rates != pytest.approx(by_pytorch("linear"), rel=1e-2)
    assert max(rates) == rates[29] == 0.1


def test_constant_schedule_has_one_rate() -> None:
    assert {learning_rate(Recipe(learning_rate=0.07), step, STEPS) for step in range(STEPS)} == {0.07}


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
@pytest.mark.parametrize("warm_up", [0.0, 0.3, 1.0])
def test_one_cycle_of_few_steps(steps: int, warm_up: float) -> None:
    recipe = Recipe(learning_rate=0.1, schedule="one-cycle", warm_up=warm_up)
    assert all(0 < learning_rate(recipe, step, steps) <= 0.1 for step in range(steps))
