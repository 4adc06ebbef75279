"""The model, read once for everybody and frozen; what was computed, kept in bounded caches."""

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
from viz.app.queued_cache import in_turn

_PART = 500  # images at a time
_HEAVY = ("torchvision", "captum")  # imported only by who needs them


@st.cache_resource(show_spinner=False)
def network() -> AssignmentNetwork:
    """Return the trained network, shared by everybody and only ever read.

    Raises:
        WeightsError: The weights are missing or damaged.
    """
    return weights.load()


@st.cache_resource(max_entries=1, show_spinner=False)
def _untrained() -> AssignmentNetwork:
    """Return the network with the weights it begins with, for what no weights change."""
    return AssignmentNetwork().eval()


@st.cache_resource(max_entries=1, show_spinner=False)
def outline() -> Trace:
    """Return a trace of which the steps, their shapes and their parameters' shapes count alone, not the values.

    It needs no trained weights, so that pages on the structure work where these are missing.
    """
    return trace.record(_untrained(), digits.to_input(digits.samples()[0]))


def warm_up() -> None:
    """Get ready: once a process, and again when a heavy package has come in since."""
    _warm_up(tuple(name for name in _HEAVY if name in sys.modules))


@st.cache_resource(show_spinner=False, max_entries=2 ** len(_HEAVY))
def _warm_up(imported: tuple[str, ...]) -> None:
    """Use one thread an image, pay first-run costs, and leave what is alive out of later garbage collections.

    With PyTorch loaded a full collection takes longer than our pages do, unless what is there to stay is frozen first.
    """
    torch.set_num_threads(1)  # one image gains nothing from more, and people share the cores
    outline()
    with suppress(WeightsError):  # said by each page that needs them
        network()
    gc.collect()
    gc.freeze()


def record(digit: Digit) -> Trace:
    """Return the trace of a digit through the trained network."""
    return _record(digit.key, digit)


@st.cache_resource(max_entries=64, show_spinner=False)
def _record(key: str, _digit: Digit) -> Trace:  # the key alone decides: it names the digit to the pixel
    return trace.record(network(), digits.to_input(_digit))


@st.cache_resource(max_entries=1, show_spinner=False)
def arithmetic() -> dict[str, Arithmetic]:
    """Return shape, parameters and cost of every step, worked out; no digit changes them."""
    return layers.arithmetic(outline())


@st.cache_resource(max_entries=1, show_spinner=False)
def comparisons() -> tuple[RowComparison, ...]:
    """Return what the assignment printed for each row, held against the network."""
    return printed_table.compare(_untrained())


@st.cache_resource(max_entries=1, show_spinner=False)
def fields() -> dict[str, ReceptiveField]:
    """Return the receptive field of every step that puts out feature maps."""
    return receptive_field.of_network(_untrained())


def mnist_losses() -> NDArray[np.float32]:
    """Return how hard the network finds each MNIST test image: the negative log-probability of its label, (10000,).

    Takes seconds the first time, and shows how far it is; each part is kept for everybody.
    """
    starts = range(0, len(digits.mnist("test")), _PART)
    place, began, parts = st.empty(), time.monotonic(), []
    for done, start in enumerate(starts):
        if time.monotonic() - began > 0.3:  # kept parts come at once and need no bar
            place.progress(done / len(starts), "Looking for the hardest images")
        parts.append(_part_of_losses(start))
    place.empty()
    return np.concatenate(parts)


@in_turn(max_entries=64)
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
    return {step.name: step for step in receptive_field.growth(_untrained())}


@st.cache_resource(max_entries=512, show_spinner=False)
def measured_box(name: str, y: int, x: int) -> Box:
    """Return which pixels can affect a unit of a step, measured by gradient."""
    return measured.measured(_untrained(), name, (y, x))


@in_turn(max_entries=256, show_spinner="Measuring on 53 digits")
def effective_field(name: str, y: int, x: int) -> EffectiveField:
    """Return how strongly each pixel affects a unit of the trained network, over the project's digits."""
    images = torch.cat([digits.to_input(sample) for sample in digits.samples()])
    return measured.effective(network(), images, name, (y, x))
