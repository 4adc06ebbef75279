"""Dropout of any network: of single values, of whole maps, on vectors, and function calls, against training mode."""

import numpy as np
import pytest
import torch

from model.dropout import passes
from model.dropout.records import DropoutPlan
from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.trace import record
from tests.model.conftest import Example
from tests.model.graph.build import Builder

X = torch.linspace(0, 40, 3 * 36).sin().view(1, 3, 6, 6)
MAPS, VALUES, VECTOR = "step-0.2", "step-0.4", "step-0.7"


def network(p: float = 0.4) -> NetworkModule:
    """Return a network that drops whole maps, then values of maps, then values of a vector; the last one always."""
    build = Builder((3, 6, 6))
    build.conv(6, 3)
    build.add(Op.DROPOUT2D, p=0.5, when="training")
    build.conv(4, 3, 1, 1)
    build.add(Op.DROPOUT, p=0.3, when="training")
    build.add(Op.FLATTEN, start=1, end=3)
    build.add(Op.LINEAR, weights={"weight": (20, 64), "bias": (20,)})
    build.add(Op.DROPOUT, p=p, when="always")
    build.add(Op.LINEAR, weights={"weight": (3, 20), "bias": (3,)})
    return build.module()


def test_every_kind_of_dropout_has_its_p() -> None:
    assert passes.trained_probabilities(network()) == {MAPS: 0.5, VALUES: 0.3, VECTOR: 0.4}


def test_guarded_dropout_of_a_captured_network_is_one(guarded: Example) -> None:
    assert list(passes.trained_probabilities(guarded.module).values()) == [0.4]


@pytest.mark.parametrize("seed", [0, 7])
def test_passes_are_those_of_training_mode(seed: int) -> None:
    """Without a batch norm, PyTorch's training mode after manual_seed is the independent witness."""
    module = network()
    drawn = passes.draw_masks(module, record(module, X), DropoutPlan(seed=seed), 3)
    found = passes.probabilities(module, X, drawn)
    trained = network().train()
    for number in range(3):
        torch.manual_seed(seed + number)
        with torch.no_grad():
            expected = trained(X)[0]
        np.testing.assert_allclose(record(module, X, dropout=True, seed=seed + number).logits, expected, rtol=1e-5)
        np.testing.assert_allclose(found[number], expected.softmax(0).numpy(), rtol=1e-4, atol=1e-6)
    assert not np.allclose(found[0], found[1])


def test_whole_maps_are_dropped_and_single_values() -> None:
    trace = record(network(), X, dropout=True, seed=3)
    whole, single, vector = (trace[name].mask for name in (MAPS, VALUES, VECTOR))
    assert whole is not None
    assert single is not None
    assert vector is not None
    assert {*whole.reshape(6, -1).mean(axis=1).tolist()} == {0.0, 1.0}
    assert 0 < single[0].mean() < 1
    assert vector.shape == (20,)


@pytest.mark.parametrize("name", [MAPS, VALUES, VECTOR])
def test_masks_are_counted_on_maps_and_on_vectors(name: str) -> None:
    module = network()
    off = record(module, X)
    counted = passes.count_masks(off, name, DropoutPlan(seed=2), 40)
    assert counted.shape == off[name].maps.shape
    masks = [record(module, X, dropout=True, seed=2 + number)[name].mask for number in range(40)]
    total = np.sum([mask for mask in masks if mask is not None], axis=0)
    np.testing.assert_array_equal(counted.counts[-1], total.reshape(counted.shape))
    converged = passes.convergence(off, counted)
    unit = converged.unit
    values = [
        record(module, X, plan=DropoutPlan(rows=(name,), seed=2 + number))[name].maps[unit] for number in range(40)
    ]
    np.testing.assert_allclose(converged.running, np.cumsum(values) / np.arange(1, 41), rtol=1e-5, atol=1e-6)
    assert len(converged.deviation) == len(counted.after)


def test_a_network_without_dropout_says_so() -> None:
    build = Builder((3, 6, 6))
    build.conv(2, 3)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    module = build.module()
    with pytest.raises(InputError, match="drops values"):
        passes.accuracy_of(module, X, np.zeros(1, np.int64), DropoutPlan())
    with pytest.raises(InputError, match="drops values"):
        passes.probabilities(module, X, passes.draw_masks(module, record(module, X), DropoutPlan(), 2))
    with pytest.raises(InputError, match="The dropout rows are none"):
        passes.count_masks(record(module, X), "conv2d-1", DropoutPlan())


def test_a_dropout_of_everything_gives_zeros_and_no_mean() -> None:
    module = network(p=1.0)
    drawn = passes.draw_masks(module, record(module, X), DropoutPlan(), 2)
    bias = torch.from_numpy(record(module, X)["linear-8"].parameters["bias"].copy())
    np.testing.assert_allclose(passes.probabilities(module, X, drawn)[0], bias.softmax(0).numpy(), rtol=1e-5)
    with pytest.raises(InputError, match="every value is dropped"):
        passes.convergence(record(module, X), passes.count_masks(record(module, X), VECTOR, DropoutPlan(), 3))
