"""Encode drawings and pictures as short text that fits into an address."""

import base64
import binascii
import math
import zlib
from collections.abc import Sequence

from model.errors import InputError
from model.images.strokes import Point, Stroke

MAX_POINTS = 2_000  # of one drawing; this keeps its address under 6 kB
_LEVELS = 255  # a coordinate is stored in one byte
_REMEDY = "Copy the link again, or draw the digit again."


def pack(data: bytes) -> str:
    """Compress bytes into characters that need no escaping in an address.

    >>> unpack(pack(b"ink"), limit=3)
    b'ink'
    """
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


def unpack(code: str, limit: int) -> bytes:
    """Decode the text that ``pack`` returned into at most ``limit`` bytes.

    Raises:
        InputError: The text is damaged or holds more than ``limit`` bytes.
    """
    try:
        packed = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
        inflater = zlib.decompressobj()
        data = inflater.decompress(packed, limit + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise InputError(f"'{code[:20]}' is not a complete drawing.", "Copy the whole link.", _REMEDY) from error
    if len(data) > limit or not inflater.eof or inflater.unused_data:
        raise InputError(f"'{code[:20]}' is not a complete drawing.", f"It may hold {limit:,} bytes.", _REMEDY)
    return data


def pack_strokes(strokes: Sequence[Stroke]) -> str:
    """Encode strokes as text: for each stroke the number of points (two bytes), then x and y (one byte each).

    Args:
        strokes: Each is a sequence of (x, y) in 0..1. Values outside are clipped; strokes without points are left out.

    Raises:
        InputError: There are more than ``MAX_POINTS`` points, or a coordinate is not a number.
    """
    total = sum(map(len, strokes))
    if total > MAX_POINTS:
        raise InputError(
            f"The drawing has {total:,} points.",
            f"It may have {MAX_POINTS:,}.",
            "Undo the last stroke, or clear the pad.",
        )
    invalid = [point for stroke in strokes for point in stroke if any(map(math.isnan, point))]
    if invalid:
        raise InputError(f"The drawing has a point at {invalid[0]}.", "A point is two numbers in 0..1.", "Draw again.")
    data = bytearray()
    for stroke in filter(len, strokes):
        data += len(stroke).to_bytes(2, "big")
        data += bytes(round(min(max(value, 0.0), 1.0) * _LEVELS) for point in stroke for value in point)
    return pack(bytes(data))


def unpack_strokes(code: str) -> list[list[Point]]:
    """Decode the text that ``pack_strokes`` returned; coordinates are exact to 1/255.

    Raises:
        InputError: The text is damaged.
    """
    data = unpack(code, limit=4 * MAX_POINTS)
    strokes: list[list[Point]] = []
    position = 0
    while position < len(data):
        end = position + 2 + 2 * int.from_bytes(data[position : position + 2], "big")
        if end > len(data) or end == position + 2:
            raise InputError(f"'{code[:20]}' is not a complete drawing.", "Every stroke needs points.", _REMEDY)
        values = [value / _LEVELS for value in data[position + 2 : end]]
        strokes.append(list(zip(values[::2], values[1::2], strict=True)))
        position = end
    return strokes
