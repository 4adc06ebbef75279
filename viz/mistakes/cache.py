"""Cached logits of labelled pictures, and results computed from them.

Everything is kept for each network and for each set of pictures, by the digest of its content.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import streamlit as st

from model.design.runs import kept as runs
from model.errors import InputError
from model.images import folder
from model.mistakes import confusion as matrix
from model.mistakes import labelled
from model.mistakes import scores as files
from model.mistakes.calibration import reliability as calibration
from model.mistakes.calibration.records import ChanceError, Reliability, TemperatureScaling
from model.mistakes.labelled import LabelledPictures
from model.mistakes.records import FOLDER, MNIST, Confusion, Scores
from model.networks.assignment import weights
from model.records import Numbers
from viz.app import current, picture_picker
from viz.app.current import network, network_id, of_network
from viz.app.queued_cache import NotCachedError, queued

_LOOKED = "the networks whose test images were seen in this visit"


def sets(*, with_folder: bool = True) -> tuple[LabelledPictures, ...]:
    """Return the labelled pictures that the network of this run can be tested on.

    Args:
        with_folder: Whether the folder that the app was started with is looked at.

    Raises:
        InputError: This folder cannot be listed.
    """
    root = picture_picker.given_folder() if with_folder else None
    return labelled.of_network(current.structure(), folder.listed(root) if root else None)


def scores(pictures: LabelledPictures) -> Scores:
    """Return the logits of labelled pictures: the assignment's of MNIST come along, all others are computed.

    Computing them takes seconds and shows its progress; all people share the cached parts.

    Raises:
        WeightsError: Those that come along are missing, damaged, or belong to other weights.
        DataError: MNIST is needed, and is missing or damaged.
    """
    if _come_along(pictures):
        return _shipped()
    kept = known(pictures)
    return kept or _computed(pictures)


def _come_along(pictures: LabelledPictures) -> bool:
    return current.is_assignment() and pictures.name == MNIST


@of_network(max_entries=16)
def _shipped() -> Scores:
    return files.read()


def known(pictures: LabelledPictures) -> Scores | None:
    """Return the logits where they are in the cache."""
    try:
        return _seen(pictures, _whole.cached(pictures.digest, pictures))
    except NotCachedError:
        return None


def _computed(pictures: LabelledPictures) -> Scores:
    place, began = st.empty(), time.monotonic()

    def advance(done: int) -> None:
        if time.monotonic() - began > 0.3:  # cached parts are fast and need no progress bar
            said = f"Classifying the pictures: {done:,} of {len(pictures):,}"
            place.progress(done / len(pictures), f"{said}. You can leave this page: what is done is kept.")

    found = computed(pictures, advance)
    place.empty()
    return found


def computed(pictures: LabelledPictures, advance: Callable[[int], object]) -> Scores:
    """Return the logits; the parts are computed in turns and kept, so a person who comes back goes on where it was.

    Args:
        pictures: Labelled pictures.
        advance: Called after each part with the number of pictures that are done.
    """
    for part in _parts(pictures):
        _part(pictures.digest, part.start, part.stop, pictures)
        advance(part.stop)
    return _seen(pictures, _whole(pictures.digest, pictures))


def _seen(pictures: LabelledPictures, found: Scores) -> Scores:
    """Count once for each visit of the app that it sees the test images with the network of a run of the design lab."""
    looked = st.session_state.setdefault(_LOOKED, set())
    if pictures.name != FOLDER and network_id() not in looked:
        looked.add(network_id())
        if run := runs.run_of(network_id()):
            with suppress(InputError):  # the network is still here, the run is not
                runs.count_look(run, int(found.correct.sum()), len(found))
    return found


def looks() -> int | None:
    """Return how often somebody looked at the test images of the run that the network is of.

    It is 0 where the run is not kept any more, and None where the network is of no run.
    """
    run = runs.run_of(network_id())
    if run is None:
        return None
    try:
        return runs.read(run, weights=False).test.looks
    except InputError:
        return 0


def _parts(pictures: LabelledPictures) -> list[range]:
    return files.parts(len(pictures), files.at_once(network(), pictures))


@queued(max_entries=2048)
def _part(digest: str, start: int, stop: int, _pictures: LabelledPictures) -> Scores:
    return files.of_part(network(), _pictures, range(start, stop))


@queued(max_entries=64)
def _whole(digest: str, _pictures: LabelledPictures) -> Scores:
    return files.joined([_part(digest, part.start, part.stop, _pictures) for part in _parts(_pictures)])


@of_network(max_entries=16)
def weights_card() -> dict[str, Any]:
    """Return the card of the weights of the assignment's network."""
    return weights.read_card()


def confusion(pictures: LabelledPictures) -> Confusion:
    """Return how often each label is classified as each class."""
    return _confusion(pictures.digest, scores(pictures))


@of_network(max_entries=64)
def _confusion(digest: str, _scores: Scores) -> Confusion:
    return matrix.confusion(_scores)


def halves(pictures: LabelledPictures) -> tuple[Scores, Scores]:
    """Return the fitting half and the evaluation half of the images."""
    return calibration.halves(scores(pictures))


def reliability(pictures: LabelledPictures, half: int, temperature: float) -> Reliability:
    """Return the reliability on the fitting half (0) or the evaluation half (1) at a temperature."""
    return _reliability(pictures.digest, half, temperature, halves(pictures)[half])


@of_network(max_entries=256)
def _reliability(digest: str, half: int, temperature: float, _scores: Scores) -> Reliability:
    return calibration.reliability(_scores, temperature)


def chance_error(pictures: LabelledPictures, half: int, temperature: float) -> ChanceError:
    """Return the calibration error that is due to chance on the fitting half (0) or the evaluation half (1)."""
    return _chance_error(pictures.digest, half, temperature, halves(pictures)[half])


@queued(max_entries=64, show_spinner="Simulating the calibration error")
def _chance_error(digest: str, half: int, temperature: float, _scores: Scores) -> ChanceError:
    return calibration.chance_error(_scores, temperature)


def temperature_scaling(pictures: LabelledPictures, temperatures: tuple[float, ...]) -> TemperatureScaling:
    """Return the fitted temperature, and the loss of both halves at these temperatures.

    Raises:
        InputError: No temperature can be fitted.
    """
    return _temperature_scaling(pictures.digest, temperatures, halves(pictures))


@queued(max_entries=16, show_spinner="Fitting a temperature")
def _temperature_scaling(
    digest: str, temperatures: tuple[float, ...], _halves: tuple[Scores, Scores]
) -> TemperatureScaling:
    every: Numbers = np.array(temperatures)
    return calibration.temperature_scaling(*_halves, every)
