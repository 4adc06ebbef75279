"""Receptive fields measured by gradient, and how strongly the trained network uses them."""

import copy
import math
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from model.errors import InputError, TraceError
from model.images.digits import normalise
from model.images.samples import samples
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.receptive_field import from_windows, of_network, windows_of
from model.receptive_field.measured import effective, inner_share, measured, with_positive_weights
from model.receptive_field.records import Box, ReceptiveField, Window
from model.trace import record
from tests.model.receptive_field.fields import ASSIGNMENT, WINDOWED, WINDOWS, doubling, indices, square


@pytest.fixture(scope="module")
def trained() -> AssignmentNetwork:
    """Return the trained network; nothing here may change it."""
    return weights.load()


@pytest.fixture(scope="module")
def digits() -> Tensor:
    """Return a few digits, (N, 1, 28, 28)."""
    return normalise(np.stack([digit.pixels for digit in samples()[:12]]))


def supports(network: nn.Module, name: str, images: Tensor) -> NDArray[np.bool_]:
    """Return where the gradient of each unit of a step is not zero, (H', W', H, W).

    Each unit gets an image of its own, so that one backward pass serves them all.
    """
    outputs: list[Tensor] = []
    handle = network.get_submodule(name).register_forward_hook(lambda m, x, output: outputs.append(output))
    with torch.no_grad():
        network(images[:1])
    sides = tuple(outputs.pop().shape[2:])
    count = math.prod(sides)
    own = images[torch.arange(count) % len(images)].clone().requires_grad_()
    network(own)
    handle.remove()
    each = torch.arange(count)
    (gradient,) = torch.autograd.grad(outputs[0].flatten(2)[each, :, each].sum(), own)
    return np.asarray((gradient != 0).any(dim=1).reshape(*sides, *own.shape[2:]).numpy())


