"""The network, loaded once and shared by all people, and bounded caches of what was computed with it."""

import gc
import sys
import time
from contextlib import suppress

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from model import layers, receptive_field, trace
from model.errors import WeightsError
from model.images import digits
from model.images.records import Digit
from model.layers.records import Arithmetic
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.parameters import printed_table
from model.parameters.records import RowComparison
from model.receptive_field import measured
from model.receptive_field.records import Box, EffectiveField, Growth, ReceptiveField
from model.trace.records import Trace
from viz.app.queued_cache import queued

_PART = 500  # images at a time
_HEAVY = ("torchvision", "captum")  # imported only where they are needed


@st.cache_resource(show_spinner=False)
def network() -> AssignmentNetwork:
    """Return the trained network. All people share it, and nothing may change it.

    Raises:
        WeightsError: The weights are missing or damaged.
    """
    return weights.load()


@st.cache_resource(max_entries=1, show_spinner=False)
def _random_network() -> AssignmentNetwork:
    """Return the network with random weights, for results that do not depend on weights."""
    return AssignmentNetwork().eval()


@st.cache_resource(max_entries=1, show_spinner=False)
def outline() -> Trace:
    """Return a trace for the structure: only its steps and shapes have a meaning, not its values.

    It needs no trained weights, so pages about the structure work without them.
    """
    return trace.record(_random_network(), digits.to_input(digits.samples()[0]))


def warm_up() -> None:
    """Warm up once for each process, and again after a heavy package was imported."""
    _warm_up(tuple(name for name in _HEAVY if name in sys.modules))


@st.cache_resource(show_spinner=False, max_entries=2 ** len(_HEAVY))
def _warm_up(imported: tuple[str, ...]) -> None:
    """Use one thread for each image, run everything once, and exclude living objects from later garbage collections.

    With PyTorch loaded, a full collection takes longer than a page run unless permanent objects are frozen first.
    """
    torch.set_num_threads(1)  # more threads do not help one image, and people share the cores
    outline()
    with suppress(WeightsError):  # each page that needs them shows the message
        network()
    gc.collect()
    gc.freeze()


def record(digit: Digit) -> Trace:
    """Return the trace of a digit through the trained network."""
    return _record(digit.key, digit)


@st.cache_resource(max_entries=64, show_spinner=False)
def _record(key: str, _digit: Digit) -> Trace:  # the key identifies the digit to the pixel
    return trace.record(network(), digits.to_input(_digit))


@st.cache_resource(max_entries=1, show_spinner=False)
def arithmetic() -> dict[str, Arithmetic]:
    """Return shape, parameters and cost of every step; they do not depend on the digit."""
    return layers.arithmetic(outline())


@st.cache_resource(max_entries=1, show_spinner=False)
def comparisons() -> tuple[RowComparison, ...]:
    """Return the assignment's printed table compared with the network, row by row."""
    return printed_table.compare(_random_network())


@st.cache_resource(max_entries=1, show_spinner=False)
def fields() -> dict[str, ReceptiveField]:
    """Return the receptive field of every step with feature maps."""
    return receptive_field.of_network(_random_network())


def mnist_losses() -> NDArray[np.float32]:
    """Return the loss of each MNIST test image: the negative log-probability of its label, (10000,).

    The first call takes seconds and shows its progress; all people share the cached parts.
    """
    starts = range(0, len(digits.mnist("test")), _PART)
    place, began, parts = st.empty(), time.monotonic(), []
    for done, start in enumerate(starts):
        if time.monotonic() - began > 0.3:  # cached parts are fast and need no progress bar
            place.progress(done / len(starts), "Computing the loss of each image")
        parts.append(_part_of_losses(start))
    place.empty()
    return np.concatenate(parts)


@queued(max_entries=64)
def _part_of_losses(start: int) -> NDArray[np.float32]:
    test = digits.mnist("test")
    part = slice(start, start + _PART)
    with torch.no_grad():
        scores = network()(digits.normalise(test.images[part]))
    losses = torch.nn.functional.cross_entropy(scores, torch.from_numpy(test.labels[part]), reduction="none")
    return np.asarray(losses.numpy())


@st.cache_resource(max_entries=1, show_spinner=False)
def growth() -> dict[str, Growth]:
    """Return how each step with feature maps changes the receptive field, by its name."""
    return {step.name: step for step in receptive_field.growth(_random_network())}


@st.cache_resource(max_entries=512, show_spinner=False)
def measured_box(name: str, y: int, x: int) -> Box:
    """Return the box of pixels that can affect a unit of a step, measured by gradient."""
    return measured.measured_box(_random_network(), name, (y, x))


@queued(max_entries=256, show_spinner="Measuring on 53 digits")
def effective_field(name: str, y: int, x: int) -> EffectiveField:
    """Return how strongly each pixel affects a unit of the trained network, averaged over the samples."""
    images = torch.cat([digits.to_input(sample) for sample in digits.samples()])
    return measured.effective_field(network(), images, name, (y, x))
