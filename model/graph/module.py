"""A graph as an ``nn.Module``: one module for each node, used once, nothing in place."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Self

import torch
from torch import Tensor, nn

from model.errors import InputError
from model.graph.capture import FUNCTIONS
from model.graph.records import IMAGE, Graph, Node, Op

META = torch.device("meta")  # modules are made without numbers, which are put in afterwards


class Function(nn.Module):
    """A step without weights for which PyTorch has no module, such as an addition or a reshape."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.op, self.settings = node.op, node.settings
        self._compute = FUNCTIONS[node.op]

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return what the step gives."""
        return self._compute(inputs, self.settings, {})

    def extra_repr(self) -> str:
        """Name the operation in the module's printed form."""
        return ", ".join([self.op, *(f"{name}={value}" for name, value in self.settings.items())])


class Stored(nn.Module):
    """A step that gives a parameter or a constant of the network."""

    value: Tensor

    def forward(self) -> Tensor:
        """Return it; it has no axis for the batch."""
        return self.value


class NetworkModule(nn.Module):
    """Compute logits by a graph.

    ``parameters()`` are those that the logits depend on. A tensor that the author's code uses twice is one here too,
    also after ``.to`` and ``.double``. The names of nodes are never attributes.

    Args:
        graph: What is computed.
        tensors: The weights by the author's keys; they are used, not copied.

    Shape:
        (N, C, H, W) -> (N, K), logits.
    """

    def __init__(self, graph: Graph, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.graph = graph
        self.steps = nn.ModuleList()
        shapes = {IMAGE: graph.input_shape} | {node.name: node.shape for node in graph.nodes}
        shared = {key: _stored(key, tensor, graph) for key, tensor in tensors.items()}
        for node in graph.nodes:
            step = _step(node, {role: shared[key] for role, key in node.tensors.items()}, shapes)
            for role, key in node.tensors.items():
                _put(step, role, shared[key])
            self.steps.append(step)
        last = {name: number for number, node in enumerate(graph.nodes) for name in node.inputs}
        self._finished = [[name for name, use in last.items() if use == number] for number in range(len(graph.nodes))]

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, K) for normalised images (N, C, H, W).

        Raises:
            InputError: The images have another shape.
        """
        if tuple(image.shape[1:]) != self.graph.input_shape:
            raise InputError(
                f"The images have the shape {tuple(image.shape)}.",
                f"This network takes (N, {', '.join(map(str, self.graph.input_shape))}).",
                "Give them that shape.",
            )
        values = {IMAGE: image}
        for node, step, finished in zip(self.graph.nodes, self.steps, self._finished, strict=True):
            values[node.name] = step(*[values[name] for name in node.inputs])
            for name in finished:
                del values[name]
        return values[self.graph.logits]

    def step(self, name: str) -> nn.Module:
        """Return the module of a node; raise KeyError where there is none."""
        for node, step in zip(self.graph.nodes, self.steps, strict=True):
            if node.name == name:
                return step
        raise KeyError(name)

    def author_state_dict(self) -> "OrderedDict[str, Tensor]":
        """Return the weights by the keys of the author's own ``state_dict``; what never runs is not among them."""
        found = OrderedDict(
            (key, getattr(step, role).detach())
            for node, step in zip(self.graph.nodes, self.steps, strict=True)
            for role, key in node.tensors.items()
            if ":" not in key
        )
        found.update({other: found[key] for other, key in self.graph.aliases.items()})
        return found

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._share_again()
        return self

    def _share_again(self) -> None:
        """Make tensors one again that PyTorch converted once for each of their places."""
        first: dict[str, Tensor] = {}
        for node, step in zip(self.graph.nodes, self.steps, strict=True):
            for role, key in node.tensors.items():
                _put(step, role, first.setdefault(key, getattr(step, role)))


def after(module: NetworkModule, name: str) -> NetworkModule | None:
    """Return the part of a network after a step, which takes the output of the step; it shares the weights.

    Returns:
        None for the step that gives the logits.

    Raises:
        InputError: There is another way around the step.
    """
    graph, needed = module.graph, {module.graph.logits} - {name}
    for node in reversed(graph.nodes):
        if node.name in needed:
            needed |= {*node.inputs} - {name}
    if IMAGE in needed:
        raise InputError(
            f"The logits do not depend on {name} alone.",
            "There is a way around it, such as that of a residual block.",
            f"Choose a step that every way goes through: {', '.join(graph.on_every_way()) or 'the image alone'}.",
        )
    nodes = [node for node in graph.nodes if node.name in needed]
    renamed = [replace(node, inputs=tuple(IMAGE if each == name else each for each in node.inputs)) for node in nodes]
    tensors = {key: getattr(module.step(node.name), role) for node in nodes for role, key in node.tensors.items()}
    rest = replace(graph, nodes=tuple(renamed), input_shape=graph[name].shape)
    return NetworkModule(rest, tensors).train(module.training) if nodes else None


def _stored(key: str, tensor: Tensor, graph: Graph) -> Tensor:
    if key in graph.buffers:
        return tensor
    return nn.Parameter(tensor, requires_grad=key not in graph.frozen)


def _put(step: nn.Module, role: str, tensor: Tensor) -> None:
    """Set a weight of a step, as a parameter or as a buffer."""
    if isinstance(tensor, nn.Parameter):
        step._buffers.pop(role, None)
        step._parameters[role] = tensor
    else:
        step._parameters.pop(role, None)
        step._buffers[role] = tensor


# The module of each operation

Build = Callable[[Node, Mapping[str, Tensor], Sequence[int]], nn.Module]


