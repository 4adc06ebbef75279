"""Arrays as PNG images in data URIs, with exact pixels."""

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

_CLEAR, _EDGE, _FIRST = 0, 1, 2  # palette indices: transparent, the edge of a card, then the scale
_COLOURS = 256 - _FIRST
_HALF = 128  # half white


def image(pixels: Pixels) -> str:
    """Return a picture as a data URI: (H, W) is grey, white on black; (H, W, 3) is red, green and blue."""
    return _uri(Image.fromarray(pixels))


def outline(pixels: Pixels, zoom: int) -> str:
    """Draw the outline of a digit (H, W), dark inside and white outside; the rest is transparent.

    It is visible on any colours. A picture (H, W, 3) has no ink, so nothing of it is outlined: all is transparent.

    Args:
        pixels: Pixels that are at least half white belong to the digit.
        zoom: Picture pixels for each pixel.
    """
    if pixels.ndim == 3:
        pixels = np.zeros(pixels.shape[:2], np.uint8)
    ink = (pixels >= _HALF).repeat(zoom, axis=0).repeat(zoom, axis=1)
    entries = np.zeros(ink.shape, np.uint8)
    entries[_grown(ink, 1) & ~ink] = 2
    entries[ink & _grown(~ink, 1)] = 1
    traced = Image.fromarray(entries, mode="P")
    colours = (theme.BLACK, theme.PAGE["dark"], theme.WHITE)
    traced.putpalette([value for colour in colours for value in ImageColor.getrgb(colour)])
    return _uri(traced, transparency=_CLEAR)


def sprite(images: NDArray[np.uint8]) -> str:
    """Return pictures (N, H, W) or (N, H, W, 3) side by side in one data URI."""
    return image(np.ascontiguousarray(np.concatenate(images, axis=1)))


def deck(activation: Activation, order: Sequence[int], zoom: int, offset: int, edge: str) -> str:
    """Draw an activation as a deck of cards, one for each feature map.

    Args:
        activation: (C, H, W); all channels share one range.
        order: The channels from front to back.
        zoom: Picture pixels for each unit.
        offset: Picture pixels between two cards, up and to the right.
        edge: Colour of the cards' edges, ``#rrggbb``.

    Returns:
        A data URI, transparent outside the cards; its size is ``deck_size``.
    """
    width, height = deck_size(activation.shape, zoom, offset)
    canvas = np.full((height, width), _CLEAR, dtype=np.uint8)
    range_ = range_of(activation)
    cards = _shades(activation, range_)
    high, wide = (side * zoom for side in activation.shape[1:])
    enlarged = cards.repeat(zoom, axis=1).repeat(zoom, axis=2)
    for depth, channel in reversed(list(enumerate(order))):  # from back to front
        top, left = height - high - 2 - depth * offset, depth * offset
        canvas[top : top + high + 2, left : left + wide + 2] = _EDGE
        canvas[top + 1 : top + high + 1, left + 1 : left + wide + 1] = enlarged[channel]
    drawn = Image.fromarray(canvas, mode="P")
    drawn.putpalette(_palette(range_.signed, edge))
    return _uri(drawn, transparency=_CLEAR)


def deck_size(shape: tuple[int, ...], zoom: int, offset: int) -> tuple[int, int]:
    """Return the width and height of a deck of (C, H, W), edges included."""
    channels, height, width = shape
    behind = (channels - 1) * offset
    return width * zoom + 2 + behind, height * zoom + 2 + behind


def cells(values: Activation, cell: tuple[int, int], edge: str) -> str:
    """Draw a table of numbers (H, W) as cells.

    Args:
        values: One number for each cell.
        cell: Height and width of a cell in picture pixels.
        edge: Colour of the frame, ``#rrggbb``.
    """
    enlarged = np.kron(values[None], np.ones((1, *cell), np.float32))
    return deck(enlarged, [0], zoom=1, offset=0, edge=edge)


def mosaic(maps: Activation, ranges: Sequence[Range], corners: Sequence[tuple[int, int]]) -> str:
    """Paint maps (N, H, W) at their corners with one pixel for each unit; the rest is transparent.

    Args:
        maps: The maps.
        ranges: One for each map, all with the same colour scale.
        corners: The top and left pixel of each.
    """
    height, width = maps.shape[1:]
    bottom, right = np.max(corners, axis=0) + np.asarray((height, width))
    canvas = np.full((bottom, right), _CLEAR, dtype=np.uint8)
    for each, range_, (top, left) in zip(maps, ranges, corners, strict=True):
        canvas[top : top + height, left : left + width] = _shades(each, range_)
    painted = Image.fromarray(canvas, mode="P")
    painted.putpalette(_palette(ranges[0].signed, theme.BLACK))
    return _uri(painted, transparency=_CLEAR)


def _grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """Return a mask (H, W) dilated by some pixels in all directions, diagonals included."""
    height, width = mask.shape
    padded = np.pad(mask, by)
    wide = np.any([padded[:, step : step + width] for step in range(2 * by + 1)], axis=0)
    grown: NDArray[np.bool_] = np.any([wide[step : step + height] for step in range(2 * by + 1)], axis=0)
    return grown


def _shades(values: Activation, range_: Range) -> NDArray[np.uint8]:
    """Return the palette index of each value."""
    return (_FIRST + range_.share(values) * (_COLOURS - 1)).round().astype(np.uint8)


@functools.lru_cache(maxsize=256)  # two for each kind of layer: a network may have many kinds
def _palette(signed: bool, edge: str) -> bytes:
    shades = theme.lookup(theme.DIVERGING if signed else theme.SEQUENTIAL)
    shades = shades[np.linspace(0, 255, _COLOURS).round().astype(int)]
    fixed = np.asarray([(0, 0, 0), ImageColor.getrgb(edge)], dtype=np.uint8)
    return np.concatenate([fixed, shades]).tobytes()


def _uri(picture: Image.Image, **options: int) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1, **options)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
