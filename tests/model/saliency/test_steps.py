"""Attributions of a step's activation compared with Captum's layer methods, and sums that must add up."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import (
    LayerDeepLift,
    LayerFeatureAblation,
    LayerGradCam,
    LayerGradientXActivation,
    LayerIntegratedGradients,
    LayerLRP,
)
from captum.attr._utils.lrp_rules import EpsilonRule
from numpy.typing import NDArray
from torch import Tensor, nn

from model import trace
from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.saliency import METHODS, attribute
from model.saliency.baselines import BLACK
from model.saliency.records import Output
from tests.heads import of_trace
from tests.sampling import TWENTY, each_digit, few_digits

STEPS = ("Conv2d-1", "ReLU-4", "BatchNorm2d-8", "MaxPool2d-10", "Conv2d-13", "Dropout-15", "Conv2d-19", "AvgPool2d-22")
BLACK_DIGIT = torch.full((1, 1, 28, 28), BLACK, dtype=torch.float64)
STEPS_OF_50 = {"integrated_gradients": {"steps": 50}}
QUICK = {"integrated_gradients": {"steps": 20}, "gradient_shap": {"samples": 4}, "smooth_grad": {"samples": 4}}
QUICK |= {"occlusion": {"window": 7, "stride": 7}, "feature_ablation": {"block": 7}}
# Methods that are exactly linear in the score; guided backprop, deconvolution and products of them are not.
LINEAR = tuple(METHODS.keys() - {"guided_backprop", "deconvolution", "guided_grad_cam"})


@pytest.fixture(scope="module")
def network() -> nn.Sequential:
    return weights.load().double()


def prepared(digit: Digit) -> Tensor:
    return digits.to_input(digit).double()


def alike(found: NDArray[Any], expected: NDArray[Any]) -> bool:
    return np.allclose(found, expected, rtol=1e-5, atol=1e-8 * np.abs(expected).max())


def by_captum(
    network: nn.Sequential,
    x: Tensor,
    target: int,
    method: str,
    at: str,
    *,
    entering: bool = False,
    nothing: Tensor = BLACK_DIGIT,
) -> NDArray[np.float64]:
    """Return Captum's layer attribution, added up over the maps; of the step's input if ``entering``."""
    private = copy.deepcopy(network)
    layer, x = private.get_submodule(at), x.clone().requires_grad_()
    options = {"target": target, "attribute_to_layer_input": entering}
    match method:
        case "input_x_gradient":
            found = LayerGradientXActivation(private, layer).attribute(x, **options)
        case "integrated_gradients":
            captum = LayerIntegratedGradients(private, layer)
            found = captum.attribute(x, nothing, n_steps=50, method="riemann_middle", **options)
        case "deep_lift":
            found = LayerDeepLift(private, layer).attribute(x, nothing, **options)
        case "grad_cam":
            found = LayerGradCam(private, layer).attribute(x, **options)
        case "lrp":
            for step in private:
                if not isinstance(step, nn.ReLU | nn.Dropout):
                    step.rule = EpsilonRule(0.1)
            found = LayerLRP(private, layer).attribute(x, **options)
    return np.asarray(found.detach().sum(1)[0].numpy())


@pytest.mark.parametrize(
    ("method", "at"),
    [
        pytest.param(method, at, marks=() if at in STEPS[2:5] else pytest.mark.exhaustive)
        for method in ("input_x_gradient", "integrated_gradients", "deep_lift", "grad_cam", "lrp")
        for at in STEPS
        if method != "lrp" or at not in {"ReLU-4", "Dropout-15"}  # Captum has no rule for these
    ],
)
def test_attribution_of_a_step_equals_captum_layer_method(network: nn.Sequential, method: str, at: str) -> None:
    x = prepared(TWENTY[3])
    found = attribute(network, x, 4, method, at=at, options=STEPS_OF_50.get(method))
    assert alike(found.values, by_captum(network, x, 4, method, at))
    np.testing.assert_array_equal(found.raw, found.values)


@pytest.mark.parametrize("method", ["input_x_gradient", "integrated_gradients", "deep_lift", "grad_cam", "lrp"])
def test_attribution_of_a_step_is_not_of_its_input_or_another_baseline(network: nn.Sequential, method: str) -> None:
    """The wrong rules for the test above. With a baseline, a batch norm does not change a place's contribution."""
    x, at = prepared(TWENTY[3]), "BatchNorm2d-8"
    found = attribute(network, x, 4, method, at=at, options=STEPS_OF_50.get(method)).values
    entering = by_captum(network, x, 4, method, at, entering=True)
    assert alike(found, entering) == METHODS[method].uses_baseline
    other = by_captum(network, x, 4, method, at, nothing=0 * BLACK_DIGIT)
    assert alike(found, other) != METHODS[method].uses_baseline


