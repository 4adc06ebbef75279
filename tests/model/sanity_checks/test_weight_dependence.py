"""Weight dependence and edges, for maps whose result is known."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy import ndimage, stats
from skimage.metrics import structural_similarity as peer

from model.errors import InputError
from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.records import Activation, Numbers
from model.saliency.records import Attribution
from model.sanity_checks import edges, weight_dependence
from model.sanity_checks.randomization import cascade, learned_rows
from model.sanity_checks.records import Randomization
from model.sanity_checks.similarity import rank_correlation, structural_similarity
from model.sanity_checks.weight_dependence import Explain
from tests.explaining import attribution, by_edges, by_gradient, by_ink_times_gradient
from tests.sampling import few_digits

DIGITS = [digit for digit in digits.samples() if digit.label is not None][::8]
each_digit = few_digits(DIGITS, 2)


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


def label(digit: Digit) -> int:
    assert digit.label is not None
    return digit.label


def others(network: AssignmentNetwork, digit: Digit, explain: Explain) -> list[Attribution]:
    return [explain(network, digits.to_input(each)) for each in weight_dependence.other_digits(digit)]


def randomization_of(*maps: Attribution) -> Randomization:
    return weight_dependence.compare([f"row {number}" for number in range(1, len(maps))], maps)


def significant(values: Activation) -> Numbers:
    """Return values without the rounding errors of single precision."""
    exact = values.astype(float)
    exact[np.abs(exact) < np.abs(exact).max() / 1_000_000] = 0
    return exact


@each_digit
def test_maps_of_stages_are_those_of_the_cascade(network: AssignmentNetwork, digit: Digit) -> None:
    x, explain = digits.to_input(digit), by_gradient(label(digit))
    found = list(weight_dependence.maps_of_stages(network, x, explain, 4))
    expected = [explain(each, x) for each in (network, *(forgetful for _, forgetful in cascade(network, 4)))]
    assert len(found) == len(learned_rows(network)) + 1
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.values, other.values)


@each_digit
def test_randomization_equals_scipy_and_scikit_image(network: AssignmentNetwork, digit: Digit) -> None:
    found = weight_dependence.randomization(network, digits.to_input(digit), by_gradient(label(digit)), 0)
    assert found.rows == learned_rows(network)
    maps = [significant(each.values) for each in found.attributions]
    for place, values in enumerate(maps):
        ours, theirs = (np.abs(each) / np.abs(each).max() for each in (maps[0], values))
        ranks = stats.spearmanr(ours.ravel(), theirs.ravel()).statistic
        assert found.rank_correlations[place] == pytest.approx(ranks, abs=1e-9)
        signed = stats.spearmanr(maps[0].ravel(), values.ravel()).statistic
        assert found.signed_rank_correlations[place] == pytest.approx(signed, abs=1e-9)
        structure = peer(ours, theirs, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
        assert found.similarities[place] == pytest.approx(structure, abs=1e-9)
        if place:  # the wrong rule: sizes for signs
            assert signed != pytest.approx(ranks, abs=1e-3)
    raw = [structural_similarity(np.abs(maps[0]), np.abs(values)) for values in maps]
    assert raw != pytest.approx(found.similarities, abs=0.05)  # the wrong rule: maps that were not scaled
    assert found.rank_correlations[0] == found.similarities[0] == pytest.approx(1)


def test_compare_ignores_rounding_errors() -> None:
    map_ = np.random.default_rng(1).random((12, 12)).astype(np.float32)
    map_[:6] = 0
    crumbs = [np.where(map_, map_, np.float32(1e-9) * np.random.default_rng(seed).random((12, 12))) for seed in (2, 3)]
    found = randomization_of(*(attribution(each.astype(np.float32)) for each in crumbs))
    assert found.signed_rank_correlations == pytest.approx((1, 1))
    assert rank_correlation(*crumbs) < 0.95, "the wrong rule: crumbs are ranked"


def test_compare_accepts_the_first_stages(network: AssignmentNetwork) -> None:
    digit = DIGITS[0]
    x, explain, made = digits.to_input(digit), by_gradient(label(digit)), list[Attribution]()
    for each in weight_dependence.maps_of_stages(network, x, explain, 0):
        made.append(each)
        so_far = weight_dependence.compare(learned_rows(network), made)
        assert len(so_far.rows) == len(so_far.similarities) - 1 == len(made) - 1
    whole = weight_dependence.randomization(network, x, explain, 0)
    assert (so_far.rows, so_far.similarities) == (whole.rows, whole.similarities)


@each_digit
def test_weight_dependence_of_edges_fails_and_of_gradient_holds(network: AssignmentNetwork, digit: Digit) -> None:
    x = digits.to_input(digit)
    for make, depends in ((by_edges, False), (by_gradient, True), (by_ink_times_gradient, True)):
        explain = make(label(digit))
        found = weight_dependence.randomization(network, x, explain, 0)
        dependence = weight_dependence.weight_dependence(found, others(network, digit, explain))
        assert dependence.is_dependent is depends, make
        correlation = np.mean(
            [rank_correlation(found.attributions[0].significant, a.significant) for a in found.attributions[1:]]
        )
        assert dependence.correlation == pytest.approx(correlation)


@each_digit
def test_weight_dependence_needs_signed_values(network: AssignmentNetwork, digit: Digit) -> None:
    """The wrong rule: black times anything is 0, so the sizes of all such maps of a digit show that digit."""
    found = weight_dependence.randomization(network, digits.to_input(digit), by_ink_times_gradient(label(digit)), 0)
    of_sizes = dataclasses.replace(found, signed_rank_correlations=found.rank_correlations)
    assert weight_dependence.weight_dependence(of_sizes, [found.attributions[0]]).correlation > 0.6
    assert weight_dependence.weight_dependence(found, [found.attributions[0]]).correlation < 0.3


def test_weight_dependence_of_a_constant_method_fails() -> None:
    same = attribution(np.random.default_rng(0).random((12, 12)))
    dependence = weight_dependence.weight_dependence(randomization_of(same, same, same), [same])
    assert (dependence.correlation, *dependence.others) == pytest.approx((1, 1))
    assert not dependence.is_dependent
    assert dependence.limit == pytest.approx(np.sqrt(0.5))


def test_limit_is_the_most_similar_other_digit() -> None:
    """Ranks worked by hand: swapping the ends of 1 2 3 4 leaves −0.8, swapping neighbours 0.8 and 0.6."""
    first, ends, middle, pairs = (
        attribution([row]) for row in ([1, 2, 3, 4], [4, 2, 3, 1], [1, 3, 2, 4], [2, 1, 4, 3])
    )
    dependence = weight_dependence.weight_dependence(randomization_of(first, ends, middle), [pairs, ends])
    assert dependence.others == pytest.approx((0.6, -0.8))
    assert dependence.correlation == pytest.approx(0)
    assert dependence.limit == pytest.approx(0.6)
    assert dependence.is_dependent
    assert not weight_dependence.weight_dependence(randomization_of(first, middle), [pairs]).is_dependent


def test_limit_is_at_least_the_floor() -> None:
    """Ranks worked by hand: 2 4 1 3 has nothing in common with 1 2 3 4, and 4 3 2 1 is its contrary."""
    first, none, contrary = (attribution([row]) for row in ([1, 2, 3, 4], [2, 4, 1, 3], [4, 3, 2, 1]))
    dependence = weight_dependence.weight_dependence(randomization_of(first, none), [contrary, contrary])
    assert dependence.correlation == pytest.approx(0)
    assert max(dependence.others) == pytest.approx(-1)
    assert dependence.limit**2 == pytest.approx(0.1)
    assert dependence.is_dependent


def test_weight_dependence_of_blank_maps() -> None:
    full, blank = attribution(np.arange(144).reshape(12, 12)), attribution(np.zeros((12, 12)))
    swapped = attribution(np.arange(144).reshape(12, 12).T)
    gone = weight_dependence.weight_dependence(randomization_of(full, blank), [swapped])
    assert (gone.correlation, gone.is_dependent) == (0, True)
    never = weight_dependence.weight_dependence(randomization_of(blank, full), [swapped])
    assert np.isnan(never.correlation)
    assert not never.is_dependent


def test_weight_dependence_refuses_too_few_maps() -> None:
    one = attribution(np.eye(12))
    with pytest.raises(InputError, match="0 randomized rows"):
        weight_dependence.weight_dependence(randomization_of(one), [one])
    with pytest.raises(InputError, match="0 maps of other pictures"):
        weight_dependence.weight_dependence(randomization_of(one, one), [])


def test_other_digits_has_one_of_each_other_class() -> None:
    by_key = {digit.key: digit for digit in digits.samples()}
    for digit in digits.samples():
        found = weight_dependence.other_digits(digit)
        assert [each.label for each in found] == [label for label in range(10) if label != digit.label]
        assert all(by_key[each.key] is each for each in found)


@each_digit
def test_edges_compare_equals_scipy_and_scikit_image(network: AssignmentNetwork, digit: Digit) -> None:
    ink = digit.pixels.astype(float)
    control = np.hypot(ndimage.sobel(ink, axis=0), ndimage.sobel(ink, axis=1))
    found = edges.compare(by_gradient(label(digit))(network, digits.to_input(digit)), digit.pixels)
    np.testing.assert_allclose(found.edges, control, atol=1e-3)
    values = by_gradient(label(digit))(network, digits.to_input(digit)).values.astype(float)
    sizes = np.abs(values) / np.abs(values).max()
    assert found.rank_correlation == pytest.approx(stats.spearmanr(sizes.ravel(), found.edges.ravel()).statistic)
    wangs = {"data_range": 1, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    assert found.similarity == pytest.approx(peer(sizes, control / control.max(), **wangs), abs=1e-6)
    assert found.similarity != pytest.approx(peer(sizes, ink / 255, **wangs), abs=1e-5)  # the wrong rule: the ink


def test_edges_compare_ignores_signs() -> None:
    pixels = DIGITS[0].pixels
    for sign in (1, -2):
        found = edges.compare(attribution(sign * edges.edges(pixels)), pixels)
        assert (found.rank_correlation, found.similarity) == pytest.approx((1, 1))
    assert np.isnan(edges.compare(attribution(np.zeros((28, 28))), pixels).rank_correlation)


def test_edges_compare_refuses_another_shape() -> None:
    with pytest.raises(InputError, match=r"\(11, 11\)"):
        edges.compare(attribution(np.eye(11)), DIGITS[0].pixels)


def test_randomization_has_no_side_effects(network: AssignmentNetwork) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    weight_dependence.randomization(network, digits.to_input(DIGITS[0]), by_gradient(0), 0)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in network.parameters())
