"""A step's activation in the image's place, held against Captum's own methods for layers, and what must add up."""

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
from model.head import logits
from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.saliency import METHODS, attribute
from model.saliency.baselines import BLACK
from model.saliency.records import Output

TWENTY = digits.samples()[::2][:20]
each_of_twenty = pytest.mark.parametrize("digit", TWENTY, ids=[digit.key for digit in TWENTY])
STEPS = ("Conv2d-1", "ReLU-4", "BatchNorm2d-8", "MaxPool2d-10", "Conv2d-13", "Dropout-15", "Conv2d-19", "AvgPool2d-22")
BLACK_DIGIT = torch.full((1, 1, 28, 28), BLACK, dtype=torch.float64)
STEPS_OF_50 = {"integrated_gradients": {"steps": 50}}
# What is exactly linear in the score that it explains; guided backprop, deconvolution and their products are not.
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
    """Return a layer attribution of Captum's, added up over the maps; of what enters the step, if asked."""
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
        (method, at)
        for method in ("input_x_gradient", "integrated_gradients", "deep_lift", "grad_cam", "lrp")
        for at in STEPS
        if method != "lrp" or at not in {"ReLU-4", "Dropout-15"}  # Captum knows no relevance of these
    ],
)
def test_a_step_in_the_images_place_is_captums_layer_attribution(network: nn.Sequential, method: str, at: str) -> None:
    for digit in TWENTY[:4]:
        x = prepared(digit)
        found = attribute(network, x, 4, method, at=at, options=STEPS_OF_50.get(method))
        assert alike(found.values, by_captum(network, x, 4, method, at))
        np.testing.assert_array_equal(found.raw, found.values)


@pytest.mark.parametrize("method", ["input_x_gradient", "integrated_gradients", "deep_lift", "grad_cam", "lrp"])
def test_what_enters_a_step_and_another_baseline_give_other_maps(network: nn.Sequential, method: str) -> None:
    """The wrong rules for the test above. Against a baseline, a batch norm keeps what a place adds."""
    x, at = prepared(TWENTY[3]), "BatchNorm2d-8"
    found = attribute(network, x, 4, method, at=at, options=STEPS_OF_50.get(method)).values
    entering = by_captum(network, x, 4, method, at, entering=True)
    assert alike(found, entering) == METHODS[method].uses_baseline
    other = by_captum(network, x, 4, method, at, nothing=0 * BLACK_DIGIT)
    assert alike(found, other) != METHODS[method].uses_baseline


def test_ablation_at_a_step_takes_a_place_from_all_maps_and_counts_it_once(network: nn.Sequential) -> None:
    x, private = prepared(TWENTY[3]), copy.deepcopy(network)
    captum = LayerFeatureAblation(private, private.get_submodule("Conv2d-16"))
    nothing = torch.from_numpy(trace.record(network, BLACK_DIGIT)["Conv2d-16"].output.copy())[None]
    mask = torch.arange(81).view(1, 1, 9, 9).expand(1, 16, 9, 9)
    expected = captum.attribute(x, layer_baselines=nothing, target=4, layer_mask=mask).detach()
    found = attribute(network, x, 4, "feature_ablation", at="Conv2d-16", options={"block": 1}).values
    np.testing.assert_allclose(found, expected[0, 0].numpy(), rtol=1e-5, atol=1e-9)
    assert not np.allclose(found, expected.sum(1)[0].numpy(), rtol=1e-2)  # the wrong rule: once for every map


