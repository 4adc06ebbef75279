"""What a method of attribution must know of a network: its steps, and which of them are not linear."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from torch import nn

from model import layers
from model.graph.module import Function, NetworkModule
from model.graph.records import Graph, Op
from model.trace.private import steps_of

_CONVOLUTIONS = (Op.CONV, Op.CONV_TRANSPOSE)
_LISTED = 4  # steps that a sentence names


@dataclass(frozen=True, eq=False, slots=True)
class Parts:
    """The steps of a network.

    Attributes:
        steps: All steps by name, in the order they run.
        non_linear: Those that give no weighted sum of what they get from the image.
        layer: The step whose maps such a method uses by default; None if there is none, or it is not known.
        sites: The steps whose maps such a method can use; None if any can that is a convolution, a pool or a dropout.
    """

    steps: Mapping[str, nn.Module]
    non_linear: Mapping[str, nn.Module]
    layer: str | None = None
    sites: tuple[str, ...] | None = None

    def list_steps(self, names: Sequence[str], what: str) -> str:
        """Say something of some steps; nothing where there are none."""
        if not names:
            return ""
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        kinds = (f"{name} ({layers.kind_of(self.steps[name])})" for name in names[:_LISTED])
        return f"It {what} {', '.join(kinds)}{more}."

    def without_relu(self) -> str:
        """Say that there is no ReLU, which some methods change."""
        found = any(isinstance(step, nn.ReLU) for step in self.steps.values())
        return "" if found else "It changes ReLUs, and there is none."


def layers_for(graph: Graph) -> tuple[str, ...]:
    """Return the steps that give maps of more than one unit and depend on the image, in the order they run."""
    moved = graph.from_image()
    return tuple(
        node.name
        for node in graph.nodes
        if len(node.shape) == 3 and node.shape[1] * node.shape[2] > 1 and node.batch == 1 and node.name in moved
    )


def default_layer(graph: Graph) -> str | None:
    """Return the step whose maps a method like Grad-CAM uses by default; None where no step has maps.

    That is the last convolution. Where ways go around it, as in a residual block, its maps are a part of the story
    alone, so the last maps of the network take its place.
    """
    found = layers_for(graph)
    convolutions = [name for name in found if graph[name].op in _CONVOLUTIONS]
    if convolutions and convolutions[-1] in graph.on_every_way():
        return convolutions[-1]
    return found[-1] if found else None


def parts_of(network: nn.Module) -> Parts:
    """Return the steps of a network with a graph, or of a sequence."""
    if isinstance(network, NetworkModule):
        steps, (moved, layer, sites) = steps_of(network), _found_in(network.graph)
        return Parts(steps, _non_linear(network.graph, steps, moved), layer, sites)
    steps = dict(network.named_children())
    return Parts(steps, {name: step for name, step in steps.items() if not _is_linear(step)})


@lru_cache(maxsize=16)  # one network is explained many times
def _found_in(graph: Graph) -> tuple[frozenset[str], str | None, tuple[str, ...]]:
    """Return what depends on the image, and the default layer and the sites of ``Parts``."""
    moved = graph.from_image()
    sites = tuple(node.name for node in graph.nodes if len(node.shape) == 3 and node.name in moved)
    return moved, default_layer(graph), sites


def _non_linear(graph: Graph, steps: Mapping[str, nn.Module], moved: frozenset[str]) -> dict[str, nn.Module]:
    found = {}
    for node in graph.nodes:
        product = node.op == Op.MUL and len([name for name in node.inputs if name in moved]) < 2
        quotient = node.op == Op.DIV and not moved.intersection(node.inputs[1:])
        if node.name in moved and not (product or quotient or _is_linear(steps[node.name])):
            found[node.name] = steps[node.name]
    return found


def _is_linear(step: nn.Module) -> bool:
    """Return whether a step alone is linear; a module of an unknown kind counts as such."""
    layer = layers.of_module(step)
    own_statistics = isinstance(step, nn.BatchNorm2d | nn.BatchNorm1d) and step.running_mean is None
    known = layer is not None or isinstance(step, Function)
    return not known or (layer is not None and layer.linear and not own_statistics)
