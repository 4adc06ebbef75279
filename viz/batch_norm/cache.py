"""Cached results of batch norm: training mode, the running average, and folding."""

from model.batch_norm import folding, statistics
from model.batch_norm.records import BatchAccuracy, FoldComparison, ImageSet, RunningAverage, TrainingModeBatch
from model.images import mnist
from model.images.records import Digit
from viz.app.current import of_network
from viz.app.queued_cache import queued
from viz.app.shared import network, sample_inputs


def image_set(content: str) -> ImageSet:
    """Return images for batches, mixed digits or one class; MNIST's if it is present."""
    return _image_set(content, str(mnist.root()) if mnist.is_present() else "")


@queued(max_entries=22, show_spinner="Reading the images")
def _image_set(content: str, root: str) -> ImageSet:
    return statistics.image_set(content)


def training_mode_batch(digit: Digit, images: ImageSet, size: int) -> TrainingModeBatch:
    """Return the results of a digit's batch in training mode."""
    return _training_mode_batch(digit.key, images.source, images.content, size, digit, images)


@queued(max_entries=64)
def _training_mode_batch(
    key: str, source: str, content: str, size: int, _digit: Digit, _images: ImageSet
) -> TrainingModeBatch:
    return statistics.run_in_training_mode(network().module, _digit.pixels, _images, size)


def batch_accuracy(images: ImageSet, size: int) -> BatchAccuracy:
    """Return how many images are classified correctly in evaluation mode and in training mode."""
    return _batch_accuracy(images.source, images.content, size, images)


@queued(max_entries=256, show_spinner="Reading the images in batches")
def _batch_accuracy(source: str, content: str, size: int, _images: ImageSet) -> BatchAccuracy:
    return statistics.accuracy(network().module, _images, size)


def running_average(images: ImageSet, size: int) -> dict[str, RunningAverage]:
    """Return the running statistics of a copy over batches, for each batch norm."""
    return _running_average(images.source, images.content, size, images)


@queued(max_entries=32, show_spinner="Running 40 batches through a copy")
def _running_average(source: str, content: str, size: int, _images: ImageSet) -> dict[str, RunningAverage]:
    return statistics.running_averages(network().module, _images, size)


@of_network(max_entries=16)
def fold_comparison() -> FoldComparison:
    """Return the comparison of the folded network with the original, on the project's samples."""
    return folding.compare(network().module, sample_inputs())
