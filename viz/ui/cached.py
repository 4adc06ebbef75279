"""The model, read once for everybody and frozen; what was computed, kept in bounded caches."""

import gc
import sys

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from model import digits, trace, weights
from model.network import AssignmentNetwork
from model.records import Digit, Trace

_HEAVY = ("torchvision", "captum")  # imported only by who needs them


@st.cache_resource(show_spinner=False)
def network() -> AssignmentNetwork:
    """Return the trained network, shared by everybody and only ever read.

    Raises:
        WeightsError: The weights are missing or damaged.
    """
    return weights.load()


def warm_up() -> None:
    """Get ready: once a process, and again when a heavy package has come in since."""
    _warm_up(tuple(name for name in _HEAVY if name in sys.modules))


@st.cache_resource(show_spinner=False, max_entries=2 ** len(_HEAVY))
def _warm_up(imported: tuple[str, ...]) -> None:
    """Use one thread an image, pay first-run costs, and leave what is alive out of later garbage collections.

    Streamlit collects garbage after every run; with PyTorch loaded that takes longer than our pages do, unless
    what is there to stay is frozen first.
    """
    torch.set_num_threads(1)  # one image gains nothing from more, and people share the cores
    trace.record(network(), digits.to_input(digits.samples()[0]))
    gc.collect()
    gc.freeze()


def record(digit: Digit) -> Trace:
    """Return the trace of a digit through the trained network."""
    return _record(digit.key, digit)


@st.cache_resource(max_entries=64, show_spinner=False)
def _record(key: str, _digit: Digit) -> Trace:  # the key alone decides: it names the digit to the pixel
    return trace.record(network(), digits.to_input(_digit))


@st.cache_resource(max_entries=1, show_spinner=False)
def mnist_losses(_progress: st.delta_generator.DeltaGenerator) -> NDArray[np.float32]:
    """Return how hard the network finds each of MNIST's test images: the negative log-probability of its label."""
    test = digits.mnist("test")
    parts = []
    for start in range(0, len(test), 500):
        x = digits.normalise(test.images[start : start + 500])
        labels = torch.from_numpy(test.labels[start : start + 500])
        with torch.no_grad():
            parts.append(torch.nn.functional.cross_entropy(network()(x), labels, reduction="none").numpy())
        _progress.progress((start + 500) / len(test), "Looking for the hardest images")
    return np.concatenate(parts)
