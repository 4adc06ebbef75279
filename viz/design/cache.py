"""Designs to begin with, and what would bring a design under a limit: kept for all people."""

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


def runs() -> tuple[tuple[Run, int], ...]:
    """Return all runs that are kept, the newest first, without their weights, each with the parameters of its design.

    The files are read again when one was added, changed or removed.
    """
    files = [*kept.folder().glob(f"*{kept.SUFFIX}")]
    return _runs(tuple(sorted((path.name, path.stat().st_mtime_ns) for path in files)))


@st.cache_resource(max_entries=2, show_spinner=False)
def _runs(files: tuple[tuple[str, int], ...]) -> tuple[tuple[Run, int], ...]:
    del files  # by which the cache knows what is there
    return tuple((run, assess(text.read(run.progress.choices.design)).parameters) for run in kept.every())


@queued(max_entries=256, show_spinner="Trying changes")
def changes(link: str, limit: int) -> tuple[WhatIf, ...]:
    """Return the cheapest changes that bring the design of a link under a limit of parameters."""
    return what_if(text.from_link(link), limit)
