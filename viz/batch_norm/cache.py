"""Cached results of batch norm: training mode, the running average, and folding."""

import numpy as np
import streamlit as st

from model.batch_norm import folding, image_sets, statistics
from model.batch_norm.records import BatchAccuracy, FoldComparison, ImageSet, RunningAverage, TrainingModeBatch
from model.images import mnist
from model.images.records import Digit
from viz.app import current
from viz.app.current import of_network
from viz.app.queued_cache import queued
from viz.app.shared import is_small, network, sample_inputs, samples

_UNKNOWN = -1  # the label of a picture of no class of the network
_FEW = 2  # pictures that a large network is compared on
_BATCHES_OF_LARGE = 5  # of the running average of a large network


def contents() -> tuple[str, ...]:
    """Return what a batch can contain: mixed pictures, or those of one class."""
    if current.takes_digits():
        return image_sets.CONTENTS
    return (image_sets.MIXED, *dict.fromkeys(sample.class_name for sample in samples()))


def image_set(content: str) -> ImageSet:
    """Return images for batches, mixed or of one class: digits, MNIST's if it is present; else the sample pictures."""
    if current.takes_digits():
        return _image_set(content, str(mnist.root()) if mnist.is_present() else "")
    return _pictures(content)


@st.cache_resource(max_entries=22, show_spinner="Reading the images")  # they are the same for every network
def _image_set(content: str, root: str) -> ImageSet:
    return image_sets.image_set(content)


@of_network(max_entries=22)
def _pictures(content: str) -> ImageSet:
    """Return sample pictures in a fixed shuffled order, those of the network's own classes if there are any."""
    every = samples()
    known = [sample for sample in every if sample.label is not None] or every
    chosen = [sample for sample in known if content in (image_sets.MIXED, sample.class_name)] or [*every]
    order = np.random.default_rng(0).permutation(len(chosen))
    labels = [_UNKNOWN if sample.label is None else sample.label for sample in chosen]
    pixels = np.stack([sample.pixels for sample in chosen])
    return ImageSet("the project's samples", content, pixels[order], np.asarray(labels, np.int64)[order])


def is_labelled(images: ImageSet) -> bool:
    """Tell whether every image has a class of the network, so that an accuracy can be measured."""
    return bool((images.labels != _UNKNOWN).all())


def training_mode_batch(digit: Digit, images: ImageSet, size: int) -> TrainingModeBatch:
    """Return the results of a picture's batch in training mode."""
    return _training_mode_batch(digit.key, images.source, images.content, size, digit, images)


@queued(max_entries=128, of_large=4, show_spinner="Running the batch through a copy")
def _training_mode_batch(
    key: str, source: str, content: str, size: int, _digit: Digit, _images: ImageSet
) -> TrainingModeBatch:
    return statistics.run_in_training_mode(network().module, _digit.pixels, _images, size, network().input)


def batch_accuracy(images: ImageSet, size: int) -> BatchAccuracy:
    """Return how many images are classified correctly in evaluation mode and in training mode."""
    return _batch_accuracy(images.source, images.content, size, images)


@queued(max_entries=256, show_spinner="Reading the images in batches")
def _batch_accuracy(source: str, content: str, size: int, _images: ImageSet) -> BatchAccuracy:
    return statistics.accuracy(network().module, _images, size, network().input)


def running_average(images: ImageSet, size: int) -> dict[str, RunningAverage]:
    """Return the running statistics of a copy over batches, for each batch norm."""
    return _running_average(images.source, images.content, size, images)


@queued(max_entries=64, show_spinner="Running batches through a copy")
def _running_average(source: str, content: str, size: int, _images: ImageSet) -> dict[str, RunningAverage]:
    count = statistics.BATCHES if is_small(network()) else _BATCHES_OF_LARGE
    return statistics.running_averages(network().module, _images, size, count, network().input)


@queued(max_entries=48, of_large=2, show_spinner="Comparing the folded network with the original")
def fold_comparison() -> FoldComparison:
    """Return the comparison of the folded network with the original, on the project's samples; few of a large one."""
    images = sample_inputs()
    return folding.compare(network().module, images if is_small(network()) else images[:_FEW])
