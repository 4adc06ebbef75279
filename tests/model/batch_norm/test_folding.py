import copy
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from model import trace
from model.batch_norm import folding
from model.batch_norm.fold_errors import fold_errors
from model.errors import InputError
from model.images import digits
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.trace.records import Trace


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


@pytest.fixture(scope="module")
def recorded(network: AssignmentNetwork) -> Trace:
    return trace.record(network, digits.to_input(digits.samples()[0]))


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.cat([digits.to_input(sample) for sample in digits.samples()])


def test_compare_folded_network_agrees_on_all_samples(network: AssignmentNetwork, images: Tensor) -> None:
    before = copy.deepcopy(network.state_dict())
    found = folding.compare(network, images)
    assert found.images == len(images) == 53
    assert found.difference <= 1e-5
    assert found.exact_difference <= 1e-12
    assert found.same_predictions == 53
    folded = folding.fold_all(network)
    with torch.no_grad():
        assert float((folded(images) - network(images)).abs().max()) <= 1e-5
    left = [module for module in folded.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(left) == sum(fold.into is None for fold in found.folds.values())
    kept = sum(p.numel() for module in left for p in module.parameters())
    gone = sum(p.numel() for m in network.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters()) - kept
    assert (found.parameters, found.folded_parameters) == (10066, 10066 - gone)
    assert all(torch.equal(network.state_dict()[name], values) for name, values in before.items())
    assert isinstance(network.get_submodule("BatchNorm2d-2"), nn.BatchNorm2d)


def test_fold_all_without_folded_biases_does_not_agree(network: AssignmentNetwork, images: Tensor) -> None:
    """The wrong rule: folded weights with the original biases."""
    wrong = folding.fold_all(network)
    for name, module in network.named_children():
        if isinstance(module, nn.Conv2d):
            convolution = wrong.get_submodule(name)
            assert isinstance(convolution, nn.Conv2d)
            convolution.bias = module.bias
    with torch.no_grad():
        assert float((wrong(images) - network(images)).abs().max()) > 0.1


def test_fold_goes_into_the_next_convolution() -> None:
    network = AssignmentNetwork()
    network.train()(torch.randn(8, 1, 28, 28, generator=torch.Generator().manual_seed(0)))
    network.eval()
    order = [name for name, _ in network.named_children()]
    norms = [name for name in order if name.startswith("BatchNorm")]
    for name in norms:
        fold = folding.fold(network, name)
        assert fold.into is not None
        after = order[order.index(name) + 1 :]
        assert fold.into == next(each for each in after if each.startswith("Conv2d"))
        assert list(fold.through) == after[: after.index(fold.into)]
    across = folding.fold(network, "BatchNorm2d-8")
    assert {"MaxPool2d-10", "BatchNorm2d-11"} <= set(across.through)
    own, other = (_gain_and_offset(network.get_submodule(name)) for name in ("BatchNorm2d-8", "BatchNorm2d-11"))
    np.testing.assert_allclose(across.gain, own[0] * other[0], rtol=1e-5)
    np.testing.assert_allclose(across.offset, other[0] * own[1] + other[1], rtol=1e-4, atol=1e-5)


def _gain_and_offset(norm: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    """Measure gain and offset from the outputs for 0 and 1."""
    channels = len(norm.state_dict()["weight"])
    with torch.no_grad():
        zero, one = (norm(torch.full((1, channels, 1, 1), value)).flatten().numpy() for value in (0.0, 1.0))
    return one - zero, zero


def small(scale: float, padding: int = 0) -> nn.Sequential:
    """Return a small network with batch norm, max pool and convolution."""
    torch.manual_seed(3)
    norm = nn.BatchNorm2d(2)
    norm.load_state_dict(
        {
            **norm.state_dict(),
            "weight": torch.tensor([1.5, scale]),
            "bias": torch.tensor([0.25, -0.5]),
            "running_mean": torch.tensor([0.5, -1.0]),
            "running_var": torch.tensor([4.0, 0.25]),
        }
    )
    steps = OrderedDict[str, nn.Module](
        first=nn.Conv2d(1, 2, 3),
        bend=nn.ReLU(),
        norm=norm,
        pool=nn.MaxPool2d(2),
        second=nn.Conv2d(2, 3, 3, padding=padding),
        all=nn.Flatten(),
    )
    return nn.Sequential(steps).eval()


@settings(max_examples=20)
@given(scale=st.floats(-3, 3, width=32), seed=st.integers(0, 99))
def test_fold_stops_at_a_max_pool_if_a_gain_is_negative(scale: float, seed: int) -> None:
    network = small(scale)
    x = torch.randn(2, 1, 12, 12, generator=torch.Generator().manual_seed(seed))
    found = folding.compare(network, x)
    assert (found.folds["norm"].into is None) == (scale < 0)
    assert ("largest" in found.folds["norm"].obstacle) == (scale < 0)
    assert found.exact_difference < 1e-10
    assert found.difference < 1e-4


def test_batch_norm_with_a_negative_gain_does_not_commute_with_a_max_pool() -> None:
    """The wrong rule: batch norm after the pool instead of before it."""
    network = small(-2.0)
    x = torch.randn(1, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    first, bend, norm, pool, second, flat = network.children()
    with torch.no_grad():
        moved = flat(second(norm(pool(bend(first(x))))))
        assert float((moved - network(x)).abs().max()) > 0.1
        positive = small(2.0)
        first, bend, norm, pool, second, flat = positive.children()
        assert float((flat(second(norm(pool(bend(first(x)))))) - positive(x)).abs().max()) < 1e-5


@pytest.mark.parametrize(("padding", "words"), [(1, "pads"), (0, "")])
def test_fold_obstacle_of_padding(padding: int, words: str) -> None:
    found = folding.fold(small(1.0, padding), "norm")
    assert (found.into is None) == bool(words)
    assert words in found.obstacle


def test_fold_obstacles_of_relu_groups_and_the_end() -> None:
    cut = nn.Sequential(nn.BatchNorm2d(1), nn.ReLU(), nn.Conv2d(1, 1, 1)).eval()
    assert "1 is not affine" in folding.fold(cut, "0").obstacle
    assert folding.fold(nn.Sequential(nn.BatchNorm2d(1)), "0").obstacle == "no convolution comes after it"
    grouped = nn.Sequential(nn.BatchNorm2d(2), nn.Conv2d(2, 2, 1, groups=2))
    assert "grouped" in folding.fold(grouped, "0").obstacle
    padded = nn.Sequential(nn.BatchNorm2d(1), nn.AvgPool2d(2, padding=1), nn.Conv2d(1, 1, 1))
    assert "pads" in folding.fold(padded, "0").obstacle
    with pytest.raises(InputError, match="There is no batch norm '1'"):
        folding.fold(cut, "1")


def test_fold_all_keeps_a_batch_norm_and_folds_the_next_one() -> None:
    """The first has a negative gain before the pool; the second comes after the pool."""
    network = small(-1.0)
    steps = OrderedDict(network.named_children())
    ordered = OrderedDict[str, nn.Module]()
    for name, module in steps.items():
        ordered[name] = module
        if name == "pool":
            ordered["again"] = nn.BatchNorm2d(2).eval()
    both = nn.Sequential(ordered).eval()
    folded = folding.fold_all(both)
    assert isinstance(folded.get_submodule("norm"), nn.BatchNorm2d)
    assert isinstance(folded.get_submodule("again"), nn.Identity)


def test_fold_errors_are_at_the_edge_with_padding_and_everywhere_with_dropout(
    network: AssignmentNetwork, recorded: Trace
) -> None:
    for name in (step.name for step in recorded.rows if step.name.startswith("BatchNorm")):
        fold = folding.fold(network, name)
        if fold.into is None:  # with other weights a gain can be negative
            continue
        found = fold_errors(network, recorded, fold)
        assert found.unpadded < 1e-4
        assert found.inside < 1e-4
        assert found.edge > 0.1
        assert found.dropout > 0.1
        assert fold_errors(network, recorded, fold) == found
        assert fold_errors(network, recorded, fold, seed=1).dropout != found.dropout


def test_fold_errors_at_the_edge_are_the_offsets_of_the_padding(network: AssignmentNetwork, recorded: Trace) -> None:
    """By hand: at a corner the folded bias adds ``weight x offset`` for each kernel position in the padding."""
    fold = folding.fold(network, "BatchNorm2d-2")
    too_much = fold.weight.astype(np.float64) * fold.offset[:, None, None]
    places = np.zeros((3, 3), bool)
    off = []
    for top in (False, True):
        for left in (False, True):
            outside = places.copy()
            outside[:1] = outside[:1] | top
            outside[:, :1] = outside[:, :1] | left
            off.append(np.abs(too_much[:, :, outside].sum(axis=(1, 2))).max())
    found = fold_errors(network, recorded, fold).edge
    assert found >= max(off) - 1e-4
    without = replace(fold, folded_bias=fold.bias.astype(np.float64))  # the wrong rule: no offset
    assert fold_errors(network, recorded, without).inside > 0.1


def test_fold_errors_refuses_a_batch_norm_that_is_not_folded(network: AssignmentNetwork, recorded: Trace) -> None:
    with pytest.raises(InputError, match="norm is not folded"):
        fold_errors(network, recorded, folding.fold(small(-1.0), "norm"))