def in_box(box: Box, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the box as a picture, (H, W)."""
    inside = np.zeros(shape, dtype=bool)
    clipped = box.clipped(shape)
    inside[clipped.top : clipped.bottom, clipped.left : clipped.right] = True
    return inside


def boxes(field: ReceptiveField, hits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the box of every unit as a picture, (H', W', H, W)."""
    sides, (height, width) = hits.shape[:2], hits.shape[2:]
    pictures = [in_box(field.box((y, x)), (height, width)) for y, x in product(*map(range, sides))]
    return np.array(pictures).reshape(hits.shape)


@pytest.mark.parametrize("name", WINDOWED)
def test_the_trained_gradient_lies_inside_the_box_for_every_unit(
    trained: AssignmentNetwork, digits: Tensor, name: str
) -> None:
    hits = supports(copy.deepcopy(trained), name, digits)
    assert hits.any()
    assert not (hits & ~boxes(of_network(trained)[name], hits)).any()


@pytest.mark.parametrize("name", WINDOWED)
def test_the_positive_gradient_fills_the_box_of_every_unit(trained: AssignmentNetwork, name: str) -> None:
    ones = torch.ones(1, 1, 28, 28, dtype=torch.float64)
    hits = supports(with_positive_weights(trained), name, ones)
    np.testing.assert_array_equal(hits, boxes(of_network(trained)[name], hits))


def test_the_notebooks_field_does_not_fit_the_gradient(trained: AssignmentNetwork) -> None:
    ones = torch.ones(1, 1, 28, 28, dtype=torch.float64)
    hits = supports(with_positive_weights(trained), "MaxPool2d-10", ones)
    assert (hits != boxes(doubling(ASSIGNMENT[:4])[-1], hits)).any()


@pytest.mark.parametrize("name", ["Conv2d-1", "BatchNorm2d-8", "MaxPool2d-10", "ReLU-16", "Dropout-21", "Conv2d-23"])
def test_measured_is_the_box_of_the_formula(trained: AssignmentNetwork, name: str) -> None:
    height, width = record(trained, torch.zeros(1, 1, 28, 28))[name].output.shape[1:]
    for unit in {(0, 0), (0, width - 1), (height // 2, width // 3), (height - 1, 0), (height - 1, width - 1)}:
        assert measured(trained, name, unit) == of_network(trained)[name].box(unit)


KINDS = st.sampled_from(["conv", "max", "average"])


def module_of(kind: str, window: Window) -> nn.Module:
    """Return a step with this window, of another kind where the one that was drawn cannot have it."""
    kernel, stride, padding, dilation = window.kernel, window.stride, window.padding, window.dilation
    narrow = all(p <= k // 2 for p, k in zip(padding, kernel, strict=True))  # pools allow no more padding
    if kind == "max" and narrow:
        return nn.MaxPool2d(kernel, stride, padding, dilation)
    if kind == "average" and narrow and dilation == (1, 1):
        return nn.AvgPool2d(kernel, stride, padding)
    return nn.Conv2d(1, 1, kernel, stride, padding, dilation)


@given(st.lists(st.tuples(KINDS, WINDOWS), min_size=1, max_size=3))
@example([("conv", Window((1, 1), padding=(1, 1))), ("max", square(3, 2, 1))])
@settings(max_examples=60)
def test_the_gradient_is_where_the_indices_are(drawn: list[tuple[str, Window]]) -> None:
    """At the border of a padded stack it can be less than the clipped box: nothing comes from padding."""
    windows = [window for _, window in drawn]
    shape = (11, 14)
    lengths: list[tuple[int, int]] = [shape]
    for window in windows:
        spans = [d * (k - 1) + 1 for k, d in zip(window.kernel, window.dilation, strict=True)]
        now = zip(lengths[-1], window.padding, spans, window.stride, strict=True)
        height, width = ((n + 2 * p - span) // s + 1 for n, p, span, s in now)
        assume(height > 0 and width > 0)
        lengths.append((height, width))
    network = nn.Sequential(*(module_of(kind, window) for kind, window in drawn))
    last = str(len(windows) - 1)
    hits = supports(with_positive_weights(network), last, torch.ones(1, 1, *shape, dtype=torch.float64))
    assert hits.shape[:2] == lengths[-1]
    assert list(windows_of(network, (1, *shape)).values()) == windows
    assert not (hits & ~boxes(from_windows(windows)[-1], hits)).any()
    for unit in product(*map(range, lengths[-1])):
        rows, columns = (indices(windows, unit[axis], axis, [n[axis] for n in lengths]) for axis in (0, 1))
        expected = np.zeros(shape, dtype=bool)
        expected[np.ix_(sorted(rows), sorted(columns))] = True
        np.testing.assert_array_equal(hits[unit], expected)


def test_a_pool_that_rounds_up_is_measured_to_its_last_unit() -> None:
    network = nn.Sequential(nn.MaxPool2d(2, ceil_mode=True))
    assert measured(network, "0", (2, 2), (1, 5, 5)) == Box(4, 4, 5, 5)


def test_a_unit_that_sees_only_padding_measures_empty() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 1, padding=2))
    assert measured(network, "0", (0, 3), (1, 4, 4)) == Box(0, 0, 0, 0)


def test_weights_that_cancel_hide_nothing_from_the_measure() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 1, 1))
    for parameter in network.parameters():
        nn.init.constant_(parameter, -1)
    assert measured(network, "2", (0, 0), (1, 4, 4)) == Box(0, 0, 3, 3)


# ---- effective ----


def linear(*kernels: list[list[float]]) -> nn.Sequential:
    """Return one convolution with these kernels."""
    kernel = torch.tensor(kernels)[:, None]  # (C, 1, kH, kW)
    conv = nn.Conv2d(1, len(kernels), (kernel.shape[2], kernel.shape[3]), bias=False)
    conv.weight = nn.Parameter(kernel)
    return nn.Sequential(conv)


def test_the_effective_field_of_one_kernel_is_its_absolute_weights() -> None:
    field = effective(linear([[1.0, -2.0], [0.0, 4.0]]), torch.zeros(3, 1, 4, 4), "0")
    assert (field.name, field.unit, field.box) == ("0", (1, 1), Box(1, 1, 3, 3))
    np.testing.assert_array_equal(field.values, np.pad([[1, 2], [0, 4]], 1))
    assert field.inner_share == 0.25  # a quarter of each pixel lies in the middle


def test_channels_do_not_cancel_in_the_effective_field() -> None:
    field = effective(linear([[1.0]], [[-1.0]]), torch.zeros(1, 1, 1, 1), "0")
    assert field.values.tolist() == [[1]]


def test_images_do_not_cancel_in_the_effective_field() -> None:
    sides = linear([[1.0]], [[-1.0]])
    total = nn.Conv2d(2, 1, 1, bias=False)
    nn.init.constant_(total.weight, 1)  # together |x|, whose gradient is the sign of x
    images = torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1)
    assert effective(nn.Sequential(sides[0], nn.ReLU(), total), images, "2").values.tolist() == [[1]]