@each_of_twenty
def test_grad_cam_before_its_relu_adds_up_to_the_logit_at_the_last_dropout_only(
    network: nn.Sequential, digit: Digit
) -> None:
    run = trace.record(network, prepared(digit))
    bias = run["Conv2d-23"].parameters["bias"]
    for target in range(10):
        found = attribute(network, prepared(digit), target, "grad_cam", layer="Dropout-21")
        assert found.raw.sum() == pytest.approx(run.logits[target] - bias[target], rel=1e-5)
        np.testing.assert_allclose(found.raw, logits.of_trace(run).class_maps[target] / 49, rtol=1e-5, atol=1e-9)
        earlier = attribute(network, prepared(digit), target, "grad_cam", layer="Conv2d-19")
        assert earlier.raw.sum() != pytest.approx(run.logits[target] - bias[target], rel=0.01)


@pytest.mark.parametrize("digit", digits.samples(), ids=[digit.key for digit in digits.samples()])
def test_integrated_gradients_add_up_to_what_the_digit_gained(digit: Digit) -> None:
    """At the default steps and in single precision, for the class that the network answers, on every project digit."""
    network, x = weights.load(), digits.to_input(digit)
    answer = int(trace.record(network, x).logits.argmax())
    found = attribute(network, x, answer, "integrated_gradients")
    assert found.gap < 0.01
    assert abs(float(found.values.sum()) - (found.score - found.baseline_score)) < 0.01 * abs(found.gained)


def test_few_steps_do_not_add_up() -> None:
    """The wrong rule for the test above."""
    network = weights.load()
    gaps = [
        attribute(network, digits.to_input(digit), digit.label or 0, "integrated_gradients", options={"steps": 20}).gap
        for digit in TWENTY
    ]
    assert max(gaps) > 0.02


@each_of_twenty
def test_deep_lift_adds_up_through_every_step_and_input_x_gradient_does_not(
    network: nn.Sequential, digit: Digit
) -> None:
    for at in (None, *STEPS):
        found = attribute(network, prepared(digit), 4, "deep_lift", at=at, output="difference", against=9)
        assert found.delta == pytest.approx(0, abs=1e-8 * max(1, abs(found.gained)))
    assert attribute(network, prepared(digit), 4, "input_x_gradient").gap > 0.01


def test_gradient_shap_adds_up_in_the_long_run(network: nn.Sequential) -> None:
    """Without noise, and within four standard errors of what single slopes say."""
    x, sums = prepared(TWENTY[3]), []
    for seed in range(24):
        found = attribute(network, x, 4, "gradient_shap", seed=seed, options={"noise": 0, "samples": 64})
        sums.append(found.total)
    error = np.std(sums, ddof=1) / np.sqrt(len(sums))
    assert abs(np.mean(sums) - found.gained) < 4 * error
    assert abs(np.mean(sums)) > 8 * error  # so that a sum of nothing would not pass


@pytest.mark.parametrize("method", LINEAR)
def test_a_difference_is_the_one_logit_less_the_other(network: nn.Sequential, method: str) -> None:
    asked: tuple[tuple[int, Output], ...] = ((4, "logit"), (9, "logit"), (4, "difference"))
    options = STEPS_OF_50.get(method)
    for at in (None, "Conv2d-16"):
        one, other, both = (
            attribute(network, prepared(TWENTY[5]), target, method, output=output, against=9, at=at, options=options)
            for target, output in asked
        )
        largest = np.abs(both.values).max()
        np.testing.assert_allclose(both.values, one.values - other.values, rtol=1e-5, atol=1e-8 * largest)
        assert not np.allclose(both.values, one.values + other.values, atol=1e-2 * largest)


def test_a_log_probability_is_the_logit_less_the_mean_logit(network: nn.Sequential) -> None:
    """Its slope is that of its logit, less those of all logits, each times its probability."""
    x = prepared(TWENTY[-1])
    shares = np.exp(trace.record(network, x).log_probabilities.astype(np.float64))
    for method in ("saliency", "input_x_gradient", "grad_cam"):
        maps = np.stack([attribute(network, x, target, method).values for target in range(10)])
        found = attribute(network, x, 4, method, output="log_probability").values
        expected = maps[4] - np.tensordot(shares, maps, 1)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7 * np.abs(expected).max())
