"""Cached results of dropout: one mask, many masks, and many pictures."""

import time
from dataclasses import replace

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from model import trace
from model.dropout import passes
from model.dropout.records import Convergence, CountedMasks, DropoutAccuracy, DropoutPlan, Passes, RowMasks
from model.errors import InputError
from model.images import digits, mnist
from model.images.records import Digit
from model.trace.records import Trace
from viz.app import current
from viz.app.current import of_network
from viz.app.queued_cache import queued
from viz.app.shared import is_small, mnist_inputs, network, record, samples, to_input

_PASSES, _PASSES_OF_LARGE = 100, 10  # passes in one cached part
SEEDS = 1_000_000  # masks have seeds from 0 on
_PARTS_OF_SEARCH = 10
_IMAGES = 1000  # MNIST images that are classified for each p


@of_network(max_entries=128)
def trained_probabilities() -> dict[str, float]:
    """Return the p of each dropout row."""
    return passes.trained_probabilities(network().module)


def record_dropping(digit: Digit, plan: DropoutPlan) -> Trace:
    """Return the trace of a picture with dropout on."""
    return _record_dropping(digit.key, plan, digit)


@of_network(max_entries=64)
def _record_dropping(key: str, plan: DropoutPlan, _digit: Digit) -> Trace:
    return trace.record(network().module, to_input(_digit), plan=plan)


def many_passes(digit: Digit, plan: DropoutPlan, count: int) -> Passes:
    """Return the probabilities of a picture in many passes with dropout on.

    The first seed is the plan's, rounded down to a thousand, so that another mask on the page does not run them again.
    """
    plan = replace(plan, seed=_start_of_thousand(plan.seed))
    size = _part_size()
    starts = range(0, count, size)
    place, began, parts, shown = st.empty(), time.monotonic(), [], False
    for start in starts:
        if shown := time.monotonic() - began > 0.3:
            place.progress(start / count, f"Pass {start:,} of {count:,}")
        part = replace(plan, seed=plan.seed + start)
        parts.append(_passes(digit.key, part, min(size, count - start), digit))
    if shown:
        place.empty()
    return Passes(record(digit).probabilities, np.concatenate(parts), plan.seed)


def other_answer(digit: Digit, plan: DropoutPlan) -> tuple[int | None, int, int]:
    """Search the masks after the plan's, in order, for the first that changes the answer; fewer of a large network.

    Returns:
        Its seed, or None where no mask that was tried changes the answer; the seed of the first that was tried; and how
        many were tried.
    """
    size = _part_size()
    first = (plan.seed + 1) % SEEDS
    end = min(first + _PARTS_OF_SEARCH * size, SEEDS)
    place, began, found = st.empty(), time.monotonic(), None
    for start in range(first - first % size, end, size):
        if time.monotonic() - began > 0.3:
            place.progress(max(start - first, 0) / (end - first), f"Mask {start:,}")
        found = _first_other(digit, plan, range(max(start, first), min(start + size, end)))
        if found is not None:
            break
    place.empty()
    return found, first, (end if found is None else found + 1) - first


def _first_other(digit: Digit, plan: DropoutPlan, seeds: range) -> int | None:
    """Return the first of some seeds in one part whose mask changes the answer, as a trace of that mask confirms."""
    answer, size = record(digit).prediction, _part_size()
    start = seeds.start - seeds.start % size
    answers = _passes(digit.key, replace(plan, seed=start), size, digit).argmax(axis=1)
    others = (seed for seed in seeds if answers[seed - start] != answer)
    return next(
        (seed for seed in others if record_dropping(digit, replace(plan, seed=seed)).prediction != answer), None
    )


def _part_size() -> int:
    return _PASSES if is_small(network()) else _PASSES_OF_LARGE


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


@of_network(max_entries=64)
def _masks(name: str, plan: DropoutPlan) -> CountedMasks:
    return passes.count_masks(record(samples()[0]), name, plan)


def accuracy_source() -> str:
    """Say which pictures ``accuracies`` classifies.

    Raises:
        InputError: No sample shows a class of this network.
    """
    if _on_mnist():
        return f"The first {_IMAGES:,} of MNIST's test images"
    return f"The project's {len(_labelled())} labelled {current.picture_word()}s"


def _on_mnist() -> bool:
    return current.takes_digits() and mnist.is_present()


def accuracies(plan: DropoutPlan) -> tuple[DropoutAccuracy, ...]:
    """Return the accuracy on many pictures for ten values of p; the first time takes seconds and shows the progress.

    The pictures are MNIST's first test images, or the project's samples where MNIST is missing.
    """
    place, began, found = st.empty(), time.monotonic(), []
    for step in range(10):
        if time.monotonic() - began > 0.3:
            place.progress(step / 10, f"Classifying with p = {step / 10:.2f}")
        found.append(_accuracy(_on_mnist(), replace(plan, p=step / 10, seed=0)))
    place.empty()
    return tuple(found)


@queued(max_entries=1024)
def _accuracy(present: bool, plan: DropoutPlan) -> DropoutAccuracy:
    if present:
        test = digits.mnist("test")
        return passes.accuracy_of(network().module, mnist_inputs(0, _IMAGES), test.labels[:_IMAGES], plan)
    images = torch.cat([to_input(sample) for sample in _labelled()])
    return passes.accuracy_of(network().module, images, np.asarray([sample.label for sample in _labelled()]), plan)


def _labelled() -> list[Digit]:
    found = [sample for sample in samples() if sample.label is not None]
    if not found:
        raise InputError(
            "No sample of the project shows a class of this network, so no accuracy is measured.",
            "The classes of the samples are looked up by their names.",
            "Choose a network with such classes.",
        )
    return found


def _start_of_thousand(seed: int) -> int:
    return seed - seed % passes.MASKS
