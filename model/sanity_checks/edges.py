"""The edges of a digit, and how similar a map is to them."""

import numpy as np
from numpy.typing import ArrayLike

from model.errors import InputError
from model.records import Activation, Pixels
from model.saliency.records import Attribution
from model.sanity_checks.records import EdgeComparison
from model.sanity_checks.similarity import magnitudes, rank_correlation, structural_similarity, weighted_windows

_SMOOTHING = np.array([1.0, 2.0, 1.0])
_DIFFERENCE = np.array([-1.0, 0.0, 1.0])


def edges(pixels: ArrayLike) -> Activation:
    """Return the magnitude of Sobel's gradient: how much the ink changes at each pixel.

    ``√(g_y² + g_x²)``, where each g is the difference (−1, 0, 1) of the neighbours along one axis, smoothed (1, 2, 1)
    along the other. Outside the image the border pixels are repeated.

    Args:
        pixels: (H, W).

    Returns:
        (H, W), in the unit of the pixels.

    >>> edges([[0, 0, 1], [0, 0, 1], [0, 0, 1]]).tolist()
    [[0.0, 4.0, 4.0], [0.0, 4.0, 4.0], [0.0, 4.0, 4.0]]
    """
    padded = np.pad(np.asarray(pixels, dtype=np.float64), 1, mode="edge")
    along_y = weighted_windows(padded, _DIFFERENCE, _SMOOTHING)
    along_x = weighted_windows(padded, _SMOOTHING, _DIFFERENCE)
    return np.hypot(along_y, along_x).astype(np.float32)


def compare(attribution: Attribution, pixels: Pixels) -> EdgeComparison:
    """Compare the absolute values of a map with the edges of its digit.

    A map that resembles them may show the image rather than what the network does with it.

    Args:
        attribution: Of the image itself.
        pixels: The digit, (H, W) in 0..255.

    Raises:
        InputError: The map is not of this image.
    """
    if attribution.values.shape != pixels.shape:
        raise InputError(
            f"A map of shape {attribution.values.shape} does not belong to an image of shape {pixels.shape}.",
            "Both must have the same shape.",
            "Explain the image itself, not the activation of a step.",
        )
    found, control = magnitudes(attribution.significant), edges(pixels)
    return EdgeComparison(control, rank_correlation(found, control), structural_similarity(found, magnitudes(control)))
