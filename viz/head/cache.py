"""Cached results of the head, and of changed input maps."""

import numpy as np
from numpy.typing import NDArray

from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import Node
from model.head import linear, logits
from model.head.records import Head
from model.images.records import Digit
from model.records import Numbers
from model.trace.records import Trace
from viz.app.current import of_network
from viz.app.shared import network, record, to_input

_MOST_MAPS = 64  # input maps of a convolution whose weights are a table


@of_network(max_entries=64)
def obstacle() -> str:
    """Say what stands between the last maps and the logits; an empty string where each class has an exact map."""
    return linear.obstacle(network().graph)


def end(digit: Digit) -> Head | None:
    """Return the linear end of the network for a picture, from the last maps or else from a vector (N,).

    The values of a vector are maps of one unit. None where no linear steps lead to the logits.
    """
    return _end(digit.key, digit)


@of_network(max_entries=128)
def _end(key: str, _digit: Digit) -> Head | None:
    module, trace = network().module, record(_digit)
    assert isinstance(module, NetworkModule)  # noqa: S101 (every network of a page has a graph)
    if not obstacle():
        return linear.of_network(module, trace, _weights(len(trace.logits)))
    try:
        found = linear.tail(module, trace)
    except InputError:
        return None
    maps, last = found.values[:, None, None], found.steps[-1]
    return Head(found.source, "", last, maps, found.weights, found.biases, found.logits, found.steps, trace.classes)


@of_network(max_entries=64, of_large=4)
def _weights(classes: int) -> tuple[Numbers, Numbers]:
    module = network().module
    assert isinstance(module, NetworkModule)  # noqa: S101 (as above)
    return linear.weights_of(module, classes)


@of_network(max_entries=64)
def mixers() -> tuple[Node, ...]:
    """Return the convolutions that combine few enough maps for a table of their weights."""
    shapes = {node.name: node.shape for node in network().graph.nodes}
    every = network().graph.on_every_way()  # a shortcut mixes maps too, but not those that the logits come from
    found = [node for node in logits.mixing_convolutions(network().graph) if node.name in every]
    return tuple(node for node in found if max(shapes.get(node.inputs[0], (1,))[0], node.shape[0]) <= _MOST_MAPS)


def scaled_maps(digit: Digit, name: str, channels: tuple[int, ...], gain: float) -> Trace:
    """Return the trace of a digit with some input maps of a convolution multiplied by a gain."""
    return _scaled_maps(digit.key, digit, name, channels, gain) if channels else record(digit)


@of_network(max_entries=64, of_large=4)
def _scaled_maps(key: str, _digit: Digit, name: str, channels: tuple[int, ...], gain: float) -> Trace:
    return logits.scale_maps(network().module, to_input(_digit), name, dict.fromkeys(channels, gain))


def logits_without_each_map(digit: Digit, name: str) -> NDArray[np.float32]:
    """Return the logits of a digit without each single input map of a step, (input channels, K)."""
    return _logits_without_each_map(digit.key, digit, name)


@of_network(max_entries=256)
def _logits_without_each_map(key: str, _digit: Digit, name: str) -> NDArray[np.float32]:
    return logits.logits_without_each_map(network().module, record(_digit), name)