def test_the_effective_field_of_many_images_is_the_mean_of_each(trained: AssignmentNetwork, digits: Tensor) -> None:
    many = digits[torch.arange(70) % len(digits)]  # more than one batch, and no whole number of them
    alone = [effective(trained, image[None], "Conv2d-16", (0, 8)).values for image in many]
    together = effective(trained, many, "Conv2d-16", (0, 8))
    assert together.values.max() > 0
    np.testing.assert_allclose(together.values, np.mean(alone, axis=0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["Conv2d-7", "Conv2d-13", "Conv2d-19"])
def test_the_effective_field_lies_in_the_box_and_leans_to_its_middle(
    trained: AssignmentNetwork, digits: Tensor, name: str
) -> None:
    field = effective(trained, digits, name)
    assert field.values.shape == (28, 28)
    assert not field.values[~in_box(field.box, (28, 28))].any()
    assert 0.25 < field.inner_share < 1


@pytest.mark.parametrize("side", [1, 2, 5, 8, 28])
def test_an_even_spread_has_a_quarter_in_the_inner_half(side: int) -> None:
    assert inner_share(in_box(Box(0, 0, side, side), (28, 28)).astype(float), Box(0, 0, side, side)) == 0.25


def test_the_inner_half_is_half_as_high_and_half_as_wide() -> None:
    values = np.zeros((10, 8))
    values[3:7, 2:6] = 3  # the middle 4 x 4 of the box
    values[1, 0] = 16
    assert inner_share(values, Box(1, 0, 9, 8)) == 48 / 64


def test_no_effect_at_all_has_no_share() -> None:
    assert math.isnan(effective(linear([[0.0]]), torch.ones(1, 1, 2, 2), "0").inner_share)


# ---- what all share ----


def test_the_network_is_only_read(trained: AssignmentNetwork, digits: Tensor) -> None:
    network = copy.deepcopy(trained).train()
    network.get_submodule("Conv2d-4").requires_grad_(False)
    of_network(network)
    measured(network, "Conv2d-16", (1, 1))
    effective(network, digits[:2], "Conv2d-16")
    for (name, now), (_, before) in zip(network.named_modules(), trained.named_modules(), strict=True):
        assert type(now) is type(before)
        assert now.training
        assert not now._forward_hooks
        for parameter in now.parameters(recurse=False):
            assert parameter.requires_grad == (name != "Conv2d-4")
            assert parameter.grad is None
    for key, value in trained.state_dict().items():
        assert torch.equal(network.state_dict()[key], value)


def test_a_network_in_training_is_measured_as_in_evaluation(trained: AssignmentNetwork, digits: Tensor) -> None:
    training = copy.deepcopy(trained).train()
    one, other = (effective(network, digits[:2], "Conv2d-16").values for network in (training, trained))
    np.testing.assert_array_equal(one, other)


def test_measuring_works_where_gradients_are_off(trained: AssignmentNetwork, digits: Tensor) -> None:
    with torch.no_grad():
        assert measured(trained, "Conv2d-4", (0, 0)) == Box(0, 0, 5, 5)
        assert effective(trained, digits[:1], "Conv2d-4").values.any()


@pytest.mark.parametrize("unit", [(-1, 0), (0, 26), (26, 0)])
def test_a_unit_off_the_map_is_refused(trained: AssignmentNetwork, digits: Tensor, unit: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="26 x 26"):
        measured(trained, "Conv2d-1", unit)
    with pytest.raises(InputError, match="26 x 26"):
        effective(trained, digits, "Conv2d-1", unit)


def test_an_unknown_step_is_refused(trained: AssignmentNetwork, digits: Tensor) -> None:
    with pytest.raises(InputError, match="'flatten'"):
        measured(trained, "flatten", (0, 0))
    with pytest.raises(InputError, match="'Conv2d-2'"):
        effective(trained, digits, "Conv2d-2")


def test_a_step_without_maps_is_refused() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(), nn.ReLU())
    assert list(of_network(network, (1, 4, 4))) == ["0"]
    with pytest.raises(TraceError, match="0 times"):
        measured(network, "2", (0, 0), (1, 4, 4))


@pytest.mark.parametrize(
    "images", [torch.zeros(1, 28, 28), torch.zeros(0, 1, 28, 28), torch.full((1, 1, 28, 28), math.nan)]
)
def test_what_is_no_stack_of_images_is_refused(trained: AssignmentNetwork, images: Tensor) -> None:
    with pytest.raises(InputError, match="at least one"):
        effective(trained, images, "Conv2d-1")
