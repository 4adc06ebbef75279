"""The moving average, and the statistics of batch norm that belong to it."""

import pytest
import torch
from torch import Tensor, nn

from model.networks.assignment import weights
from model.training.averaging import Average, measure_statistics
from model.training.images import Images
from tests.model.training.few import small_mnist

SMALL = small_mnist()


def one_weight(value: float = 0.0) -> nn.Module:
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, value)
    return network


def test_the_average_is_the_weighted_sum_of_all_weights_so_far() -> None:
    values, keep = [1.0, 5.0, -2.0, 3.0], [0.1, 2 / 11, 0.25, 0.3]  # by hand: (1 + t) / (10 + t), up to 0.3
    network = one_weight()
    average = Average(network, 0.3)
    for step, value in enumerate(values):
        nn.init.constant_(network.get_parameter("weight"), value)
        average.follow(network, step)
    shares = [(1 - k) * torch.tensor(keep[step + 1 :]).prod().item() for step, k in enumerate(keep)]
    expected = sum(share * value for share, value in zip(shares, values, strict=True))
    assert average.weights["weight"].item() == pytest.approx(expected, rel=1e-6)
    assert average.weights["weight"].item() != pytest.approx(sum(values) / 4, rel=1e-2)


def test_the_network_is_only_read() -> None:
    network = one_weight(2.0)
    average = Average(network, 0.9)
    average.weights["weight"].zero_()
    average.follow(network, 100)
    assert network.get_parameter("weight").item() == 2.0
    assert not average.weights["weight"].requires_grad


def reaching(network: nn.Module, name: str, x: Tensor) -> Tensor:
    """Return what reaches a batch norm that stands alone at the top: the witness for its statistics."""
    steps = [*dict(network.named_children())]
    with torch.no_grad():
        for step in steps[: steps.index(name)]:
            x = network.get_submodule(step)(x)
    return x


def test_the_first_statistics_are_those_of_what_reaches_it() -> None:
    network = weights.load()
    x = reaching(network, "BatchNorm2d-2", SMALL.x).double()
    measure_statistics(network, SMALL)
    norm = network.get_submodule("BatchNorm2d-2")
    torch.testing.assert_close(norm.get_buffer("running_mean").double(), x.mean((0, 2, 3)), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(norm.get_buffer("running_var").double(), x.var((0, 2, 3)), atol=1e-5, rtol=1e-4)
    kept = weights.load().get_submodule("BatchNorm2d-2").get_buffer("running_mean").double()  # of MNIST
    with pytest.raises(AssertionError):
        torch.testing.assert_close(kept, x.mean((0, 2, 3)), atol=1e-5, rtol=1e-5)


def test_what_is_measured_is_independent_of_what_was_there() -> None:
    network, other = weights.load(), weights.load()
    other.get_submodule("BatchNorm2d-8").get_buffer("running_var").mul_(7)
    for each in (network, other):
        measure_statistics(each, SMALL)
    assert all(torch.equal(a, b) for a, b in zip(network.buffers(), other.buffers(), strict=True))


def test_only_the_first_images_are_measured_and_modes_and_momentum_are_as_they_were() -> None:
    network, other = weights.load(), weights.load()
    measure_statistics(network, SMALL, count=100)
    measure_statistics(other, Images(SMALL.x[:100], SMALL.y[:100]))
    assert all(torch.equal(a, b) for a, b in zip(network.buffers(), other.buffers(), strict=True))
    assert not any(module.training for module in network.modules())
    assert {module.momentum for module in network.modules() if isinstance(module, nn.BatchNorm2d)} == {0.1}