def test_ablation_of_a_step_removes_a_place_from_all_maps(network: nn.Sequential) -> None:
    x, private = prepared(TWENTY[3]), copy.deepcopy(network)
    captum = LayerFeatureAblation(private, private.get_submodule("Conv2d-16"))
    nothing = torch.from_numpy(trace.record(network, BLACK_DIGIT)["Conv2d-16"].output.copy())[None]
    mask = torch.arange(81).view(1, 1, 9, 9).expand(1, 16, 9, 9)
    expected = captum.attribute(x, layer_baselines=nothing, target=4, layer_mask=mask).detach()
    found = attribute(network, x, 4, "feature_ablation", at="Conv2d-16", options={"block": 1}).values
    np.testing.assert_allclose(found, expected[0, 0].numpy(), rtol=1e-5, atol=1e-9)
    assert not np.allclose(found, expected.sum(1)[0].numpy(), rtol=1e-2)  # the wrong rule: once for every map


@each_digit
def test_grad_cam_adds_up_to_the_logit_at_the_last_dropout_only(network: nn.Sequential, digit: Digit) -> None:
    run = trace.record(network, prepared(digit))
    bias = run["Conv2d-23"].parameters["bias"]
    for target in (0, 4, 9):
        found = attribute(network, prepared(digit), target, "grad_cam", layer="Dropout-21")
        assert found.raw.sum() == pytest.approx(run.logits[target] - bias[target], rel=1e-5)
        np.testing.assert_allclose(found.raw, of_trace(run).class_maps[target] / 49, rtol=1e-5, atol=1e-9)
        earlier = attribute(network, prepared(digit), target, "grad_cam", layer="Conv2d-19")
        assert earlier.raw.sum() != pytest.approx(run.logits[target] - bias[target], rel=0.01)


@few_digits(digits.samples(), 2)
def test_integrated_gradients_add_up_to_the_gain(digit: Digit) -> None:
    """With the default steps, in single precision, for the predicted class."""
    network, x = weights.load(), digits.to_input(digit)
    found = attribute(network, x, trace.record(network, x).prediction, "integrated_gradients")
    assert found.gap < 0.01
    assert abs(float(found.values.sum()) - (found.score - found.baseline_score)) < 0.01 * abs(found.gain)


def test_integrated_gradients_with_few_steps_do_not_add_up() -> None:
    """The wrong rule for the test above."""
    network = weights.load()
    gaps = [
        attribute(network, digits.to_input(digit), digit.label or 0, "integrated_gradients", options={"steps": 20}).gap
        for digit in TWENTY[:6]
    ]
    assert max(gaps) > 0.02


@each_digit
def test_deep_lift_adds_up_at_each_step(network: nn.Sequential, digit: Digit) -> None:
    for at in (None, *STEPS):
        found = attribute(network, prepared(digit), 4, "deep_lift", at=at, output="difference", against=9)
        assert found.delta == pytest.approx(0, abs=1e-8 * max(1, abs(found.gain)))
    assert attribute(network, prepared(digit), 4, "input_x_gradient").gap > 0.01


def test_gradient_shap_adds_up_on_average(network: nn.Sequential) -> None:
    """Without noise, within four standard errors."""
    x, sums = prepared(TWENTY[3]), []
    for seed in range(24):
        found = attribute(network, x, 4, "gradient_shap", seed=seed, options={"noise": 0, "samples": 16})
        sums.append(found.total)
    error = np.std(sums, ddof=1) / np.sqrt(len(sums))
    assert abs(np.mean(sums) - found.gain) < 4 * error
    assert abs(np.mean(sums)) > 8 * error  # so that a sum of nothing would not pass


@pytest.mark.parametrize("method", sorted(LINEAR))
def test_difference_equals_one_logit_less_the_other(network: nn.Sequential, method: str) -> None:
    asked: tuple[tuple[int, Output], ...] = ((4, "logit"), (9, "logit"), (4, "difference"))
    options = QUICK.get(method)
    for at in (None, "Conv2d-16"):
        one, other, both = (
            attribute(network, prepared(TWENTY[5]), target, method, output=output, against=9, at=at, options=options)
            for target, output in asked
        )
        largest = np.abs(both.values).max()
        np.testing.assert_allclose(both.values, one.values - other.values, rtol=1e-5, atol=1e-8 * largest)
        assert not np.allclose(both.values, one.values + other.values, atol=1e-2 * largest)


def test_log_probability_equals_logit_less_mean_logit(network: nn.Sequential) -> None:
    """Its gradient is that of its logit, less those of all logits, each times its probability."""
    x = prepared(TWENTY[-1])
    shares = np.exp(trace.record(network, x).log_probabilities.astype(np.float64))
    for method in ("saliency", "input_x_gradient", "grad_cam"):
        maps = np.stack([attribute(network, x, target, method).values for target in range(10)])
        found = attribute(network, x, 4, method, output="log_probability").values
        expected = maps[4] - np.tensordot(shares, maps, 1)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7 * np.abs(expected).max())
