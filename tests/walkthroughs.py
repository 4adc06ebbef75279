"""Walkthroughs of networks for tests: of those that come along, of files, and of modules of a few steps."""

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from model import layers, networks, receptive_field, trace
from model.graph.module import NetworkModule
from model.images import digits, inputs, pictures
from model.images.records import Digit
from model.networks.file import read
from model.networks.records import ImageSpec, Network
from viz.walkthrough import controls
from viz.walkthrough.records import Subject


def of(network: Network) -> Subject:
    """Return the walkthrough of a network and the first picture that the app shows."""
    return _subject(network, _picture(network))


@functools.cache
def built_in(id: str) -> Subject:
    """Return that of a network that comes along."""
    return of(networks.by_id(id))


@functools.lru_cache(maxsize=8)
def of_file(data: bytes) -> Subject:
    """Return that of a file."""
    return of(read(data))


def of_module(module: NetworkModule, seed: int = 4) -> Subject:
    """Return that of a module with drawn weights and a drawn input: no receptive field, for some have none."""
    shape = module.graph.input_shape
    image = ImageSpec(shape[0], shape[1], shape[2], (0.0,) * shape[0], (1.0,) * shape[0])
    x = torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed))
    recorded = trace.record(module, x)
    classes = tuple(f"class {k}" for k in range(recorded.logits.size))
    recorded = replace(recorded, classes=classes)
    network = Network("test", "A test", module.graph, module, image, classes)
    blank = Digit("test", np.zeros(shape[1:], np.uint8), None, "drawn at random")
    return controls.gather(network, blank, "picture", recorded, layers.arithmetic(recorded), {}, {})


def _picture(network: Network) -> Digit:
    if not inputs.reads_digits(network.input, network.classes):
        return pictures.fitted(pictures.samples(network.input)[0], network.input, network.classes)
    digit = digits.find("project-3a")
    return replace(digit, pixels=inputs.fit(digit.pixels, network.input))


def _subject(network: Network, digit: Digit) -> Subject:
    recorded = trace.record(network.module, inputs.to_input(digit.pixels, network.input))
    recorded = replace(recorded, classes=network.classes)
    word = "digit" if inputs.reads_digits(network.input, network.classes) else "picture"
    growth = {step.name: step for step in receptive_field.growth(network.module)}
    known: tuple[Any, ...] = layers.arithmetic(recorded), receptive_field.of_network(network.module), growth
    return controls.gather(network, digit, word, recorded, *known)
