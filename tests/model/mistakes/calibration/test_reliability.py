"""Calibration compared with bins by hand, a loop, a grid search, and PyTorch's derivative."""

import numpy as np
import pytest
import torch

from model.errors import InputError
from model.mistakes import scores
from model.mistakes.calibration import reliability
from model.mistakes.calibration.records import Reliability
from model.mistakes.records import Scores
from tests.sampling import few

COMMITTED = scores.read()
EVEN, ODD = reliability.halves(COMMITTED)


def sure_of(shares: list[float], right: list[bool]) -> Scores:
    """Return scores of two classes; the first has these probabilities and is the label where ``right``."""
    logits = np.array([[np.log(share), np.log(1 - share)] for share in shares], np.float32)
    return Scores("none", logits, np.array([not each for each in right], np.uint8))


def test_reliability_of_eight_images_by_hand() -> None:
    """In four bins: two images in (0.5, 0.75], one of them correct; six in (0.75, 1], five of them correct."""
    shares = [0.6, 0.7, 0.8, 0.8, 0.9, 0.9, 0.95, 0.95]
    found = reliability.reliability(sure_of(shares, [True, False, False, *[True] * 5]), bins=4)
    np.testing.assert_array_equal(found.counts, [0, 0, 2, 6])
    np.testing.assert_array_equal(found.correct, [0, 0, 1, 5])
    np.testing.assert_allclose(found.accuracies, [np.nan, np.nan, 1 / 2, 5 / 6])
    np.testing.assert_allclose(found.mean_confidences, [np.nan, np.nan, 0.65, 5.3 / 6], rtol=1e-6)
    assert found.error == pytest.approx((2 * 0.15 + 6 * (5.3 - 5) / 6) / 8, rel=1e-5)
    assert (found.accuracy, found.images) == (6 / 8, 8)
    assert found.confidence == pytest.approx(6.6 / 8, rel=1e-6)
    of_label = [0.6, 0.3, 0.2, 0.8, 0.9, 0.9, 0.95, 0.95]
    assert found.loss == pytest.approx(-np.log(of_label).mean(), rel=1e-5)


def counted_one_by_one(given: Scores, temperature: float, bins: int = 15) -> float:
    """Compute the expected calibration error with a loop and PyTorch's softmax."""
    shares = torch.softmax(torch.from_numpy(given.logits.copy()).double() / temperature, 1)
    held: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for line, label in zip(shares.tolist(), given.labels.tolist(), strict=True):
        most = max(line)
        number = next(m for m in range(bins) if m / bins < most <= (m + 1) / bins)
        held[number].append((most, line.index(most) == label))
    gaps = [abs(sum(hit for _, hit in each) / len(each) - sum(p for p, _ in each) / len(each)) for each in held if each]
    sizes = [len(each) for each in held if each]
    return sum(gap * size for gap, size in zip(gaps, sizes, strict=True)) / len(given)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.3, 4.0])
@pytest.mark.parametrize("half", [EVEN, ODD], ids=["even", "odd"])
def test_calibration_error_equals_loop_over_images(half: Scores, temperature: float) -> None:
    found = reliability.reliability(half, temperature)
    assert len(found.counts) == 15
    assert found.error == pytest.approx(counted_one_by_one(half, temperature), rel=1e-9)
    assert found.images == len(half)
    present = found.counts > 0
    wrong = np.abs(found.accuracies - found.mean_confidences)[
        present
    ].mean()  # the wrong rule: all bins have the same weight
    assert found.error != pytest.approx(wrong, rel=1e-2)
    labels = torch.from_numpy(half.labels.astype(np.int64))
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(half.logits.copy()).double() / temperature, labels)
    assert found.loss == pytest.approx(float(loss), rel=1e-9)


def test_bin_includes_its_upper_edge_only() -> None:
    found = reliability.reliability(sure_of([0.5, 0.5], [True, True]), bins=2)
    np.testing.assert_array_equal(found.counts, [2, 0])


def test_certain_predictions_are_in_the_last_bin() -> None:
    logits = np.array([[1000.0, 0.0]] * 3, np.float32)
    found = reliability.reliability(Scores("none", logits, np.array([0, 0, 1], np.uint8)))
    assert found.counts[-1] == 3
    assert found.error == pytest.approx(1 / 3)
    assert found.loss == pytest.approx(1000 / 3)


def test_derivative_equals_pytorch() -> None:
    for temperature in (0.5, 1.0, 2.5):
        inverse = torch.tensor(1 / temperature, dtype=torch.float64, requires_grad=True)
        logits = torch.from_numpy(EVEN.logits.copy()).double()
        labels = torch.from_numpy(EVEN.labels.astype(np.int64))
        torch.nn.functional.cross_entropy(logits * inverse, labels).backward()
        assert inverse.grad is not None
        assert reliability.derivative(EVEN, temperature) == pytest.approx(float(inverse.grad), rel=1e-7, abs=1e-10)


