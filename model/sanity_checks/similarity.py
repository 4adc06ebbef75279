"""How alike two maps are, by rank and by structure; and the plain edges of a picture.

In numpy alone: SciPy and scikit-image know all of this, but the app would have to carry them for a page of code.
The tests hold each function against theirs.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from model.errors import InputError
from model.records import Activation, Numbers

WINDOW = 11  # pixels
_DEVIATION = 1.5  # pixels
_STEADY = (0.01**2, 0.03**2)  # C1 and C2 for maps in 0..1
_SMOOTH = np.array([1.0, 2.0, 1.0])
_SLOPE = np.array([-1.0, 0.0, 1.0])


def sizes(values: ArrayLike) -> Numbers:
    """Return how large each value of a map is, sign aside, the largest being 1; a blank map stays blank.

    >>> sizes([[-4.0, 0.0], [1.0, 2.0]]).tolist()
    [[1.0, 0.0], [0.25, 0.5]]
    """
    found = np.abs(np.asarray(values, dtype=np.float64))
    return np.asarray(found / (found.max() or 1.0))


def rank_correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Return Spearman's rank correlation of two maps: the correlation of their ranks.

    ``Σ (r − mean r)(s − mean s) / √(Σ (r − mean r)² Σ (s − mean s)²)``, where r and s are the ranks of the values
    of each map. Equal values share the mean of the ranks that they take up: most of a digit is one black.

    Args:
        a: Of any shape.
        b: Of the same shape.

    Returns:
        −1 to 1; nan where a map is constant, since then nothing in it comes before anything else.

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

    ``(2 m_a m_b + C1)(2 v_ab + C2) / ((m_a² + m_b² + C1)(v_a + v_b + C2))`` in every window that fits, then the mean;
    m, v and v_ab are the mean, variance and covariance under a Gaussian of 11x11 pixels and a deviation of 1.5 pixels,
    C1 = 0.01² and C2 = 0.03².

    Args:
        a: (H, W), in 0..1.
        b: Likewise.

    Returns:
        −1 to 1, 1 for equal maps; nan where the maps are smaller than the window.

    Raises:
        InputError: The shapes differ.

    Source: Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
    Similarity", IEEE Transactions on Image Processing 2004. The range is always 1, and no map is made smaller first.
    """
    _check_shapes(a, b)
    first, second = (np.asarray(each, dtype=np.float64) for each in (a, b))
    if min(first.shape) < WINDOW:
        return float("nan")
    mean_a, mean_b = _weighed(first), _weighed(second)
    variances = _weighed(first**2) - mean_a**2 + _weighed(second**2) - mean_b**2
    covariance = _weighed(first * second) - mean_a * mean_b
    c1, c2 = _STEADY
    brightness = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return float((brightness * (2 * covariance + c2) / (variances + c2)).mean())


def edges(pixels: ArrayLike) -> Activation:
    """Return the size of Sobel's gradient: how steeply the ink changes at each pixel.

    ``√(g_y² + g_x²)``, each g a difference of the neighbours on both sides (−1, 0, 1) along one axis, smoothed
    (1, 2, 1) along the other. Beyond the border the outermost pixels are repeated.

    Args:
        pixels: (H, W).

    Returns:
        (H, W), in the unit of the pixels.

    >>> edges([[0, 0, 1], [0, 0, 1], [0, 0, 1]]).tolist()
    [[0.0, 4.0, 4.0], [0.0, 4.0, 4.0], [0.0, 4.0, 4.0]]
    """
    padded = np.pad(np.asarray(pixels, dtype=np.float64), 1, mode="edge")
    down = _windows(padded, _SLOPE, _SMOOTH)
    across = _windows(padded, _SMOOTH, _SLOPE)
    return np.hypot(down, across).astype(np.float32)


def _ranks(values: ArrayLike) -> Numbers:
    """Rank from 1, equal values sharing the mean of their ranks."""
    _, place, counts = np.unique(np.ravel(values), return_inverse=True, return_counts=True)
    shared: Numbers = counts.cumsum() - (counts - 1) / 2
    return shared[place]


def _weighed(values: Numbers) -> Numbers:
    """Return the mean under the Gaussian window, wherever it fits."""
    offsets = np.arange(WINDOW) - WINDOW // 2
    bell = np.exp(-(offsets**2) / (2 * _DEVIATION**2))
    return _windows(values, bell / bell.sum(), bell / bell.sum())


def _windows(values: Numbers, down: NDArray[np.float64], across: NDArray[np.float64]) -> Numbers:
    """Weigh the values of each window that fits by ``down`` along y and ``across`` along x, and add them up."""
    columns = sliding_window_view(values, len(down), axis=0) @ down
    return np.asarray(sliding_window_view(columns, len(across), axis=1) @ across)


def _check_shapes(a: ArrayLike, b: ArrayLike) -> None:
    if np.shape(a) != np.shape(b):
        raise InputError(
            f"Maps of shape {np.shape(a)} and {np.shape(b)} cannot be compared.",
            "Both must have the same shape.",
            "Compare two maps of one image.",
        )
