"""Similarity of maps compared with SciPy and scikit-image."""

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
from model.sanity_checks.edges import edges
from model.sanity_checks.similarity import magnitudes, rank_correlation, structural_similarity

DIGITS = digits.samples()[::20]
each_digit = pytest.mark.parametrize("pixels", [each.pixels for each in DIGITS], ids=[each.key for each in DIGITS])


def random_map(seed: int, side: int = 28) -> NDArray[np.float64]:
    return np.random.default_rng(seed).random((side, side))


def order_alone(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rank equal values in order of position: the wrong rule."""
    return values.argsort(kind="stable").argsort(kind="stable")


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=3, max_size=60))
def test_rank_correlation_equals_scipy_with_equal_values(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, dtype=float).T
    if np.ptp(a) and np.ptp(b):
        assert rank_correlation(a, b) == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)
    else:
        assert np.isnan(rank_correlation(a, b))


@each_digit
def test_rank_correlation_shares_ranks_of_equal_values(pixels: NDArray[np.uint8]) -> None:
    """Most pixels are equally black: without shared ranks, the top left would count as darker than the bottom right."""
    noise = random_map(1)
    expected = stats.spearmanr(pixels.ravel(), noise.ravel()).statistic
    assert rank_correlation(pixels, noise) == pytest.approx(expected, abs=1e-12)
    wrong = np.corrcoef(order_alone(pixels.ravel().astype(float)), order_alone(noise.ravel()))[0, 1]
    assert wrong != pytest.approx(expected, abs=1e-3)


def test_rank_correlation_depends_on_order_only() -> None:
    a = random_map(2)
    assert rank_correlation(a, np.exp(5 * a)) == pytest.approx(1)
    assert rank_correlation(a, -a) == pytest.approx(-1)
    assert np.corrcoef(a.ravel(), np.exp(5 * a).ravel())[0, 1] < 0.95  # of the values, not of the ranks


@each_digit
def test_structural_similarity_equals_scikit_image(pixels: NDArray[np.uint8]) -> None:
    a = pixels / 255
    for b in (random_map(3), np.roll(a, 2, axis=1), 0.5 * a, 0 * a, a):
        wangs = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        assert structural_similarity(a, b) == pytest.approx(peer(a, b, data_range=1, **wangs), abs=1e-12)
    flat = peer(a, random_map(3), data_range=1, win_size=11, use_sample_covariance=False)  # all pixels alike
    assert structural_similarity(a, random_map(3)) != pytest.approx(flat, abs=1e-3)


def test_structural_similarity_of_constant_maps_by_hand() -> None:
    black, white = np.zeros((12, 11)), np.ones((12, 11))
    assert structural_similarity(black, white) == pytest.approx(0.0001 / 1.0001)
    assert structural_similarity(white, white) == pytest.approx(1)
    assert structural_similarity(white, white / 2) == pytest.approx(1.0001 / 1.2501)


def test_structural_similarity_of_small_maps_is_nan() -> None:
    assert np.isnan(structural_similarity(random_map(0, side=10), random_map(1, side=10)))


@each_digit
def test_edges_equal_scipy_sobel(pixels: NDArray[np.uint8]) -> None:
    """For the digit, and for a part of it whose ink touches the border."""
    for picture in (pixels, pixels[8:20, 8:20], random_map(4)):
        ink = picture.astype(float)
        expected = np.hypot(ndimage.sobel(ink, axis=0), ndimage.sobel(ink, axis=1))
        np.testing.assert_allclose(edges(picture), expected, rtol=1e-6, atol=1e-4)
    black_beyond = [ndimage.sobel(random_map(4), axis=axis, mode="constant") for axis in (0, 1)]
    assert not np.allclose(edges(random_map(4)), np.hypot(*black_beyond), atol=1e-2)


def test_magnitudes_largest_is_one_and_blank_stays_blank() -> None:
    np.testing.assert_array_equal(magnitudes([[-8, 2], [0, 4]]), [[1, 0.25], [0, 0.5]])
    np.testing.assert_array_equal(magnitudes(np.zeros((2, 2))), np.zeros((2, 2)))


@pytest.mark.parametrize("compare", [rank_correlation, structural_similarity])
def test_similarity_refuses_different_shapes(compare: Callable[[object, object], float]) -> None:
    with pytest.raises(InputError, match=r"\(28, 28\) and \(12, 12\)"):
        compare(random_map(0), random_map(0, side=12))
