"""Cached results of the max pool, of shifted digits, and of an average pool in its place."""

import time

import numpy as np
import streamlit as st
import torch

from model.images import digits
from model.images.records import Digit
from model.pooling import max_pool
from model.pooling.records import PoolAccuracy, Pooled, PoolGradient, Shift
from model.trace.records import Trace
from viz.app.current import of_network
from viz.app.queued_cache import queued
from viz.app.shared import fields, mnist_inputs, network, record, samples, to_input

_PART = 500  # images in one cached part


def pooled(digit: Digit) -> Pooled:
    """Return the winners of the max pool for a digit."""
    return _pooled(digit.key, digit)


@of_network(max_entries=64)
def _pooled(key: str, _digit: Digit) -> Pooled:
    return max_pool.pooled(record(_digit))


def pool_gradient(digit: Digit) -> PoolGradient:
    """Return the gradient of the logit of the predicted class around the max pool."""
    return _pool_gradient(digit.key, digit)


@of_network(max_entries=64)
def _pool_gradient(key: str, _digit: Digit) -> PoolGradient:
    return max_pool.gradient(network().module, record(_digit), record(_digit).prediction)


def with_average_pool(digit: Digit) -> Trace:
    """Return the trace of a digit with an average pool in the max pool's place."""
    return _with_average_pool(digit.key, digit)


@of_network(max_entries=64)
def _with_average_pool(key: str, _digit: Digit) -> Trace:
    return max_pool.with_average_pool(network().module, record(_digit))


def pool_shift(digit: Digit, down: int, right: int) -> Shift:
    """Return a digit shifted by so many pixels, with the maps around the max pool."""
    return _pool_shift(digit.key, digit, down, right)


@of_network(max_entries=128)
def _pool_shift(key: str, _digit: Digit, down: int, right: int) -> Shift:
    return max_pool.shift(network().module, record(_digit), _digit.pixels, (down, right), fields())


def pool_accuracy(on_mnist: bool) -> PoolAccuracy:
    """Return how many of MNIST's test images, or of the project's samples, are classified correctly with each pool.

    MNIST takes seconds the first time and shows the progress; all people share the cached parts.
    """
    if not on_mnist:
        return _accuracy_on_samples()
    starts = range(0, len(digits.mnist("test")), _PART)
    place, began, total = st.empty(), time.monotonic(), PoolAccuracy(0, 0, 0)
    for done, start in enumerate(starts):
        if time.monotonic() - began > 0.3:
            place.progress(done / len(starts), "Classifying MNIST's test images with both pools")
        total += _accuracy_on_part(start)
    place.empty()
    return total


@queued(max_entries=16)
def _accuracy_on_samples() -> PoolAccuracy:
    labelled = [sample for sample in samples() if sample.label is not None]
    images = torch.cat([to_input(sample) for sample in labelled])
    return max_pool.accuracy(network().module, images, np.asarray([sample.label for sample in labelled]))


@queued(max_entries=64)
def _accuracy_on_part(start: int) -> PoolAccuracy:
    test = digits.mnist("test")
    part = slice(start, start + _PART)
    return max_pool.accuracy(network().module, mnist_inputs(start, _PART), test.labels[part])
