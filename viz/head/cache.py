"""The head of a digit, and what changes behind maps that are muted."""

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
    """Return the head of the trained network on a digit."""
    return logits.of_trace(record(digit))


def mixed(digit: Digit, name: str, channels: tuple[int, ...], gain: float) -> Trace:
    """Return the trace of a digit with some input maps of a convolution times a gain."""
    return _mixed(digit.key, digit, name, channels, gain) if channels else record(digit)


@st.cache_resource(max_entries=32, show_spinner=False)
def _mixed(key: str, _digit: Digit, name: str, channels: tuple[int, ...], gain: float) -> Trace:
    return logits.mixed(network(), digits.to_input(_digit), name, dict.fromkeys(channels, gain))


def each_muted(digit: Digit, name: str) -> NDArray[np.float32]:
    """Return the logits of a digit without each input map of a step in turn, (input channels, 10)."""
    return _each_muted(digit.key, digit, name)


@st.cache_resource(max_entries=256, show_spinner=False)
def _each_muted(key: str, _digit: Digit, name: str) -> NDArray[np.float32]:
    return logits.each_muted(network(), record(_digit), name)
