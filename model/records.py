"""Short names for what many records hold."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Activation = NDArray[np.float32]
Numbers = NDArray[np.float64]
Pair = tuple[int, int]  # (y, x)
Unit = tuple[int, int, int]  # (c, y, x)
IMAGE = "image"  # stands where a step's name would, for the pixels themselves
