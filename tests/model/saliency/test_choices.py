"""What can be chosen for a network: the step whose maps are used, the methods that apply, and the baselines."""

import numpy as np
import pytest
import torch

from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.images import digits
from model.images.inputs import DIGIT, to_input
from model.networks import load
from model.networks.records import ImageSpec
from model.saliency import METHODS, attribute, baselines
from model.saliency.parts import default_layer, layers_for
from model.saliency.registry import refusal
from tests.model.conftest import Example
from tests.model.graph.build import Builder

TEN = tuple(map(str, range(10)))


def chain(activation: Op) -> NetworkModule:
    build = Builder((1, 8, 8))
    build.conv(4, 3)
    build.add(activation)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    return build.module()


def of_vectors() -> NetworkModule:
    build = Builder((1, 4, 4))
    build.add(Op.FLATTEN, start=1, end=3)
    build.add(Op.LINEAR, weights={"weight": (3, 16), "bias": (3,)})
    return build.module()


def test_default_layer_is_the_last_convolution_unless_a_way_goes_around_it(residual: Example) -> None:
    assignment = load("assignment")
    assert default_layer(assignment.graph) == "Conv2d-19"
    assert isinstance(assignment.module, NetworkModule)
    found = attribute(assignment.module, digits.to_input(digits.samples()[0]), 3, "grad_cam")
    assert found.layer == "Conv2d-19"
    assert default_layer(residual.network.graph) == "Dropout2d-12"
    assert default_layer(of_vectors().graph) is None


def test_layers_are_all_steps_with_maps(residual: Example) -> None:
    names = layers_for(residual.network.graph)
    assert names[0] == "pad-0"
    assert "add-5" in names
    assert all(np.prod(residual.network.graph[name].shape[1:]) > 1 for name in names)
    assert layers_for(of_vectors().graph) == ()


def test_a_refusal_is_what_a_run_would_say() -> None:
    """For each method and network: None where it runs, and otherwise the sentence of the error."""
    refused = {}
    for title, module in {"relu": chain(Op.RELU), "silu": chain(Op.SILU), "vectors": of_vectors()}.items():
        x = torch.linspace(0, 9, int(np.prod(module.graph.input_shape))).sin().view(1, *module.graph.input_shape)
        refused[title] = {method for method in METHODS if refusal(method, module)}
        for method in METHODS:
            said = refusal(method, module)
            if said is None:
                assert np.isfinite(attribute(module, x, 1, method).values).all()
            else:
                with pytest.raises(InputError) as error:
                    attribute(module, x, 1, method)
                assert str(error.value).startswith(said)
    assert refused["relu"] == set()
    assert {"lrp", "deep_lift", "guided_backprop", "deconvolution"} <= refused["silu"]
    assert {"grad_cam", "guided_grad_cam"} <= refused["vectors"]
    assert "It uses feature maps" in (refusal("grad_cam", of_vectors()) or "")


def test_the_mean_of_digits_is_a_baseline_for_readers_of_digits_alone() -> None:
    small = ImageSpec(1, 14, 14, (0.5,), (0.25,))
    assert "mean" in baselines.choices(small, TEN)
    for spec, classes in ((small, ("a", *TEN[1:])), (ImageSpec(3, 14, 14, (0.5,) * 3, (0.5,) * 3), TEN)):
        assert [*baselines.choices(spec, classes)] == ["black", "blur", "noise", "zero"]
    expected = torch.cat([to_input(digit.pixels, small) for digit in digits.samples()]).mean(0, keepdim=True)
    assert torch.equal(baselines.image("mean", torch.zeros(1, 1, 14, 14), 0, small, 10), expected)
    old = torch.cat([digits.to_input(digit) for digit in digits.samples()]).mean(0, keepdim=True)
    assert torch.equal(baselines.image("mean", torch.zeros(1, *DIGIT.shape)), old)
    with pytest.raises(InputError, match="of 7 classes"):
        baselines.image("mean", torch.zeros(1, 1, 14, 14), 0, small, 7)
