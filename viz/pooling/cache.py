"""The max pool of a digit, what moves with it, and what an average pool in its place makes of many."""

import time

import numpy as np
import streamlit as st
import torch

from model.images import digits
from model.images.records import Digit
from model.pooling import max_pool
from model.pooling.records import Pooled, PoolGradient, PoolScore, Shift
from model.trace.records import Trace
from viz.app.queued_cache import in_turn
from viz.app.shared import fields, network, record

_PART = 500  # images at a time


def pooled(digit: Digit) -> Pooled:
    """Return which values win in the max pool for a digit."""
    return _pooled(digit.key, digit)


@st.cache_resource(max_entries=64, show_spinner=False)
def _pooled(key: str, _digit: Digit) -> Pooled:
    return max_pool.pooled(record(_digit))


def pool_gradient(digit: Digit) -> PoolGradient:
    """Return where the gradient of the logit that a digit is read as goes at the max pool."""
    return _pool_gradient(digit.key, digit)


@st.cache_resource(max_entries=64, show_spinner=False)
def _pool_gradient(key: str, _digit: Digit) -> PoolGradient:
    return max_pool.gradient(network(), record(_digit), record(_digit).prediction)


def averaged(digit: Digit) -> Trace:
    """Return the trace of a digit with an average pool in the max pool's place."""
    return _averaged(digit.key, digit)


@st.cache_resource(max_entries=64, show_spinner=False)
def _averaged(key: str, _digit: Digit) -> Trace:
    return max_pool.averaged(network(), record(_digit))


def pool_shift(digit: Digit, down: int, right: int) -> Shift:
    """Return what becomes of the maps around the max pool when a digit moves by so many pixels."""
    return _pool_shift(digit.key, digit, down, right)


@st.cache_resource(max_entries=128, show_spinner=False)
def _pool_shift(key: str, _digit: Digit, down: int, right: int) -> Shift:
    return max_pool.shift(network(), record(_digit), _digit.pixels, (down, right), fields())


def pool_score(on_mnist: bool) -> PoolScore:
    """Return how many images are read right with either pool: of MNIST's test images, or of the project's digits.

    MNIST takes seconds the first time, and shows how far it is; each part is kept for everybody.
    """
    if not on_mnist:
        return _project_pool_score()
    starts = range(0, len(digits.mnist("test")), _PART)
    place, began, total = st.empty(), time.monotonic(), PoolScore(0, 0, 0)
    for done, start in enumerate(starts):
        if time.monotonic() - began > 0.3:
            place.progress(done / len(starts), "Reading MNIST's test images with both pools")
        total += _part_of_pool_score(start)
    place.empty()
    return total


@in_turn(max_entries=1)
def _project_pool_score() -> PoolScore:
    labelled = [sample for sample in digits.samples() if sample.label is not None]
    images = torch.cat([digits.to_input(sample) for sample in labelled])
    return max_pool.score(network(), images, np.asarray([sample.label for sample in labelled]))


@in_turn(max_entries=64)
def _part_of_pool_score(start: int) -> PoolScore:
    test = digits.mnist("test")
    part = slice(start, start + _PART)
    return max_pool.score(network(), digits.normalise(test.images[part]), test.labels[part])
