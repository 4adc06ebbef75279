"""Caches of the training page: the published reports, and the network after each epoch."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from model import networks
from model.errors import GlassError
from model.images.records import Digit
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.records import Numbers
from model.training import published, recipe_changes, seeds
from model.training.records import BlockHistory, PairedTest, RecipeResult, Trial
from model.training.snapshots import block_history, read_snapshots
from viz.app import current, shared
from viz.app.current import network, of_network
from viz.app.queued_cache import queued
from viz.training import snapshots

_Stamp = tuple[str, int]  # the path of a file, and its modification time


def has_result(name: str) -> bool:
    """Return whether a report exists."""
    return published.is_present(name, published.FOLDER)


def result(name: str) -> RecipeResult:
    """Return a report as it is on the disk now.

    Raises:
        InputError: It cannot be read.
    """
    return _result(name, _stamp(name))


@st.cache_resource(max_entries=16, show_spinner=False)
def _result(name: str, stamp: _Stamp) -> RecipeResult:
    return published.read(name, Path(stamp[0]).parent)


def paired_test(one: str, other: str) -> PairedTest:
    """Return the paired test of two reports; the first call takes seconds.

    Raises:
        InputError: They were evaluated on different images.
    """
    return _paired_test(one, _stamp(one), other, _stamp(other))


@queued(max_entries=4, show_spinner="Resampling seeds and images 10,000 times")
def _paired_test(one: str, stamp: _Stamp, other: str, other_stamp: _Stamp) -> PairedTest:
    return seeds.paired_test(_result(one, stamp), _result(other, other_stamp))


def trials(base: str) -> tuple[tuple[Trial, ...], tuple[str, ...]]:
    """Return the trials of the search compared with the chosen recipe, and an error message for each unreadable trial.

    The first call takes seconds and shows its progress.
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
    return published.read_trial(key, _result(base, base_stamp), folder)


def _stamp(name: str) -> _Stamp:
    path = published.FOLDER / f"{name}.json"
    return str(path), path.stat().st_mtime_ns if path.is_file() else 0


@st.cache_resource(max_entries=4, show_spinner=False)
def rates(names: Sequence[str], images: int) -> dict[str, tuple[Numbers, Numbers]]:
    """Return the learning rate over a run of each recipe, by name."""
    return {name: recipe_changes.rates(name, images) for name in names}


@st.cache_resource(max_entries=1, show_spinner="Reading the network of every epoch")
def _snapshots() -> dict[int, AssignmentNetwork]:
    return read_snapshots()


def has_snapshots() -> bool:
    """Tell whether the network of this run was kept after each epoch."""
    return current.is_assignment() or bool(networks.snapshots(current.network_id()))


def card() -> Mapping[str, Any]:
    """Return the card of the network of this run.

    Raises:
        WeightsError: It is that of the assignment's network, and is missing or damaged.
    """
    return weights.read_card() if current.is_assignment() else network().card


def block_through_epochs(digit: Digit, row: str) -> BlockHistory:
    """Return one block of the network after each epoch, for a digit.

    Raises:
        WeightsError: A snapshot is missing or damaged.
    """
    return _block_through_epochs(digit.key, row, digit)


@queued(max_entries=64)
def _block_through_epochs(key: str, row: str, _digit: Digit) -> BlockHistory:
    kept = _snapshots() if current.is_assignment() else networks.snapshots(current.network_id())
    return replace(block_history(kept, shared.to_input(_digit), row), classes=shared.structure().classes)


def kernel_panels(found: BlockHistory, channel: int, *, one_scale: bool) -> list[dict[str, Any]]:
    """Return the pictures of a block's kernels after each epoch; they do not depend on the digit."""
    return _kernel_panels(found.row, channel, one_scale, found)


@of_network(max_entries=32)
def _kernel_panels(row: str, channel: int, one_scale: bool, _found: BlockHistory) -> list[dict[str, Any]]:
    return snapshots.kernels(_found, channel, shared=one_scale)
