"""The logits of the test images, and what is worked out from them."""

from typing import Any

import numpy as np
import streamlit as st

from model.mistakes import confusion as mistakes
from model.mistakes import scores as files
from model.mistakes.calibration import reliability as calibration
from model.mistakes.calibration.records import Chance, Reliability, Scaling
from model.mistakes.records import Confusion, Scores
from model.networks.assignment import weights
from model.records import Numbers
from viz.app.queued_cache import in_turn


@st.cache_resource(max_entries=1, show_spinner=False)
def scores() -> Scores:
    """Return the logits of MNIST's test images.

    Raises:
        WeightsError: They are missing, damaged, or of other weights.
    """
    return files.read()


@st.cache_resource(max_entries=1, show_spinner=False)
def weights_card() -> dict[str, Any]:
    """Return what is known of the weights."""
    return weights.read_card()


@st.cache_resource(max_entries=1, show_spinner=False)
def confusion() -> Confusion:
    """Return how often each label is read as each class."""
    return mistakes.confusion(scores())


def halves() -> tuple[Scores, Scores]:
    """Return the images that a temperature is fitted on, and those that it is judged by."""
    return calibration.halves(scores())


@st.cache_resource(max_entries=256, show_spinner=False)
def reliability(half: int, temperature: float) -> Reliability:
    """Return how sure and how often right the network is on a half of the images, 0 or 1, with a temperature."""
    return calibration.reliability(halves()[half], temperature)


@in_turn(max_entries=64, show_spinner="Drawing right and wrong by chance")
def chance(half: int, temperature: float) -> Chance:
    """Return the calibration error that chance alone gives on a half of the images, 0 or 1."""
    return calibration.chance(halves()[half], temperature)


@in_turn(max_entries=4, show_spinner="Fitting a temperature")
def scaling(temperatures: tuple[float, ...]) -> Scaling:
    """Return a temperature fitted on the one half, and the loss of both halves at these."""
    every: Numbers = np.array(temperatures)
    return calibration.scaling(*halves(), every)
