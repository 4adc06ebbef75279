"""Deletion and insertion, held against a plain loop and a net that is worked by hand."""

import copy
import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model.errors import InputError
from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.saliency.records import Attribution, PixelCurves
from model.sanity_checks.pixel_curves import descending, each_order, gathered, pixel_curves
from tests.explaining import Counting, attribution, by_ink_times_slope, linear

DIGITS = [digit for digit in digits.samples() if digit.label is not None][::12]
each_digit = pytest.mark.parametrize("digit", DIGITS, ids=[digit.key for digit in DIGITS])


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


def sigmoid(score: float) -> float:
    return float(1 / (1 + np.exp(-score)))


def one_by_one(
    network: nn.Module, start: Tensor, end: Tensor, order: list[int], counts: list[int], k: int
) -> list[float]:
    """Change pixels one after another, and ask for the probability where the counts say so."""
    image, found = start.clone(), list[float]()
    for number in range(len(order) + 1):
        if number in counts:
            with torch.no_grad():
                found.append(float(network(image).softmax(1)[0, k]))
        if number < len(order):
            image.view(-1)[order[number]] = end.view(-1)[order[number]]
    return found


@each_digit
def test_the_curves_are_what_a_loop_over_pixels_finds(network: AssignmentNetwork, digit: Digit) -> None:
    x, target = digits.to_input(digit), 3
    shown = by_ink_times_slope(target)(network, x)
    found = pixel_curves(network, x, shown, orders=0)
    values = shown.values.ravel()
    order = sorted(range(784), key=lambda pixel: -values[pixel])  # Python's sort keeps equal ones in their order
    counts, black = list(range(0, 785, 16)), torch.from_numpy(shown.baseline)[None, None]
    assert found.counts.tolist() == counts
    deletion, insertion = (one_by_one(network, *ends, order, counts, target) for ends in ((x, black), (black, x)))
    np.testing.assert_allclose(found.deletion, deletion, atol=1e-5)
    np.testing.assert_allclose(found.insertion, insertion, atol=1e-5)
    backwards = one_by_one(network, x, black, order[::-1], counts, target)  # the wrong rule: the lowest first
    assert not np.allclose(found.deletion, backwards, atol=1e-2)


def test_a_linear_net_worked_by_hand() -> None:
    """Ink 1 everywhere on a baseline of 0, so each pixel brings its weight: 1, −2, 3 and 0."""
    weight = [[1.0, -2.0], [3.0, 0.0]]
    found = pixel_curves(linear(weight), torch.ones(1, 1, 2, 2), attribution(weight, black=0), steps=4, orders=0)
    np.testing.assert_array_equal(found.counts, [0, 1, 2, 3, 4])
    np.testing.assert_allclose(found.deletion, [sigmoid(score) for score in (2, -1, -2, -2, 0)], rtol=1e-6)
    np.testing.assert_allclose(found.insertion, [sigmoid(score) for score in (0, 3, 4, 4, 2)], rtol=1e-6)
    assert found.random_deletion.shape == found.random_insertion.shape == (0, 5)


def test_no_order_beats_what_each_pixel_brings_to_a_linear_net() -> None:
    weight = np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.0]])
    net, x = linear(weight), torch.ones(1, 1, 2, 3)

    def areas(values: np.ndarray) -> tuple[float, float]:
        found = pixel_curves(net, x, attribution(values, black=0), steps=6, orders=0)
        return float(found.area(found.deletion)), float(found.area(found.insertion))

    deletion, insertion = areas(weight)
    for order in itertools.permutations(range(6)):
        other_deletion, other_insertion = areas(np.array(order, dtype=float).reshape(2, 3))
        assert other_deletion >= deletion - 1e-7
        assert other_insertion <= insertion + 1e-7
    wrong_deletion, wrong_insertion = areas(-weight)  # the wrong rule: the lowest first
    assert wrong_deletion > deletion + 0.2
    assert wrong_insertion < insertion - 0.2


def test_an_area_is_the_mean_height_of_the_lines_between_the_points() -> None:
    nothing = np.zeros((0, 3), dtype=np.float32)
    curve = np.array([1.0, 0.5, 0.0], dtype=np.float32)
    curves = PixelCurves(np.array([0, 1, 4]), curve, curve, nothing, nothing)
    assert curves.area(curve) == pytest.approx((0.75 * 1 + 0.25 * 3) / 4)
    np.testing.assert_allclose(curves.area(np.stack([curve, 0 * curve + 1])), [0.375, 1])


