"""A digit with dropout on: one mask, many masks, and many digits."""

import time
from dataclasses import replace

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from model import trace
from model.dropout import passes as dropout
from model.dropout.records import Convergence, Draw, DropoutPlan, Masks, Passes, Reading
from model.images import digits, mnist
from model.images.records import Digit
from model.trace.records import Trace
from viz.app.queued_cache import in_turn
from viz.app.shared import network, record

_PASSES = 100  # passes with dropout on at a time
_READ = 1000  # MNIST images that are read for each p


@st.cache_resource(max_entries=1, show_spinner=False)
def own_probabilities() -> dict[str, float]:
    """Return the p that each dropout row was built with."""
    return dropout.own_probabilities(network())


def record_dropping(digit: Digit, plan: DropoutPlan) -> Trace:
    """Return the trace of a digit with dropout on."""
    return _record_dropping(digit.key, plan, digit)


@st.cache_resource(max_entries=64, show_spinner=False)
def _record_dropping(key: str, plan: DropoutPlan, _digit: Digit) -> Trace:
    return trace.record(network(), digits.to_input(_digit), plan=plan)


def passes(digit: Digit, plan: DropoutPlan, count: int) -> Passes:
    """Return many answers to a digit with dropout on, with the masks of the plan's thousand from its first on.

    The thousand is the one that the plan's seed lies in, so that another mask on the page costs nothing here.
    """
    plan = replace(plan, seed=_thousand(plan.seed))
    starts = range(0, count, _PASSES)
    place, began, parts, shown = st.empty(), time.monotonic(), [], False
    for start in starts:
        if shown := time.monotonic() - began > 0.3:
            place.progress(start / count, f"Pass {start:,} of {count:,}")
        part = replace(plan, seed=plan.seed + start)
        parts.append(_passes(digit.key, part, min(_PASSES, count - start), digit))
    if shown:
        place.empty()
    return dropout.passes(record(digit), parts, plan.seed)


@in_turn(max_entries=512)
def _passes(key: str, plan: DropoutPlan, count: int, _digit: Digit) -> NDArray[np.float32]:
    return dropout.probabilities(network(), digits.to_input(_digit), _drawn(plan, count))


@st.cache_resource(max_entries=64, show_spinner=False)
def _drawn(plan: DropoutPlan, count: int) -> tuple[Draw, ...]:
    return dropout.draw(network(), record(digits.samples()[0]), plan, count)


def convergence(digit: Digit, name: str, plan: DropoutPlan) -> Convergence:
    """Return how the mean over a thousand masks of a row returns to the value without dropout."""
    plan = replace(plan, rows=None, seed=_thousand(plan.seed))  # which rows drop changes no mask
    return _convergence(digit.key, name, plan, digit)


@in_turn(max_entries=64)
def _convergence(key: str, name: str, plan: DropoutPlan, _digit: Digit) -> Convergence:
    return dropout.convergence(record(_digit), _masks(name, plan))


@st.cache_resource(max_entries=32, show_spinner=False)
def _masks(name: str, plan: DropoutPlan) -> Masks:
    return dropout.masks(record(digits.samples()[0]), name, plan)


def source_of_readings() -> str:
    """Say which digits ``readings`` reads."""
    if mnist.is_present():
        return f"The first {_READ:,} of MNIST's test images"
    return f"The project's {len(_labelled())} labelled digits"


def readings(plan: DropoutPlan) -> tuple[Reading, ...]:
    """Return how well many digits are read for ten values of p; takes seconds the first time, and shows how far it is.

    They are MNIST's first test images, or where MNIST is missing the project's own.
    """
    place, began, found = st.empty(), time.monotonic(), []
    for step in range(10):
        if time.monotonic() - began > 0.3:
            place.progress(step / 10, f"Reading with p = {step / 10:.2f}")
        found.append(_reading(mnist.is_present(), replace(plan, p=step / 10, seed=0)))
    place.empty()
    return tuple(found)


@in_turn(max_entries=256)
def _reading(present: bool, plan: DropoutPlan) -> Reading:
    if present:
        test = digits.mnist("test")
        return dropout.read_many(network(), digits.normalise(test.images[:_READ]), test.labels[:_READ], plan)
    images = torch.cat([digits.to_input(sample) for sample in _labelled()])
    return dropout.read_many(network(), images, np.asarray([sample.label for sample in _labelled()]), plan)


def _labelled() -> list[Digit]:
    return [sample for sample in digits.samples() if sample.label is not None]


def _thousand(seed: int) -> int:
    return seed - seed % dropout.MASKS
