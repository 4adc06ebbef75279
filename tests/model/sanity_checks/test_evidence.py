"""The tests that could discredit a map, tried on maps of which one knows what to think."""

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
from model.saliency.records import Attribution, Collapse
from model.sanity_checks import evidence
from model.sanity_checks.evidence import Explain
from model.sanity_checks.randomization import cascade, learned_rows
from model.sanity_checks.similarity import edges, rank_correlation, structural_similarity
from tests.explaining import attribution, by_edges, by_ink_times_slope, by_slope

DIGITS = [digit for digit in digits.samples() if digit.label is not None][::8]
each_digit = pytest.mark.parametrize("digit", DIGITS, ids=[digit.key for digit in DIGITS])


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


def label(digit: Digit) -> int:
    assert digit.label is not None
    return digit.label


def others(network: AssignmentNetwork, digit: Digit, explain: Explain) -> list[Attribution]:
    return [explain(network, digits.to_input(each)) for each in evidence.other_digits(digit)]


def collapse_of(*maps: Attribution) -> Collapse:
    return evidence.collapsed([f"row {number}" for number in range(1, len(maps))], maps)


def settled(values: Activation) -> Numbers:
    """Return values without the crumbs of single precision, which no rule meant."""
    exact = values.astype(float)
    exact[np.abs(exact) < np.abs(exact).max() / 1_000_000] = 0
    return exact


@each_digit
def test_the_stages_are_the_map_of_the_network_and_of_each_that_forgot(
    network: AssignmentNetwork, digit: Digit
) -> None:
    x, explain = digits.to_input(digit), by_slope(label(digit))
    found = list(evidence.stages(network, x, explain, 4))
    expected = [explain(each, x) for each in (network, *(forgetful for _, forgetful in cascade(network, 4)))]
    assert len(found) == len(learned_rows(network)) + 1
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.values, other.values)


@each_digit
def test_a_collapse_is_what_scipy_and_scikit_image_make_of_its_maps(network: AssignmentNetwork, digit: Digit) -> None:
    found = evidence.collapse(network, digits.to_input(digit), by_slope(label(digit)), 0)
    assert found.rows == learned_rows(network)
    maps = [settled(each.values) for each in found.attributions]
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


def test_crumbs_of_single_precision_have_no_rank() -> None:
    map_ = np.random.default_rng(1).random((12, 12)).astype(np.float32)
    map_[:6] = 0
    crumbs = [np.where(map_, map_, np.float32(1e-9) * np.random.default_rng(seed).random((12, 12))) for seed in (2, 3)]
    found = collapse_of(*(attribution(each.astype(np.float32)) for each in crumbs))
    assert found.signed_rank_correlations == pytest.approx((1, 1))
    assert rank_correlation(*crumbs) < 0.95, "the wrong rule: crumbs are ranked"


def test_a_collapse_can_be_seen_while_it_goes_on(network: AssignmentNetwork) -> None:
    digit = DIGITS[0]
    x, explain, made = digits.to_input(digit), by_slope(label(digit)), list[Attribution]()
    for each in evidence.stages(network, x, explain, 0):
        made.append(each)
        so_far = evidence.collapsed(learned_rows(network), made)
        assert len(so_far.rows) == len(so_far.similarities) - 1 == len(made) - 1
    whole = evidence.collapse(network, x, explain, 0)
    assert (so_far.rows, so_far.similarities) == (whole.rows, whole.similarities)


@each_digit
def test_a_map_that_needs_no_network_does_not_react_and_the_slope_does(
    network: AssignmentNetwork, digit: Digit
) -> None:
    x = digits.to_input(digit)
    for make, reacts in ((by_edges, False), (by_slope, True), (by_ink_times_slope, True)):
        explain = make(label(digit))
        found = evidence.collapse(network, x, explain, 0)
        reaction = evidence.reaction(found, others(network, digit, explain))
        assert reaction.reacts is reacts, make
        forgotten = np.mean(
            [rank_correlation(found.attributions[0].settled, a.settled) for a in found.attributions[1:]]
        )
        assert reaction.forgotten == pytest.approx(forgotten)


@each_digit
def test_sizes_alone_would_accuse_ink_times_slope(network: AssignmentNetwork, digit: Digit) -> None:
    """The wrong rule: black times anything is 0, so the sizes of all such maps of a digit show that digit."""
    found = evidence.collapse(network, digits.to_input(digit), by_ink_times_slope(label(digit)), 0)
    of_sizes = dataclasses.replace(found, signed_rank_correlations=found.rank_correlations)
    assert evidence.reaction(of_sizes, [found.attributions[0]]).forgotten > 0.6
    assert evidence.reaction(found, [found.attributions[0]]).forgotten < 0.3


