"""Steps whose weights are buffers or constants: they work as learned ones do, and nothing of them is learned."""

import numpy as np
import pytest
import torch

from model import layers
from model.layers.quiz import misconceptions
from model.networks.file import read
from model.sanity_checks import randomization
from model.trace import record
from tests import odd_networks


@pytest.fixture(scope="module")
def module() -> torch.nn.Module:
    return read(odd_networks.of(odd_networks.FixedKernel)).module


def test_fixed_weights_are_no_parameters(module: torch.nn.Module) -> None:
    found = layers.arithmetic(record(module, torch.rand(1, 1, 28, 28)))
    fixed = {name: each for name, each in found.items() if each.buffers}
    assert [sum(line.result for line in each.buffers) for each in fixed.values()] == [4 * 9 + 4, 10 * 8]
    assert all(each.parameter_count == 0 for each in fixed.values())
    assert [each.multiply_accumulates.result for each in fixed.values()] == [4 * 28 * 28 * 9, 80]
    assert list(found.values())[-1].running_total == 4 * 49 * 8 + 8


def test_a_unit_is_worked_out_with_fixed_weights(module: torch.nn.Module) -> None:
    trace = record(module, torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0)))
    for step in (each for each in trace.steps if "weight" in each.buffers):
        unit = (3, 1, 2) if step.output.ndim == 3 else (3, 0, 0)
        worked = layers.explain(trace, step.name, unit)
        assert np.isclose(worked.value, worked.recorded, atol=1e-5)


def test_fixed_weights_are_not_randomized(module: torch.nn.Module) -> None:
    assert randomization.learned_rows(module) == ("Linear-1",)
    before, after = module.state_dict(), randomization.randomized(module, 0).state_dict()
    assert sum(torch.equal(before[key], after[key]) for key in before) == len(before) - 2


def test_wrong_numbers_of_parameters_count_what_is_fixed(module: torch.nn.Module) -> None:
    trace = record(module, torch.rand(1, 1, 28, 28))
    found = layers.arithmetic(trace)
    wrong = [
        [answer for answer, _ in misconceptions.of_parameters(step, found[step.name])]
        for step in trace.steps
        if step.buffers
    ]
    assert wrong == [[(36,), (40,)], [(80,)]]
