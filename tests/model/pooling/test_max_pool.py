"""Winners against PyTorch's own indices, the gradient against a net worked by hand, a moved digit against theory."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given
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
from model.pooling import max_pool
from model.pooling.records import Pooled, PoolScore, Shift
from model.receptive_field.records import Window
from model.trace import record
from model.trace.records import Trace

FIELDS = receptive_field.of_network(weights.load())


@pytest.fixture(scope="module")
def trained() -> AssignmentNetwork:
    """Return the trained network; nothing here may change it."""
    return weights.load()


@pytest.fixture(scope="module")
def trace(trained: AssignmentNetwork) -> Trace:
    return record(trained, digits.to_input(digits.find("project-3a")))


def pool_of(values: Tensor, kernel: int | tuple[int, int]) -> Pooled:
    """Pool values (1, C, H, W) with nothing before it."""
    return max_pool.pooled(record(nn.Sequential(nn.MaxPool2d(kernel)), values), "0")


def torch_winners(values: Tensor, kernel: int | tuple[int, int]) -> NDArray[np.int64]:
    """Return what PyTorch says, (C, h, w, 2)."""
    flat = functional.max_pool2d(values, kernel, return_indices=True)[1][0].numpy()
    return np.stack(np.divmod(flat, values.shape[-1]), axis=-1)


# ---- winners and ties ----

KERNELS = st.tuples(st.integers(1, 3), st.integers(1, 3))


@given(st.data(), KERNELS)
def test_winners_and_ties_are_pytorchs(data: st.DataObject, kernel: tuple[int, int]) -> None:
    """Few different values make many ties; sides that the kernel does not divide leave a border."""
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


def test_the_last_of_equal_values_is_not_the_winner() -> None:
    """The wrong twin: a rule that takes the last one is caught."""
    values = torch.tensor([[[[1.0, 5.0], [5.0, 2.0]]]])
    last = 3 - values.numpy().reshape(-1)[::-1].argmax()
    assert torch_winners(values, 2).tolist() == pool_of(values, 2).winners.tolist() == [[[[0, 1]]]]
    assert [*divmod(int(last), 2)] != [0, 1]


def test_in_the_network_every_winner_is_pytorchs_and_what_is_kept_adds_up(trace: Trace) -> None:
    done, step = max_pool.pooled(trace), trace[max_pool.POOL]
    assert done.source == "Dropout-9"
    np.testing.assert_array_equal(done.winners, torch_winners(torch.tensor(step.input)[None], 2))
    for channel in (None, 0, 15):
        account = done.account(channel)
        before, after = (each if channel is None else each[[channel]] for each in (step.input, step.output))
        assert (account.values, account.kept) == (before.size, after.size)
        assert account.kept * 4 == account.values
        assert account.total == pytest.approx(torch.tensor(before).double().sum().item())
        assert account.kept_magnitude == pytest.approx(torch.tensor(after).double().abs().sum().item())
        assert account.magnitude >= account.kept_magnitude
        assert account.windows == after.size
        assert 0 <= account.silent <= account.tied <= account.windows


def test_a_tie_of_silent_values_is_one_that_the_relu_made() -> None:
    """By hand: the ReLU makes -1 and -2 to 0, and the norm after it lifts 0 to 3; two windows tie, one silently."""
    norm = nn.BatchNorm2d(1, eps=0.0)
    nn.init.constant_(norm.bias, 3.0)
    values = torch.tensor([[[[-1.0, -2.0, 4.0, 4.0], [-1.0, -1.0, 0.0, 1.0]]]])
    done = max_pool.pooled(record(nn.Sequential(nn.ReLU(), norm, nn.MaxPool2d(2)), values), "2")
    assert done.output.tolist() == [[[3.0, 7.0]]]
    assert done.ties.tolist() == [[[4, 2]]]
    assert done.silent.tolist() == [[[True, False]]]
    assert (done.account().tied, done.account().silent) == (2, 1)


@pytest.mark.parametrize(
    "pool", [nn.MaxPool2d(3, stride=2), nn.MaxPool2d(2, padding=1), nn.MaxPool2d(2, dilation=2), nn.AvgPool2d(2)]
)
def test_a_pool_without_winners_or_with_other_windows_is_refused(pool: nn.Module) -> None:
    with pytest.raises(InputError, match=r"max pool|side by side"):
        max_pool.pooled(record(nn.Sequential(pool), torch.zeros(1, 1, 6, 6)), "0")


# ---- the gradient ----


class Hand(nn.Sequential):
    """Pools 2 x 4 values to two, and scores them with 3 and 5, then with 7 and 11."""

    def __init__(self) -> None:
        super().__init__(nn.MaxPool2d(2), nn.Conv2d(1, 2, (1, 2), bias=False), nn.Flatten())
        with torch.no_grad():
            self[1].weight.copy_(torch.tensor([[[[3.0, 5.0]]], [[[7.0, 11.0]]]]))  # type: ignore[operator]


def test_the_gradient_goes_to_winners_alone_or_in_quarters() -> None:
    x = torch.tensor([[[[1.0, 2.0, 9.0, 9.0], [4.0, 3.0, 9.0, 0.0]]]])
    net = Hand()
    trace = record(net, x)
    found = max_pool.gradient(net, trace, 1, "0")
    assert found.kept.tolist() == [[[0, 0, 11, 0], [7, 0, 0, 0]]]  # of the three 9 the first
    assert found.passed.tolist() == [[[7, 11]]]
    assert found.shared.tolist() == [[[7 / 4, 7 / 4, 11 / 4, 11 / 4]] * 2]
    assert max_pool.gradient(net, trace, 0, "0").passed.tolist() == [[[3, 5]]]


def test_in_the_network_no_loser_gets_a_gradient_and_a_small_step_agrees(
    trained: AssignmentNetwork, trace: Trace
) -> None:
    x, done = digits.to_input(digits.find("project-3a")), max_pool.pooled(trace)
    found = max_pool.gradient(trained, trace, trace.prediction)
    assert not found.kept[~done.won].any()
    channel = np.arange(16)[:, None, None]
    np.testing.assert_array_equal(found.kept[channel, done.winners[..., 0], done.winners[..., 1]], found.passed)
    wrong = np.roll(done.won, 1, axis=2)  # the wrong twin: other places would not do
    assert found.kept[~wrong].any()
    steps = list(copy.deepcopy(trained).double())
    cut = next(index for index, each in enumerate(steps) if isinstance(each, nn.MaxPool2d))
    front, rest = nn.Sequential(*steps[:cut]), nn.Sequential(*steps[cut:])
    with torch.no_grad():
        values = front(x.double())
        for index in np.argwhere(np.abs(found.kept) > np.quantile(np.abs(found.kept), 0.99))[:5].tolist():
            stepped = values.clone()
            stepped[0, index[0], index[1], index[2]] += 1e-6
            slope = (rest(stepped) - rest(values)).flatten()[trace.prediction].item() / 1e-6
            assert slope == pytest.approx(float(found.kept[tuple(index)]), rel=1e-2)


def test_each_value_of_a_window_shares_alike_with_an_average_pool(trained: AssignmentNetwork, trace: Trace) -> None:
    shared = max_pool.gradient(trained, trace, trace.prediction).shared
    windows = max_pool.side_by_side(shared, Window((2, 2), (2, 2)))
    np.testing.assert_array_equal(windows, windows[..., :1].repeat(4, axis=-1))


def test_a_class_or_a_pool_that_is_not_there_is_refused(trained: AssignmentNetwork, trace: Trace) -> None:
    with pytest.raises(InputError, match="There is no class 10"):
        max_pool.gradient(trained, trace, 10)
    for name in ("Conv2d-7", "nowhere"):
        with pytest.raises(InputError, match=f"'{name}' is no max pool"):
            max_pool.parts(trained, name)
    with pytest.raises(InputError, match="'0' is no max pool"):
        max_pool.parts(nn.Sequential(nn.MaxPool2d(2, dilation=2)), "0")


# ---- an average pool in its place ----


def twin_of(network: AssignmentNetwork) -> nn.Module:
    """Return a copy of the whole network with the average pool, built another way than the model does."""
    twin = copy.deepcopy(network)
    twin.set_submodule(max_pool.POOL, nn.AvgPool2d(2))
    return twin


def test_the_twin_takes_means_and_is_otherwise_the_same(trained: AssignmentNetwork, trace: Trace) -> None:
    found = max_pool.averaged(trained, trace)
    expected = record(twin_of(trained), digits.to_input(digits.find("project-3a")))
    np.testing.assert_allclose(found[max_pool.POOL].output, expected[max_pool.POOL].output, atol=1e-6)
    np.testing.assert_allclose(found.logits, expected.logits, atol=1e-4)
    np.testing.assert_allclose(found.probabilities.sum(), 1, atol=1e-6)
    assert not np.allclose(found.logits, trace.logits, atol=1e-2)  # the wrong twin: the max pool itself


def test_a_score_counts_what_each_of_them_reads_right(trained: AssignmentNetwork) -> None:
    some = [sample for sample in digits.samples() if sample.label is not None][::6]
    twin, labels = twin_of(trained), np.asarray([sample.label for sample in some])
    images = torch.cat([digits.to_input(sample) for sample in some])
    right = [
        sum(record(each, image[None]).prediction == label for image, label in zip(images, labels, strict=True))
        for each in (trained, twin)
    ]
    found = max_pool.score(trained, images, labels)
    assert (found.images, found.maximum, found.mean) == (len(some), *right)
    total = found + PoolScore(10, 9, 8)
    assert (total.images, total.maximum, total.mean) == (len(some) + 10, right[0] + 9, right[1] + 8)


def test_nothing_touches_the_shared_network_and_threads_agree(trained: AssignmentNetwork) -> None:
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    needs = [parameter.requires_grad for parameter in trained.parameters()]
    some = digits.samples()[:8]

    def measure(digit: Digit) -> tuple[NDArray[np.float32], ...]:
        trace = record(trained, digits.to_input(digit))
        found = max_pool.gradient(trained, trace, 3)
        left = max_pool.shift(trained, trace, digit.pixels, (0, 1), FIELDS).maps[1].difference(0)
        return found.kept, found.shared, max_pool.averaged(trained, trace).logits, left

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


# ---- a digit that moves ----


def moved_by(network: nn.Module, pixels: NDArray[np.uint8], by: tuple[int, int]) -> Shift:
    return max_pool.shift(network, record(network, digits.normalise(pixels)), pixels, by, FIELDS)


def test_the_maps_of_a_moved_digit_are_those_of_a_run_of_its_own(trained: AssignmentNetwork, trace: Trace) -> None:
    pixels = digits.find("project-3a").pixels
    move = moved_by(trained, pixels, (1, 3))
    alone = record(trained, digits.normalise(np.pad(pixels, ((1, 0), (3, 0)))[:28, :28]))
    into, pool, average = move.maps
    np.testing.assert_allclose(into.after, alone[max_pool.POOL].input, atol=1e-5)
    np.testing.assert_allclose(pool.after, alone[max_pool.POOL].output, atol=1e-5)
    np.testing.assert_allclose(average.after, max_pool.averaged(trained, alone)[max_pool.POOL].output, atol=1e-5)
    np.testing.assert_array_equal(pool.before, trace[max_pool.POOL].output)
    assert move.prediction == alone.prediction


@given(st.integers(0, 44), st.integers(0, 5), st.integers(0, 5))
def test_after_the_pool_only_even_moves_move_the_maps(sample: int, down: int, right: int) -> None:
    """Before it every move does. What enters at the edge never lies in the overlap, as nothing is padded."""
    into, pool, average = moved_by(weights.load(), digits.samples()[sample].pixels, (down, right)).maps
    even = down % 2 == right % 2 == 0
    assert into.equivariant
    assert into.best.units == (down, right)
    assert [pool.equivariant, average.equivariant] == [even, even]
    if even:
        assert pool.best.units == (down // 2, right // 2)
        assert len(pool.offsets) == 1
    else:
        assert pool.best.largest > 0.01 * np.abs(pool.before).max()  # the wrong twin: an odd move would have to pass


def test_a_shift_is_held_against_the_same_places_only(trained: AssignmentNetwork) -> None:
    pixels = digits.find("project-3a").pixels
    move = moved_by(trained, pixels, (0, 2))
    _, pool, _ = move.maps
    for channel in (0, 7):
        expected = pool.after[channel, :, 1:] - pool.before[channel, :, :-1]
        np.testing.assert_array_equal(pool.difference(channel), expected)
    assert pool.offsets[0].largest == np.abs(pool.after[:, :, 1:] - pool.before[:, :, :-1]).max()
    assert not np.allclose(pool.after, pool.before)  # it did move
    assert move.cut_off == int((pixels[:, -2:] > 0).sum())
    assert pool.strength == pytest.approx(np.abs(pool.before).mean())


def test_ink_that_leaves_the_image_is_counted() -> None:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[10:14, 26:] = 9
    assert moved_by(weights.load(), pixels, (0, 1)).cut_off == 4
    assert moved_by(weights.load(), pixels, (1, 0)).cut_off == 0


@given(st.integers(0, 6), st.integers(0, 6))
def test_moving_pads_and_crops(down: int, right: int) -> None:
    pixels = np.arange(20, dtype=np.uint8).reshape(4, 5) + 1
    expected = np.pad(pixels, ((down, 0), (right, 0)))[:4, :5]
    np.testing.assert_array_equal(max_pool.moved(pixels, (down, right)), expected)


def test_an_image_cannot_move_back() -> None:
    with pytest.raises(InputError, match="cannot move by"):
        max_pool.moved(np.zeros((2, 2), np.uint8), (0, -1))


def test_the_window_of_the_pool_is_the_one_that_the_layer_gives(trace: Trace) -> None:
    assert max_pool.pooled(trace).window == layers.window(trace[max_pool.POOL]) == Window((2, 2), (2, 2))
