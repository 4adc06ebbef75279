"""The head: means of the last maps, a weighted sum for each class, softmax; and a 1x1 convolution before it.

The network is linear between the last maps and the logits. So each class has a class map: its mean plus the bias is
the logit, and Grad-CAM at the last maps is the class map divided by its number of units.

Source: Zhou, Khosla, Lapedriza, Oliva, Torralba, "Learning Deep Features for Discriminative Localization", CVPR 2016.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from model import trace as recorder
from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import IMAGE, Graph, Node, Op
from model.head.records import RowChange, ScaledSoftmax
from model.records import Numbers
from model.trace.private import private_copy, steps_of
from model.trace.records import Row, Trace

_MAPS = 64  # in one pass: larger batches delay other users


def scale_maps(network: nn.Module, x: Tensor, name: str, gains: Mapping[int, float]) -> Trace:
    """Record one image with some input maps of a convolution multiplied by a gain.

    ``Σ_c weight[o, c] × (gain_c × input[c])`` is the same as a gain on the weights, so these columns of the weights are
    multiplied in a private copy. The trace shows the input of the convolution without the gains.

    Args:
        network: Not changed.
        x: One normalised image, (1, C, H, W).
        name: Name of a convolution.
        gains: The gain of each input channel that changes.

    Raises:
        InputError: There is no such convolution or channel, or a gain is not finite.
    """
    private = private_copy(network)
    convolution = steps_of(private).get(name)
    if not isinstance(convolution, nn.Conv2d) or convolution.groups != 1:
        raise InputError(
            f"'{name}' is not a convolution of all maps.",
            "Only such a step mixes maps.",
            f"Choose {' or '.join(_mixing(network)) or 'another network'}.",
        )
    factors = torch.ones(convolution.in_channels, 1, 1, dtype=convolution.weight.dtype)
    for channel, gain in gains.items():
        if not 0 <= channel < convolution.in_channels or not np.isfinite(gain):
            raise InputError(
                f"Input map {channel} of {name} cannot be multiplied by {gain}.",
                f"There are input maps 0 to {convolution.in_channels - 1}; a gain is a finite number.",
                "Choose another map or gain.",
            )
        factors[channel] = gain
    # A new parameter: the private copy shares its numbers with the network, and steps may share a weight.
    convolution.weight = nn.Parameter(convolution.weight.detach() * factors, requires_grad=False)
    return recorder.record(private, x)


def mixing_convolutions(graph: Graph) -> tuple[Node, ...]:
    """Return the convolutions that combine maps: 1x1 ones before the head, or else any that uses all its input maps.

    The maps have more than one unit, so gates (squeeze and excitation) are none; a grouped convolution is none either.
    """
    shapes = {IMAGE: graph.input_shape} | {node.name: node.shape for node in graph.nodes}
    every = tuple(
        node
        for node in graph.all(Op.CONV)
        if node.settings["groups"] == 1
        and node.batch == 1
        and shapes[node.inputs[0]][0] > 1
        and node.shape[1] * node.shape[2] > 1
    )
    return tuple(node for node in every if tuple(node.settings["kernel"]) == (1, 1)) or every


def _mixing(network: nn.Module) -> list[str]:
    if isinstance(network, NetworkModule):
        return [node.name for node in mixing_convolutions(network.graph)]
    return [name for name, step in steps_of(network).items() if isinstance(step, nn.Conv2d) and step.groups == 1]


def logits_without_each_map(network: nn.Module, trace: Trace, name: str) -> NDArray[np.float32]:
    """Return the logits without each single input map of a step, (input channels, K).

    Args:
        network: Not changed.
        trace: A trace of the network, so that the steps before ``name`` do not run again.
        name: Name of the step.
    """
    maps = torch.from_numpy(trace[name].input.copy())  # (C, H, W)
    module, found = steps_of(private_copy(network))[name], []
    with torch.no_grad():
        for keep in (1 - torch.eye(len(maps))).split(_MAPS):  # (n, C): row i sets one map to 0
            found.append(recorder.run(network, trace, {name: module(maps * keep[:, :, None, None])}))
    return np.asarray(torch.cat(found).numpy())


def row_changes(before: Trace, after: Trace, since: str) -> tuple[RowChange, ...]:
    """Compare two traces of the same network from the step ``since`` on: that step, and the rows after it."""
    later = before.steps[before.steps.index(before[since]) :]
    return tuple(
        RowChange(step.name, step.kind, step.output, after[step.name].output)
        for step in later
        if isinstance(step, Row) or step.name == since
    )


def scaled_softmax(logits: ArrayLike | Sequence[float], temperature: float) -> ScaledSoftmax:
    """Compute the softmax of logits (K,) with temperature scaling.

    Raises:
        InputError: The temperature is not a finite number above 0.

    >>> scaled_softmax([0.0, 0.0], 2.0).probabilities.tolist()
    [0.5, 0.5]
    """
    if not 0 < temperature < float("inf"):
        raise InputError(
            f"A temperature of {temperature} is not possible.", "It must be finite and above 0.", "Try 0.25 to 8."
        )
    values: Numbers = np.asarray(logits, dtype=np.float64)
    with np.errstate(over="ignore"):  # a large exponential becomes infinity; the logarithm of the sum stays correct
        exponentials = np.exp(values / temperature)
        total = float(exponentials.sum())
    log_total = float(np.logaddexp.reduce(values / temperature))
    return ScaledSoftmax(temperature, values, exponentials, total, log_total)
