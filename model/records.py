"""Types that the records of many topics share.

Records are frozen dataclasses of plain values and numpy arrays. ``model`` returns them and figures draw them. Each
topic has its own, in ``model/<topic>/records.py``. Axes are named (C, H, W); pairs are (y, x).
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Activation = NDArray[np.float32]
Numbers = NDArray[np.float64]
Pair = tuple[int, int]  # (y, x)
Unit = tuple[int, int, int]  # (c, y, x)
IMAGE = "image"  # takes the place of a step's name for the pixels of the input


def format_sizes(sizes: Iterable[int]) -> str:
    """Write sizes with a multiplication sign between them.

    >>> format_sizes((8, 26, 26))
    '8 × 26 × 26'
    """
    return " × ".join(map(str, sizes))


def __getattr__(name: str) -> Any:
    """Keep the old import of ``Window`` working."""
    if name == "Window":
        return import_module("model.receptive_field.records").Window
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
