"""Cached logits of the test images, and results computed from them."""

import time
from typing import Any

import numpy as np
import streamlit as st

from model.images import mnist
from model.mistakes import confusion as matrix
from model.mistakes import scores as files
from model.mistakes.calibration import reliability as calibration
from model.mistakes.calibration.records import ChanceError, Reliability, TemperatureScaling
from model.mistakes.records import Confusion, Scores
from model.networks.assignment import weights
from model.records import Numbers
from viz.app import current
from viz.app.current import network, of_network
from viz.app.queued_cache import queued


def scores() -> Scores:
    """Return the logits of MNIST's test images: the assignment's come along, those of another network are computed.

    Computing them takes seconds and shows its progress; all people share the cached parts.

    Raises:
        WeightsError: Those that come along are missing, damaged, or belong to other weights.
        DataError: MNIST is needed, and is missing or damaged.
    """
    return _shipped() if current.is_assignment() else _joined(_parts())


@of_network(max_entries=16)
def _shipped() -> Scores:
    return files.read()


def _parts() -> list[Scores]:
    every, count = files.parts(), mnist.SIZES["test"]
    place, began, found = st.empty(), time.monotonic(), []
    for part in every:
        if time.monotonic() - began > 0.3:  # cached parts are fast and need no progress bar
            place.progress(part.start / count, f"Classifying MNIST's test images: {part.start:,} of {count:,}")
        found.append(part_of(part.start, part.stop))
    place.empty()
    return found


@queued(max_entries=512)
def part_of(start: int, stop: int) -> Scores:
    """Return the logits of some of MNIST's test images."""
    return files.of_part(network(), slice(start, stop))


@of_network(max_entries=16)
def _joined(_parts: list[Scores]) -> Scores:
    return files.joined(_parts)


@of_network(max_entries=16)
def weights_card() -> dict[str, Any]:
    """Return the card of the weights of the assignment's network."""
    return weights.read_card()


def confusion() -> Confusion:
    """Return how often each label is classified as each class."""
    return _confusion(scores())


@of_network(max_entries=16)
def _confusion(_scores: Scores) -> Confusion:
    return matrix.confusion(_scores)


def halves() -> tuple[Scores, Scores]:
    """Return the fitting half and the evaluation half of the images."""
    return calibration.halves(scores())


def reliability(half: int, temperature: float) -> Reliability:
    """Return the reliability on the fitting half (0) or the evaluation half (1) at a temperature."""
    return _reliability(half, temperature, halves()[half])


@of_network(max_entries=256)
def _reliability(half: int, temperature: float, _scores: Scores) -> Reliability:
    return calibration.reliability(_scores, temperature)


@queued(max_entries=64, show_spinner="Simulating the calibration error")
def chance_error(half: int, temperature: float) -> ChanceError:
    """Return the calibration error that is due to chance on the fitting half (0) or the evaluation half (1)."""
    return calibration.chance_error(halves()[half], temperature)


@queued(max_entries=4, show_spinner="Fitting a temperature")
def temperature_scaling(temperatures: tuple[float, ...]) -> TemperatureScaling:
    """Return the fitted temperature, and the loss of both halves at these temperatures."""
    every: Numbers = np.array(temperatures)
    return calibration.temperature_scaling(*halves(), every)
