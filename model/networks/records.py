"""A network that can be shown, and what it takes for input, as records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from model.graph.records import Graph, Node, Op

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """What a network takes: (C, H, W), and how a picture with values from 0 to 1 becomes that.

    x = (value - mean) / std, for each channel.
    """

    channels: int
    height: int
    width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return (C, H, W)."""
        return self.channels, self.height, self.width


@dataclass(frozen=True, eq=False, slots=True)
class Network:
    """A network that can be shown; it is shared between people and never changed.

    Args:
        id: What the address calls it: the id of one that comes along, or the hash of its file.
        title: What pages call it.
        graph: Its operations.
        module: Computes logits (N, K) for (N, C, H, W), in evaluation mode.
        input: What it takes.
        classes: K names.
        warnings: What a reader should know, a sentence each.
        history: A row of numbers for each epoch of its training, where there is any.
        difference: How far its logits are from those of the author's code, as a share of the largest.
        card: Of one that comes along: how it was trained, on what it was tested, and what it teaches.
    """

    id: str
    title: str
    graph: Graph
    module: "nn.Module"
    input: ImageSpec
    classes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    history: tuple[Mapping[str, float], ...] = ()
    difference: float = 0.0
    card: Mapping[str, Any] = field(default_factory=dict)

    def all(self, *ops: Op) -> tuple[Node, ...]:
        """Return every node that computes one of some operations, in the order they run."""
        return self.graph.all(*ops)

    def last_maps(self) -> Node | None:
        """Return the last node that gives feature maps of more than one unit, or None."""
        return self.graph.last_maps()

    def linear_head(self) -> tuple[Node, ...] | None:
        """Return the nodes after the last maps, where the logits are a linear function of these maps, or None."""
        return self.graph.linear_head()
