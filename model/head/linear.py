"""The linear end of a network: an exact class map for each class, or what prevents one.

Averages, 1x1 convolutions, linear layers and reshapes are together one weighted sum of the last maps and a constant.
The weights are the gradient of the logits with respect to the maps, which is the same for every picture; the constant
is what the head gives for maps of zeros.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import Graph, Node, Op
from model.head.records import Head, Tail
from model.layers.registry import of_op
from model.records import Numbers
from model.trace import run
from model.trace.private import private_copy
from model.trace.records import Trace

_AVERAGES = (Op.AVG_POOL, Op.ADAPTIVE_AVG_POOL, Op.MEAN)
_DROPOUTS = (Op.DROPOUT, Op.DROPOUT2D)
_NUMBERS = 2**22  # of a Jacobian at once, so that a thousand classes need no thousand copies of large maps
_ROUNDING = 1e-12  # relative to the largest weight; double precision is 1e-16


def obstacle(graph: Graph) -> str:
    """Say what stands between the last maps and the logits, as a sentence; an empty string where the head is linear."""
    maps = graph.last_maps()
    if maps is None:
        return "No step gives feature maps of more than one unit, so there are no class maps."
    if graph.linear_head() is not None:
        return ""
    found = graph.linear_from(maps.name)
    if not found:
        return f"The logits do not depend on the last maps ({maps.name})."
    bent = [_named(graph[name]) for name, why in found.items() if why == "is not linear"]
    around = [f"{_named(graph[name])}, which {why}" for name, why in found.items() if why != "is not linear"]
    between = f"Between the last maps ({maps.name}) and the logits"
    sentences = [f"{between} stands {', '.join(bent)}: not linear."] if len(bent) == 1 else []
    sentences += [f"{between} stand {', '.join(bent)}: not linear."] if len(bent) > 1 else []
    return " ".join([*sentences, *(f"{between} stands {each}." for each in around)])


def weights_of(module: NetworkModule, classes: int) -> tuple[Numbers, Numbers]:
    """Return what the head of a network is for every picture: weights and biases (K,).

    Args:
        module: Not changed.
        classes: K.

    Returns:
        Weights (K, C) of the means of the last maps, or (K, C, H, W) of their units; biases (K,).

    Raises:
        InputError: The head is not linear.
    """
    maps, _ = _linear(module.graph)
    return _weights(module, maps, classes)


def _linear(graph: Graph) -> tuple[Node, tuple[Node, ...]]:
    """Return the last maps and the steps after them."""
    maps, head = graph.last_maps(), graph.linear_head()
    if maps is None or head is None:
        raise InputError(obstacle(graph), "Class maps need a linear head.", "See the last linear steps instead.")
    return maps, head


def of_network(module: NetworkModule, trace: Trace, worked: tuple[Numbers, Numbers] | None = None) -> Head:
    """Return the linear head of a network for one picture: the weight of each map, or of each of its units.

    Args:
        module: Not changed.
        trace: A trace of it.
        worked: What ``weights_of`` gave for this network, where that is known already.

    Raises:
        InputError: The head is not linear, or a dropout in it was on.
    """
    maps, head = _linear(module.graph)
    _check_dropout(trace, head)
    weights, biases = worked or _weights(module, maps, len(trace.logits))
    return Head(
        source=maps.name,
        pool=next((node.name for node in head if node.op in _AVERAGES), ""),
        convolution=next((node.name for node in reversed(head) if "weight" in node.tensors), ""),
        maps=trace[maps.name].output.astype(np.float64),
        weights=weights,
        biases=biases,
        logits=trace.logits,
        steps=tuple(node.name for node in head),
        classes=trace.classes,
    )


def tail_source(graph: Graph) -> Node | None:
    """Return the first step with a vector, or maps of one unit, that the logits are a linear function of, or None."""
    for node in graph.nodes[:-1]:
        vector = node.batch == 1 and node.shape and node.shape[0] == math.prod(node.shape)
        if vector and graph.between(node.name) and not graph.linear_from(node.name):
            return node
    return None


def tail(module: NetworkModule, trace: Trace) -> Tail:
    """Return the last steps that are linear together, from a vector on, for one picture.

    Args:
        module: Not changed.
        trace: A trace of it.

    Raises:
        InputError: No vector leads to the logits by linear steps alone, or a dropout among these was on.
    """
    source = tail_source(module.graph)
    if source is None:
        raise InputError(
            f"The logits come from {_named(module.graph.nodes[-1])}, and from no vector by linear steps alone.",
            "Contributions of units need such steps, for example a linear layer at the end.",
            "Choose another network.",
        )
    between = module.graph.between(source.name)
    _check_dropout(trace, between)
    weights, biases = _jacobian(module, source, range(len(trace.logits)))
    names = tuple(node.name for node in between)
    values = trace[source.name].output.astype(np.float64).ravel()
    return Tail(source.name, names, values, weights.reshape(len(biases), -1), biases, trace.logits)


def _named(node: Node) -> str:
    layer = of_op(node.op)
    return f"{node.name} ({layer.kind if layer else node.op})"


def _check_dropout(trace: Trace, steps: tuple[Node, ...]) -> None:
    dropping = [node.name for node in steps if node.op in _DROPOUTS and trace[node.name].mask is not None]
    if dropping:
        raise InputError(
            f"{', '.join(dropping)} dropped values in this pass.",
            "The weights of the head are those of evaluation mode.",
            "Switch dropout off.",
        )


def _weights(module: NetworkModule, maps: Node, classes: int) -> tuple[Numbers, Numbers]:
    """Return weights (K, C), or (K, C, H, W) where units of one map have different weights, and biases (K,)."""
    units = maps.shape[1] * maps.shape[2]
    size = max(1, _NUMBERS // (units * maps.shape[0]))
    parts = [range(start, min(start + size, classes)) for start in range(0, classes, size)]
    found = [_jacobian(module, maps, part) for part in parts]
    biases = np.concatenate([bias for _, bias in found])
    largest = max(float(np.abs(weights).max()) for weights, _ in found)
    if all(bool((np.ptp(weights, axis=(2, 3)) <= _ROUNDING * largest).all()) for weights, _ in found):
        return np.concatenate([weights.sum(axis=(2, 3)) for weights, _ in found]), biases
    return np.concatenate([weights for weights, _ in found]), biases


def _jacobian(module: NetworkModule, source: Node, classes: range) -> tuple[Numbers, Numbers]:
    """Return the gradients of some logits with respect to a step (k, ...), and these logits where it gives zeros."""
    private = private_copy(module).double().requires_grad_(False)
    values = torch.zeros(len(classes), *source.shape, dtype=torch.float64, requires_grad=True)
    nothing = torch.zeros(len(classes), *module.graph.input_shape, dtype=torch.float64)
    with torch.enable_grad():
        logits = run(private, nothing, {source.name: values})[:, classes.start : classes.stop]  # (k, k)
        (weights,) = torch.autograd.grad(logits.diagonal().sum(), values)
    return _array(weights), _array(logits[0])


def _array(tensor: Tensor) -> NDArray[np.float64]:
    array: NDArray[np.float64] = tensor.detach().numpy().copy()
    return array
