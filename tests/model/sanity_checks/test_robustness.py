"""Sensitivity and infidelity compared with loops that follow the definitions and with networks worked out by hand."""

from collections.abc import Callable
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
from model.saliency.records import Attribution, Output
from model.sanity_checks import robustness
from model.sanity_checks.weight_dependence import Explain
from tests.explaining import Counting, attribution, by_edges, by_gradient, by_ink_times_gradient, linear
from tests.sampling import few_digits

DIGITS = [digit for digit in digits.samples() if digit.label is not None][::12]
one_digit = few_digits(DIGITS, 1)
WEIGHT = np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.0]])


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


def moves(count: int, shape: tuple[int, ...], radius: float, seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.empty(shape).uniform_(-radius, radius, generator=generator) for _ in range(count)]


def infidelity(
    score: Callable[[Tensor], float], x: Tensor, values: np.ndarray, deviation: float, count: int, seed: int
) -> tuple[float, float, float]:
    """Follow the definition image by image, for the map, its best multiple, and a blank map."""
    generator = torch.Generator().manual_seed(seed)
    parts = [min(64, count - start) for start in range(0, count, 64)]
    noise = torch.cat([torch.empty(n, *x.shape[1:]).normal_(0, deviation, generator=generator) for n in parts])
    predicted = np.array([float((each[0].double().numpy() * values).sum()) for each in noise])
    done = np.array([score(x) - score(x - each[None]) for each in noise])
    best = (predicted @ done) / (predicted @ predicted)
    return tuple(float(np.square(unit * predicted - done).mean()) for unit in (1, best, 0))  # type: ignore[return-value]


@one_digit
@pytest.mark.parametrize("make", [by_gradient, by_ink_times_gradient, by_edges])
def test_sensitivity_is_the_largest_change_over_the_norm(
    network: AssignmentNetwork, digit: Digit, make: Callable[[int], Explain]
) -> None:
    x, explain = digits.to_input(digit), make(2)
    found = robustness.robustness(network, x, explain, radius=0.05, trials=6, probes=4, seed=3)
    first = explain(network, x).values.astype(float)
    changes = [
        np.linalg.norm(explain(network, x + move).values - first) / np.linalg.norm(first)
        for move in moves(6, (1, 1, 28, 28), 0.05, 3)
    ]
    assert found.sensitivity == pytest.approx(max(changes), rel=1e-5)
    assert found.sensitivity != pytest.approx(np.mean(changes), rel=1e-3)  # the wrong rule: the mean
    assert (found.trials, found.probes, found.radius) == (6, 4, 0.05)


@one_digit
@pytest.mark.parametrize(("output", "against"), [("logit", None), ("log_probability", None), ("difference", 9)])
def test_infidelity_equals_its_definition(
    network: AssignmentNetwork, digit: Digit, output: Output, against: int | None
) -> None:
    x, double = digits.to_input(digit), weights.load().double()
    values = by_gradient(4)(network, x).values
    shown = attribution(values, 4, output=output, against=against)

    def score(image: Tensor) -> float:
        with torch.no_grad():
            logits = double(image.double())[0]
        if output == "difference":
            return float(logits[4] - logits[9])
        return float(logits[4] if output == "logit" else logits.log_softmax(0)[4])

    found = robustness.from_changes(network, x, shown, [0.0], noise=0.05, probes=100, seed=8)
    expected = infidelity(score, x, values, 0.05, 100, 8)
    measured = (found.infidelity, found.best_infidelity, found.blank_infidelity)
    assert measured == pytest.approx(expected, rel=1e-3)
    assert found.unexplained == pytest.approx(expected[1] / expected[2], rel=1e-3)
    turned = infidelity(score, x, -values, 0.05, 100, 8)[0]  # the wrong rule: x + I where the map is told x − I
    assert found.infidelity != pytest.approx(turned, rel=1e-2)


