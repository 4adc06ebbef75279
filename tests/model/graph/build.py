"""Small graphs, built node by node: the shapes are worked out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from model.graph.module import NetworkModule
from model.graph.records import IMAGE, Graph, Node, Op
from model.graph.shapes.records import Given, Value
from model.graph.shapes.rules import infer


class Builder:
    """Adds nodes to a graph.

    Args:
        shape: Of the image, (C, H, W).
        seed: For the weights.
    """

    def __init__(self, shape: tuple[int, int, int], seed: int = 0) -> None:
        self.shape = shape
        self.nodes: list[Node] = []
        self.tensors: dict[str, Tensor] = {}
        self.values = {IMAGE: Value(1, shape)}
        self.source = torch.Generator().manual_seed(seed)

    def add(
        self, op: Op, *inputs: str, weights: Mapping[str, Sequence[int] | Tensor] | None = None, **settings: Any
    ) -> str:
        """Add a node, on the one before it by default, and return its name; weights are given, or drawn by shape."""
        name = f"step-0.{len(self.nodes) + 1}" if op not in {Op.CONV, Op.LINEAR} else f"{op}-{len(self.nodes) + 1}"
        inputs = inputs or ((self.nodes[-1].name if self.nodes else IMAGE),)
        if op in {Op.PARAMETER, Op.CONSTANT}:
            inputs = ()
        drawn = {
            role: given if isinstance(given, Tensor) else torch.randn(tuple(given), generator=self.source)
            for role, given in (weights or {}).items()
        }
        self.tensors |= {f"{name}.{role}": tensor for role, tensor in drawn.items()}
        shapes = {role: tuple(tensor.shape) for role, tensor in drawn.items()}
        found = infer(op, Given([self.values[each] for each in inputs], settings, shapes))
        self.values[name] = found.value
        keys = {role: f"{name}.{role}" for role in drawn}
        node = Node(name, op, inputs, settings, tensors=keys, batch=found.value.batch, shape=found.value.shape)
        self.nodes.append(replace(node, multiply_accumulates=found.multiply_accumulates))
        return name

    def conv(self, out: int, kernel: int, stride: int = 1, padding: int = 0, *inputs: str, groups: int = 1) -> str:
        """Add a convolution with a bias."""
        before = inputs[0] if inputs else (self.nodes[-1].name if self.nodes else IMAGE)
        weights = {"weight": (out, self.values[before].shape[0] // groups, kernel, kernel), "bias": (out,)}
        sizes = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": 1}
        pairs = {key: (value, value) for key, value in sizes.items()}
        return self.add(Op.CONV, before, weights=weights, **pairs, groups=groups)

    def module(self) -> NetworkModule:
        """Return the network, whose last node gives the logits."""
        used = sum(tensor.numel() for tensor in self.tensors.values())
        buffers = frozenset(key for key in self.tensors if "running" in key)
        graph = Graph(tuple(self.nodes), self.shape, buffers=buffers, used=used, owned=used)
        return NetworkModule(graph, self.tensors).eval()
