"""How similar two maps are, by rank and by structure.

With numpy only: SciPy and scikit-image can compute both, but they would be two more packages for a page of code.
The tests compare each function with theirs.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from model.errors import InputError
from model.records import Numbers

WINDOW = 11  # pixels
_DEVIATION = 1.5  # pixels
_C1, _C2 = 0.01**2, 0.03**2  # for maps in 0..1


def magnitudes(values: ArrayLike) -> Numbers:
    """Return the absolute values of a map, scaled so that the largest is 1; a blank map stays blank.

    >>> magnitudes([[-4.0, 0.0], [1.0, 2.0]]).tolist()
    [[1.0, 0.0], [0.25, 0.5]]
    """
    found = np.abs(np.asarray(values, dtype=np.float64))
    return np.asarray(found / (found.max() or 1.0))


def rank_correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Return Spearman's rank correlation of two maps: the correlation of their ranks.

    ``Σ (r − mean r)(s − mean s) / √(Σ (r − mean r)² Σ (s − mean s)²)``, where r and s are the ranks of the values
    of each map. Equal values share the mean of their ranks: most pixels of a digit are equally black.

    Args:
        a: Any shape.
        b: The same shape.

    Returns:
        −1 to 1; nan if a map is constant, because then it has no order.

    Raises:
        InputError: The shapes differ.

    >>> round(rank_correlation([1, 5, 5, 9], [10, 30, 20, 40]), 4)
    0.9487
    """
    _check_shapes(a, b)
    first, second = (ranks - ranks.mean() for ranks in (_ranks(a), _ranks(b)))
    length = np.sqrt((first @ first) * (second @ second))
    return float(np.clip(first @ second / length, -1, 1)) if length else float("nan")


def structural_similarity(a: ArrayLike, b: ArrayLike) -> float:
    """Return the mean structural similarity (SSIM) of two maps in 0..1.

    ``(2 m_a m_b + C1)(2 v_ab + C2) / ((m_a² + m_b² + C1)(v_a + v_b + C2))``, averaged over all windows inside the map;
    m, v and v_ab are the mean, variance and covariance under a Gaussian of 11x11 pixels with a deviation of 1.5 pixels,
    C1 = 0.01² and C2 = 0.03².

    Args:
        a: (H, W), in 0..1.
        b: (H, W), in 0..1.

    Returns:
        −1 to 1, 1 for equal maps; nan if the maps are smaller than the window.

    Raises:
        InputError: The shapes differ.

    Source: Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
    Similarity", IEEE Transactions on Image Processing 2004. The range is always 1, and no map is downsampled first.
    """
    _check_shapes(a, b)
    first, second = (np.asarray(each, dtype=np.float64) for each in (a, b))
    if min(first.shape) < WINDOW:
        return float("nan")
    mean_a, mean_b = _local_mean(first), _local_mean(second)
    variances = _local_mean(first**2) - mean_a**2 + _local_mean(second**2) - mean_b**2
    covariance = _local_mean(first * second) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    return float((luminance * (2 * covariance + _C2) / (variances + _C2)).mean())


def _ranks(values: ArrayLike) -> Numbers:
    """Return ranks from 1; equal values share the mean of their ranks."""
    _, place, counts = np.unique(np.ravel(values), return_inverse=True, return_counts=True)
    shared: Numbers = counts.cumsum() - (counts - 1) / 2
    return shared[place]


def _local_mean(values: Numbers) -> Numbers:
    """Return the mean under the Gaussian, for each window inside the map."""
    offsets = np.arange(WINDOW) - WINDOW // 2
    gaussian = np.exp(-(offsets**2) / (2 * _DEVIATION**2))
    return weighted_windows(values, gaussian / gaussian.sum(), gaussian / gaussian.sum())


def weighted_windows(values: Numbers, along_y: NDArray[np.float64], along_x: NDArray[np.float64]) -> Numbers:
    """Return the weighted sum of each window inside the map, with one weight vector for each axis."""
    columns = sliding_window_view(values, len(along_y), axis=0) @ along_y
    return np.asarray(sliding_window_view(columns, len(along_x), axis=1) @ along_x)


def _check_shapes(a: ArrayLike, b: ArrayLike) -> None:
    if np.shape(a) != np.shape(b):
        raise InputError(
            f"Maps of shape {np.shape(a)} and {np.shape(b)} cannot be compared.",
            "Both must have the same shape.",
            "Compare two maps of one image.",
        )
