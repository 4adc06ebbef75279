"""Calibration, held against bins filled by hand, a loop, a search over a grid, and PyTorch's own derivative."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.errors import InputError
from model.mistakes import scores
from model.mistakes.calibration import reliability
from model.mistakes.calibration.records import Reliability
from model.mistakes.records import Scores

COMMITTED = scores.read()
EVEN, ODD = reliability.halves(COMMITTED)


def sure_of(shares: list[float], right: list[bool]) -> Scores:
    """Return scores of two classes whose first one has these probabilities, and is the label where it is right."""
    logits = np.array([[np.log(share), np.log(1 - share)] for share in shares], np.float32)
    return Scores("none", logits, np.array([not each for each in right], np.uint8))


def test_eight_images_worked_by_hand() -> None:
    """In four bins: two images in (0.5, 0.75], half of them right; six in (0.75, 1], five of them right."""
    shares = [0.6, 0.7, 0.8, 0.8, 0.9, 0.9, 0.95, 0.95]
    found = reliability.reliability(sure_of(shares, [True, False, False, *[True] * 5]), bins=4)
    np.testing.assert_array_equal(found.counts, [0, 0, 2, 6])
    np.testing.assert_array_equal(found.right, [0, 0, 1, 5])
    np.testing.assert_allclose(found.accuracies, [np.nan, np.nan, 1 / 2, 5 / 6])
    np.testing.assert_allclose(found.mean_confidences, [np.nan, np.nan, 0.65, 5.3 / 6], rtol=1e-6)
    assert found.error == pytest.approx((2 * 0.15 + 6 * (5.3 - 5) / 6) / 8, rel=1e-5)
    assert (found.accuracy, found.images) == (6 / 8, 8)
    assert found.confidence == pytest.approx(6.6 / 8, rel=1e-6)
    of_label = [0.6, 0.3, 0.2, 0.8, 0.9, 0.9, 0.95, 0.95]
    assert found.loss == pytest.approx(-np.log(of_label).mean(), rel=1e-5)


def counted_one_by_one(given: Scores, temperature: float, bins: int = 15) -> float:
    """Work out the expected calibration error with a loop, in PyTorch's softmax."""
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
def test_the_error_is_what_a_loop_over_the_images_gives(half: Scores, temperature: float) -> None:
    found = reliability.reliability(half, temperature)
    assert len(found.counts) == 15
    assert found.error == pytest.approx(counted_one_by_one(half, temperature), rel=1e-9)
    assert found.images == len(half)
    present = found.counts > 0
    wrong = np.abs(found.accuracies - found.mean_confidences)[present].mean()  # the wrong rule: all bins weigh the same
    assert found.error != pytest.approx(wrong, rel=1e-2)
    labels = torch.from_numpy(half.labels.astype(np.int64))
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(half.logits.copy()).double() / temperature, labels)
    assert found.loss == pytest.approx(float(loss), rel=1e-9)


def test_a_bin_holds_its_upper_edge_and_not_its_lower() -> None:
    found = reliability.reliability(sure_of([0.5, 0.5], [True, True]), bins=2)
    np.testing.assert_array_equal(found.counts, [2, 0])


def test_all_that_is_sure_lies_in_the_last_bin() -> None:
    logits = np.array([[1000.0, 0.0]] * 3, np.float32)
    found = reliability.reliability(Scores("none", logits, np.array([0, 0, 1], np.uint8)))
    assert found.counts[-1] == 3
    assert found.error == pytest.approx(1 / 3)
    assert found.loss == pytest.approx(1000 / 3)


def test_the_slope_is_pytorch_own_derivative_by_one_over_t() -> None:
    for temperature in (0.5, 1.0, 2.5):
        inverse = torch.tensor(1 / temperature, dtype=torch.float64, requires_grad=True)
        logits = torch.from_numpy(EVEN.logits.copy()).double()
        labels = torch.from_numpy(EVEN.labels.astype(np.int64))
        torch.nn.functional.cross_entropy(logits * inverse, labels).backward()
        assert inverse.grad is not None
        assert reliability.slope(EVEN, temperature) == pytest.approx(float(inverse.grad), rel=1e-7, abs=1e-10)


@pytest.mark.parametrize("half", [EVEN, ODD, COMMITTED], ids=["even", "odd", "all"])
def test_at_the_temperature_that_is_fitted_the_slope_is_zero_and_the_loss_least(half: Scores) -> None:
    found = reliability.fit(half)
    assert abs(reliability.slope(half, found)) < 1e-9
    grid = np.linspace(found / 2, found * 2, 301)
    losses = np.array([reliability.loss(half, float(each)) for each in grid])
    assert abs(grid[losses.argmin()] - found) <= (grid[1] - grid[0])
    assert reliability.loss(half, found) <= losses.min()
    if abs(np.log(found)) > 0.01:
        assert abs(reliability.slope(half, 1 / found)) > 1e-6  # the wrong rule: multiplied, not divided


