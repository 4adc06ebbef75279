"""A second opinion on mistakes: counted from the file of logits by PyTorch and plain lists."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file

from model.mistakes import scores
from model.networks.assignment import weights

DISPUTED = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)


@cache
def truth() -> tuple[NDArray[np.float64], list[int], list[int]]:
    """Return probabilities, what is read, and the labels, by PyTorch from the file itself."""
    found = load_file(weights.SHIPPED / scores.NAME)
    shares = torch.softmax(torch.from_numpy(found["logits"]).double(), dim=1)
    return shares.numpy(), shares.argmax(dim=1).tolist(), found["labels"].tolist()


def wrong() -> list[int]:
    """Return the images that are read wrong, the surest first."""
    shares, read, labels = truth()
    found = [index for index, pair in enumerate(zip(read, labels, strict=True)) if pair[0] != pair[1]]
    return sorted(found, key=lambda index: -shares[index, read[index]])


def in_cell(label: int, read: int) -> list[int]:
    return [index for index, pair in enumerate(zip(truth()[2], truth()[1], strict=True)) if pair == (label, read)]


def worst() -> tuple[int, int]:
    """Return the most frequent mistake."""
    pairs = [(label, read) for label in range(10) for read in range(10) if label != read]
    return max(pairs, key=lambda pair: len(in_cell(*pair)))
