"""Attributions of networks with a graph: each map of a residual and of a colour network has a second witness.

The witnesses run the author's own code, whose ReLUs are function calls, in double precision, and know no Captum.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import IMAGE, Op
from model.saliency import METHODS, attribute
from model.saliency.parts import parts_of
from model.saliency.registry import obstacle
from tests.model.conftest import Example
from tests.model.graph.build import Builder
from tests.model.saliency.cases import COLOUR, EPSILON, GREY, OPTIONS, SAMPLES, STEPS, TARGET, Case, Maps


@pytest.fixture(scope="module", params=[GREY, COLOUR], ids=["residual", "colour"])
def case(request: pytest.FixtureRequest) -> Case:
    return Case(request.param)


def assert_same(found: Maps, expected: Tensor) -> None:
    maps = expected.detach()[0].sum(0).numpy()
    assert np.abs(maps).max() > 1e-6
    np.testing.assert_allclose(found, maps, rtol=1e-5, atol=1e-8 * np.abs(maps).max())


def by_rule(rule: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return a ReLU with another gradient: ``rule(input, gradient from above)``."""

    class Ruled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x.clamp(min=0)

        @staticmethod
        def backward(ctx: Any, above: Tensor) -> Tensor:
            return rule(ctx.saved_tensors[0], above)

    def call(x: Tensor) -> Tensor:
        found: Tensor = Ruled.apply(x)
        return found

    return call


GUIDED = by_rule(lambda x, above: above.clamp(min=0) * (x > 0))
DECONVOLVED = by_rule(lambda _, above: above.clamp(min=0))


def test_saliency_explains_the_true_logit(case: Case) -> None:
    gradient = case.gradients(case.x)
    assert_same(case.found("saliency"), gradient)
    assert_same(case.found("input_x_gradient"), case.x * gradient)
    with pytest.raises(AssertionError):
        assert_same(case.found("saliency"), case.gradients(case.x, case.changed(relu=GUIDED)))


def test_integrated_gradients_is_the_mean_gradient_on_the_line(case: Case) -> None:
    shares = (torch.arange(STEPS, dtype=torch.float64) + 0.5) / STEPS
    points = case.black + shares.view(-1, 1, 1, 1) * (case.x - case.black)
    expected = (case.x - case.black) * case.gradients(points).mean(0)
    assert_same(case.found("integrated_gradients"), expected)
    with pytest.raises(AssertionError):
        assert_same(case.found("integrated_gradients", baseline="zero"), expected)


def test_rules_at_relus_are_those_of_the_author_s_function_calls(case: Case) -> None:
    """With function calls Captum itself gives the plain gradient, without a word."""
    for method, rule in (("guided_backprop", GUIDED), ("deconvolution", DECONVOLVED)):
        assert_same(case.found(method), case.gradients(case.x, case.changed(relu=rule)))
        with pytest.raises(AssertionError):
            assert_same(case.found(method), case.gradients(case.x))


def test_deep_lift_is_the_rescale_rule(case: Case) -> None:
    seen: list[Tensor] = []

    def note(x: Tensor) -> Tensor:
        seen.append(x.detach())
        return x.clamp(min=0)

    case.changed(relu=note)(case.black)

    def multipliers() -> Iterator[Callable[[Tensor], Tensor]]:
        for other in seen:
            yield by_rule(lambda x, above, b=other: above * (x.clamp(min=0) - b.clamp(min=0)) / (x - b))  # type: ignore[misc]

    calls = multipliers()

    def in_turn(x: Tensor) -> Tensor:
        return next(calls)(x)

    expected = (case.x - case.black) * case.gradients(case.x, case.changed(relu=in_turn))
    assert_same(case.found("deep_lift"), expected)
    gain = float(case.score(case.x) - case.score(case.black))
    assert case.found("deep_lift").sum() == pytest.approx(gain)
    with pytest.raises(AssertionError):
        assert_same(case.found("deep_lift"), (case.x - case.black) * case.gradients(case.x))


def epsilon_rule(x: Tensor) -> Tensor:
    """Return a linear step's output whose gradient is scaled by z / (z + epsilon): input x gradient is then LRP."""

    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, z: Tensor) -> Tensor:
            ctx.save_for_backward(z)
            return z.clone()

        @staticmethod
        def backward(ctx: Any, above: Tensor) -> Tensor:
            z: Tensor = ctx.saved_tensors[0]
            return above * z / (z + EPSILON * torch.where(z >= 0, 1.0, -1.0))

    found: Tensor = Scaled.apply(x)
    return found


