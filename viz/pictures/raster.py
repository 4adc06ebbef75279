"""Arrays as PNG images that a page can hold in its text, painted pixel for pixel."""

import base64
import functools
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from model.records import Activation, Pixels
from viz import theme
from viz.pictures.scaling import Range, range_of

_CLEAR, _EDGE, _FIRST = 0, 1, 2  # palette: nothing, the edge of a card, then the scale
_COLOURS = 256 - _FIRST
_HALF = 128  # half white


def grey(pixels: Pixels) -> str:
    """Return a picture of ink (H, W), white on black, as a data URI."""
    return _uri(Image.fromarray(pixels))


def outline(pixels: Pixels, zoom: int) -> str:
    """Trace the edge of a picture's ink (H, W), dark within and white without, clear elsewhere.

    It can lie on any colours and leaves them as they are.

    Args:
        pixels: Ink is what is at least half white.
        zoom: Picture pixels for each pixel.
    """
    ink = (pixels >= _HALF).repeat(zoom, axis=0).repeat(zoom, axis=1)
    entries = np.zeros(ink.shape, np.uint8)
    entries[_grown(ink, 1) & ~ink] = 2
    entries[ink & _grown(~ink, 1)] = 1
    traced = Image.fromarray(entries, mode="P")
    traced.putpalette([0, 0, 0, 16, 18, 22, 255, 255, 255])
    return _uri(traced, transparency=_CLEAR)


def sprite(images: NDArray[np.uint8]) -> str:
    """Return pictures (N, H, W) side by side in one data URI."""
    return grey(np.ascontiguousarray(np.concatenate(images, axis=1)))


def deck(activation: Activation, order: Sequence[int], zoom: int, offset: int, edge: str) -> str:
    """Draw an activation as a deck of cards, one for each feature map.

    Args:
        activation: (C, H, W); one range for all of it.
        order: Its channels from front to back.
        zoom: Picture pixels for each unit.
        offset: Picture pixels that each card stands behind the next, up and to the right.
        edge: Colour of the cards' edges, ``#rrggbb``.

    Returns:
        A data URI, clear where no card is; its size is ``deck_size``.
    """
    width, height = deck_size(activation.shape, zoom, offset)
    canvas = np.full((height, width), _CLEAR, dtype=np.uint8)
    range_ = range_of(activation)
    cards = _shades(activation, range_)
    high, wide = (side * zoom for side in activation.shape[1:])
    enlarged = cards.repeat(zoom, axis=1).repeat(zoom, axis=2)
    for depth, channel in reversed(list(enumerate(order))):  # from the back, so that the front covers it
        top, left = height - high - 2 - depth * offset, depth * offset
        canvas[top : top + high + 2, left : left + wide + 2] = _EDGE
        canvas[top + 1 : top + high + 1, left + 1 : left + wide + 1] = enlarged[channel]
    image = Image.fromarray(canvas, mode="P")
    image.putpalette(_palette(range_.signed, edge))
    return _uri(image, transparency=_CLEAR)


def deck_size(shape: tuple[int, ...], zoom: int, offset: int) -> tuple[int, int]:
    """Return the width and height of a deck of (C, H, W), edges included."""
    channels, height, width = shape
    behind = (channels - 1) * offset
    return width * zoom + 2 + behind, height * zoom + 2 + behind


def column(values: NDArray[np.float32], cell: tuple[int, int], edge: str) -> str:
    """Draw a vector (N,) as cells under one another.

    Args:
        values: One number a cell.
        cell: Height and width of a cell in picture pixels.
        edge: Colour of the frame, ``#rrggbb``.
    """
    cells = np.kron(values[None, :, None], np.ones((1, *cell), np.float32))
    return deck(cells, [0], zoom=1, offset=0, edge=edge)


def mosaic(maps: Activation, ranges: Sequence[Range], corners: Sequence[tuple[int, int]]) -> str:
    """Paint maps (N, H, W) at their corners, a pixel for each unit, with nothing between them.

    Args:
        maps: What to paint.
        ranges: One for each map, all on the same scale.
        corners: The top and left pixel of each.
    """
    height, width = maps.shape[1:]
    bottom, right = np.max(corners, axis=0) + np.asarray((height, width))
    canvas = np.full((bottom, right), _CLEAR, dtype=np.uint8)
    for each, range_, (top, left) in zip(maps, ranges, corners, strict=True):
        canvas[top : top + height, left : left + width] = _shades(each, range_)
    image = Image.fromarray(canvas, mode="P")
    image.putpalette(_palette(ranges[0].signed, "#000000"))
    return _uri(image, transparency=_CLEAR)


def _grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """Return a mask (H, W) that reaches further on all sides, corners too."""
    height, width = mask.shape
    padded = np.pad(mask, by)
    wide = np.any([padded[:, step : step + width] for step in range(2 * by + 1)], axis=0)
    grown: NDArray[np.bool_] = np.any([wide[step : step + height] for step in range(2 * by + 1)], axis=0)
    return grown


def _shades(values: Activation, range_: Range) -> NDArray[np.uint8]:
    """Return the palette's entry for each value."""
    return (_FIRST + range_.share(values) * (_COLOURS - 1)).round().astype(np.uint8)


@functools.lru_cache(maxsize=8)
def _palette(signed: bool, edge: str) -> bytes:
    scale = theme.lookup(theme.DIVERGING if signed else theme.SEQUENTIAL)
    shades = scale[np.linspace(0, 255, _COLOURS).round().astype(int)]
    fixed = np.asarray([(0, 0, 0), ImageColor.getrgb(edge)], dtype=np.uint8)
    return np.concatenate([fixed, shades]).tobytes()


def _uri(image: Image.Image, **options: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1, **options)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