def test_a_map_that_is_always_the_same_has_not_reacted() -> None:
    same = attribution(np.random.default_rng(0).random((12, 12)))
    reaction = evidence.reaction(collapse_of(same, same, same), [same])
    assert (reaction.forgotten, *reaction.others) == pytest.approx((1, 1))
    assert not reaction.reacts
    assert reaction.limit == pytest.approx(np.sqrt(0.5))


def test_the_limit_is_the_most_similar_other_digit() -> None:
    """Ranks worked by hand: swapping the ends of 1 2 3 4 leaves −0.8, swapping neighbours 0.8 and 0.6."""
    first, ends, middle, pairs = (
        attribution([row]) for row in ([1, 2, 3, 4], [4, 2, 3, 1], [1, 3, 2, 4], [2, 1, 4, 3])
    )
    reaction = evidence.reaction(collapse_of(first, ends, middle), [pairs, ends])
    assert reaction.others == pytest.approx((0.6, -0.8))
    assert reaction.forgotten == pytest.approx(0)
    assert reaction.limit == pytest.approx(0.6)
    assert reaction.reacts
    assert not evidence.reaction(collapse_of(first, middle), [pairs]).reacts


def test_what_is_left_of_a_tenth_is_chance() -> None:
    """Ranks worked by hand: 2 4 1 3 has nothing in common with 1 2 3 4, and 4 3 2 1 is its contrary."""
    first, none, contrary = (attribution([row]) for row in ([1, 2, 3, 4], [2, 4, 1, 3], [4, 3, 2, 1]))
    reaction = evidence.reaction(collapse_of(first, none), [contrary, contrary])
    assert reaction.forgotten == pytest.approx(0)
    assert max(reaction.others) == pytest.approx(-1)
    assert reaction.limit**2 == pytest.approx(0.1)
    assert reaction.reacts


def test_a_map_that_went_blank_has_reacted_and_one_that_was_cannot() -> None:
    full, blank = attribution(np.arange(144).reshape(12, 12)), attribution(np.zeros((12, 12)))
    swapped = attribution(np.arange(144).reshape(12, 12).T)
    gone = evidence.reaction(collapse_of(full, blank), [swapped])
    assert (gone.forgotten, gone.reacts) == (0, True)
    never = evidence.reaction(collapse_of(blank, full), [swapped])
    assert np.isnan(never.forgotten)
    assert not never.reacts


def test_nothing_is_said_before_there_is_something_to_compare() -> None:
    one = attribution(np.eye(12))
    with pytest.raises(InputError, match="0 random rows"):
        evidence.reaction(collapse_of(one), [one])
    with pytest.raises(InputError, match="0 maps of other digits"):
        evidence.reaction(collapse_of(one, one), [])


def test_the_other_digits_are_one_of_each_other_class() -> None:
    by_key = {digit.key: digit for digit in digits.samples()}
    for digit in digits.samples():
        found = evidence.other_digits(digit)
        assert [each.label for each in found] == [label for label in range(10) if label != digit.label]
        assert all(by_key[each.key] is each for each in found)


@each_digit
def test_the_control_compares_the_sizes_of_a_map_with_edges(network: AssignmentNetwork, digit: Digit) -> None:
    ink = digit.pixels.astype(float)
    control = np.hypot(ndimage.sobel(ink, axis=0), ndimage.sobel(ink, axis=1))
    found = evidence.edge_control(by_slope(label(digit))(network, digits.to_input(digit)), digit.pixels)
    np.testing.assert_allclose(found.edges, control, atol=1e-3)
    values = by_slope(label(digit))(network, digits.to_input(digit)).values.astype(float)
    sizes = np.abs(values) / np.abs(values).max()
    assert found.rank_correlation == pytest.approx(stats.spearmanr(sizes.ravel(), found.edges.ravel()).statistic)
    wangs = {"data_range": 1, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    assert found.similarity == pytest.approx(peer(sizes, control / control.max(), **wangs), abs=1e-6)
    assert found.similarity != pytest.approx(peer(sizes, ink / 255, **wangs), abs=1e-5)  # the wrong rule: the ink


def test_edges_with_either_sign_are_the_edges() -> None:
    pixels = DIGITS[0].pixels
    for sign in (1, -2):
        found = evidence.edge_control(attribution(sign * edges(pixels)), pixels)
        assert (found.rank_correlation, found.similarity) == pytest.approx((1, 1))
    assert np.isnan(evidence.edge_control(attribution(np.zeros((28, 28))), pixels).rank_correlation)


def test_a_map_of_another_size_has_no_control() -> None:
    with pytest.raises(InputError, match=r"\(11, 11\)"):
        evidence.edge_control(attribution(np.eye(11)), DIGITS[0].pixels)


def test_the_shared_network_is_only_read(network: AssignmentNetwork) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    evidence.collapse(network, digits.to_input(DIGITS[0]), by_slope(0), 0)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in network.parameters())