def test_relevance_is_passed_back_by_the_epsilon_rule_on_every_way(case: Case) -> None:
    expected = case.x * case.gradients(case.x, case.changed(mark=epsilon_rule))
    assert_same(case.found("lrp"), expected)
    with pytest.raises(AssertionError):
        assert_same(case.found("lrp"), case.x * case.gradients(case.x))


def test_random_methods_are_means_over_the_same_draws(case: Case) -> None:
    span = float(case.x.max() - case.x.min())
    for method, share in (("smooth_grad", 0.15), ("gradient_shap", 0.05)):
        generator = torch.Generator().manual_seed(3)
        drawn = torch.randn((SAMPLES, *case.spec.shape), generator=generator).double() * share * span
        noisy = case.x + drawn
        expected = case.gradients(noisy).mean(0, keepdim=True)
        if method == "gradient_shap":
            shares = torch.rand((SAMPLES, 1, 1, 1), generator=generator).double()
            points = shares * noisy + (1 - shares) * case.black
            expected = ((noisy - case.black) * case.gradients(points)).mean(0, keepdim=True)
        assert_same(case.found(method, seed=3), expected)
        with pytest.raises(AssertionError):
            assert_same(case.found(method, seed=4), expected)


def test_covering_loses_what_the_author_s_network_loses(case: Case) -> None:
    whole = float(case.score(case.x))

    def loss(place: tuple[slice, slice]) -> float:
        covered = case.x.clone()
        covered[..., place[0], place[1]] = case.black[..., place[0], place[1]]
        return whole - float(case.score(covered))

    for method, side, stride in (("occlusion", 4, 2), ("feature_ablation", 3, 3)):
        sums, counts = torch.zeros(1, 1, 12, 12, dtype=torch.float64), torch.zeros(12, 12)
        for y in range(0, 13 - side, stride):
            for x in range(0, 13 - side, stride):
                place = slice(y, y + side), slice(x, x + side)
                sums[..., place[0], place[1]] += loss(place)
                counts[place] += 1
        assert_same(case.found(method), sums / counts)
        with pytest.raises(AssertionError):
            assert_same(case.found(method), sums / counts.max() / 2)


def last_maps(case: Case) -> str:
    name = parts_of(case.module).layer
    assert name is not None
    return name


def test_grad_cam_uses_the_last_maps_of_the_graph(case: Case) -> None:
    """The last maps are those that the mean is taken of, after the second block."""
    kept: list[Tensor] = []

    def note(x: Tensor) -> Tensor:
        kept.append(x.clamp(min=0))
        return kept[-1]

    score = case.changed(relu=note)(case.x.clone().requires_grad_())[0, TARGET]
    maps = kept[-1]
    (gradient,) = torch.autograd.grad(score, maps)
    expected = (gradient.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True)
    assert_same(case.found("grad_cam"), expected)
    assert attribute(case.module, case.x, TARGET, "grad_cam").layer == last_maps(case)
    stretched = functional.interpolate(expected.clamp(min=0), (12, 12), mode="bilinear")
    guided = case.gradients(case.x, case.changed(relu=GUIDED))
    assert_same(case.found("guided_grad_cam"), guided * stretched)
    with pytest.raises(AssertionError):
        assert_same(case.found("guided_grad_cam"), case.gradients(case.x) * stretched)


def test_a_step_where_the_ways_meet_can_be_explained_and_one_beside_a_way_cannot(case: Case) -> None:
    graph = case.network.graph
    join = next(node.name for node in graph.nodes if node.op == Op.RELU and graph[node.inputs[0]].op == Op.ADD)
    kept: list[Tensor] = []

    def note(x: Tensor) -> Tensor:
        kept.append(x)
        return x

    score = case.changed(keep=note)(case.x.clone().requires_grad_())[0, TARGET]
    (gradient,) = torch.autograd.grad(score, kept[0])
    assert_same(case.found("input_x_gradient", at=join), kept[0] * gradient)
    assert_same(case.found("grad_cam", at=join), gradient.mean((2, 3), keepdim=True) * kept[0])
    inside = graph.all(Op.CONV)[1].name
    with pytest.raises(InputError, match="a way around it") as refused:
        case.found("saliency", at=inside)
    assert refused.value.problem == f"The logits do not depend on {inside} alone."
    said, _, listed = refused.value.remedy.removesuffix(".").partition(": ")
    assert said == "Choose a step that every way goes through"
    sites, names = parts_of(case.network.module).sites, listed.split(", ")
    assert sites is not None
    assert join in names
    for name in sites:  # those that are named are taken, and no others
        if name in names:
            assert case.found("saliency", at=name).any()
        else:
            with pytest.raises(InputError, match="a way around it"):
                case.found("saliency", at=name)
    assert {*names} <= {*sites}


