"""Raw maps, held against plain autograd, two other libraries for Grad-CAM, and loops.

The witnesses run in double precision. In single the same sums in another order differ by some 1e-6 of the largest
value, which is more than 1e-5 of a small one; and a slope beside a kink of a ReLU can be either of two.
"""

import copy
import itertools
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import GuidedGradCam
from numpy.typing import NDArray
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torchcam.methods import GradCAM as OtherGradCAM

from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.receptive_field import of_network
from model.saliency import METHODS, attribute
from model.saliency.baselines import BLACK

TWENTY = digits.samples()[::2][:20]
each_of_twenty = pytest.mark.parametrize("digit", TWENTY, ids=[digit.key for digit in TWENTY])
Maps = NDArray[Any]
AVERAGED = {"integrated_gradients", "gradient_shap", "smooth_grad"}


@pytest.fixture(scope="module")
def network() -> nn.Sequential:
    return weights.load().double()


def prepared(digit: Digit) -> tuple[Tensor, int]:
    """Return a digit in double precision and a class: its own, or one that differs from digit to digit."""
    number = digits.samples().index(digit)
    return digits.to_input(digit).double(), number % 10 if digit.label is None else digit.label


def slope(network: nn.Module, x: Tensor, target: int) -> Tensor:
    x = x.clone().requires_grad_()
    network(x)[0, target].backward(inputs=[x])
    assert x.grad is not None
    return x.grad


def same(found: Maps, expected: Maps) -> bool:
    """Tell whether two maps agree to 1e-5 of each value; one of 1e-9 of the largest and less counts as zero."""
    return np.allclose(found, expected, rtol=1e-5, atol=1e-9 * np.abs(expected).max())


@each_of_twenty
def test_saliency_is_the_gradient(network: nn.Sequential, digit: Digit) -> None:
    x, target = prepared(digit)
    expected = slope(network, x, target)[0, 0].numpy()
    assert same(attribute(network, x, target, "saliency").raw, expected)
    assert not same(attribute(network, x, target, "saliency").raw, np.abs(expected))  # the wrong rule: its size
    product = attribute(network, x, target, "input_x_gradient").raw
    assert same(product, x[0, 0].numpy() * expected)
    assert not same(product, (x[0, 0].numpy() - BLACK) * expected)  # the wrong rule: ink, in place of the pixel


@each_of_twenty
def test_integrated_gradients_is_the_sum_over_the_way(network: nn.Sequential, digit: Digit) -> None:
    x, target = prepared(digit)
    nothing, steps = torch.full_like(x, BLACK), 100

    def along(offset: float) -> Maps:
        shares = [(step + offset) / steps for step in range(steps)]
        slopes = [slope(network, nothing + share * (x - nothing), target) for share in shares]
        return np.asarray(((x - nothing) * torch.cat(slopes).mean(0))[0, 0].numpy())

    found = attribute(network, x, target, "integrated_gradients", options={"steps": steps}).raw
    assert same(found, along(0.5))
    assert not same(found, along(0))  # the wrong rule: the beginning of each step


def by_covering(network: nn.Sequential, x: Tensor, target: int, side: int, stride: int) -> Maps:
    """Return the mean loss of the windows over each pixel; the last may reach beyond the edge."""
    losses, covered = np.zeros((28, 28)), np.zeros((28, 28))
    starts = range(0, 28 - side + stride, stride)
    for top, left in itertools.product(starts, starts):
        without, place = x.clone(), (slice(top, top + side), slice(left, left + side))
        without[0, 0][place] = BLACK
        with torch.no_grad():
            losses[place] += float(network(x)[0, target] - network(without)[0, target])
        covered[place] += 1
    return losses / covered


@each_of_twenty
def test_occlusion_is_a_loop_over_windows(network: nn.Sequential, digit: Digit) -> None:
    x, target = prepared(digit)
    assert same(attribute(network, x, target, "occlusion").raw, by_covering(network, x, target, 4, 2))


@each_of_twenty
def test_ablation_is_a_loop_over_blocks(network: nn.Sequential, digit: Digit) -> None:
    x, target = prepared(digit)
    found = attribute(network, x, target, "feature_ablation").raw
    assert same(found, by_covering(network, x, target, 2, 2))
    assert not same(found, by_covering(network, x, target, 2, 1))  # the wrong rule: blocks that overlap


@pytest.mark.parametrize(("side", "stride"), [(1, 1), (5, 3), (6, 6), (14, 14), (3, 1)])
def test_windows_and_blocks_of_other_sizes(network: nn.Sequential, side: int, stride: int) -> None:
    x, target = prepared(TWENTY[3])
    expected = by_covering(network, x, target, side, stride)
    assert same(attribute(network, x, target, "occlusion", options={"window": side, "stride": stride}).raw, expected)
    ablated = attribute(network, x, target, "feature_ablation", options={"block": side}).raw
    assert same(ablated, expected) == (stride == side)