def test_infidelity_of_the_weights_of_a_linear_network_is_0() -> None:
    x = torch.ones(1, 1, 2, 3)

    def found(values: np.ndarray) -> tuple[float, float]:
        of = robustness.from_changes(linear(WEIGHT), x, attribution(values), [0.0], noise=0.5, probes=64, seed=1)
        return of.infidelity, of.unexplained

    assert found(WEIGHT) == pytest.approx((0, 0), abs=1e-6)
    wrong_unit, missed = found(3 * WEIGHT)
    assert wrong_unit > 1
    assert missed == pytest.approx(0, abs=1e-6)
    blank, missed = found(0 * WEIGHT)
    assert missed == pytest.approx(1)
    assert wrong_unit == pytest.approx((3 - 1) ** 2 * blank, rel=1e-4)  # 3 w I − w I, squared, over (w I) squared
    assert found(WEIGHT[::-1])[1] > 0.5


def test_sensitivity_of_a_linear_network() -> None:
    net, x = linear(WEIGHT), torch.ones(1, 1, 2, 3)
    assert robustness.robustness(net, x, by_gradient(0), trials=3, probes=1).sensitivity == 0
    found = robustness.robustness(net, x, by_ink_times_gradient(0), trials=3, probes=1, radius=0.2, seed=4)
    first = np.linalg.norm(by_ink_times_gradient(0)(net, x).values)
    changes = [np.linalg.norm(WEIGHT * move[0, 0].numpy()) / first for move in moves(3, (1, 1, 2, 3), 0.2, 4)]
    assert found.sensitivity == pytest.approx(max(changes), rel=1e-5)


def test_sensitivity_of_a_blank_map_is_nan(network: AssignmentNetwork) -> None:
    x = digits.to_input(DIGITS[0])
    found = robustness.robustness(network, x, lambda net, image: attribution(0 * image[0, 0]), trials=2, probes=8)
    assert np.isnan(found.sensitivity)
    assert found.infidelity == found.blank_infidelity > 0


def test_robustness_has_a_seed_and_no_side_effects(network: AssignmentNetwork) -> None:
    x, state, grad = digits.to_input(DIGITS[0]), torch.get_rng_state(), torch.is_grad_enabled()
    before = np.random.get_state()[1].copy()  # type: ignore[index]
    one, same, other = (
        robustness.robustness(network, x, by_gradient(0), trials=3, probes=70, seed=seed) for seed in (0, 0, 1)
    )
    assert one == same
    assert one.sensitivity != other.sensitivity
    assert one.infidelity != other.infidelity
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # type: ignore[index]
    assert torch.is_grad_enabled() is grad
    assert all(parameter.grad is None for parameter in network.parameters())


def test_robustness_in_threads_equals_robustness_alone(network: AssignmentNetwork) -> None:
    def work(number: int) -> object:
        x = digits.to_input(digits.samples()[number])
        return robustness.robustness(network, x, by_gradient(number), trials=3, probes=70, seed=number)

    alone = [work(number) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == alone


def test_map_changes_computes_one_map_at_a_time_and_batches_of_64(network: AssignmentNetwork) -> None:
    x, sizes, made = digits.to_input(DIGITS[0]), list[int](), list[int]()

    def explain(net: nn.Module, image: Tensor) -> Attribution:
        made.append(len(image))
        return by_gradient(0)(net, image)

    shown = by_gradient(0)(network, x)
    pieces = robustness.map_changes(network, x, explain, shown, trials=5)
    changes = [next(pieces), next(pieces)]
    assert made == [1, 1]  # neither the digit again, nor anything ahead of time
    robustness.from_changes(nn.Sequential(Counting(network, sizes.append)), x, shown, changes, probes=256)
    assert max(sizes) <= 64
    assert sum(sizes) == 256 + 1  # three questions about the same images, each scored once


@pytest.mark.parametrize(
    ("side", "given", "said"),
    [
        (11, {}, r"\(11, 11\)"),
        (28, {"trials": 0}, "0 trials"),
        (28, {"radius": 0.0}, r"of 0\.0 "),
        (28, {"noise": float("nan")}, "of nan "),
        (28, {"probes": 0}, "0 trials"),
    ],
)
def test_robustness_refuses_invalid_arguments(
    network: AssignmentNetwork, side: int, given: dict[str, float], said: str
) -> None:
    x = digits.to_input(DIGITS[0])
    with pytest.raises(InputError, match=said):
        robustness.robustness(network, x, lambda *_: attribution(np.eye(side)), **given)  # type: ignore[arg-type]
