"""Many people, one network: what is drawn, what is left behind, and what threads do to one another."""

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
from model.saliency import METHODS, attribute
from model.saliency.baselines import picture

QUICK = {"integrated_gradients": {"steps": 40}, "feature_ablation": {"block": 4}}
TWENTY = digits.samples()[::2][:20]
each_method = pytest.mark.parametrize("method", METHODS)


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


def state(network: nn.Module) -> list[Any]:
    """Return all that a call could leave on a network or on the global generators."""
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
    ]


@each_method
def test_nothing_is_left_behind(network: AssignmentNetwork, method: str) -> None:
    before = state(network)
    for at in (None, "Conv2d-16"):
        attribute(network, digits.to_input(TWENTY[0]), 3, method, at=at, baseline="noise", options=QUICK.get(method))
    assert state(network) == before


def test_captum_by_itself_leaves_traces(network: AssignmentNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wrong rules for the test above: Captum's own generators, and no private copy."""
    x, before = digits.to_input(TWENTY[0]), state(network)
    private = copy.deepcopy(network)
    GradientShap(private).attribute(x.clone(), torch.zeros_like(x), n_samples=2, stdevs=0.1, target=3)
    assert [one == other for one, other in zip(state(network), before, strict=True)][1:3] == [False, False]
    monkeypatch.setattr("model.saliency.attribution.copy.deepcopy", lambda shared: shared)
    before = state(private.train())
    attribute(private, x, 3, "lrp")
    assert state(private) != before


Job = tuple[str, Tensor]
JOBS: list[Job] = [
    (method, digits.to_input(TWENTY[(3 * number + turn) % 20]))
    for turn in range(4)
    for number, method in enumerate(METHODS)
]


def values_of(network: nn.Sequential, job: Job) -> np.ndarray[Any, Any]:
    method, x = job
    return attribute(network, x, 3, method, options=QUICK.get(method), seed=5).values


def in_eight_threads(work: Callable[[Job], np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    with ThreadPoolExecutor(8, initializer=threading.Barrier(8).wait) as pool:
        return list(pool.map(work, JOBS))


def test_eight_threads_get_what_each_gets_alone(network: AssignmentNetwork) -> None:
    before = digest_of_weights(network)
    alone = [values_of(network, job) for job in JOBS]
    together = in_eight_threads(lambda job: values_of(network, job))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))
    assert digest_of_weights(network) == before
    assert len({one.tobytes() for one in alone}) == len(JOBS)  # each has a map of its own, so none could stand in


def test_without_private_copies_they_do_not(network: AssignmentNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wrong rule for the test above: one network for all."""
    alone, private = [values_of(network, job) for job in JOBS], copy.deepcopy(network)
    monkeypatch.setattr("model.saliency.attribution.copy.deepcopy", lambda shared: shared)

    def spoilt(job: Job) -> np.ndarray[Any, Any]:
        try:
            return values_of(private, job)
        except Exception:  # Captum stumbles over another's hooks in many ways
            return np.empty(0)

    together = in_eight_threads(spoilt)
    assert not all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


@pytest.mark.parametrize("method", [name for name, known in METHODS.items() if known.draws])
def test_a_seed_repeats_and_another_differs(network: AssignmentNetwork, method: str) -> None:
    x = digits.to_input(TWENTY[4])
    first, again, other = (attribute(network, x, 4, method, seed=seed).values for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, rtol=1e-2)


def test_the_noise_baseline_has_a_seed_too(network: AssignmentNetwork) -> None:
    x = digits.to_input(TWENTY[4])
    found = [attribute(network, x, 4, "deep_lift", baseline="noise", seed=seed) for seed in (7, 7, 8)]
    np.testing.assert_array_equal(found[0].baseline, picture("noise", x, 7)[0, 0])
    np.testing.assert_array_equal(found[0].values, found[1].values)
    assert not np.allclose(found[0].values, found[2].values, rtol=1e-2)


def assert_alike(found: np.ndarray[Any, Any], expected: Tensor) -> None:
    maps = expected.detach()[0, 0].numpy()
    np.testing.assert_allclose(found, maps, rtol=1e-5, atol=1e-5 * np.abs(maps).max())


@pytest.mark.parametrize("digit", TWENTY[::2], ids=[digit.key for digit in TWENTY[::2]])
@pytest.mark.parametrize("samples", [5, 64])
def test_smooth_grad_is_captums_noise_tunnel_with_the_same_noise(
    network: AssignmentNetwork, monkeypatch: pytest.MonkeyPatch, digit: Digit, samples: int
) -> None:
    x = digits.to_input(digit)
    found = attribute(network, x, 4, "smooth_grad", seed=3, options={"samples": samples, "noise": 0.15}).values
    drawn = torch.randn((samples, 1, 28, 28), generator=torch.Generator().manual_seed(3))
    monkeypatch.setattr(torch, "normal", lambda mean, deviations: mean + deviations * drawn)
    captum, deviation = NoiseTunnel(Saliency(copy.deepcopy(network))), 0.15 * float(x.max() - x.min())

    def smoothed(width: float) -> Tensor:
        found: Tensor = captum.attribute(x, "smoothgrad", nt_samples=samples, stdevs=width, target=4, abs=False)
        return found

    assert_alike(found, smoothed(deviation))
    with pytest.raises(AssertionError):  # the wrong rule: the share itself for the deviation
        assert_alike(found, smoothed(0.15))


@pytest.mark.parametrize("digit", TWENTY[::2], ids=[digit.key for digit in TWENTY[::2]])
@pytest.mark.parametrize("samples", [5, 64])
def test_gradient_shap_is_captums_with_the_same_draws(
    network: AssignmentNetwork, monkeypatch: pytest.MonkeyPatch, digit: Digit, samples: int
) -> None:
    x, nothing = digits.to_input(digit), picture("black", digits.to_input(digit))
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