def test_a_stride_wider_than_the_window_leaves_no_gap(network: nn.Sequential) -> None:
    x, target = prepared(TWENTY[3])
    wide, whole = (
        attribute(network, x, target, "occlusion", options={"window": 4, "stride": stride}) for stride in (9, 4)
    )
    np.testing.assert_array_equal(wide.raw, whole.raw)


def of_grad_cam(network: nn.Module, x: Tensor, name: str, target: int) -> Maps:
    """Return the map of the library grad-cam before it cuts and stretches it."""
    private = copy.deepcopy(network)
    with GradCAM(private, [private.get_submodule(name)]) as library:
        aim = [ClassifierOutputTarget(target)]
        library(x, aim)
        kept = library.activations_and_grads
        maps, slopes = (np.asarray(each[0].numpy()) for each in (kept.activations, kept.gradients))
        return np.asarray(library.get_cam_image(x, None, aim, maps, slopes)[0])


def of_torchcam(network: nn.Module, x: Tensor, name: str, target: int) -> Maps:
    """Return the map of the library torchcam, which cuts what is negative."""
    with OtherGradCAM(copy.deepcopy(network), name, input_shape=(1, 28, 28)) as library:
        scores = library.model(x)
        return np.asarray(library(target, scores, normalized=False)[0][0].numpy())


@each_of_twenty
@pytest.mark.parametrize("name", ["Conv2d-4", "MaxPool2d-10", "Conv2d-19", "Dropout-21", "AvgPool2d-22"])
def test_grad_cam_is_what_two_other_libraries_find(network: nn.Sequential, digit: Digit, name: str) -> None:
    x, target = prepared(digit)
    found = attribute(network, x, target, "grad_cam", layer=name)
    assert same(found.raw, of_grad_cam(network, x, name, target))
    cut = attribute(network, x, target, "grad_cam", layer=name, options={"relu": 1})
    assert same(cut.raw, of_torchcam(network, x, name, target))
    # The wrong rule: each place times its own slope, not the mean. From Dropout-21 on all places have the same.
    each = attribute(network, x, target, "input_x_gradient", at=name).raw
    assert same(found.raw, each) == (name in {"Dropout-21", "AvgPool2d-22"})


@each_of_twenty
def test_guided_grad_cam_is_captums_own(network: nn.Sequential, digit: Digit) -> None:
    x, target = prepared(digit)
    private = copy.deepcopy(network)
    captum = GuidedGradCam(private, private.get_submodule("Conv2d-19"))
    expected = captum.attribute(x.requires_grad_(), target=target, interpolate_mode="bilinear").detach()[0, 0].numpy()
    x = x.detach()
    assert same(attribute(network, x, target, "guided_grad_cam").raw, expected)
    signed = attribute(network, x, target, "guided_grad_cam", options={"relu": 0}).raw
    factors = [attribute(network, x, target, method).values for method in ("guided_backprop", "grad_cam")]
    assert same(signed, factors[0] * factors[1])


def behind_a_tie(network: nn.Sequential, x: Tensor) -> NDArray[np.bool_]:
    """Return the pixels (28, 28) that reach a window of the max pool whose winner rounding decides.

    Where a digit leaves all black the four values of a window are equal, and either of them may hand the slope on.
    """
    parts = dict(network.named_children())
    before = nn.Sequential(*itertools.takewhile(lambda part: part is not parts["MaxPool2d-10"], parts.values()))
    winners = [
        nn.functional.max_pool2d(part(x.to(precision)), 2, return_indices=True)[1]
        for part, precision in ((before, torch.double), (copy.deepcopy(before).float(), torch.float))
    ]
    field, behind = of_network(AssignmentNetwork())["MaxPool2d-10"], np.zeros((28, 28), dtype=bool)
    for _, _, row, column in (winners[0] != winners[1]).nonzero().tolist():
        box = field.box((row, column))
        behind[box.top : box.bottom, box.left : box.right] = True
    return behind


@each_of_twenty
@pytest.mark.parametrize("method", METHODS)
def test_single_precision_is_double_precision_but_for_rounding(
    network: nn.Sequential, digit: Digit, method: str
) -> None:
    """To 1e-5 of the largest value, where slopes are taken in one place and no winner hangs on rounding.

    Of many places one is likely to lie so near to a kink of a ReLU or max pool that rounding puts it beyond. DeepLIFT
    divides differences from the baseline, which cancel where a unit hardly differs from it.
    """
    x, target = prepared(digit)
    options = {"steps": 50} if method == "integrated_gradients" else None
    exact = attribute(network, x, target, method, options=options).raw
    single = attribute(copy.deepcopy(network).float(), x.float(), target, method, options=options).raw
    assert single.dtype == np.float32
    told = ~behind_a_tie(network, x) if exact.shape == x.shape[2:] else np.ones(exact.shape, dtype=bool)
    assert told.mean() > 0.5
    off = np.abs(single - exact)[told].max() / np.abs(exact).max()
    assert off < (1e-2 if method in AVERAGED else 1e-3 if method == "deep_lift" else 1e-5)
