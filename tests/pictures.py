"""A second witness for colours: PNG decoded by Pillow, scales sampled by Plotly."""

import base64
import functools
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import sample_colorscale, unlabel_rgb

from viz.theme import Scale

Picture = NDArray[np.int64]  # (H, W, 4): red, green, blue and opacity in 0..255
_SHADE = 1 / 250  # of a scale; a palette has a little more than 250 entries
_PLACES = 255 * 40  # the number of samples of a scale


def decode(uri: str) -> Picture:
    """Return the pixels of a data URI."""
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        return np.asarray(image.convert("RGBA")).astype(np.int64)


def colours(scale: Scale, shares: NDArray[Any]) -> NDArray[np.int64]:
    """Return the colour (..., 3) at each share of a scale, by Plotly."""
    places = (shares.clip(0, 1) * _PLACES).round().astype(int)
    found: NDArray[np.int64] = _sampled(tuple((float(place), str(colour)) for place, colour in scale))[places]
    return found


@functools.cache
def _sampled(stops: tuple[tuple[float, str], ...]) -> NDArray[np.int64]:
    sampled = sample_colorscale(list(map(list, stops)), np.linspace(0, 1, _PLACES + 1).tolist())
    return np.asarray([unlabel_rgb(each) for each in sampled]).round().astype(np.int64)


def assert_painted(
    picture: Picture, values: NDArray[Any], low: float, high: float, scale: Scale, zoom: int = 1
) -> None:
    """Assert that each value is an opaque square of ``zoom`` pixels with its colour, within one shade."""
    units = picture[::zoom, ::zoom]
    np.testing.assert_array_equal(units.repeat(zoom, axis=0).repeat(zoom, axis=1), picture)
    shares = (values.astype(float) - low) / (high - low)
    near = np.stack([colours(scale, shares + step) for step in (-_SHADE, 0, _SHADE)])
    assert (units[..., 3] == 255).all()
    assert (units[..., :3] >= near.min(axis=0) - 1).all()
    assert (units[..., :3] <= near.max(axis=0) + 1).all()
