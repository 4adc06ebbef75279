"""Winners against PyTorch's indices, gradients against a network by hand, and shifted digits against theory."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from model import layers, receptive_field
from model.errors import InputError
from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.pooling import max_pool, shifting
from model.pooling.records import PoolAccuracy, Pooled, Shift
from model.receptive_field.records import Window
from model.trace import record
from model.trace.records import Trace

POOL = "MaxPool2d-10"
FIELDS = receptive_field.of_network(weights.load())


@pytest.fixture(scope="module")
def trained() -> AssignmentNetwork:
    """Return the trained network; no test changes it."""
    return weights.load()


@pytest.fixture(scope="module")
def trace(trained: AssignmentNetwork) -> Trace:
    return record(trained, digits.to_input(digits.find("project-3a")))


def pool_of(values: Tensor, kernel: int | tuple[int, int]) -> Pooled:
    """Pool values (1, C, H, W) in a network of one max pool."""
    return max_pool.pooled(record(nn.Sequential(nn.MaxPool2d(kernel)), values), "0")


def torch_winners(values: Tensor, kernel: int | tuple[int, int]) -> NDArray[np.int64]:
    """Return the winners by PyTorch, (C, h, w, 2)."""
    flat = functional.max_pool2d(values, kernel, return_indices=True)[1][0].numpy()
    return np.stack(np.divmod(flat, values.shape[-1]), axis=-1)


# ---- winners and ties ----

KERNELS = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=25)
@given(st.data(), KERNELS)
def test_pooled_winners_and_ties_are_those_of_pytorch(data: st.DataObject, kernel: tuple[int, int]) -> None:
    """Few different values give many ties; sides that are no multiple of the kernel leave a border."""
    sides = [each * data.draw(st.integers(1, 3)) + data.draw(st.integers(0, each - 1)) for each in kernel]
    shape = (data.draw(st.integers(1, 3)), *sides)
    numbers = data.draw(st.lists(st.integers(-1, 1), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    values = torch.tensor(numbers, dtype=torch.float32).reshape(1, *shape)
    done = pool_of(values, kernel)
    np.testing.assert_array_equal(done.winners, torch_winners(values, kernel))
    for unit in np.ndindex(done.ties.shape):
        c, y, x = unit
        window = values[0, c, y * kernel[0] : (y + 1) * kernel[0], x * kernel[1] : (x + 1) * kernel[1]]
        assert done.ties[unit] == int((window == window.max()).sum())
    assert done.won.sum() == done.output.size
    np.testing.assert_array_equal(np.sort(done.input[done.won]), np.sort(done.output.ravel()))


def test_pooled_winner_of_equal_values_is_the_first() -> None:
    """The wrong rule: the last of equal values."""
    values = torch.tensor([[[[1.0, 5.0], [5.0, 2.0]]]])
    last = 3 - values.numpy().reshape(-1)[::-1].argmax()
    assert torch_winners(values, 2).tolist() == pool_of(values, 2).winners.tolist() == [[[[0, 1]]]]
    assert [*divmod(int(last), 2)] != [0, 1]


def test_pooled_in_the_network_has_pytorchs_winners_and_correct_totals(trace: Trace) -> None:
    done, step = max_pool.pooled(trace, POOL), trace[POOL]
    assert done.source == "Dropout-9"
    np.testing.assert_array_equal(done.winners, torch_winners(torch.tensor(step.input)[None], 2))
    for channel in (None, 0, 15):
        totals = done.totals(channel)
        before, after = (each if channel is None else each[[channel]] for each in (step.input, step.output))
        assert (totals.inputs, totals.outputs) == (before.size, after.size)
        assert totals.outputs * 4 == totals.inputs
        assert totals.input_sum == pytest.approx(torch.tensor(before).double().sum().item())
        assert totals.output_magnitude == pytest.approx(torch.tensor(after).double().abs().sum().item())
        assert totals.input_magnitude >= totals.output_magnitude
        assert totals.windows == after.size
        assert 0 <= totals.tied_at_relu_zero <= totals.tied <= totals.windows


def test_pooled_ties_at_relu_zeros_by_hand() -> None:
    """By hand: ReLU sets -1 and -2 to 0, and batch norm maps 0 to 3; two windows have a tie, one at a ReLU zero."""
    norm = nn.BatchNorm2d(1, eps=0.0)
    nn.init.constant_(norm.bias, 3.0)
    values = torch.tensor([[[[-1.0, -2.0, 4.0, 4.0], [-1.0, -1.0, 0.0, 1.0]]]])
    done = max_pool.pooled(record(nn.Sequential(nn.ReLU(), norm, nn.MaxPool2d(2)), values), "2")
    assert done.output.tolist() == [[[3.0, 7.0]]]
    assert done.ties.tolist() == [[[4, 2]]]
    assert done.at_relu_zero.tolist() == [[[True, False]]]
    assert (done.totals().tied, done.totals().tied_at_relu_zero) == (2, 1)


@pytest.mark.parametrize("pool", [nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(2)])
def test_pooled_refuses_a_pool_of_means(pool: nn.Module) -> None:
    with pytest.raises(InputError, match="Only a max pool has winners"):
        max_pool.pooled(record(nn.Sequential(pool), torch.zeros(1, 1, 6, 6)), "0")


# ---- the gradient ----


class Hand(nn.Sequential):
    """Pools 2 x 4 values to two, and scores them with 3 and 5, then with 7 and 11."""

    def __init__(self) -> None:
        super().__init__(nn.MaxPool2d(2), nn.Conv2d(1, 2, (1, 2), bias=False), nn.Flatten())
        with torch.no_grad():
            self[1].weight.copy_(torch.tensor([[[[3.0, 5.0]]], [[[7.0, 11.0]]]]))  # type: ignore[operator]


def test_gradient_by_hand_goes_to_winners_or_in_quarters() -> None:
    x = torch.tensor([[[[1.0, 2.0, 9.0, 9.0], [4.0, 3.0, 9.0, 0.0]]]])
    net = Hand()
    trace = record(net, x)
    found = max_pool.gradient(net, trace, 1, "0")
    assert found.max_pool.tolist() == [[[0, 0, 11, 0], [7, 0, 0, 0]]]  # the first of three values 9
    assert found.output.tolist() == [[[7, 11]]]
    assert found.average_pool.tolist() == [[[7 / 4, 7 / 4, 11 / 4, 11 / 4]] * 2]
    assert max_pool.gradient(net, trace, 0, "0").output.tolist() == [[[3, 5]]]


def test_gradient_in_the_network_agrees_with_finite_differences(trained: AssignmentNetwork, trace: Trace) -> None:
    x, done = digits.to_input(digits.find("project-3a")), max_pool.pooled(trace, POOL)
    found = max_pool.gradient(trained, trace, trace.prediction, POOL)
    assert not found.max_pool[~done.won].any()
    channel = np.arange(16)[:, None, None]
    np.testing.assert_array_equal(found.max_pool[channel, done.winners[..., 0], done.winners[..., 1]], found.output)
    wrong = np.roll(done.won, 1, axis=2)  # the wrong rule: other positions
    assert found.max_pool[~wrong].any()
    steps = list(copy.deepcopy(trained).double())
    cut = next(index for index, each in enumerate(steps) if isinstance(each, nn.MaxPool2d))
    front, rest = nn.Sequential(*steps[:cut]), nn.Sequential(*steps[cut:])
    with torch.no_grad():
        values = front(x.double())
        for index in np.argwhere(np.abs(found.max_pool) > np.quantile(np.abs(found.max_pool), 0.99))[:5].tolist():
            stepped = values.clone()
            stepped[0, index[0], index[1], index[2]] += 1e-6
            slope = (rest(stepped) - rest(values)).flatten()[trace.prediction].item() / 1e-6
            assert slope == pytest.approx(float(found.max_pool[tuple(index)]), rel=1e-2)


def test_gradient_of_an_average_pool_is_equal_in_each_window(trained: AssignmentNetwork, trace: Trace) -> None:
    shared = max_pool.gradient(trained, trace, trace.prediction, POOL).average_pool
    first = shared[:, ::2, ::2]
    for y, x in ((0, 1), (1, 0), (1, 1)):
        np.testing.assert_array_equal(shared[:, y::2, x::2], first)


def test_gradient_and_replacing_refuse_an_unknown_class_or_pool(trained: AssignmentNetwork, trace: Trace) -> None:
    with pytest.raises(InputError, match="There is no class 10"):
        max_pool.gradient(trained, trace, 10, POOL)
    for name in ("Conv2d-7", "nowhere"):
        with pytest.raises(InputError, match=f"'{name}' is not a max pool"):
            max_pool.replaceable_pool(trained, name)
    with pytest.raises(InputError, match="'0' is not a max pool"):
        max_pool.replaceable_pool(nn.Sequential(nn.MaxPool2d(2, dilation=2)), "0")


# ---- an average pool in its place ----


def with_average_pool(network: AssignmentNetwork) -> nn.Module:
    """Return a copy of the whole network with the average pool, made in another way than by the model."""
    other = copy.deepcopy(network)
    other.set_submodule(POOL, nn.AvgPool2d(2))
    return other


def test_with_average_pool_is_the_network_with_an_average_pool(trained: AssignmentNetwork, trace: Trace) -> None:
    found = max_pool.with_average_pool(trained, trace, POOL)
    expected = record(with_average_pool(trained), digits.to_input(digits.find("project-3a")))
    np.testing.assert_allclose(found[POOL].output, expected[POOL].output, atol=1e-6)
    np.testing.assert_allclose(found.logits, expected.logits, atol=1e-4)
    np.testing.assert_allclose(found.probabilities.sum(), 1, atol=1e-6)
    assert not np.allclose(found.logits, trace.logits, atol=1e-2)  # the wrong rule: the max pool itself


def test_accuracy_counts_the_correct_predictions_of_each_pool(trained: AssignmentNetwork) -> None:
    some = [sample for sample in digits.samples() if sample.label is not None][::6]
    other, labels = with_average_pool(trained), np.asarray([sample.label for sample in some])
    images = torch.cat([digits.to_input(sample) for sample in some])
    right = [
        sum(record(each, image[None]).prediction == label for image, label in zip(images, labels, strict=True))
        for each in (trained, other)
    ]
    found = max_pool.accuracy(trained, images, labels, POOL)
    assert (found.images, found.max_pool, found.average_pool) == (len(some), *right)
    total = found + PoolAccuracy(10, 9, 8)
    assert (total.images, total.max_pool, total.average_pool) == (len(some) + 10, right[0] + 9, right[1] + 8)


def test_shared_network_is_not_changed_and_threads_agree(trained: AssignmentNetwork) -> None:
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    needs = [parameter.requires_grad for parameter in trained.parameters()]
    some = digits.samples()[:3]

    def measure(digit: Digit) -> tuple[NDArray[np.float32], ...]:
        trace = record(trained, digits.to_input(digit))
        found = max_pool.gradient(trained, trace, 3, POOL)
        left = shifting.shift(trained, trace, digit.pixels, (0, 1), FIELDS, POOL).maps[1].difference(0)
        return found.max_pool, found.average_pool, max_pool.with_average_pool(trained, trace, POOL).logits, left

    alone = list(map(measure, some))
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(measure, some))
    for one, other in zip(alone, together, strict=True):
        for values, others in zip(one, other, strict=True):
            np.testing.assert_array_equal(values, others)
    assert all(parameter.grad is None for parameter in trained.parameters())
    assert not trained.training
    assert [parameter.requires_grad for parameter in trained.parameters()] == needs
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in trained.modules())
    for name, value in trained.state_dict().items():
        assert torch.equal(value, before[name])


# ---- a shifted digit ----


def shifted(network: nn.Module, pixels: NDArray[np.uint8], by: tuple[int, int]) -> Shift:
    return shifting.shift(network, record(network, digits.normalise(pixels)), pixels, by, FIELDS, POOL)


def test_shift_maps_are_those_of_a_run_on_the_shifted_digit(trained: AssignmentNetwork, trace: Trace) -> None:
    pixels = digits.find("project-3a").pixels
    move = shifted(trained, pixels, (1, 3))
    alone = record(trained, digits.normalise(np.pad(pixels, ((1, 0), (3, 0)))[:28, :28]))
    into, pool, average = move.maps
    np.testing.assert_allclose(into.after, alone[POOL].input, atol=1e-5)
    np.testing.assert_allclose(pool.after, alone[POOL].output, atol=1e-5)
    np.testing.assert_allclose(average.after, max_pool.with_average_pool(trained, alone, POOL)[POOL].output, atol=1e-5)
    np.testing.assert_array_equal(pool.before, trace[POOL].output)
    assert move.prediction == alone.prediction


def assert_equivariant_for_even_shifts(sample: int, down: int, right: int) -> None:
    """Check that the input maps are only shifted, and the output maps if the shift is even.

    New values at the edge are never in the overlap, because no convolution has padding.
    """
    into, pool, average = shifted(weights.load(), digits.samples()[sample].pixels, (down, right)).maps
    even = down % 2 == right % 2 == 0
    assert into.equivariant
    assert into.best.units == (down, right)
    assert [pool.equivariant, average.equivariant] == [even, even]
    if even:
        assert pool.best.units == (down // 2, right // 2)
        assert len(pool.offsets) == 1
    else:
        assert pool.best.largest > 0.01 * np.abs(pool.before).max()  # the wrong rule: all shifts are equivariant


@pytest.mark.parametrize(
    ("sample", "down", "right"), [(0, 0, 0), (7, 1, 0), (13, 0, 2), (20, 4, 2), (33, 2, 3), (40, 0, 5), (44, 3, 5)]
)
def test_shift_is_equivariant_after_the_pool_for_even_shifts(sample: int, down: int, right: int) -> None:
    assert_equivariant_for_even_shifts(sample, down, right)


@pytest.mark.exhaustive
@given(st.integers(0, 44), st.integers(0, 5), st.integers(0, 5))
def test_shift_is_equivariant_after_the_pool_for_all_even_shifts(sample: int, down: int, right: int) -> None:
    assert_equivariant_for_even_shifts(sample, down, right)


def test_shift_compares_the_overlap_only(trained: AssignmentNetwork) -> None:
    pixels = digits.find("project-3a").pixels
    move = shifted(trained, pixels, (0, 2))
    _, pool, _ = move.maps
    for channel in (0, 7):
        expected = pool.after[channel, :, 1:] - pool.before[channel, :, :-1]
        np.testing.assert_array_equal(pool.difference(channel), expected)
    assert pool.offsets[0].largest == np.abs(pool.after[:, :, 1:] - pool.before[:, :, :-1]).max()
    assert not np.allclose(pool.after, pool.before)  # the maps did shift
    assert move.cut_off == int((pixels[:, -2:] > 0).sum())
    assert pool.mean_magnitude == pytest.approx(np.abs(pool.before).mean())


def test_shift_counts_pixels_that_leave_the_image() -> None:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[10:14, 26:] = 9
    assert shifted(weights.load(), pixels, (0, 1)).cut_off == 4
    assert shifted(weights.load(), pixels, (1, 0)).cut_off == 0


@given(st.integers(0, 6), st.integers(0, 6))
def test_shift_image_pads_and_crops(down: int, right: int) -> None:
    pixels = np.arange(20, dtype=np.uint8).reshape(4, 5) + 1
    expected = np.pad(pixels, ((down, 0), (right, 0)))[:4, :5]
    np.testing.assert_array_equal(shifting.shift_image(pixels, (down, right)), expected)


def test_shift_image_refuses_negative_shifts() -> None:
    with pytest.raises(InputError, match="cannot be shifted by"):
        shifting.shift_image(np.zeros((2, 2), np.uint8), (0, -1))


def test_pooled_window_is_that_of_the_layer(trace: Trace) -> None:
    assert max_pool.pooled(trace, POOL).window == layers.window(trace[POOL]) == Window((2, 2), (2, 2))
