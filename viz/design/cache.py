"""Designs to begin with, and what would bring a design under a limit: kept for all people."""

import functools
from pathlib import Path

import streamlit as st

from model.design import presets, text
from model.design.assess import assess
from model.design.from_network import design_of
from model.design.records import Design, Found, WhatIf
from model.design.runs import kept
from model.design.runs.records import Run
from model.design.what_if import what_if
from model.errors import InputError
from viz.app import current
from viz.app.queued_cache import queued

Known = tuple[Run, int]  # a run without its weights, and the parameters of its design


@current.of_network(max_entries=64)
def opened() -> Found | str:
    """Return the network of this run as a design, or a sentence that says why it is none."""
    try:
        return design_of(current.structure())
    except InputError as error:
        return str(error)


@st.cache_resource(max_entries=len(presets.PRESETS), show_spinner=False)
def preset(name: str) -> Design:
    """Return a design that comes along.

    Raises:
        WeightsError: It is read from a network whose weights are missing or damaged.
    """
    return presets.preset(name)


def runs() -> tuple[Known, ...]:
    """Return all runs that are kept, the newest first; they are read again when one was added, changed or removed."""
    place = kept.folder()
    try:
        changed = place.stat().st_mtime_ns, sum(1 for _ in place.iterdir())  # the clock of a disk is coarse
    except OSError:  # nothing was kept yet
        return ()
    return _runs(str(place), changed)


@st.cache_resource(max_entries=2, show_spinner=False)
def _runs(place: str, changed: tuple[int, int]) -> tuple[Known, ...]:
    del changed  # when a file was written or removed
    return tuple((run, _parameters(run.progress.choices.design)) for run in kept.every(Path(place)))


@functools.lru_cache(maxsize=kept.MAX_FILES[kept.SUFFIX])
def _parameters(design: str) -> int:
    return assess(text.read(design)).parameters


@queued(max_entries=256, show_spinner="Trying changes")
def changes(link: str, limit: int) -> tuple[WhatIf, ...]:
    """Return the cheapest changes that bring the design of a link under a limit of parameters."""
    return what_if(text.from_link(link), limit)
