"""Cached results of dropout: one mask, many masks, and many digits."""

import time
from dataclasses import replace

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from model import trace
from model.dropout import passes
from model.dropout.records import Convergence, CountedMasks, DropoutAccuracy, DropoutPlan, Passes, RowMasks
from model.images import digits, mnist
from model.images.records import Digit
from model.trace.records import Trace
from viz.app.current import of_network
from viz.app.queued_cache import queued
from viz.app.shared import mnist_inputs, network, record, samples, to_input

_PASSES = 100  # passes in one cached part
_IMAGES = 1000  # MNIST images that are classified for each p


@of_network(max_entries=16)
def trained_probabilities() -> dict[str, float]:
    """Return the p of each dropout row."""
    return passes.trained_probabilities(network().module)


def record_dropping(digit: Digit, plan: DropoutPlan) -> Trace:
    """Return the trace of a digit with dropout on."""
    return _record_dropping(digit.key, plan, digit)


@of_network(max_entries=64)
def _record_dropping(key: str, plan: DropoutPlan, _digit: Digit) -> Trace:
    return trace.record(network().module, to_input(_digit), plan=plan)


def many_passes(digit: Digit, plan: DropoutPlan, count: int) -> Passes:
    """Return the probabilities of a digit in many passes with dropout on.

    The first seed is the plan's, rounded down to a thousand, so that another mask on the page does not run them again.
    """
    plan = replace(plan, seed=_start_of_thousand(plan.seed))
    starts = range(0, count, _PASSES)
    place, began, parts, shown = st.empty(), time.monotonic(), [], False
    for start in starts:
        if shown := time.monotonic() - began > 0.3:
            place.progress(start / count, f"Pass {start:,} of {count:,}")
        part = replace(plan, seed=plan.seed + start)
        parts.append(_passes(digit.key, part, min(_PASSES, count - start), digit))
    if shown:
        place.empty()
    return Passes(record(digit).probabilities, np.concatenate(parts), plan.seed)


@queued(max_entries=512)
def _passes(key: str, plan: DropoutPlan, count: int, _digit: Digit) -> NDArray[np.float32]:
    return passes.probabilities(network().module, to_input(_digit), _drawn(plan, count))


@of_network(max_entries=64)
def _drawn(plan: DropoutPlan, count: int) -> tuple[RowMasks, ...]:
    return passes.draw_masks(network().module, record(samples()[0]), plan, count)


def convergence(digit: Digit, name: str, plan: DropoutPlan) -> Convergence:
    """Return how the mean over a thousand masks of a row converges to the value without dropout."""
    plan = replace(plan, rows=None, seed=_start_of_thousand(plan.seed))  # the masks do not depend on the rows
    return _convergence(digit.key, name, plan, digit)


@queued(max_entries=64)
def _convergence(key: str, name: str, plan: DropoutPlan, _digit: Digit) -> Convergence:
    return passes.convergence(record(_digit), _masks(name, plan))


@of_network(max_entries=32)
def _masks(name: str, plan: DropoutPlan) -> CountedMasks:
    return passes.count_masks(record(samples()[0]), name, plan)


def accuracy_source() -> str:
    """Say which digits ``accuracies`` classifies."""
    if mnist.is_present():
        return f"The first {_IMAGES:,} of MNIST's test images"
    return f"The project's {len(_labelled())} labelled digits"


def accuracies(plan: DropoutPlan) -> tuple[DropoutAccuracy, ...]:
    """Return the accuracy on many digits for ten values of p; the first time takes seconds and shows the progress.

    The digits are MNIST's first test images, or the project's samples where MNIST is missing.
    """
    place, began, found = st.empty(), time.monotonic(), []
    for step in range(10):
        if time.monotonic() - began > 0.3:
            place.progress(step / 10, f"Classifying with p = {step / 10:.2f}")
        found.append(_accuracy(mnist.is_present(), replace(plan, p=step / 10, seed=0)))
    place.empty()
    return tuple(found)


@queued(max_entries=256)
def _accuracy(present: bool, plan: DropoutPlan) -> DropoutAccuracy:
    if present:
        test = digits.mnist("test")
        return passes.accuracy_of(network().module, mnist_inputs(0, _IMAGES), test.labels[:_IMAGES], plan)
    images = torch.cat([to_input(sample) for sample in _labelled()])
    return passes.accuracy_of(network().module, images, np.asarray([sample.label for sample in _labelled()]), plan)


def _labelled() -> list[Digit]:
    return [sample for sample in samples() if sample.label is not None]


def _start_of_thousand(seed: int) -> int:
    return seed - seed % passes.MASKS
