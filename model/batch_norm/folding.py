"""Fold each batch norm into a convolution: in evaluation mode both are affine.

``gain × conv(x) + offset`` is a convolution with ``weight × gain`` and ``bias × gain + offset``. This is exact if the
output of the convolution goes to the batch norm alone.

``conv(gain × x + offset)`` is a convolution with ``weight × gain`` and ``bias + Σ weight × offset``. This is exact only
if each step between them commutes with ``gain × x + offset``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model import layers
from model.batch_norm.records import Fold, FoldComparison
from model.errors import InputError
from model.graph.module import Function, NetworkModule
from model.graph.records import Op
from model.trace.private import private_copy, put, steps_of

M = TypeVar("M", bound=nn.Module)
_NORMS = (nn.BatchNorm2d, nn.BatchNorm1d)


@dataclass(frozen=True)
class _Affine:
    """``gain × x + offset`` for each map, in double precision."""

    gain: Tensor
    offset: Tensor

    def then(self, other: "_Affine") -> "_Affine":
        """Return this map followed by another as one."""
        return _Affine(self.gain * other.gain, self.offset * other.gain + other.offset)


def fold(network: nn.Module, name: str) -> Fold:
    """Fold one batch norm into the convolution directly before it, or with those after it into the next one.

    Where neither is exact, the obstacle is given. On a vector a linear layer takes the place of the convolution.

    Args:
        network: With a graph, or a sequence of steps; it is not changed.
        name: Name of the batch norm.

    Raises:
        InputError: No batch norm has this name.
    """
    norm = named_steps(network).get(name)
    if not isinstance(norm, _NORMS):
        known = _norms(network)
        raise InputError(
            f"There is no batch norm '{name}'.",
            f"The batch norms are {', '.join(known) or 'none'}.",
            "Choose one of them.",
        )
    if norm.running_mean is None:
        nothing = _Affine(torch.empty(0), torch.empty(0))
        return _fold(name, [], None, f"{name} has no running statistics", nothing, None)
    affine, through = _affine(norm), list[str]()
    source, shared = _before(network, name)
    if source and not shared:
        return _fold(name, [], source, "", affine, named_steps(network)[source], before=True)
    after, end = _after(network, name)
    for each, module in after:
        obstacle = _obstacle(module, affine, on_vector=_on_vector(network, each))
        if obstacle:
            return _fold(name, through, None, f"{shared}{each} {obstacle}", affine, None)
        if isinstance(module, nn.Conv2d | nn.Linear):
            return _fold(name, through, each, "", affine, module)
        if isinstance(module, _NORMS):
            affine = affine.then(_affine(module))
        through.append(each)
    return _fold(name, through, None, shared + (end or "no convolution comes after it"), affine, None)


def named_steps(network: nn.Module) -> Mapping[str, nn.Module]:
    """Return the steps of a network by name, in the order they run."""
    return steps_of(network) if isinstance(network, NetworkModule) else dict(network.named_children())


def _norms(network: nn.Module) -> list[str]:
    return [name for name, module in named_steps(network).items() if isinstance(module, _NORMS)]


def _before(network: nn.Module, name: str) -> tuple[str | None, str]:
    """Return the convolution or linear layer directly before a batch norm, and why it cannot change, if it cannot."""
    steps = named_steps(network)
    if isinstance(network, NetworkModule):
        (source,) = network.graph[name].inputs
        users = [node.name for node in network.graph.nodes if source in node.inputs]
    else:
        source, users = ["", *steps][list(steps).index(name)], [name]
    step = steps.get(source)
    if isinstance(step, nn.Linear) and not _on_vector(network, source):
        return None, ""  # its outputs are not the maps of the batch norm
    if not isinstance(step, nn.Conv2d | nn.Linear):
        return None, ""
    return source, "" if users == [name] else f"{source} before it feeds several steps, and "


def _on_vector(network: nn.Module, name: str) -> bool:
    return isinstance(network, NetworkModule) and len(network.graph[name].shape) == 1


def _after(network: nn.Module, name: str) -> tuple[list[tuple[str, nn.Module]], str]:
    """Return the steps that follow one after another, and what ends them in a graph; nothing where they just end."""
    steps = named_steps(network)
    if not isinstance(network, NetworkModule):
        return list(steps.items())[list(steps).index(name) + 1 :], ""
    found = list[tuple[str, nn.Module]]()
    while True:
        users = [node for node in network.graph.nodes if name in node.inputs]
        if len(users) != 1:
            return found, f"{name} feeds several steps" if users else ""
        if len(users[0].inputs) > 1:
            return found, f"{users[0].name} has other inputs too"
        name = users[0].name
        found.append((name, steps[name]))


def fold_all(network: M) -> M:
    """Return a copy in which every batch norm that can be folded is replaced by an identity.

    One convolution can take up the batch norm before it and the one after it: each fold starts from the last.
    """
    private = private_copy(network)
    for name in _norms(network):
        if isinstance(named_steps(private)[name], nn.Identity):
            continue
        found = fold(private, name)
        if found.into is None:
            continue
        for each in (name, *found.through):
            if isinstance(named_steps(private)[each], _NORMS):
                put(private, each, nn.Identity())
        put(private, found.into, _with_weights(named_steps(private)[found.into], found))
    return private


def compare(network: nn.Module, images: Tensor) -> FoldComparison:
    """Compare the folded network with the original.

    Args:
        network: Not changed.
        images: Normalised, (N, C, H, W).
    """
    original, folded = private_copy(network), fold_all(network)
    double = private_copy(network).double()
    with torch.no_grad():
        logits, folded_logits = original(images), folded(images)
        exact = (double(images.double()) - fold_all(double)(images.double())).abs().max()
    return FoldComparison(
        folds={name: fold(network, name) for name in _norms(network)},
        images=len(images),
        difference=float((logits - folded_logits).abs().max()),
        exact_difference=float(exact),
        same_predictions=int((logits.argmax(1) == folded_logits.argmax(1)).sum()),
        parameters=_count(network),
        folded_parameters=_count(folded),
    )


def _obstacle(module: nn.Module, affine: _Affine, *, on_vector: bool) -> str:
    """Say why a step prevents the fold; return an empty string if it does not."""
    match module:
        case nn.Linear():
            return "" if on_vector else "does not work on each map alone"
        case nn.MaxPool2d() | nn.AdaptiveMaxPool2d():
            return "" if bool((affine.gain >= 0).all()) else "takes the largest value, and a gain is negative"
        case nn.Conv2d() | nn.AvgPool2d():
            return _window_obstacle(module)
        case nn.BatchNorm2d() | nn.BatchNorm1d():
            return "" if module.running_mean is not None else "has no running statistics"
    layer = layers.of_module(module)
    identity = isinstance(module, Function) and module.op is Op.IDENTITY
    if identity or isinstance(module, nn.Dropout | nn.Dropout2d | nn.Identity | nn.AdaptiveAvgPool2d):
        return ""
    return "is affine, but no convolution" if layer and layer.linear else "is not affine"


def _window_obstacle(module: nn.Conv2d | nn.AvgPool2d) -> str:
    if isinstance(module, nn.AvgPool2d):
        if module.divisor_override:
            return "divides by a number of its own"
        return "pads its input with zeros" if np.any(module.padding) and module.count_include_pad else ""
    if module.groups != 1:
        return "is a grouped convolution"
    unpadded = module.padding in {(0, 0), "valid"} or (module.padding == "same" and module.kernel_size == (1, 1))
    return "" if unpadded else "pads its input"


def _affine(norm: nn.BatchNorm2d | nn.BatchNorm1d) -> _Affine:
    state = {key: values.double() for key, values in norm.state_dict().items()}
    ones = torch.ones_like(state["running_mean"])
    gain = state.get("weight", ones) / (state["running_var"] + norm.eps).sqrt()
    return _Affine(gain, state.get("bias", 0 * ones) - state["running_mean"] * gain)


def _fold(
    name: str,
    through: Sequence[str],
    into: str | None,
    obstacle: str,
    affine: _Affine,
    module: nn.Module | None,
    *,
    before: bool = False,
) -> Fold:
    if isinstance(module, nn.Conv2d | nn.Linear):
        weight = module.weight.detach()
        bias = torch.zeros(len(weight)) if module.bias is None else module.bias.detach()
        sides = [1] * (weight.ndim - 2)
        if before:
            folded_weight = weight.double() * affine.gain.view(-1, 1, *sides)
            folded_bias = bias.double() * affine.gain + affine.offset
        else:
            folded_weight = weight.double() * affine.gain.view(-1, *sides)
            added = weight.double() * affine.offset.view(-1, *sides)
            folded_bias = bias.double() + added.flatten(1).sum(dim=1)
    else:
        weight = torch.empty(0)
        bias, folded_weight, folded_bias = weight, weight, weight
    return Fold(
        name=name,
        through=tuple(through),
        into=into,
        obstacle=obstacle,
        gain=_array(affine.gain),
        offset=_array(affine.offset),
        weight=_array(weight),
        bias=_array(bias),
        folded_weight=_array(folded_weight),
        folded_bias=_array(folded_bias),
        before=before,
    )


def _with_weights(module: nn.Module, found: Fold) -> nn.Module:
    """Give a convolution or a linear layer the folded weights, in its own precision, and return it."""
    if not isinstance(module, nn.Conv2d | nn.Linear):
        raise TypeError(f"{found.into} is neither a convolution nor a linear layer")
    precision = module.weight.dtype
    module.weight = nn.Parameter(torch.from_numpy(found.folded_weight).to(precision))
    module.bias = nn.Parameter(torch.from_numpy(found.folded_bias).to(precision))
    return module


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _array(tensor: Tensor) -> NDArray[np.float64]:
    array: NDArray[np.float64] = tensor.numpy().copy()
    return array