@pytest.mark.parametrize("half", few([EVEN, ODD, COMMITTED], 1, ["even", "odd", "all"]))
def test_fit_finds_the_minimum_of_the_loss(half: Scores) -> None:
    found = reliability.fit(half)
    assert abs(reliability.derivative(half, found)) < 1e-9
    grid = np.linspace(found / 2, found * 2, 76)
    losses = np.array([reliability.loss(half, float(each)) for each in grid])
    assert abs(grid[losses.argmin()] - found) <= (grid[1] - grid[0])
    assert reliability.loss(half, found) <= losses.min()
    if abs(np.log(found)) > 0.01:
        assert abs(reliability.derivative(half, 1 / found)) > 1e-6  # the wrong rule: multiplied, not divided


@pytest.mark.parametrize("factor", few([0.3, 2.5, 0.2, 0.5, 1.0, 4.0, 5.0], 2))
def test_fit_scales_with_the_logits(factor: float) -> None:
    some = EVEN.at(np.union1d(np.arange(600), np.flatnonzero(~EVEN.correct)))
    louder = Scores("none", some.logits * np.float32(factor), some.labels)
    found = reliability.fit(louder)
    assert found == pytest.approx(reliability.fit(some) * factor, rel=1e-5)
    if abs(np.log(found)) > 0.1:
        assert abs(reliability.derivative(louder, 1 / found)) > 1e-6  # the wrong rule: multiplied, not divided


def test_temperature_scaling_holds_losses_of_both_halves() -> None:
    temperatures = np.array([0.5, 1.0, 2.0])
    found = reliability.temperature_scaling(EVEN, ODD, temperatures)
    assert (found.temperature, found.evaluation_temperature) == (reliability.fit(EVEN), reliability.fit(ODD))
    for place, each in enumerate(temperatures):
        assert found.fitting_losses[place] == reliability.reliability(EVEN, each).loss
        assert found.evaluation_losses[place] == reliability.reliability(ODD, each).loss


def test_halves_are_even_and_odd_images() -> None:
    np.testing.assert_array_equal(EVEN.logits, COMMITTED.logits[[*range(0, 10_000, 2)]])
    np.testing.assert_array_equal(ODD.labels, COMMITTED.labels[[*range(1, 10_000, 2)]])
    assert len(EVEN) == len(ODD) == 5_000


def test_temperature_changes_no_prediction() -> None:
    for temperature in (0.25, 4.0):
        found = reliability.reliability(ODD, temperature)
        assert found.accuracy == reliability.reliability(ODD).accuracy
        np.testing.assert_array_equal(ODD.probabilities(temperature).argmax(1), ODD.predicted)


def test_chance_error_equals_simulation_image_by_image() -> None:
    """The mean and the 95th percentile, simulated image by image with another generator."""
    generator = torch.Generator().manual_seed(3)
    some = ODD.at(slice(0, 1_000))
    shares = torch.from_numpy(some.probabilities()).max(dim=1).values
    errors = []
    for _ in range(100):
        hits = torch.rand(len(shares), generator=generator, dtype=torch.float64) < shares
        bins: dict[int, list[float]] = {}
        for share, hit in zip(shares.tolist(), hits.tolist(), strict=True):
            bins.setdefault(int(np.ceil(share * 15)), []).append(hit - share)
        errors.append(sum(abs(sum(each)) for each in bins.values()) / len(shares))
    found = reliability.chance_error(some, draws=2_000)
    standard = np.std(errors) / np.sqrt(len(errors))
    assert found.mean == pytest.approx(np.mean(errors), abs=4 * float(standard))
    assert found.percentile_95 == pytest.approx(np.quantile(errors, 0.95), rel=0.15)
    assert found.mean < found.percentile_95
    wrong = reliability.reliability(some).error  # the wrong rule: the measured error
    assert found.mean != pytest.approx(wrong, rel=1e-3)


def test_chance_error_of_one_bin_is_binomial() -> None:
    """``E|K − np| / n`` for n = 4 and p = 0.9, as a sum over all K."""
    shares = [1, 4, 6, 4, 1]
    expected = sum(n * 0.9**k * 0.1 ** (4 - k) * abs(k - 3.6) / 4 for k, n in enumerate(shares))
    found = reliability.chance_error(sure_of([0.9] * 4, [True] * 4), draws=20_000)
    assert found.mean == pytest.approx(expected, rel=0.02)


def test_chance_error_depends_on_the_seed() -> None:
    one, other = (reliability.chance_error(ODD, seed=seed, draws=20) for seed in (1, 2))
    assert reliability.chance_error(ODD, seed=1, draws=20) == one != other


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("inf"), float("nan")])
def test_invalid_temperature_is_refused(temperature: float) -> None:
    for refuse in (reliability.reliability, reliability.loss, reliability.chance_error):
        with pytest.raises(InputError, match="temperature"):
            refuse(ODD, temperature)


def test_fit_refuses_scores_without_minimum() -> None:
    for right in (True, False):
        with pytest.raises(InputError, match="No temperature"):
            reliability.fit(sure_of([0.8, 0.9], [right, right]))


def test_empty_bin_has_no_mean() -> None:
    found: Reliability = reliability.reliability(ODD)
    empty = found.counts == 0
    assert np.isnan(found.accuracies[empty]).all()
    assert np.isfinite(found.accuracies[~empty]).all()