def test_channels_sum_to_the_map(case: Case) -> None:
    found = attribute(case.module, case.x, TARGET, "input_x_gradient", image=case.spec)
    assert found.channels.shape == case.spec.shape
    np.testing.assert_allclose(found.channels.sum(0), found.values)
    assert attribute(case.module, case.x, TARGET, "occlusion").channels.shape == (1, 12, 12)


def test_an_image_of_another_shape_or_a_baseline_of_digits_is_refused(case: Case) -> None:
    with pytest.raises(InputError, match=r"It must be one image \(1, [13], 12, 12\)"):
        attribute(case.module, torch.zeros(1, 1, 28, 28), TARGET, "saliency")
    with pytest.raises(InputError, match=r"no baseline for an image \([13], 12, 12\) of 4 classes") as refused:
        attribute(case.module, case.x, TARGET, "deep_lift", baseline="mean", image=case.spec)
    assert refused.value.allowed == "It is one for grey images of the 10 digits, in the size 12 × 12."
    assert refused.value.remedy == "Choose black, blur, noise, zero."


def test_nothing_of_the_network_changes(case: Case) -> None:
    module = case.network.module
    before = {key: value.clone() for key, value in module.state_dict().items()}
    for method in METHODS:
        attribute(module, case.x.float(), TARGET, method, options=OPTIONS.get(method))
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert not any(each._forward_hooks or each._backward_hooks or each.training for each in module.modules())
    assert all(parameter.grad is None for parameter in module.parameters())


# ---- which methods apply ----


def gated(activation: Op) -> NetworkModule:
    build = Builder((3, 8, 8))
    maps = build.add(activation, build.conv(4, 3, 1, 1, IMAGE))
    build.add(Op.MEAN, maps, dims=(2, 3), keepdim=True)
    build.add(Op.MUL, maps, build.add(Op.SIGMOID))
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    return build.module()


def test_a_method_that_does_not_apply_is_refused_and_says_why() -> None:
    x = torch.randn(1, 3, 8, 8)
    with_gate, without_relu = gated(Op.RELU), gated(Op.SILU)
    assert obstacle("deep_lift", parts_of(with_gate)) == "It has no rule for step-0.5 (multiply)."
    assert obstacle("lrp", parts_of(with_gate)) == "It has no rule for step-0.4 (sigmoid), step-0.5 (multiply)."
    assert obstacle("guided_backprop", parts_of(with_gate)) == ""
    for method in ("guided_backprop", "deconvolution", "guided_grad_cam", "deep_lift", "lrp"):
        with pytest.raises(InputError, match="does not apply to this network"):
            attribute(without_relu, x, 1, method)
    assert attribute(without_relu, x, 1, "saliency").values.any()
    assert [name for name in METHODS if not obstacle(name, parts_of(without_relu))] == [
        *("saliency", "input_x_gradient", "integrated_gradients", "gradient_shap", "occlusion", "feature_ablation"),
        *("grad_cam", "smooth_grad"),
    ]


def deep() -> NetworkModule:
    """Return a network of 60 steps."""
    build = Builder((3, 8, 8))
    for _ in range(29):
        build.conv(3, 3, 1, 1)
        build.add(Op.RELU)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    build.add(Op.LINEAR, weights={"weight": (4, 3), "bias": (4,)})
    return build.module()


@pytest.mark.slow(reason="every method on a network of 60 steps and on one with every operation")
def test_a_deep_network_and_one_with_every_operation_are_attributed(everything: Example) -> None:
    for module in (deep(), everything.module):
        x = torch.randn(1, *module.graph.input_shape, generator=torch.Generator().manual_seed(1))
        applied = [name for name in METHODS if not obstacle(name, parts_of(module))]
        for method in applied:
            assert np.isfinite(attribute(module, x, 1, method, options=OPTIONS.get(method)).values).all(), method
        assert len(applied) == (13 if module is not everything.module else 11)
