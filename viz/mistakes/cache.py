"""Cached logits of the test images, and results computed from them."""

from typing import Any

import numpy as np

from model.mistakes import confusion as matrix
from model.mistakes import scores as files
from model.mistakes.calibration import reliability as calibration
from model.mistakes.calibration.records import ChanceError, Reliability, TemperatureScaling
from model.mistakes.records import Confusion, Scores
from model.networks.assignment import weights
from model.records import Numbers
from viz.app.current import of_network
from viz.app.queued_cache import queued


@of_network(max_entries=16)
def scores() -> Scores:
    """Return the logits of MNIST's test images.

    Raises:
        WeightsError: They are missing, damaged, or belong to other weights.
    """
    return files.read()


@of_network(max_entries=16)
def weights_card() -> dict[str, Any]:
    """Return the card of the weights."""
    return weights.read_card()


@of_network(max_entries=16)
def confusion() -> Confusion:
    """Return how often each label is classified as each class."""
    return matrix.confusion(scores())


def halves() -> tuple[Scores, Scores]:
    """Return the fitting half and the evaluation half of the images."""
    return calibration.halves(scores())


@of_network(max_entries=256)
def reliability(half: int, temperature: float) -> Reliability:
    """Return the reliability on the fitting half (0) or the evaluation half (1) at a temperature."""
    return calibration.reliability(halves()[half], temperature)


@queued(max_entries=64, show_spinner="Simulating the calibration error")
def chance_error(half: int, temperature: float) -> ChanceError:
    """Return the calibration error that is due to chance on the fitting half (0) or the evaluation half (1)."""
    return calibration.chance_error(halves()[half], temperature)


@queued(max_entries=4, show_spinner="Fitting a temperature")
def temperature_scaling(temperatures: tuple[float, ...]) -> TemperatureScaling:
    """Return the fitted temperature, and the loss of both halves at these temperatures."""
    every: Numbers = np.array(temperatures)
    return calibration.temperature_scaling(*halves(), every)
