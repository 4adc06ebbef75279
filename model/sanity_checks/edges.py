"""The edges of a picture, and how similar a map is to them."""

import numpy as np
from numpy.typing import ArrayLike

from model.errors import InputError
from model.records import Activation, Numbers, Pixels
from model.saliency.records import Attribution
from model.sanity_checks.records import EdgeComparison
from model.sanity_checks.similarity import magnitudes, rank_correlation, structural_similarity, weighted_windows

_SMOOTHING = np.array([1.0, 2.0, 1.0])
_DIFFERENCE = np.array([-1.0, 0.0, 1.0])


def edges(pixels: ArrayLike) -> Activation:
    """Return the magnitude of Sobel's gradient: how much the ink changes at each pixel.

    ``√(g_y² + g_x²)``, where each g is the difference (−1, 0, 1) of the neighbours along one axis, smoothed (1, 2, 1)
    along the other. Outside the image the border pixels are repeated. Of a colour picture each pixel has the largest
    magnitude of its channels: an edge between two colours of equal brightness is an edge too.

    Args:
        pixels: (H, W), or (H, W, C).

    Returns:
        (H, W), in the unit of the pixels.

    Source of the rule for colour: Dalal, Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005.

    >>> edges([[0, 0, 1], [0, 0, 1], [0, 0, 1]]).tolist()
    [[0.0, 4.0, 4.0], [0.0, 4.0, 4.0], [0.0, 4.0, 4.0]]
    """
    planes = np.moveaxis(np.atleast_3d(np.asarray(pixels, dtype=np.float64)), 2, 0)
    magnitude: Activation = np.max([_magnitude(plane) for plane in planes], axis=0).astype(np.float32)
    return magnitude


def _magnitude(plane: Numbers) -> Numbers:
    padded = np.pad(plane, 1, mode="edge")
    along_y = weighted_windows(padded, _DIFFERENCE, _SMOOTHING)
    along_x = weighted_windows(padded, _SMOOTHING, _DIFFERENCE)
    return np.hypot(along_y, along_x)


def compare(attribution: Attribution, pixels: Pixels) -> EdgeComparison:
    """Compare the absolute values of a map with the edges of its picture.

    A map that resembles them may show the image rather than what the network does with it.

    Args:
        attribution: Of the image itself.
        pixels: The picture, (H, W) or (H, W, 3), in 0..255.

    Raises:
        InputError: The map is not of this image.
    """
    if attribution.values.shape != pixels.shape[:2]:
        raise InputError(
            f"A map of shape {attribution.values.shape} does not belong to an image of shape {pixels.shape}.",
            "Both must have the same shape.",
            "Explain the image itself, not the activation of a step.",
        )
    found, control = magnitudes(attribution.significant), edges(pixels)
    return EdgeComparison(control, rank_correlation(found, control), structural_similarity(found, magnitudes(control)))
