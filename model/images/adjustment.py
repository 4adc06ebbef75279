"""What a person changes about a picture by hand, where the steps went wrong."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from model.images.ink import Grey
from model.records import Pixels

_ROUND = 0.15  # less difference between the longest and the shortest axis says nothing about the direction
_SMALLEST = 8  # pixels a side that a crop leaves at least


@dataclass(frozen=True, slots=True)
class Adjustment:
    """How a picture is turned, inverted and cropped before its ink is found.

    Attributes:
        turn: Degrees against the clock.
        invert: Whether the ink is on the other side of the paper's grey than the picture suggests.
        crop: How much is cut off at the top, left, bottom and right, each as a share of the side in [0, 0.9].
    """

    turn: int = 0
    invert: bool = False
    crop: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


AS_IT_IS = Adjustment()


def adjusted(grey: Grey, adjustment: Adjustment) -> Grey:
    """Crop a picture and turn it; what comes into view at the corners has the grey of the border's median.

    Args:
        grey: (H, W) in 0..255.
        adjustment: What to do.
    """
    top, left, bottom, right = adjustment.crop
    height, width = grey.shape
    rows = slice(round(top * height), max(round((1 - bottom) * height), round(top * height) + _SMALLEST))
    columns = slice(round(left * width), max(round((1 - right) * width), round(left * width) + _SMALLEST))
    cropped = grey[rows, columns]
    if adjustment.turn % 360 == 0:
        return cropped
    border = np.concatenate([cropped[0], cropped[-1], cropped[:, 0], cropped[:, -1]])
    image = Image.fromarray(cropped.astype(np.float32))
    turned = image.rotate(adjustment.turn, Image.Resampling.BILINEAR, expand=True, fillcolor=float(np.median(border)))
    return np.asarray(turned, dtype=np.float32)


def straightening(pixels: Pixels) -> int:
    """Return by how many degrees to turn ink against the clock so that its longest axis is upright, -45 to 45.

    The angle of the axis to the vertical is ``atan2(2 m_xy, m_yy - m_xx) / 2``, where ``m`` are the central moments of
    the ink. Ink that is about as wide as it is high has no clear axis: 0.

    Args:
        pixels: (H, W) in 0..255.
    """
    y, x = np.indices(pixels.shape).reshape(2, -1)
    weights = pixels.ravel().astype(float)
    if not weights.any():
        return 0
    (m_yy, m_xy), (_, m_xx) = np.cov(y, x, aweights=weights) if weights.sum() > 1 else np.eye(2)
    if np.hypot(2 * m_xy, m_yy - m_xx) < _ROUND * (m_yy + m_xx):
        return 0
    angle = np.rad2deg(np.arctan2(2 * m_xy, m_yy - m_xx) / 2)
    return round(-float(np.clip(angle, -45, 45)))
