"""Short names for what many records hold.

Records are frozen dataclasses of plain values and numpy arrays: what ``model`` hands out and figures draw. Each topic
has its own, in ``model/<topic>/records.py``. Axes are named (C, H, W); pairs are (y, x).
"""

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Activation = NDArray[np.float32]
Numbers = NDArray[np.float64]
Pair = tuple[int, int]  # (y, x)
Unit = tuple[int, int, int]  # (c, y, x)
IMAGE = "image"  # stands where a step's name would, for the pixels themselves


def __getattr__(name: str) -> Any:
    """Keep the old import of ``Window`` working."""
    if name == "Window":
        return import_module("model.receptive_field.records").Window
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