@each_digit
def test_both_ends_are_the_digit_and_the_baseline(network: AssignmentNetwork, digit: Digit) -> None:
    x = digits.to_input(digit)
    shown = by_ink_times_slope(7)(network, x)
    found = pixel_curves(network, x, shown, orders=2, seed=1)
    with torch.no_grad():
        both = network(torch.cat([x, torch.from_numpy(shown.baseline)[None, None]])).softmax(1)[:, 7].numpy()
    for deletion in (found.deletion, *found.random_deletion):
        np.testing.assert_allclose(deletion[[0, -1]], both, atol=1e-5)
    for insertion in (found.insertion, *found.random_insertion):
        np.testing.assert_allclose(insertion[[-1, 0]], both, atol=1e-5)


def test_random_orders_have_a_seed_and_leave_everybody_elses_alone(network: AssignmentNetwork) -> None:
    x = digits.to_input(DIGITS[0])
    shown = by_ink_times_slope(0)(network, x)
    before, state = np.random.get_state()[1].copy(), torch.get_rng_state()  # type: ignore[index]
    one, same, other = (pixel_curves(network, x, shown, orders=3, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.random_deletion, same.random_deletion)
    np.testing.assert_array_equal(one.random_insertion, same.random_insertion)
    np.testing.assert_array_equal(one.deletion, other.deletion)
    assert not np.array_equal(one.random_deletion, other.random_deletion)
    assert len(np.unique(one.random_deletion, axis=0)) == 3
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # type: ignore[index]
    assert torch.equal(torch.get_rng_state(), state)


def test_a_random_order_is_a_map_of_noise(network: AssignmentNetwork) -> None:
    x = digits.to_input(DIGITS[1])
    shown = by_ink_times_slope(1)(network, x)
    found = pixel_curves(network, x, shown, orders=1, seed=2)
    order = np.random.default_rng(2).permutation(784)
    noise = np.empty(784)
    noise[order] = np.arange(784, 0, -1)
    again = pixel_curves(network, x, attribution(noise.reshape(28, 28), 1), orders=0)
    np.testing.assert_array_equal(found.random_deletion[0], again.deletion)
    np.testing.assert_array_equal(found.random_insertion[0], again.insertion)


def test_no_forward_pass_takes_more_than_64_images(network: AssignmentNetwork) -> None:
    x, sizes = digits.to_input(DIGITS[0]), list[int]()
    shown = by_ink_times_slope(0)(network, x)
    found = pixel_curves(Counting(network, sizes.append), x, shown, steps=784, orders=0)
    assert max(sizes) == 64
    assert sum(sizes) == 2 * 785
    np.testing.assert_allclose(found.deletion[::16], pixel_curves(network, x, shown, orders=0).deletion, atol=1e-5)


def test_it_comes_in_pieces_so_that_one_can_leave(network: AssignmentNetwork) -> None:
    x, sizes = digits.to_input(DIGITS[0]), list[int]()
    shown = by_ink_times_slope(0)(network, x)
    pieces = each_order(Counting(network, sizes.append), x, shown, orders=8)
    found = [next(pieces), next(pieces)]
    assert sum(sizes) == 2 * 2 * 50  # two orders, two curves; nothing ahead of time
    so_far = gathered(x, 49, found)
    whole = pixel_curves(network, x, shown, orders=8)
    np.testing.assert_array_equal(so_far.insertion, whole.insertion)
    np.testing.assert_array_equal(so_far.random_insertion, whole.random_insertion[:1])


def test_equal_values_come_from_top_left_line_by_line() -> None:
    assert descending(np.zeros((2, 3), dtype=np.float32)).tolist() == [0, 1, 2, 3, 4, 5]
    assert descending(np.array([[-1, 0, 2], [0, 2, -1]], dtype=np.float32)).tolist() == [2, 4, 1, 3, 0, 5]


def test_threads_get_what_each_would_alone(network: AssignmentNetwork) -> None:
    def work(number: int) -> PixelCurves:
        x = digits.to_input(digits.samples()[number])
        return pixel_curves(network, x, by_ink_times_slope(number)(network, x), orders=1, seed=number)

    before = copy.deepcopy(network.state_dict())
    alone = [work(number) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(work, range(8)))
    for one, other in zip(alone, together, strict=True):
        for field in ("deletion", "insertion", "random_deletion", "random_insertion"):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("shown", "steps", "orders", "said"),
    [
        (attribution(np.eye(11)), 49, 8, r"\(11, 11\)"),
        (attribution(np.eye(28)), 0, 8, "0 steps"),
        (attribution(np.eye(28)), 785, 8, "785 steps"),
        (attribution(np.eye(28)), 49, -1, "-1 random orders"),
    ],
)
def test_what_orders_no_pixels_is_refused(
    network: AssignmentNetwork, shown: Attribution, steps: int, orders: int, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        pixel_curves(network, digits.to_input(DIGITS[0]), shown, steps=steps, orders=orders)