@given(st.floats(0.2, 5))
def test_logits_that_are_multiplied_need_a_temperature_as_much_larger(factor: float) -> None:
    few = EVEN.at(np.union1d(np.arange(600), np.flatnonzero(~EVEN.right)))
    louder = Scores("none", few.logits * np.float32(factor), few.labels)
    found = reliability.fit(louder)
    assert found == pytest.approx(reliability.fit(few) * factor, rel=1e-5)
    if abs(np.log(found)) > 0.1:
        assert abs(reliability.slope(louder, 1 / found)) > 1e-6  # the wrong rule: multiplied, not divided


def test_scaling_holds_both_halves_against_each_other() -> None:
    temperatures = np.array([0.5, 1.0, 2.0])
    found = reliability.scaling(EVEN, ODD, temperatures)
    assert (found.temperature, found.judged_temperature) == (reliability.fit(EVEN), reliability.fit(ODD))
    for place, each in enumerate(temperatures):
        assert found.fitted_losses[place] == reliability.reliability(EVEN, each).loss
        assert found.judged_losses[place] == reliability.reliability(ODD, each).loss


def test_halves_are_every_other_image_and_share_none() -> None:
    np.testing.assert_array_equal(EVEN.logits, COMMITTED.logits[[*range(0, 10_000, 2)]])
    np.testing.assert_array_equal(ODD.labels, COMMITTED.labels[[*range(1, 10_000, 2)]])
    assert len(EVEN) == len(ODD) == 5_000


def test_no_temperature_changes_an_answer() -> None:
    for temperature in (0.25, 4.0):
        found = reliability.reliability(ODD, temperature)
        assert found.accuracy == reliability.reliability(ODD).accuracy
        np.testing.assert_array_equal(ODD.probabilities(temperature).argmax(1), ODD.read)


def test_chance_is_what_drawing_each_image_gives() -> None:
    """The mean and the upper end, drawn one image at a time by another generator."""
    generator = torch.Generator().manual_seed(3)
    few = ODD.at(slice(0, 1_000))
    shares = torch.from_numpy(few.probabilities()).max(dim=1).values
    errors = []
    for _ in range(300):
        hits = torch.rand(len(shares), generator=generator, dtype=torch.float64) < shares
        bins: dict[int, list[float]] = {}
        for share, hit in zip(shares.tolist(), hits.tolist(), strict=True):
            bins.setdefault(int(np.ceil(share * 15)), []).append(hit - share)
        errors.append(sum(abs(sum(each)) for each in bins.values()) / len(shares))
    found = reliability.chance(few, draws=2_000)
    standard = np.std(errors) / np.sqrt(len(errors))
    assert found.mean == pytest.approx(np.mean(errors), abs=4 * float(standard))
    assert found.most == pytest.approx(np.quantile(errors, 0.95), rel=0.1)
    assert found.mean < found.most
    wrong = reliability.reliability(few).error  # the wrong rule: the error as it is measured
    assert found.mean != pytest.approx(wrong, rel=1e-3)


def test_one_bin_of_equal_chances_has_the_mean_error_of_a_binomial() -> None:
    """``E|K − np| / n`` for n = 4 and p = 0.9, worked out over all K."""
    shares = [1, 4, 6, 4, 1]
    expected = sum(n * 0.9**k * 0.1 ** (4 - k) * abs(k - 3.6) / 4 for k, n in enumerate(shares))
    found = reliability.chance(sure_of([0.9] * 4, [True] * 4), draws=20_000)
    assert found.mean == pytest.approx(expected, rel=0.02)


def test_the_same_seed_gives_the_same_draws() -> None:
    one, other = (reliability.chance(ODD, seed=seed, draws=20) for seed in (1, 2))
    assert reliability.chance(ODD, seed=1, draws=20) == one != other


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("inf"), float("nan")])
def test_a_temperature_that_divides_nothing_is_refused(temperature: float) -> None:
    for refuse in (reliability.reliability, reliability.loss, reliability.chance):
        with pytest.raises(InputError, match="temperature"):
            refuse(ODD, temperature)


def test_where_all_is_right_or_worse_than_guessing_nothing_can_be_fitted() -> None:
    for right in (True, False):
        with pytest.raises(InputError, match="No temperature"):
            reliability.fit(sure_of([0.8, 0.9], [right, right]))


def test_an_empty_bin_has_no_mean() -> None:
    found: Reliability = reliability.reliability(ODD)
    empty = found.counts == 0
    assert np.isnan(found.accuracies[empty]).all()
    assert np.isfinite(found.accuracies[~empty]).all()
