"""Cached results of the head, and of changed input maps."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from model.head import logits
from model.head.records import Head
from model.images import digits
from model.images.records import Digit
from model.trace.records import Trace
from viz.app.shared import network, record


def head(digit: Digit) -> Head:
    """Return the head of the trained network for a digit."""
    return logits.of_trace(record(digit))


def scaled_maps(digit: Digit, name: str, channels: tuple[int, ...], gain: float) -> Trace:
    """Return the trace of a digit with some input maps of a convolution multiplied by a gain."""
    return _scaled_maps(digit.key, digit, name, channels, gain) if channels else record(digit)


@st.cache_resource(max_entries=32, show_spinner=False)
def _scaled_maps(key: str, _digit: Digit, name: str, channels: tuple[int, ...], gain: float) -> Trace:
    return logits.scale_maps(network(), digits.to_input(_digit), name, dict.fromkeys(channels, gain))


def logits_without_each_map(digit: Digit, name: str) -> NDArray[np.float32]:
    """Return the logits of a digit without each single input map of a step, (input channels, 10)."""
    return _logits_without_each_map(digit.key, digit, name)


@st.cache_resource(max_entries=256, show_spinner=False)
def _logits_without_each_map(key: str, _digit: Digit, name: str) -> NDArray[np.float32]:
    return logits.logits_without_each_map(network(), record(_digit), name)
