"""One network shared by many users: random numbers, side effects, and threads."""

import copy
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import GradientShap, NoiseTunnel, Saliency
from torch import Tensor, nn

from model.dropout.passes import digest_of_weights
from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.saliency import METHODS, attribute, baselines
from tests.sampling import TWENTY, each_digit

QUICK = {"integrated_gradients": {"steps": 40}, "feature_ablation": {"block": 4}}
each_method = pytest.mark.parametrize("method", METHODS)


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


def state(network: nn.Module) -> list[Any]:
    """Return everything that a call could change in a network or in the global generators."""
    return [
        digest_of_weights(network),
        torch.get_rng_state().tolist(),
        [str(part) for part in np.random.get_state(legacy=True)],
        torch.is_grad_enabled(),
        [parameter.grad is None and parameter.requires_grad for parameter in network.parameters()],
        [(module.training, sorted(vars(module))) for module in network.modules()],
        [
            [len(getattr(module, f"_{kind}_hooks")) for kind in ("forward", "forward_pre", "backward", "backward_pre")]
            for module in network.modules()
        ],
        [tensor._version for tensor in network.state_dict(keep_vars=True).values()],  # changes also with the same value
    ]


@each_method
def test_attribute_has_no_side_effects(network: AssignmentNetwork, method: str) -> None:
    before = state(network)
    for at in (None, "Conv2d-16"):
        attribute(network, digits.to_input(TWENTY[0]), 3, method, at=at, baseline="noise", options=QUICK.get(method))
    assert state(network) == before


def test_captum_without_a_private_copy_has_side_effects(
    network: AssignmentNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wrong rules for the test above: global generators, and no private copy."""
    x, before = digits.to_input(TWENTY[0]), state(network)
    private = copy.deepcopy(network)
    GradientShap(private).attribute(x.clone(), torch.zeros_like(x), n_samples=2, stdevs=0.1, target=3)
    assert [one == other for one, other in zip(state(network), before, strict=True)][1:3] == [False, False]
    monkeypatch.setattr("model.saliency.methods.lrp.copy.deepcopy", lambda shared: shared)
    before = state(private)
    attribute(private, x, 3, "lrp")
    assert [one == other for one, other in zip(state(private), before, strict=True)] == [*[True] * 7, False]


Job = tuple[str, Tensor]
JOBS: list[Job] = [
    (method, digits.to_input(TWENTY[(3 * number + turn) % 20]))
    for turn in range(2)
    for number, method in enumerate(METHODS)
]


def values_of(network: nn.Sequential, job: Job) -> np.ndarray[Any, Any]:
    method, x = job
    return attribute(network, x, 3, method, options=QUICK.get(method), seed=5).values


def in_eight_threads(work: Callable[[Job], np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    with ThreadPoolExecutor(8, initializer=threading.Barrier(8).wait) as pool:
        return list(pool.map(work, JOBS))


@pytest.fixture(scope="module")
def alone(network: AssignmentNetwork) -> list[np.ndarray[Any, Any]]:
    return [values_of(network, job) for job in JOBS]


@pytest.mark.slow  # computes 26 maps twice
def test_eight_threads_get_what_each_gets_alone(network: AssignmentNetwork, alone: list[np.ndarray[Any, Any]]) -> None:
    before = digest_of_weights(network)
    together = in_eight_threads(lambda job: values_of(network, job))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))
    assert digest_of_weights(network) == before
    assert len({one.tobytes() for one in alone}) == len(JOBS)  # all maps differ, so none can replace another


@pytest.mark.slow  # computes 26 maps twice
def test_threads_without_private_copies_disturb_each_other(
    network: AssignmentNetwork, alone: list[np.ndarray[Any, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wrong rule for the test above: one network for all."""
    private = copy.deepcopy(network)
    monkeypatch.setattr("model.saliency.attribution.private_copy", lambda shared: shared)

    def unsafe(job: Job) -> np.ndarray[Any, Any]:
        try:
            return values_of(private, job)
        except Exception:  # Captum fails in many ways on the hooks of another call
            return np.empty(0)

    together = in_eight_threads(unsafe)
    assert not all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


@pytest.mark.parametrize("method", [name for name, known in METHODS.items() if known.is_random])
def test_seed_determines_the_map(network: AssignmentNetwork, method: str) -> None:
    x = digits.to_input(TWENTY[4])
    first, again, other = (attribute(network, x, 4, method, seed=seed).values for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, rtol=1e-2)


def test_seed_determines_the_noise_baseline(network: AssignmentNetwork) -> None:
    x = digits.to_input(TWENTY[4])
    found = [attribute(network, x, 4, "deep_lift", baseline="noise", seed=seed) for seed in (7, 7, 8)]
    np.testing.assert_array_equal(found[0].baseline, baselines.image("noise", x, 7)[0, 0])
    np.testing.assert_array_equal(found[0].values, found[1].values)
    assert not np.allclose(found[0].values, found[2].values, rtol=1e-2)


def assert_alike(found: np.ndarray[Any, Any], expected: Tensor) -> None:
    maps = expected.detach()[0, 0].numpy()
    np.testing.assert_allclose(found, maps, rtol=1e-5, atol=1e-5 * np.abs(maps).max())


@each_digit
@pytest.mark.parametrize("samples", [5, 64])
def test_smooth_grad_equals_captum_with_the_same_noise(
    network: AssignmentNetwork, monkeypatch: pytest.MonkeyPatch, digit: Digit, samples: int
) -> None:
    x = digits.to_input(digit)
    found = attribute(network, x, 4, "smooth_grad", seed=3, options={"samples": samples, "noise": 0.15}).values
    drawn = torch.randn((samples, 1, 28, 28), generator=torch.Generator().manual_seed(3))
    monkeypatch.setattr(torch, "normal", lambda mean, deviations: mean + deviations * drawn)
    captum, right = NoiseTunnel(Saliency(copy.deepcopy(network))), 0.15 * float(x.max() - x.min())

    def smoothed(deviation: float) -> Tensor:
        found: Tensor = captum.attribute(x, "smoothgrad", nt_samples=samples, stdevs=deviation, target=4, abs=False)
        return found

    assert_alike(found, smoothed(right))
    with pytest.raises(AssertionError):  # the wrong rule: the share itself for the deviation
        assert_alike(found, smoothed(0.15))


@each_digit
@pytest.mark.parametrize("samples", [5, 64])
def test_gradient_shap_equals_captum_with_the_same_draws(
    network: AssignmentNetwork, monkeypatch: pytest.MonkeyPatch, digit: Digit, samples: int
) -> None:
    x, nothing = digits.to_input(digit), baselines.image("black", digits.to_input(digit))
    found = attribute(network, x, 4, "gradient_shap", seed=3, options={"samples": samples, "noise": 0.1}).values
    generator = torch.Generator().manual_seed(3)
    drawn = torch.randn((samples, 1, 28, 28), generator=generator)
    shares = torch.rand((samples, 1, 1, 1), generator=generator).flatten().numpy()
    deviation = 0.1 * float(x.max() - x.min())
    monkeypatch.setattr(torch, "normal", lambda mean, deviations: mean + deviations * drawn)

    def captum(places: np.ndarray[Any, Any]) -> Tensor:
        monkeypatch.setattr(np.random, "uniform", lambda low, high, count: places)
        explainer = GradientShap(copy.deepcopy(network))
        found: Tensor = explainer.attribute(x, nothing, n_samples=samples, stdevs=deviation, target=4)
        return found

    assert_alike(found, captum(shares))
    with pytest.raises(AssertionError):  # the wrong rule: from the other end
        assert_alike(found, captum(1 - shares))
