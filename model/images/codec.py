"""Drawings and pictures as short text that fits into a link."""

import base64
import binascii
import math
import zlib
from collections.abc import Sequence

from model.errors import InputError
from model.images.strokes import Point, Stroke

POINTS = 2_000  # a drawing may have, which keeps its link under 6 kB
_STEPS = 255  # a coordinate is one byte
_REMEDY = "Copy the link again, or draw anew."


def pack(data: bytes) -> str:
    """Compress bytes into characters that need no escaping in a link.

    >>> unpack(pack(b"ink"), limit=3)
    b'ink'
    """
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


def unpack(code: str, limit: int) -> bytes:
    """Turn ``pack``'s text into bytes again, never more than ``limit``.

    Raises:
        InputError: The text is damaged or holds more.
    """
    try:
        packed = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
        inflater = zlib.decompressobj()
        data = inflater.decompress(packed, limit + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise InputError(f"'{code[:20]}' is not a whole drawing.", "A link must be copied whole.", _REMEDY) from error
    if len(data) > limit or not inflater.eof or inflater.unused_data:
        raise InputError(f"'{code[:20]}' is not a whole drawing.", f"It may hold {limit:,} bytes.", _REMEDY)
    return data


def pack_strokes(strokes: Sequence[Stroke]) -> str:
    """Write strokes as text: for each its number of points (two bytes), then x and y (a byte each).

    Args:
        strokes: Each a sequence of (x, y) in 0..1; other values are moved to the edge, strokes without points left out.

    Raises:
        InputError: There are more than ``POINTS`` points, or one of them is nowhere.
    """
    total = sum(map(len, strokes))
    if total > POINTS:
        raise InputError(
            f"The drawing has {total:,} points.", f"It may have {POINTS:,}.", "Undo the last stroke, or clear the pad."
        )
    lost = [point for stroke in strokes for point in stroke if any(map(math.isnan, point))]
    if lost:
        raise InputError(f"The drawing has a point at {lost[0]}.", "Each needs two numbers in 0..1.", "Draw anew.")
    data = bytearray()
    for stroke in filter(len, strokes):
        data += len(stroke).to_bytes(2, "big")
        data += bytes(round(min(max(value, 0.0), 1.0) * _STEPS) for point in stroke for value in point)
    return pack(bytes(data))


def unpack_strokes(code: str) -> list[list[Point]]:
    """Read ``pack_strokes``'s text again, to 1/255 of the sheet.

    Raises:
        InputError: The text is damaged.
    """
    data = unpack(code, limit=4 * POINTS)
    strokes: list[list[Point]] = []
    position = 0
    while position < len(data):
        end = position + 2 + 2 * int.from_bytes(data[position : position + 2], "big")
        if end > len(data) or end == position + 2:
            raise InputError(f"'{code[:20]}' is not a whole drawing.", "Each stroke needs its points.", _REMEDY)
        values = [value / _STEPS for value in data[position + 2 : end]]
        strokes.append(list(zip(values[::2], values[1::2], strict=True)))
        position = end
    return strokes
