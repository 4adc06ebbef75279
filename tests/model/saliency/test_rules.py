"""What passes a ReLU: guided backprop and deconvolution by a loop over the steps, relevance by its own formula."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from captum.attr import LRP, DeepLift, GuidedBackprop, Saliency
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.saliency import attribute
from model.saliency.baselines import BLACK

TWENTY = digits.samples()[::2][:20]
each_of_twenty = pytest.mark.parametrize("digit", TWENTY, ids=[digit.key for digit in TWENTY])
Maps = NDArray[np.float64]
Rule = Callable[[nn.Module, Tensor, Tensor], Tensor]


@pytest.fixture(scope="module")
def network() -> nn.Sequential:
    return weights.load().double()


def back(network: nn.Sequential, x: Tensor, arriving: Tensor, rule: Rule) -> Maps:
    """Send something from the logits back to the image, step by step.

    Args:
        network: Only read.
        x: The image.
        arriving: At the last step, (1, 10, 1, 1).
        rule: Says from a step, what went into it and what arrives behind it, what arrives before it.
    """
    entering = [x]
    with torch.no_grad():
        for step in network:
            entering.append(step(entering[-1]))
    for step, inside in zip(reversed(list(network)), reversed(entering[:-1]), strict=True):
        arriving = rule(step, inside, arriving)
    return np.asarray(arriving[0, 0].numpy())


def slope(step: nn.Module, inside: Tensor, arriving: Tensor) -> Tensor:
    """Return the chain rule's answer: what arrives, times the step's own slope."""
    inside = inside.clone().requires_grad_()
    return torch.autograd.grad(step(inside), inside, arriving)[0]


def guided(step: nn.Module, inside: Tensor, arriving: Tensor) -> Tensor:
    if isinstance(step, nn.ReLU):
        return arriving * (arriving > 0) * (inside > 0)
    return slope(step, inside, arriving)


def deconvolved(step: nn.Module, inside: Tensor, arriving: Tensor) -> Tensor:
    if isinstance(step, nn.ReLU):
        return arriving * (arriving > 0)
    return slope(step, inside, arriving)


def relevance(epsilon: float) -> Rule:
    """Return the epsilon rule: a unit z shares R out as ``x × w × R / (z ± ε)``, the sign being that of z."""

    def rule(step: nn.Module, inside: Tensor, arriving: Tensor) -> Tensor:
        if isinstance(step, nn.ReLU | nn.Dropout):
            return arriving
        with torch.no_grad():
            z = step(inside)
        return inside * slope(step, inside, arriving / (z + epsilon * torch.where(z < 0, -1.0, 1.0)))

    return rule


def one_hot(target: int, value: float = 1.0) -> Tensor:
    arriving = torch.zeros(1, 10, 1, 1, dtype=torch.float64)
    arriving[0, target] = value
    return arriving


def prepared(digit: Digit) -> tuple[Tensor, int]:
    return digits.to_input(digit).double(), 4 if digit.label is None else digit.label


def same(found: NDArray[np.float32], expected: Maps, scale: float = 1e-9) -> bool:
    return np.allclose(found, expected, rtol=1e-5, atol=scale * np.abs(expected).max())


@each_of_twenty
def test_guided_backprop_and_deconvolution_are_loops_with_rules_of_their_own(
    network: nn.Sequential, digit: Digit
) -> None:
    x, target = prepared(digit)
    found = [attribute(network, x, target, method).raw for method in ("saliency", "guided_backprop", "deconvolution")]
    expected = [back(network, x, one_hot(target), rule) for rule in (slope, guided, deconvolved)]
    for number, one in enumerate(found):
        assert [same(one, other) for other in expected] == [number == other for other in range(3)]


class WithoutModules(nn.Module):
    """The same network with its ReLUs as functions: the wrong rule."""

    def __init__(self, network: nn.Sequential) -> None:
        super().__init__()
        self.steps = nn.ModuleList(step for step in network if not isinstance(step, nn.ReLU))
        self.bends = [isinstance(step, nn.ReLU) for step in network]

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        steps = iter(self.steps)
        for bends in self.bends:
            x = functional.relu(x) if bends else next(steps)(x)
        return x.flatten(1)


@each_of_twenty
def test_guided_backprop_is_not_the_gradient_as_it_would_be_were_the_relus_no_modules(
    network: nn.Sequential, digit: Digit
) -> None:
    x, target = prepared(digit)
    guided, plain = (attribute(network, x, target, method).raw for method in ("guided_backprop", "saliency"))
    assert np.linalg.norm(guided - plain) > 0.1 * np.linalg.norm(plain)
    other = WithoutModules(copy.deepcopy(network))
    silent = GuidedBackprop(other).attribute(x.requires_grad_(), target=target)[0, 0].numpy()
    assert same(plain, silent)  # Captum says nothing, and gives the gradient
    assert same(plain, Saliency(other).attribute(x, target=target, abs=False)[0, 0].numpy())


@each_of_twenty
@pytest.mark.parametrize("epsilon", [0.01, 0.1, 1.0])
def test_relevance_is_what_its_formula_says(network: nn.Sequential, digit: Digit, epsilon: float) -> None:
    x, target = prepared(digit)
    found = attribute(network, x, target, "lrp", options={"epsilon": epsilon})
    assert same(found.raw, back(network, x, one_hot(target, found.score), relevance(epsilon)))
    assert not same(found.raw, back(network, x, one_hot(target, found.score), relevance(2 * epsilon)))


@each_of_twenty
def test_relevance_without_epsilon_is_input_x_gradient(network: nn.Sequential, digit: Digit) -> None:
    """Shares of shares are a product of slopes, in a network of ReLUs and pools: Ancona and others, 2018."""
    x, target = prepared(digit)
    product = attribute(network, x, target, "input_x_gradient").raw
    found = attribute(network, x, target, "lrp", options={"epsilon": 0}).raw
    assert np.abs(found - product).max() < 1e-4 * np.abs(product).max()  # Captum keeps 1e-9 in the place of 0
    usual = attribute(network, x, target, "lrp").raw
    assert np.abs(usual - product).max() > 0.1 * np.abs(product).max()


class Difference(nn.Sequential):
    """One logit less another, for Captum to send back at once: the wrong rule."""

    def __init__(self, network: nn.Sequential, target: int, against: int) -> None:
        super().__init__(*copy.deepcopy(network))
        self.weights = torch.eye(10, dtype=torch.float64)[target] - torch.eye(10, dtype=torch.float64)[against]

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        for step in self:
            x = step(x)
        return (x.flatten(1) @ self.weights)[:, None]


@each_of_twenty
def test_relevance_sent_back_from_a_difference_at_once_is_shared_wrongly(network: nn.Sequential, digit: Digit) -> None:
    x, target = prepared(digit)
    against = (target + 5) % 10
    found = attribute(network, x, target, "lrp", output="difference", against=against).raw
    logits = network(x).detach()[0].flatten()
    arriving = one_hot(target, float(logits[target])) - one_hot(against, float(logits[against]))
    assert same(found, back(network, x, arriving, relevance(0.1)), 1e-7)

    wrong = LRP(Difference(network, target, against)).attribute(x.requires_grad_(), target=0).detach()[0, 0].numpy()
    exact = attribute(network, x.detach(), target, "lrp", output="difference", against=against, options={"epsilon": 0})
    assert np.abs(exact.raw - wrong).max() > 0.01 * np.abs(exact.raw).max()


def rescaled(network: nn.Sequential, x: Tensor, nothing: Tensor, target: int) -> Maps:
    """Return DeepLIFT by a loop: at a ReLU the slope is the change behind it over the change before it.

    A max pool hands back what changed its output: the digit's winner, where the digit's is the larger, gets
    ``max − baseline's``, and the baseline's winner the rest, each divided by its own change.
    """
    pairs = [torch.cat([x, nothing])]
    with torch.no_grad():
        for step in network:
            pairs.append(step(pairs[-1]))
    m = one_hot(target)
    for step, inside, outside in zip(reversed(list(network)), reversed(pairs[:-1]), reversed(pairs[1:]), strict=True):
        change, effect = inside[:1] - inside[1:], outside[:1] - outside[1:]
        if isinstance(step, nn.ReLU):
            own = (inside[:1] > 0).double()
            m = m * torch.where(change.abs() < 1e-10, own, effect / change)
        elif isinstance(step, nn.MaxPool2d):
            larger = outside.max(0, keepdim=True).values
            parts = torch.cat([m * (larger - outside[1:]), m * (outside[:1] - larger)])
            given = torch.cat([slope(step, inside[i : i + 1], parts[i : i + 1]) for i in range(2)]).sum(0, keepdim=True)
            m = torch.where(change.abs() < 1e-10, slope(step, inside[:1], m), given / change)
        else:
            m = slope(step, inside[:1], m)
    return np.asarray(((x - nothing) * m)[0, 0].numpy())


@each_of_twenty
def test_deep_lift_is_the_rescale_rule(network: nn.Sequential, digit: Digit) -> None:
    x, target = prepared(digit)
    nothing = torch.full_like(x, BLACK)
    found = attribute(network, x, target, "deep_lift").raw
    assert same(found, rescaled(network, x, nothing, target), 1e-7)
    # The wrong rule: with the ReLUs as functions Captum takes their slopes for the rescale rule.
    silent = DeepLift(WithoutModules(copy.deepcopy(network))).attribute(x.requires_grad_(), nothing, target=target)
    assert not np.allclose(found, silent.detach()[0, 0].numpy(), atol=1e-2 * np.abs(found).max())
