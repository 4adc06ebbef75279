"""What training came to: reports that ship with the project, and the network as it was after each epoch."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from model.errors import GlassError
from model.images import digits
from model.images.records import Digit
from model.networks.assignment.network import AssignmentNetwork
from model.records import Numbers
from model.training import alterations, published, seeds
from model.training import snapshots as formation
from model.training.records import Formation, Paired, Study, Trial
from viz.app.queued_cache import in_turn
from viz.training import snapshots as forming

_Stamp = tuple[str, int]  # where a file lies, and when it was written


def has_study(name: str) -> bool:
    """Tell whether a report is there."""
    return published.is_present(name, published.FOLDER)


def study(name: str) -> Study:
    """Return a report as it is on the disk now.

    Raises:
        InputError: It cannot be read.
    """
    return _study(name, _stamp(name))


@st.cache_resource(max_entries=16, show_spinner=False)
def _study(name: str, stamp: _Stamp) -> Study:
    return published.read(name, Path(stamp[0]).parent)


def paired(one: str, other: str) -> Paired:
    """Return two reports tested against each other; takes seconds the first time.

    Raises:
        InputError: They were judged on different images.
    """
    return _paired(one, _stamp(one), other, _stamp(other))


@in_turn(max_entries=4, show_spinner="Drawing seeds and images anew, 10,000 times")
def _paired(one: str, stamp: _Stamp, other: str, other_stamp: _Stamp) -> Paired:
    return seeds.paired(_study(one, stamp), _study(other, other_stamp))


def trials(base: str) -> tuple[tuple[Trial, ...], tuple[str, ...]]:
    """Return the search's trials against the recipe that was found, and a sentence on each that cannot be read.

    Takes seconds the first time, and shows how far it is.
    """
    keys, place, began = published.trial_keys(published.FOLDER), st.empty(), time.monotonic()
    found, problems, shown = [], [], False
    for done, key in enumerate(keys):
        if shown := shown or time.monotonic() - began > 0.3:
            place.progress(done / len(keys), f"Trial {done + 1} of {len(keys)}")
        try:
            found.append(_trial(key, _stamp(f"search/{key}"), base, _stamp(base)))
        except GlassError as error:
            problems.append(str(error))
    if shown:
        place.empty()
    return tuple(found), tuple(problems)


@st.cache_resource(max_entries=256, show_spinner=False)
def _trial(key: str, stamp: _Stamp, base: str, base_stamp: _Stamp) -> Trial:
    folder = Path(base_stamp[0]).parent
    return published.read_trial(key, _study(base, base_stamp), folder)


def _stamp(name: str) -> _Stamp:
    path = published.FOLDER / f"{name}.json"
    return str(path), path.stat().st_mtime_ns if path.is_file() else 0


@st.cache_resource(max_entries=4, show_spinner=False)
def rates(names: Sequence[str], images: int) -> dict[str, tuple[Numbers, Numbers]]:
    """Return the learning rate of recipes over a run, by their names."""
    return {name: alterations.rates(name, images) for name in names}


@st.cache_resource(max_entries=1, show_spinner="Reading the network of every epoch")
def _snapshots() -> dict[int, AssignmentNetwork]:
    return formation.snapshots()


def block_through_epochs(digit: Digit, row: str) -> Formation:
    """Return one block of the network after each epoch, on a digit.

    Raises:
        WeightsError: A snapshot is missing or damaged.
    """
    return _block_through_epochs(digit.key, row, digit)


@in_turn(max_entries=64)
def _block_through_epochs(key: str, row: str, _digit: Digit) -> Formation:
    return formation.follow(_snapshots(), digits.to_input(_digit), row)


def kernel_panels(found: Formation, channel: int, *, shared: bool) -> list[dict[str, Any]]:
    """Return the pictures of a block's kernels after each epoch, which no digit changes."""
    return _kernel_panels(found.row, channel, shared, found)


@st.cache_resource(max_entries=32, show_spinner=False)
def _kernel_panels(row: str, channel: int, shared: bool, _found: Formation) -> list[dict[str, Any]]:
    return forming.kernels(_found, channel, shared=shared)
