"""Every method under every test: what is measured of this network, and that nobody disturbs anybody."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.saliency import METHODS, attribute
from model.saliency.records import Reaction
from model.sanity_checks import evidence
from model.sanity_checks.evidence import Explain
from model.sanity_checks.pixel_curves import pixel_curves
from model.sanity_checks.randomization import untrained
from model.sanity_checks.robustness import robustness

LABELLED = [digit for digit in digits.samples() if digit.label is not None]
each_of_three = pytest.mark.parametrize("digit", LABELLED[::15][:3], ids=[digit.key for digit in LABELLED[::15][:3]])
each_method = pytest.mark.parametrize("method", list(METHODS))


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


def by(method: str, digit: Digit) -> Explain:
    target = digit.label or 0
    return lambda network, x: attribute(network, x, target, method)


def reaction(network: AssignmentNetwork, digit: Digit, explain: Explain) -> Reaction:
    found = evidence.collapse(network, digits.to_input(digit), explain, 0)
    others = [explain(network, digits.to_input(each)) for each in evidence.other_digits(digit)]
    return evidence.reaction(found, others)


@each_of_three
@pytest.mark.parametrize("method", ["saliency", "input_x_gradient", "deep_lift", "deconvolution"])
def test_methods_that_react(network: AssignmentNetwork, digit: Digit, method: str) -> None:
    assert reaction(network, digit, by(method, digit)).reacts


@each_of_three
def test_guided_backprop_does_not_react(network: AssignmentNetwork, digit: Digit) -> None:
    """As Adebayo et al. found of larger networks; its map hardly notices that the top of the network is random."""
    found = reaction(network, digit, by("guided_backprop", digit))
    assert not found.reacts
    assert found.forgotten > 0.4


@each_method
def test_every_method_can_be_tested_and_leaves_the_network_alone(network: AssignmentNetwork, method: str) -> None:
    digit = LABELLED[4]
    x, explain = digits.to_input(digit), by(method, digit)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state, grad = torch.get_rng_state(), torch.is_grad_enabled()
    numpys = np.random.get_state()[1].copy()  # type: ignore[index]
    shown = explain(network, x)
    assert not np.array_equal(shown.values, explain(untrained(network, 0), x).values)
    control = evidence.edge_control(shown, digit.pixels)
    curves = pixel_curves(network, x, shown, orders=1)
    found = robustness(network, x, explain, trials=2, probes=64)
    areas = [float(curves.area(curve)) for curve in (curves.deletion, curves.insertion)]
    assert all(0 < area < 1 for area in areas)
    assert -1 <= control.rank_correlation <= 1
    assert 0 < found.sensitivity < 10
    assert 0 < found.missed <= 1
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled() is grad
    np.testing.assert_array_equal(np.random.get_state()[1], numpys)  # type: ignore[index]
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any(module._forward_hooks or module._backward_hooks for module in network.modules())


def test_eight_people_testing_eight_methods_get_what_each_gets_alone(network: AssignmentNetwork) -> None:
    methods = [
        "saliency",
        "guided_backprop",
        "deep_lift",
        "gradient_shap",
        "grad_cam",
        "lrp",
        "smooth_grad",
        "occlusion",
    ]

    def work(number: int) -> tuple[object, list[bytes]]:
        digit, method = LABELLED[3 * number], methods[number]
        x, explain = digits.to_input(digit), by(method, digit)
        maps = [next(evidence.stages(network, x, explain, number)), explain(untrained(network, number), x)]
        found = robustness(network, x, explain, trials=1, probes=64, seed=number)
        return found, [each.values.tobytes() for each in maps]

    alone = [work(number) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == alone
