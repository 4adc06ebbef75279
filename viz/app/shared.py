"""What pages have in common of the network of this run, in bounded caches that all people share."""

import gc
import sys
import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from model import layers, receptive_field, trace
from model.images import digits, inputs, pictures
from model.images.records import Digit
from model.layers.records import Arithmetic
from model.networks.records import Network
from model.parameters import printed_table
from model.parameters.records import RowComparison
from model.receptive_field import measured
from model.receptive_field.records import Box, EffectiveField, Field, Growth, ReceptiveField
from model.records import Activation, Pixels
from model.trace.records import Trace
from model.training import machine
from viz.app import current
from viz.app.current import is_small, network, of_network, structure
from viz.app.queued_cache import queued

__all__ = ["is_small", "network", "structure"]

_PART = 200  # images at a time: others wait until they are done
_HEAVY = ("torchvision", "captum")  # imported only where they are needed
_SWITCH_INTERVAL = 0.0005  # seconds; by default 0.005, which a page waits each time that it hands over to long work
_KEPT = 4 << 20, 16 << 20  # bytes of freed memory: the maps of a step for 64 digits, and those of some steps
_CLASSES = 10  # of which a sample is shown


@of_network(max_entries=64)
def outline() -> Trace:
    """Return a trace for the structure: only its steps and shapes have a meaning, not its values.

    It needs no trained weights, so pages about the structure work without them.
    """
    shown = structure()
    return _traced(shown, torch.zeros(1, *shown.input.shape))


def _traced(shown: Network, x: Tensor) -> Trace:
    return replace(trace.record(shown.module, x), classes=shown.classes)


def use_one_thread() -> None:
    """Compute with one thread in this run: more do not help one image, and people share the cores.

    PyTorch sets this number for the calling thread and for threads that have not computed yet. A thread that has
    computed keeps its own number, so each run sets it first. With two threads, sums differ in their last bits.
    """
    torch.set_num_threads(1)


def warm_up() -> None:
    """Warm up once for each process, and again after a heavy package was imported."""
    _warm_up(tuple(name for name in _HEAVY if name in sys.modules))


@st.cache_resource(show_spinner=False, max_entries=2 ** len(_HEAVY))
def _warm_up(imported: tuple[str, ...]) -> None:
    """Run everything once, and exclude living objects from later garbage collections.

    With PyTorch loaded, a full collection takes longer than a page run unless permanent objects are frozen first.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL)
    machine.keep_freed_memory(*_KEPT)
    outline()
    gc.collect()
    gc.freeze()


def fitted(digit: Digit) -> Digit:
    """Return a picture in the size and the channels that the network of this run takes, with its class in this network.

    A digit that a network of digits takes as it is stays the same.
    """
    image = structure().input
    if pictures.is_picture(digit.key) or not current.takes_digits():
        return _fitted(digit.key, digit)
    pixels = inputs.fit(digit.pixels, image)
    return digit if pixels.shape == digit.pixels.shape else replace(digit, pixels=pixels)


def fitted_pixels(pixels: Pixels) -> Pixels:
    """Return the pixels of a picture in the size and the channels that the network of this run takes."""
    return inputs.fit(pixels, structure().input)


@of_network(max_entries=32)
def _fitted(key: str, _digit: Digit) -> Digit:
    shown = structure()
    return pictures.fitted(_digit, shown.input, shown.classes)


def to_input(digit: Digit) -> Tensor:
    """Return the input of the network of this run for a picture, (1, C, H, W), normalised by its own numbers."""
    return inputs.to_input(digit.pixels, structure().input)


def samples() -> tuple[Digit, ...]:
    """Return the pictures that come along for the network of this run, as it takes them: digits, or coloured shapes."""
    return _samples()


@of_network(max_entries=64)
def _samples() -> tuple[Digit, ...]:
    found = digits.samples() if current.takes_digits() else pictures.samples(structure().input)
    return tuple(map(fitted, found))


def examples() -> dict[str, Digit]:
    """Return the first sample of each class by the name of the class, at most ten of them."""
    found: dict[str, Digit] = {}
    for sample in sorted(samples(), key=lambda each: -1 if each.label is None else each.label):
        name = sample.class_name or ("" if sample.label is None else str(sample.label))
        if name:
            found.setdefault(name, sample)
    return dict([*found.items()][:_CLASSES])


def maps_of_samples(step: str, samples: Mapping[str, Digit]) -> dict[str, Activation]:
    """Return the maps (C, H, W) of a step for some samples, by their names."""
    shown = network()
    if is_small(shown) or step not in [node.name for node in shown.graph.nodes]:
        return {name: record(sample)[step].maps for name, sample in samples.items()}
    with torch.no_grad():  # what other steps give would fill the memory
        output = trace.run(shown.module, torch.cat([to_input(each) for each in samples.values()]), give=step)
    maps = output.reshape(len(samples), -1, *(output.shape[2:] if output.ndim == 4 else (1, 1)))
    return dict(zip(samples, maps.numpy(), strict=True))


@of_network(max_entries=64, of_large=4)
def sample_inputs() -> Tensor:
    """Return the input of the network for each sample, (N, C, H, W)."""
    return torch.cat([to_input(sample) for sample in samples()])


def record(digit: Digit) -> Trace:
    """Return the trace of a digit through the trained network."""
    return _record(digit.key, digit)


@of_network(max_entries=128, of_large=4)
def _record(key: str, _digit: Digit) -> Trace:  # the key identifies the digit to the pixel
    return _traced(network(), to_input(_digit))


@of_network(max_entries=64)
def arithmetic() -> dict[str, Arithmetic]:
    """Return shape, parameters and cost of every step; they do not depend on the digit."""
    return layers.arithmetic(outline())


@of_network(max_entries=64)
def comparisons() -> tuple[RowComparison, ...]:
    """Return the assignment's printed table compared with the network, row by row; nothing for another network."""
    return printed_table.compare(structure().module) if current.is_assignment() else ()


