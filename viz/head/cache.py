"""Cached results of the head, and of changed input maps."""

import numpy as np
from numpy.typing import NDArray

from model.head import logits
from model.head.records import Head
from model.images.records import Digit
from model.trace.records import Trace
from viz.app.current import of_network
from viz.app.shared import network, record, to_input


def head(digit: Digit) -> Head:
    """Return the head of the trained network for a digit."""
    return logits.of_trace(record(digit))


def scaled_maps(digit: Digit, name: str, channels: tuple[int, ...], gain: float) -> Trace:
    """Return the trace of a digit with some input maps of a convolution multiplied by a gain."""
    return _scaled_maps(digit.key, digit, name, channels, gain) if channels else record(digit)


@of_network(max_entries=32)
def _scaled_maps(key: str, _digit: Digit, name: str, channels: tuple[int, ...], gain: float) -> Trace:
    return logits.scale_maps(network().module, to_input(_digit), name, dict.fromkeys(channels, gain))


def logits_without_each_map(digit: Digit, name: str) -> NDArray[np.float32]:
    """Return the logits of a digit without each single input map of a step, (input channels, 10)."""
    return _logits_without_each_map(digit.key, digit, name)


@of_network(max_entries=256)
def _logits_without_each_map(key: str, _digit: Digit, name: str) -> NDArray[np.float32]:
    return logits.logits_without_each_map(network().module, record(_digit), name)
