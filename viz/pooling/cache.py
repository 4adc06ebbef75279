"""Cached results of the max pools, of shifted pictures, and of an average pool in a max pool's place."""

import time
from dataclasses import replace

import numpy as np
import streamlit as st
import torch

from model.errors import InputError
from model.images import digits
from model.images.records import Digit
from model.pooling import max_pool, shifting
from model.pooling.records import PoolAccuracy, Pooled, PoolGradient, Shift
from model.trace.records import Trace
from viz.app.current import of_network
from viz.app.queued_cache import queued
from viz.app.shared import every_field, mnist_inputs, network, record, samples, to_input

_PART = 500  # images in one cached part


def pooled(digit: Digit, name: str) -> Pooled:
    """Return the winners of a max pool for a picture."""
    return _pooled(digit.key, name, digit)


@of_network(max_entries=64)
def _pooled(key: str, name: str, _digit: Digit) -> Pooled:
    return max_pool.pooled(record(_digit), name)


def pool_gradient(digit: Digit, name: str) -> PoolGradient:
    """Return the gradient of the logit of the predicted class around a max pool."""
    return _pool_gradient(digit.key, name, digit)


@of_network(max_entries=64)
def _pool_gradient(key: str, name: str, _digit: Digit) -> PoolGradient:
    return max_pool.gradient(network().module, record(_digit), record(_digit).prediction, name)


def with_average_pool(digit: Digit, name: str) -> Trace:
    """Return the trace of a picture with an average pool in a max pool's place."""
    return _with_average_pool(digit.key, name, digit)


@of_network(max_entries=64, of_large=4)
def _with_average_pool(key: str, name: str, _digit: Digit) -> Trace:
    averaged = max_pool.with_average_pool(network().module, record(_digit), name)
    return replace(averaged, classes=network().classes)


def pool_shift(digit: Digit, name: str, down: int, right: int) -> Shift:
    """Return a picture shifted by so many pixels, with the maps around a max pool."""
    return _pool_shift(digit.key, name, digit, down, right)


@of_network(max_entries=64)
def _pool_shift(key: str, name: str, _digit: Digit, down: int, right: int) -> Shift:
    shown, by = network(), (down, right)
    return shifting.shift(shown.module, record(_digit), _digit.pixels, by, every_field(), name, shown.input)


def pool_accuracy(name: str, on_mnist: bool) -> PoolAccuracy:
    """Return how many of MNIST's test images, or of the project's samples, are classified correctly with each pool.

    MNIST takes seconds the first time and shows the progress; all people share the cached parts.

    Raises:
        InputError: No sample shows a class of this network.
    """
    if not on_mnist:
        return _accuracy_on_samples(name)
    starts = range(0, len(digits.mnist("test")), _PART)
    place, began, total = st.empty(), time.monotonic(), PoolAccuracy(0, 0, 0)
    for done, start in enumerate(starts):
        if time.monotonic() - began > 0.3:
            place.progress(done / len(starts), "Classifying MNIST's test images with both pools")
        total += _accuracy_on_part(name, start)
    place.empty()
    return total


@queued(max_entries=64, show_spinner="Classifying the samples with both pools")
def _accuracy_on_samples(name: str) -> PoolAccuracy:
    labelled = [sample for sample in samples() if sample.label is not None]
    if not labelled:
        raise InputError(
            "No sample of the project shows a class of this network, so the accuracy with each pool is not measured.",
            "The classes of the samples are looked up by their names.",
            "Choose a network with such classes.",
        )
    images = torch.cat([to_input(sample) for sample in labelled])
    return max_pool.accuracy(network().module, images, np.asarray([sample.label for sample in labelled]), name)


@queued(max_entries=2048)
def _accuracy_on_part(name: str, start: int) -> PoolAccuracy:
    test = digits.mnist("test")
    part = slice(start, start + _PART)
    return max_pool.accuracy(network().module, mnist_inputs(start, _PART), test.labels[part], name)
