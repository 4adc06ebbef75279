"""Likeness of maps, held against SciPy and scikit-image."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage, stats
from skimage.metrics import structural_similarity as peer

from model.errors import InputError
from model.images import digits
from model.sanity_checks.similarity import edges, rank_correlation, sizes, structural_similarity

DIGITS = digits.samples()[::7]
each_digit = pytest.mark.parametrize("pixels", [each.pixels for each in DIGITS], ids=[each.key for each in DIGITS])


def random_map(seed: int, side: int = 28) -> NDArray[np.float64]:
    return np.random.default_rng(seed).random((side, side))


def order_alone(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rank without regard to equal values: the wrong rule."""
    return values.argsort(kind="stable").argsort(kind="stable")


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=3, max_size=60))
def test_rank_correlation_is_scipys_spearman_with_many_equal_values(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, dtype=float).T
    if np.ptp(a) and np.ptp(b):
        assert rank_correlation(a, b) == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)
    else:
        assert np.isnan(rank_correlation(a, b))


@each_digit
def test_ranks_that_forget_equal_values_are_wrong(pixels: NDArray[np.uint8]) -> None:
    """Most of a digit is one black: without shared ranks, top left would count as less black than bottom right."""
    noise = random_map(1)
    expected = stats.spearmanr(pixels.ravel(), noise.ravel()).statistic
    assert rank_correlation(pixels, noise) == pytest.approx(expected, abs=1e-12)
    wrong = np.corrcoef(order_alone(pixels.ravel().astype(float)), order_alone(noise.ravel()))[0, 1]
    assert wrong != pytest.approx(expected, abs=1e-3)


def test_rank_correlation_knows_order_and_nothing_else() -> None:
    a = random_map(2)
    assert rank_correlation(a, np.exp(5 * a)) == pytest.approx(1)
    assert rank_correlation(a, -a) == pytest.approx(-1)
    assert np.corrcoef(a.ravel(), np.exp(5 * a).ravel())[0, 1] < 0.95  # of the values, not of the ranks


@each_digit
def test_structural_similarity_is_scikit_images_as_wang_and_others_set_it(pixels: NDArray[np.uint8]) -> None:
    a = pixels / 255
    for b in (random_map(3), np.roll(a, 2, axis=1), 0.5 * a, 0 * a, a):
        wangs = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        assert structural_similarity(a, b) == pytest.approx(peer(a, b, data_range=1, **wangs), abs=1e-12)
    flat = peer(a, random_map(3), data_range=1, win_size=11, use_sample_covariance=False)  # all pixels alike
    assert structural_similarity(a, random_map(3)) != pytest.approx(flat, abs=1e-3)


def test_structural_similarity_of_plain_sheets_worked_by_hand() -> None:
    black, white = np.zeros((12, 11)), np.ones((12, 11))
    assert structural_similarity(black, white) == pytest.approx(0.0001 / 1.0001)
    assert structural_similarity(white, white) == pytest.approx(1)
    assert structural_similarity(white, white / 2) == pytest.approx(1.0001 / 1.2501)


def test_a_map_smaller_than_the_window_has_no_structure_to_compare() -> None:
    assert np.isnan(structural_similarity(random_map(0, side=10), random_map(1, side=10)))


@each_digit
def test_edges_are_scipys_sobel(pixels: NDArray[np.uint8]) -> None:
    """On the digit, and on a piece of it whose ink touches the border."""
    for picture in (pixels, pixels[8:20, 8:20], random_map(4)):
        ink = picture.astype(float)
        expected = np.hypot(ndimage.sobel(ink, axis=0), ndimage.sobel(ink, axis=1))
        np.testing.assert_allclose(edges(picture), expected, rtol=1e-6, atol=1e-4)
    black_beyond = [ndimage.sobel(random_map(4), axis=axis, mode="constant") for axis in (0, 1)]
    assert not np.allclose(edges(random_map(4)), np.hypot(*black_beyond), atol=1e-2)


def test_sizes_reach_one_and_leave_nothing_as_nothing() -> None:
    np.testing.assert_array_equal(sizes([[-8, 2], [0, 4]]), [[1, 0.25], [0, 0.5]])
    np.testing.assert_array_equal(sizes(np.zeros((2, 2))), np.zeros((2, 2)))


@pytest.mark.parametrize("compare", [rank_correlation, structural_similarity])
def test_maps_of_two_shapes_are_refused(compare: Callable[[object, object], float]) -> None:
    with pytest.raises(InputError, match=r"\(28, 28\) and \(12, 12\)"):
        compare(random_map(0), random_map(0, side=12))