@of_network(max_entries=64)
def every_field() -> dict[str, Field]:
    """Return the receptive field of every step, or what says why it has no single one."""
    return receptive_field.of_network(structure().module)


def fields() -> dict[str, ReceptiveField]:
    """Return the receptive field of every step with feature maps that has a single one."""
    return {name: field for name, field in every_field().items() if isinstance(field, ReceptiveField)}


def mnist_losses() -> NDArray[np.float32]:
    """Return the loss of each MNIST test image: the negative log-probability of its label, (10000,).

    The first call takes seconds and shows its progress; all people share the cached parts.
    """
    starts = range(0, len(digits.mnist("test")), _PART)
    place, began, parts = st.empty(), time.monotonic(), []
    for done, start in enumerate(starts):
        if time.monotonic() - began > 0.3:  # cached parts are fast and need no progress bar
            place.progress(done / len(starts), "Computing the loss of each image")
        parts.append(_part_of_losses(start))
    place.empty()
    return np.concatenate(parts)


def mnist_inputs(start: int, count: int) -> Tensor:
    """Return the inputs of the network of this run for some of MNIST's test images, (N, C, H, W)."""
    images, image = digits.mnist("test").images[start : start + count], structure().input
    if images.shape[1:] != (image.height, image.width):
        images = np.stack([inputs.fit(pixels, image) for pixels in images])
    return inputs.normalise(images, image)


@queued(max_entries=2048)
def _part_of_losses(start: int) -> NDArray[np.float32]:
    labels = digits.mnist("test").labels[start : start + _PART]
    with torch.no_grad():
        scores = network().module(mnist_inputs(start, _PART))
    losses = torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels), reduction="none")
    return np.asarray(losses.numpy())


@of_network(max_entries=64)
def growth() -> dict[str, Growth]:
    """Return how each step with feature maps changes the receptive field, by its name."""
    return {step.name: step for step in receptive_field.growth(structure().module)}


@of_network(max_entries=512)
def measured_box(name: str, y: int, x: int) -> Box:
    """Return the box of pixels that can affect a unit of a step, measured by gradient."""
    return measured.measured_box(structure().module, name, (y, x))


@queued(max_entries=256, show_spinner="Measuring on the samples")
def effective_field(name: str, y: int, x: int) -> EffectiveField:
    """Return how strongly each pixel affects a unit of the trained network, averaged over the samples."""
    return measured.effective_field(network().module, sample_inputs(), name, (y, x))
