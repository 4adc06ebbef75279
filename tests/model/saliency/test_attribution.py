"""The registry, the baselines, invalid arguments, and a network small enough to work out each method by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model import trace
from model.errors import InputError
from model.images import digits
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.records import IMAGE
from model.saliency import BASELINES, METHODS, attribute, baselines, methods
from model.saliency.baselines import BLACK
from model.saliency.records import Attribution, Output
from model.saliency.registry import FUNCTIONS
from model.trace.records import Trace
from tests.sampling import few
from viz.pictures.mathematics import typeset

QUICK = {"integrated_gradients": {"steps": 10}, "gradient_shap": {"samples": 2}, "smooth_grad": {"samples": 2}}
QUICK |= {"occlusion": {"window": 7, "stride": 7}, "feature_ablation": {"block": 7}}
P, Q = (4, 7), (20, 9)  # the two pixels that the network by hand uses
each_method = pytest.mark.parametrize("method", METHODS)


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


def a_digit(number: int = 3) -> Tensor:
    return digits.to_input(digits.samples()[number])


def test_registry_holds_all_methods() -> None:
    assert list(METHODS) == [
        *("saliency", "input_x_gradient", "integrated_gradients", "guided_backprop", "deconvolution", "deep_lift"),
        *("gradient_shap", "occlusion", "feature_ablation", "grad_cam", "guided_grad_cam", "lrp", "smooth_grad"),
    ]
    assert list(FUNCTIONS) == list(METHODS)
    assert all(name == method.name for name, method in METHODS.items())
    files = {path.stem for path in Path(methods.__path__[0]).glob("*.py")} - {"__init__"}
    assert files == {*METHODS}, "each file is registered"


@each_method
def test_method_description_is_complete(method: str) -> None:
    known = METHODS[method]
    assert all((known.title, known.where, known.paper, known.cost))
    assert known.idea.endswith(".")
    assert known.idea.count(".") == 1
    assert known.link.startswith("https://")
    assert "<i>" in typeset(known.formula)  # a formula that cannot be parsed has no italics
    assert "<i>" not in typeset(f"{known.formula})")
    for option in known.options:
        assert option.least <= option.default <= option.most
        assert option.about.endswith(".")


@each_method
def test_method_flags_say_what_changes_the_map(network: AssignmentNetwork, method: str) -> None:
    """Whether a baseline, a layer or a seed changes its map."""
    known = METHODS[method]
    quick = QUICK.get(method)

    def changes(**chosen: Any) -> bool:
        plain, other = (attribute(network, a_digit(), 3, method, options=quick, **kw) for kw in ({}, chosen))
        return not np.array_equal(plain.values, other.values)

    assert changes(baseline="mean") == known.uses_baseline
    assert changes(layer="Conv2d-16") == known.uses_layer
    assert changes(seed=1) == known.is_random
    assert not changes()


@each_method
def test_option_changes_the_map(network: AssignmentNetwork, method: str) -> None:
    quick = QUICK.get(method, {})
    plain = attribute(network, a_digit(), 5, method, options=quick)
    for option in METHODS[method].options:
        used = quick.get(option.name, option.default)
        other = option.least if used == option.least + option.step else option.least + option.step
        changed = attribute(network, a_digit(), 5, method, options={**quick, option.name: other})
        assert not np.array_equal(plain.values, changed.values)


ALL_OUTPUTS = [(name, output) for name, known in METHODS.items() for output in known.outputs]


@pytest.fixture(scope="module")
def run(network: AssignmentNetwork) -> Trace:
    return trace.record(network, a_digit())


@pytest.mark.parametrize(("method", "output"), ALL_OUTPUTS)
@pytest.mark.parametrize("every", few([False, True], 1))
def test_attribute_explains_each_output_at_each_step(
    network: AssignmentNetwork, run: Trace, method: str, output: Output, every: bool
) -> None:
    """At the first step of each kind; in the exhaustive suite at all steps."""
    first = {step.kind: step.name for step in reversed(run.steps[:-2])}
    names = [step.name for step in run.steps[:-2]] if every else [*first.values()]
    for at in (None, *(names if every or output == "logit" else names[:1])):
        found = attribute(network, a_digit(), 4, method, output=output, against=9, at=at, options=QUICK.get(method))
        shape = (28, 28) if at is None else run[at].output.shape[1:]
        assert (found.values.shape, found.at, found.output) == (shape, at, output)
        assert np.isfinite(found.values).all()
        assert found.against == (9 if output == "difference" else None)
        assert found.layer == ((at or "Conv2d-19") if METHODS[method].uses_layer else None)
        assert found.raw.shape == ((7, 7) if method == "grad_cam" and at is None else shape)


def test_attribution_scores_are_those_of_the_trace(network: AssignmentNetwork) -> None:
    logits = trace.record(network, a_digit()).logits
    nothing = trace.record(network, torch.full((1, 1, 28, 28), BLACK))
    found = attribute(network, a_digit(), 4, "saliency")
    assert (found.score, found.baseline_score) == (logits[4], nothing.logits[4])
    assert np.unique(found.baseline).tolist() == pytest.approx([-0.4242], abs=1e-4)
    found = attribute(network, a_digit(), 4, "saliency", output="difference", against=9)
    assert found.score == pytest.approx(logits[4] - logits[9])
    found = attribute(network, a_digit(), 4, "saliency", output="log_probability", against=9)
    assert found.baseline_score == pytest.approx(nothing.log_probabilities[4])
    assert found.delta == pytest.approx(found.values.sum() - (found.score - found.baseline_score), rel=1e-5)
    assert not found.values.flags.writeable


@each_method
def test_a_map_without_scores_is_the_same_map(network: AssignmentNetwork, method: str) -> None:
    x, options = a_digit(), QUICK.get(method, {})
    with_scores, without = (attribute(network, x, 3, method, options=options, scored=each) for each in (True, False))
    np.testing.assert_array_equal(without.channels, with_scores.channels)
    assert np.isfinite([with_scores.score, with_scores.baseline_score]).all()
    assert np.isnan([without.score, without.baseline_score]).all()


def test_baseline_is_what_its_name_says() -> None:
    x = a_digit()
    assert baselines.image("black", x).unique().tolist() == pytest.approx([(0 - 0.1307) / 0.3081])
    assert not baselines.image("zero", x).any()
    mean = np.mean([digits.to_input(digit).numpy() for digit in digits.samples()], axis=0)
    np.testing.assert_allclose(baselines.image("mean", x).numpy(), mean, atol=1e-5)
    ink = baselines.image("noise", x, 3) * 0.3081 + 0.1307
    assert 0 <= float(ink.min()) < 0.01
    assert 0.99 < float(ink.max()) < 1 + 1e-6
    assert torch.equal(baselines.image("noise", x, 3), baselines.image("noise", x, 3))
    assert not torch.equal(baselines.image("noise", x, 3), baselines.image("noise", x, 4))
    assert all(baselines.image(name, x.double()).dtype == torch.float64 for name in BASELINES)


def test_baseline_blur_is_a_gaussian() -> None:
    ink = (a_digit()[0, 0].double() - BLACK).numpy()
    bell = np.exp(-(np.arange(-9, 10) ** 2) / (2 * 3.0**2))
    bell /= bell.sum()
    for axis in (0, 1):
        ink = np.apply_along_axis(np.convolve, axis, ink, bell, "same")
    np.testing.assert_allclose(baselines.image("blur", a_digit())[0, 0].numpy(), ink + BLACK, atol=1e-5)


def by_hand() -> nn.Sequential:
    """Return a network of two units ``p + q`` and ``p − 2q``, a ReLU each, and logits ``2 h + k`` and ``−h + 3 k``."""
    first, last = nn.Conv2d(1, 2, 28, bias=False), nn.Conv2d(2, 2, 1, bias=False)
    first.weight.data.zero_()
    first.weight.data[:, 0, *P] = torch.tensor([1.0, 1.0])
    first.weight.data[:, 0, *Q] = torch.tensor([1.0, -2.0])
    last.weight.data = torch.tensor([[2.0, 1.0], [-1.0, 3.0]]).view(2, 2, 1, 1)
    return nn.Sequential(first, nn.ReLU(), last)


def explain_by_hand(method: str, target: int, baseline: str, **options: float) -> Attribution:
    x = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    x[0, 0, *P], x[0, 0, *Q] = 1, 2  # so the units are 3 and −3, the logits 6 and −3
    return attribute(by_hand(), x, target, method, baseline=baseline, layer="0", options=options)


B = BLACK  # for the baseline the units are 2b, which is below 0, and −b: the logits −b and −3b
ON, OFF = 3 / (3 - 2 * B), B / (B - 3)  # what each ReLU let through, for what came in


@pytest.mark.parametrize(
    ("method", "target", "baseline", "options", "p", "q"),
    [
        ("saliency", 0, "zero", {}, 2, 2),
        ("saliency", 1, "zero", {}, -1, -1),
        ("input_x_gradient", 0, "zero", {}, 2, 4),
        ("integrated_gradients", 0, "zero", {}, 2, 4),
        ("gradient_shap", 0, "zero", {"noise": 0}, 2, 4),
        ("smooth_grad", 1, "zero", {"noise": 0}, -1, -1),
        ("guided_backprop", 0, "zero", {}, 2, 2),
        ("guided_backprop", 1, "zero", {}, 0, 0),
        ("deconvolution", 0, "zero", {}, 3, 0),
        ("deconvolution", 1, "zero", {}, 3, -6),
        ("deep_lift", 0, "zero", {}, 2, 4),
        ("deep_lift", 0, "black", {}, (1 - B) * (2 * ON + OFF), (2 - B) * (2 * ON - 2 * OFF)),
        ("occlusion", 0, "zero", {"window": 1, "stride": 1}, 2, 3),
        ("feature_ablation", 0, "zero", {"block": 1}, 2, 3),
        ("lrp", 0, "zero", {"epsilon": 0}, 2, 4),
        ("lrp", 0, "zero", {"epsilon": 0.5}, 1 * 36 / 6.5 / 3.5, 2 * 36 / 6.5 / 3.5),
        ("guided_grad_cam", 0, "zero", {}, 2 * 6, 2 * 6),
        ("guided_grad_cam", 1, "zero", {}, 0, 0),
    ],
)
def test_attribute_equals_results_by_hand(
    method: str, target: int, baseline: str, options: dict[str, float], p: float, q: float
) -> None:
    found = explain_by_hand(method, target, baseline, **options)
    assert (found.values[P], found.values[Q]) == (pytest.approx(p, rel=1e-5), pytest.approx(q, rel=1e-5))
    assert np.count_nonzero(found.values) <= 2


def test_grad_cam_is_signed_without_relu() -> None:
    assert explain_by_hand("grad_cam", 0, "zero").raw == pytest.approx(np.array([[2 * 3]]))
    assert explain_by_hand("grad_cam", 1, "zero").raw == pytest.approx(np.array([[-3]]))
    assert explain_by_hand("grad_cam", 1, "zero", relu=1).is_blank


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"method": "magic"}, "no method 'magic'.*saliency"),
        ({"baseline": "pink"}, "no baseline 'pink'.*black"),
        ({"target": 10}, "no class 10.*0 to 9"),
        ({"target": -1}, "no class -1"),
        ({"output": "mood"}, "no output 'mood'.*logit"),
        ({"output": "difference"}, "no other"),
        ({"output": "difference", "against": 4}, "itself"),
        ({"output": "difference", "against": 11}, "no class 11"),
        ({"output": "log_probability", "method": "lrp"}, "cannot explain a log-probability.*a logit or a difference"),
        ({"output": "log_probability", "method": "deep_lift"}, "cannot explain a log-probability"),
        ({"layer": "Conv2d-2"}, "use the maps of 'Conv2d-2'.*Conv2d-1,"),
        ({"layer": "ReLU-1", "method": "grad_cam"}, "use the maps of 'ReLU-1'"),
        ({"at": "flatten"}, "no step 'flatten'.*ReLU-1"),
        ({"at": IMAGE}, "no step 'image'"),
        ({"options": {"steps": 10}}, "no option 'steps'.*none"),
        ({"method": "occlusion", "options": {"window": 0}}, "cannot take window = 0.*whole number from 1 to 14"),
        ({"method": "occlusion", "options": {"window": 2.5}}, "cannot take window = 2.5"),
        ({"method": "smooth_grad", "options": {"noise": float("nan")}}, "cannot take noise = nan.*a number from"),
    ],
)
def test_attribute_refuses_invalid_arguments(network: AssignmentNetwork, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        attribute(network, a_digit(), **{"target": 4, "method": "saliency", **asked})


@pytest.mark.parametrize("x", [torch.zeros(1, 28, 28), torch.zeros(2, 1, 28, 28), torch.full((1, 1, 28, 28), np.nan)])
def test_attribute_refuses_invalid_images(network: AssignmentNetwork, x: Tensor) -> None:
    with pytest.raises(InputError, match="cannot be explained"):
        attribute(network, x, 4, "saliency")