def _step(node: Node, tensors: Mapping[str, Tensor], shapes: Mapping[str, Sequence[int]]) -> nn.Module:
    """Return the module of a node, which has as yet none of its weights."""
    if node.op in {Op.PARAMETER, Op.CONSTANT}:
        return Stored()
    if node.op not in _BUILD:
        return Function(node)
    step = _BUILD[node.op](node, tensors, shapes[node.inputs[0]])
    for held in (step._parameters, step._buffers):
        held.update(dict.fromkeys(held))
    return step


def _plain(kind: Callable[..., nn.Module], *names: str) -> Build:
    return lambda node, tensors, shape: kind(*(node.settings[name] for name in names))


def _conv(node: Node, tensors: Mapping[str, Tensor], shape: Sequence[int]) -> nn.Module:
    weight, s = tensors["weight"], node.settings
    kernel = (weight.shape[2], weight.shape[3])
    sizes = s["stride"], s["padding"], s["dilation"], s["groups"]
    return nn.Conv2d(shape[0], weight.shape[0], kernel, *sizes, "bias" in tensors, device=META)


def _conv_transpose(node: Node, tensors: Mapping[str, Tensor], shape: Sequence[int]) -> nn.Module:
    weight, s = tensors["weight"], node.settings
    kernel = (weight.shape[2], weight.shape[3])
    sizes = s["stride"], s["padding"], s["output_padding"], s["groups"], "bias" in tensors, s["dilation"]
    return nn.ConvTranspose2d(shape[0], weight.shape[1] * s["groups"], kernel, *sizes, device=META)


def _linear(_node: Node, tensors: Mapping[str, Tensor], _shape: Sequence[int]) -> nn.Module:
    out, features = tensors["weight"].shape
    return nn.Linear(features, out, "bias" in tensors, device=META)


def _batch_norm(node: Node, tensors: Mapping[str, Tensor], shape: Sequence[int]) -> nn.Module:
    kind = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
    s = node.settings
    affine = bool({"weight", "bias"} & tensors.keys())
    return kind(shape[0], s["eps"], s["momentum"], affine, not s["batch_statistics"], device=META)


def _group_norm(node: Node, tensors: Mapping[str, Tensor], shape: Sequence[int]) -> nn.Module:
    return nn.GroupNorm(node.settings["groups"], shape[0], node.settings["eps"], bool(tensors), device=META)


def _layer_norm(node: Node, tensors: Mapping[str, Tensor], _shape: Sequence[int]) -> nn.Module:
    return nn.LayerNorm(node.settings["shape"], node.settings["eps"], bool(tensors), device=META)


def _instance_norm(node: Node, tensors: Mapping[str, Tensor], shape: Sequence[int]) -> nn.Module:
    return nn.InstanceNorm2d(shape[0], node.settings["eps"], affine=bool(tensors), device=META)


def _elu(node: Node, _tensors: Mapping[str, Tensor], _shape: Sequence[int]) -> nn.Module:
    plain = node.settings["scale"] == node.settings["input_scale"] == 1
    return nn.ELU(node.settings["alpha"]) if plain else Function(node)


def _max_pool(node: Node, _tensors: Mapping[str, Tensor], _shape: Sequence[int]) -> nn.Module:
    s = node.settings
    return nn.MaxPool2d(s["kernel"], s["stride"], s["padding"], s["dilation"], ceil_mode=s["ceil"])


def _gelu(node: Node, _tensors: Mapping[str, Tensor], _shape: Sequence[int]) -> nn.Module:
    return nn.GELU(approximate=node.settings["approximate"])


def _prelu(_node: Node, tensors: Mapping[str, Tensor], _shape: Sequence[int]) -> nn.Module:
    return nn.PReLU(tensors["weight"].numel(), device=META)


_BUILD: dict[Op, Build] = {
    Op.CONV: _conv,
    Op.CONV_TRANSPOSE: _conv_transpose,
    Op.LINEAR: _linear,
    Op.BATCH_NORM: _batch_norm,
    Op.INSTANCE_NORM: _instance_norm,
    Op.GROUP_NORM: _group_norm,
    Op.LAYER_NORM: _layer_norm,
    Op.MAX_POOL: _max_pool,
    Op.AVG_POOL: _plain(nn.AvgPool2d, "kernel", "stride", "padding", "ceil", "count_include_pad", "divisor"),
    Op.ADAPTIVE_AVG_POOL: _plain(nn.AdaptiveAvgPool2d, "size"),
    Op.ADAPTIVE_MAX_POOL: _plain(nn.AdaptiveMaxPool2d, "size"),
    Op.RELU: _plain(nn.ReLU),
    Op.RELU6: _plain(nn.ReLU6),
    Op.SELU: _plain(nn.SELU),
    Op.SILU: _plain(nn.SiLU),
    Op.MISH: _plain(nn.Mish),
    Op.SIGMOID: _plain(nn.Sigmoid),
    Op.TANH: _plain(nn.Tanh),
    Op.HARDSWISH: _plain(nn.Hardswish),
    Op.HARDSIGMOID: _plain(nn.Hardsigmoid),
    Op.HARDTANH: _plain(nn.Hardtanh, "min_val", "max_val"),
    Op.LEAKY_RELU: _plain(nn.LeakyReLU, "negative_slope"),
    Op.ELU: _elu,
    Op.SOFTPLUS: _plain(nn.Softplus, "beta", "threshold"),
    Op.GELU: _gelu,
    Op.PRELU: _prelu,
    Op.DROPOUT: _plain(nn.Dropout, "p"),
    Op.DROPOUT2D: _plain(nn.Dropout2d, "p"),
    Op.SOFTMAX: _plain(nn.Softmax, "dim"),
    Op.LOG_SOFTMAX: _plain(nn.LogSoftmax, "dim"),
}
