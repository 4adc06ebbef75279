"""Fold each batch norm into the next convolution: in evaluation mode both are affine.

``conv(gain × x + offset)`` is a convolution with ``weight × gain`` and ``bias + Σ weight × offset``. This is exact only
if each step between them commutes with ``gain × x + offset``.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from model.batch_norm.records import Fold, FoldComparison, FoldErrors
from model.errors import InputError
from model.graph.module import NetworkModule
from model.trace.private import put, steps_of
from model.trace.records import Trace

M = TypeVar("M", bound=nn.Module)


@dataclass(frozen=True)
class _Affine:
    """``gain × x + offset`` for each map, in double precision."""

    gain: Tensor
    offset: Tensor

    def then(self, other: "_Affine") -> "_Affine":
        """Return this map followed by another as one."""
        return _Affine(self.gain * other.gain, self.offset * other.gain + other.offset)


def fold(network: nn.Module, name: str) -> Fold:
    """Fold one batch norm, and those after it, into the next convolution, or give the obstacle.

    Args:
        network: With a graph, or a sequence of steps; it is not changed.
        name: Name of the batch norm.

    Raises:
        InputError: No batch norm has this name.
    """
    norm = _steps(network).get(name)
    if not isinstance(norm, nn.BatchNorm2d):
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
    after, end = _after(network, name)
    for each, module in after:
        obstacle = _obstacle(module, affine)
        if obstacle:
            return _fold(name, through, None, f"{each} {obstacle}", affine, None)
        if isinstance(module, nn.Conv2d):
            return _fold(name, through, each, "", affine, module)
        if isinstance(module, nn.BatchNorm2d):
            affine = affine.then(_affine(module))
        through.append(each)
    return _fold(name, through, None, end or "no convolution comes after it", affine, None)


def _steps(network: nn.Module) -> Mapping[str, nn.Module]:
    return steps_of(network) if isinstance(network, NetworkModule) else dict(network.named_children())


def _norms(network: nn.Module) -> list[str]:
    return [name for name, module in _steps(network).items() if isinstance(module, nn.BatchNorm2d)]


def _after(network: nn.Module, name: str) -> tuple[list[tuple[str, nn.Module]], str]:
    """Return the steps that follow one after another, and what ends them in a graph; nothing where they just end."""
    steps = _steps(network)
    if not isinstance(network, NetworkModule):
        return list(steps.items())[list(steps).index(name) + 1 :], ""
    found = list[tuple[str, nn.Module]]()
    while True:
        users = [node for node in network.graph.nodes if name in node.inputs]
        if len(users) != 1:
            return found, f"{name} feeds several steps" if users else ""
        name = users[0].name
        found.append((name, steps[name]))


def fold_all(network: M) -> M:
    """Return a copy in which every batch norm that can be folded is replaced by an identity."""
    private = copy.deepcopy(network).eval()
    for name in _norms(network):
        if isinstance(_steps(private)[name], nn.Identity):
            continue
        found = fold(network, name)
        if found.into is None:
            continue
        for each in (name, *found.through):
            if isinstance(_steps(private)[each], nn.BatchNorm2d):
                put(private, each, nn.Identity())
        put(private, found.into, _with_weights(_steps(private)[found.into], found))
    return private


def compare(network: nn.Module, images: Tensor) -> FoldComparison:
    """Compare the folded network with the original.

    Args:
        network: Not changed.
        images: Normalised, (N, C, H, W).
    """
    original, folded = copy.deepcopy(network).eval(), fold_all(network)
    double = copy.deepcopy(original).double()
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


def fold_errors(network: nn.Module, trace: Trace, found: Fold, seed: int = 0) -> FoldErrors:
    """Measure on one image the error of a fold with zero padding and with dropout.

    Args:
        network: Not changed.
        trace: The trace of the image, in evaluation mode.
        found: An exact fold of this network.
        seed: Seed of the dropout mask, which is the same for both.

    Raises:
        InputError: The fold has no convolution.
    """
    if found.into is None:
        raise InputError(
            f"{found.name} is not folded.", "Errors are measured for exact folds.", "Choose another batch norm."
        )
    between = [_steps(network)[each] for each in found.through]
    normalised = torch.from_numpy(trace[found.into].input.copy()).double()[None]
    bare = torch.from_numpy(trace[found.name].input.copy()).double()[None]
    for module in between:  # the input of the convolution without batch norm: only pools change it
        if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
            bare = module(bare)
    weight, bias, folded_weight, folded_bias = (
        torch.from_numpy(each.copy()).double()
        for each in (found.weight, found.bias, found.folded_weight, found.folded_bias)
    )

    def difference(keep: Tensor | float = 1.0, padding: int = 0) -> Tensor:
        original = functional.conv2d(normalised * keep, weight, bias, padding=padding)
        folded = functional.conv2d(bare * keep, folded_weight, folded_bias, padding=padding)
        return (original - folded).abs().amax(dim=(0, 1))

    padded = difference(padding=1)
    edge = torch.ones_like(padded, dtype=torch.bool)
    edge[1:-1, 1:-1] = False
    kept = 1 - next((module.p for module in between if isinstance(module, nn.Dropout)), 0.0)
    keep = torch.empty_like(normalised).bernoulli_(kept, generator=torch.Generator().manual_seed(seed)) / kept
    return FoldErrors(
        unpadded=float(difference().max()),
        inside=float(padded[~edge].max()),
        edge=float(padded[edge].max()),
        dropout=float(difference(keep).max()),
    )


def _obstacle(module: nn.Module, affine: _Affine) -> str:
    """Say why a step prevents the fold; return an empty string if it does not."""
    match module:
        case nn.Conv2d():
            if module.groups != 1:
                return "is a grouped convolution"
            return "" if module.padding in {(0, 0), "valid"} else "pads its input"
        case nn.MaxPool2d():
            return "" if bool((affine.gain >= 0).all()) else "takes the largest value, and a gain is negative"
        case nn.AvgPool2d():
            return "pads its input with zeros" if np.any(module.padding) else ""
        case nn.BatchNorm2d() | nn.Dropout() | nn.Identity():
            return ""
    return "is not affine"


def _affine(norm: nn.BatchNorm2d) -> _Affine:
    state = {key: values.double() for key, values in norm.state_dict().items()}
    ones = torch.ones_like(state["running_mean"])
    gain = state.get("weight", ones) / (state["running_var"] + norm.eps).sqrt()
    return _Affine(gain, state.get("bias", 0 * ones) - state["running_mean"] * gain)


def _fold(
    name: str, through: Sequence[str], into: str | None, obstacle: str, affine: _Affine, convolution: nn.Conv2d | None
) -> Fold:
    if convolution is None:
        weight = torch.empty(0)
        bias, folded_weight, folded_bias = weight, weight, weight
    else:
        weight = convolution.weight.detach()
        bias = torch.zeros(len(weight)) if convolution.bias is None else convolution.bias.detach()
        folded_weight = weight.double() * affine.gain[:, None, None]
        folded_bias = bias.double() + (weight.double() * affine.offset[:, None, None]).sum(dim=(1, 2, 3))
    tensors = (affine.gain, affine.offset, weight, bias, folded_weight, folded_bias)
    return Fold(name, tuple(through), into, obstacle, *map(_array, tensors))


def _with_weights(module: nn.Module, found: Fold) -> nn.Conv2d:
    """Give a convolution the folded weights, in its own precision, and return it."""
    if not isinstance(module, nn.Conv2d):
        raise TypeError(f"{found.into} is not a convolution")
    precision = module.weight.dtype
    module.weight = nn.Parameter(torch.from_numpy(found.folded_weight).to(precision))
    module.bias = nn.Parameter(torch.from_numpy(found.folded_bias).to(precision))
    return module


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _array(tensor: Tensor) -> NDArray[np.float64]:
    array: NDArray[np.float64] = tensor.numpy().copy()
    return array
