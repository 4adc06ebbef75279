"""Receptive fields of a network: from its graph where it carries one, and otherwise from the windows of its chain."""

from typing import overload

from torch import nn

from model.errors import InputError
from model.graph.module import NetworkModule
from model.networks.assignment.network import IMAGE_SHAPE
from model.receptive_field.graph import of_graph
from model.receptive_field.records import Field, ReceptiveField
from model.receptive_field.recurrence import Shape, of_chain


@overload
def of_network(network: nn.Sequential, input_shape: Shape | None = None) -> dict[str, ReceptiveField]: ...
@overload
def of_network(network: nn.Module, input_shape: Shape | None = None) -> dict[str, Field]: ...


def of_network(network: nn.Module, input_shape: Shape | None = None) -> dict[str, Field] | dict[str, ReceptiveField]:
    """Compute the receptive field of every step that gives feature maps, in the order they run.

    Args:
        network: A module that carries its graph, of which no pass is run; or a chain of steps, each on the output of
            the one before. It is only read.
        input_shape: Shape of one image, (C, H, W), on which the windows of adaptive pools depend. A graph has its own;
            a chain's is (1, 28, 28) by default.

    Returns:
        By the step's name in the trace its receptive field; on a graph also why there is no single window.

    Raises:
        InputError: A step of a chain has no single window (see ``windows_of``), or a graph is for another shape.
        TraceError: A step of a chain does not run, runs twice, or does not get the output of the one before.

    >>> of_network(nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2)), (1, 6, 6))["1"].size
    (4, 4)
    """
    if isinstance(network, NetworkModule):
        if input_shape is not None and tuple(input_shape) != network.graph.input_shape:
            raise InputError(
                f"This network cannot be asked about images of the shape {input_shape}.",
                f"It takes {network.graph.input_shape}.",
                "Leave the shape out.",
            )
        return of_graph(network.graph)
    return of_chain(network, input_shape or IMAGE_SHAPE)
