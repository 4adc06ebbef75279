"""All methods under all checks: results for this network, and no side effects."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.saliency import METHODS, attribute
from model.sanity_checks import edges, weight_dependence
from model.sanity_checks.pixel_curves import pixel_curves
from model.sanity_checks.randomization import randomized
from model.sanity_checks.records import WeightDependence
from model.sanity_checks.robustness import robustness
from model.sanity_checks.weight_dependence import Explain
from tests.sampling import few_digits

LABELLED = [digit for digit in digits.samples() if digit.label is not None]
QUICK = {"integrated_gradients": {"steps": 20}, "gradient_shap": {"samples": 4}, "smooth_grad": {"samples": 4}}
QUICK |= {"occlusion": {"window": 7, "stride": 7}, "feature_ablation": {"block": 4}}
one_of_three = few_digits(LABELLED[::15][:3], 1)
each_method = pytest.mark.parametrize("method", list(METHODS))


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


def by(method: str, digit: Digit) -> Explain:
    target = digit.label or 0
    return lambda network, x: attribute(network, x, target, method, options=QUICK.get(method))


def dependence(network: AssignmentNetwork, digit: Digit, explain: Explain) -> WeightDependence:
    found = weight_dependence.randomization(network, digits.to_input(digit), explain, 0)
    others = [explain(network, digits.to_input(each)) for each in weight_dependence.other_digits(digit)]
    return weight_dependence.weight_dependence(found, others)


@one_of_three
@pytest.mark.parametrize("method", ["saliency", "input_x_gradient", "deep_lift", "deconvolution"])
def test_weight_dependence_of_methods_that_depend_on_weights(
    network: AssignmentNetwork, digit: Digit, method: str
) -> None:
    assert dependence(network, digit, by(method, digit)).is_dependent


@one_of_three
def test_weight_dependence_of_guided_backprop_fails(network: AssignmentNetwork, digit: Digit) -> None:
    """As Adebayo et al. found for larger networks."""
    found = dependence(network, digit, by("guided_backprop", digit))
    assert not found.is_dependent
    assert found.correlation > 0.4


@each_method
def test_checks_of_each_method_have_no_side_effects(network: AssignmentNetwork, method: str) -> None:
    digit = LABELLED[4]
    x, explain = digits.to_input(digit), by(method, digit)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state, grad = torch.get_rng_state(), torch.is_grad_enabled()
    numpys = np.random.get_state()[1].copy()  # type: ignore[index]
    shown = explain(network, x)
    assert not np.array_equal(shown.values, explain(randomized(network, 0), x).values)
    control = edges.compare(shown, digit.pixels)
    curves = pixel_curves(network, x, shown, orders=1)
    found = robustness(network, x, explain, trials=2, probes=64)
    areas = [float(curves.area(curve)) for curve in (curves.deletion, curves.insertion)]
    assert all(0 < area < 1 for area in areas)
    assert -1 <= control.rank_correlation <= 1
    assert 0 < found.sensitivity < 10
    assert 0 < found.unexplained <= 1
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled() is grad
    np.testing.assert_array_equal(np.random.get_state()[1], numpys)  # type: ignore[index]
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any(module._forward_hooks or module._backward_hooks for module in network.modules())


@pytest.mark.slow  # runs the checks of eight methods twice
def test_checks_in_eight_threads_equal_checks_alone(network: AssignmentNetwork) -> None:
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
        maps = [
            next(weight_dependence.maps_of_stages(network, x, explain, number)),
            explain(randomized(network, number), x),
        ]
        found = robustness(network, x, explain, trials=1, probes=64, seed=number)
        return found, [each.values.tobytes() for each in maps]

    alone = [work(number) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == alone
