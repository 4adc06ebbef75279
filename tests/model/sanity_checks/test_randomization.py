"""Randomized networks compared with PyTorch's own initial weights."""

import copy
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from model.errors import InputError
from model.images import digits
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.sanity_checks.randomization import cascade, learned_rows, randomized


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


def same(one: nn.Module, other: nn.Module) -> bool:
    """Return whether two modules hold the same numbers, running statistics included."""
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


def changed_rows(one: nn.Module, other: nn.Module) -> set[str]:
    rows = dict(other.named_children())
    return {name for name, module in one.named_children() if not same(module, rows[name])}


def initialised_by_pytorch(network: nn.Module, seed: int) -> dict[str, nn.Conv2d]:
    """Build each convolution again, the last first, with PyTorch's own generator; its state is restored afterwards."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return {
            name: nn.Conv2d(module.in_channels, module.out_channels, module.kernel_size)  # type: ignore[arg-type]
            for name, module in reversed(list(network.named_children()))
            if isinstance(module, nn.Conv2d)
        }


def test_learned_rows_are_all_with_parameters_the_last_first(network: AssignmentNetwork) -> None:
    with_parameters = [name for name, module in network.named_children() if list(module.parameters())]
    assert list(learned_rows(network)) == with_parameters[::-1]
    assert learned_rows(network)[:3] == ("Conv2d-23", "BatchNorm2d-20", "Conv2d-19")


def test_cascade_randomizes_one_more_row_each_time(network: AssignmentNetwork) -> None:
    rows = list(cascade(network, 0))
    names = [name for name, _ in rows]
    for count, (name, changed) in enumerate(rows, start=1):
        assert changed_rows(network, changed) == set(names[:count])
        assert changed_rows(network, changed) != set(names[-count:]) or count == len(names)  # wrong: from the bottom
        assert name == names[count - 1]
    for (_, before), (name, after) in pairwise(rows):
        assert changed_rows(before, after) == {name}  # rows randomized before stay the same


@pytest.mark.parametrize("seed", [0, 3])
def test_randomized_convolutions_equal_pytorch(network: AssignmentNetwork, seed: int) -> None:
    expected = initialised_by_pytorch(network, seed)
    found = dict(randomized(network, seed).named_children())
    assert all(same(found[name], module) for name, module in expected.items())
    other = initialised_by_pytorch(network, seed + 1)
    assert not any(same(found[name], module) for name, module in other.items())


def test_randomized_weights_are_uniform_within_the_fan_in_bound(network: AssignmentNetwork) -> None:
    drawn = np.stack([randomized(network, seed).get_parameter("Conv2d-19.weight").detach() for seed in range(10)])
    bound = 1 / np.sqrt(16 * 3 * 3)
    assert 0.999 * bound < np.abs(drawn).max() <= bound
    np.testing.assert_allclose(drawn.std(), bound / np.sqrt(3), rtol=0.01)
    assert np.abs(drawn).max() < 0.5 * np.sqrt(6) * bound  # the wrong rule: He's bound, as if a were 0


def test_randomized_batch_norms_have_initial_statistics(network: AssignmentNetwork) -> None:
    last = randomized(network, 0)
    norms = [module for module in last.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms
    assert all(same(norm, nn.BatchNorm2d(norm.num_features)) for norm in norms)
    fresh = AssignmentNetwork().eval()
    assert {key: value.shape for key, value in last.state_dict().items()} == {
        key: value.shape for key, value in fresh.state_dict().items()
    }


def test_randomized_is_the_end_of_the_cascade(network: AssignmentNetwork) -> None:
    *_, (_, last) = cascade(network, 5)
    assert same(randomized(network, 5), last)
    assert not same(randomized(network, 6), last)


def test_randomized_networks_have_chance_accuracy(network: AssignmentNetwork) -> None:
    read = [digit for digit in digits.samples() if digit.label is not None]
    images, labels = torch.cat([digits.to_input(each) for each in read]), torch.tensor([each.label for each in read])
    right = [(randomized(network, seed)(images).argmax(1) == labels).float().mean() for seed in range(8)]
    assert float(torch.stack(right).mean()) < 0.25
    assert float((network(images).argmax(1) == labels).float().mean()) > 0.9


def test_cascade_has_no_side_effects(network: AssignmentNetwork) -> None:
    before, state = copy.deepcopy(network), torch.get_rng_state()
    stages = list(cascade(network, 0))
    randomized(network, 0)
    assert same(network, before)
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(each.training for _, each in stages)
    with torch.no_grad():
        stages[0][1].get_parameter("Conv2d-23.weight").zero_()  # what is randomized is a copy
    assert same(network, before)
    assert changed_rows(stages[1][1], network) == {"Conv2d-23", "BatchNorm2d-20"}


def test_randomized_in_threads_equals_randomized_alone(network: AssignmentNetwork) -> None:
    alone = [randomized(network, seed) for seed in range(16)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda seed: randomized(network, seed), range(16)))
    assert all(same(one, other) for one, other in zip(alone, together, strict=True))


def test_randomized_without_bias_and_with_linear_layer() -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(36, 2))
    with torch.random.fork_rng():
        torch.manual_seed(7)
        line = nn.Linear(36, 2)
        convolution = nn.Conv2d(1, 4, 3, bias=False)
    last = randomized(net, 7)
    assert same(last.get_submodule("3"), line)
    assert same(last.get_submodule("0"), convolution)


def test_learned_rows_refuses_unknown_modules() -> None:
    with pytest.raises(InputError, match=r"'1' \(Bilinear\)"):
        learned_rows(nn.Sequential(nn.Conv2d(1, 1, 1), nn.Bilinear(1, 1, 1)))
