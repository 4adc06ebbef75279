"""Fold each batch norm into the next convolution: in evaluation mode it is a product and a sum, and so is that.

``conv(gain × x + offset)`` is a convolution with ``weight × gain`` and ``bias + Σ weight × offset``. It is exact only
where nothing comes between that a product and a sum cannot pass.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from model.batch_norm.records import Fold, Folding, Hindrances
from model.errors import InputError
from model.trace.records import Trace


@dataclass(frozen=True)
class _Affine:
    """``gain × x + offset`` for each map, in double precision."""

    gain: Tensor
    offset: Tensor

    def then(self, other: "_Affine") -> "_Affine":
        """Return both in one: this first."""
        return _Affine(self.gain * other.gain, self.offset * other.gain + other.offset)


def fold(network: nn.Sequential, name: str) -> Fold:
    """Fold one batch norm, and those after it, into the next convolution, or say what is in the way.

    Args:
        network: Its children in the order in which they run; it is only read.
        name: Of the batch norm.

    Raises:
        InputError: No batch norm is called that.
    """
    steps = dict(network.named_children())
    norm = steps.get(name)
    if not isinstance(norm, nn.BatchNorm2d):
        known = [each for each, module in steps.items() if isinstance(module, nn.BatchNorm2d)]
        raise InputError(
            f"No batch norm is called '{name}'.", f"There are {', '.join(known) or 'none'}.", "Choose one of them."
        )
    affine, through = _affine(norm), list[str]()
    after = list(steps)[list(steps).index(name) + 1 :]
    for each in after:
        module = steps[each]
        obstacle = _obstacle(module, affine)
        if obstacle:
            return _fold(name, through, None, f"{each} {obstacle}", affine, None)
        if isinstance(module, nn.Conv2d):
            return _fold(name, through, each, "", affine, module)
        if isinstance(module, nn.BatchNorm2d):
            affine = affine.then(_affine(module))
        through.append(each)
    return _fold(name, through, None, "no convolution comes after it", affine, None)


def folded(network: nn.Sequential) -> nn.Sequential:
    """Return a copy in which every batch norm that can be folded is, and stands aside as an identity."""
    private = copy.deepcopy(network).eval()
    for name, module in network.named_children():
        if not isinstance(module, nn.BatchNorm2d) or isinstance(private.get_submodule(name), nn.Identity):
            continue
        found = fold(network, name)
        if found.into is None:
            continue
        for each in (name, *found.through):
            if isinstance(private.get_submodule(each), nn.BatchNorm2d):
                private.set_submodule(each, nn.Identity())
        private.set_submodule(found.into, _with_weights(private.get_submodule(found.into), found))
    return private


def compare(network: nn.Sequential, images: Tensor) -> Folding:
    """Hold the folded network against the network as it is.

    Args:
        network: Is only read.
        images: (N, C, H, W), normalised.
    """
    plain, other = copy.deepcopy(network).eval(), folded(network)
    precise = copy.deepcopy(plain).double()
    with torch.no_grad():
        logits, others = plain(images), other(images)
        exact = (precise(images.double()) - folded(precise)(images.double())).abs().max()
    names = [name for name, module in network.named_children() if isinstance(module, nn.BatchNorm2d)]
    return Folding(
        folds={name: fold(network, name) for name in names},
        images=len(images),
        difference=float((logits - others).abs().max()),
        exact_difference=float(exact),
        same_answers=int((logits.argmax(1) == others.argmax(1)).sum()),
        parameters=_count(network),
        folded_parameters=_count(other),
    )


def hindrances(network: nn.Sequential, trace: Trace, found: Fold, seed: int = 0) -> Hindrances:
    """Measure what padding and dropout would do to a fold, on one image.

    Args:
        network: Is only read.
        trace: What it made of the image, in evaluation mode.
        found: An exact fold of this network.
        seed: Of the dropout mask, which is the same for both.

    Raises:
        InputError: The fold has no convolution.
    """
    if found.into is None:
        raise InputError(f"{found.name} is not folded.", "Only an exact fold can be hindered.", "Choose another row.")
    between = [network.get_submodule(each) for each in found.through]
    taken = torch.from_numpy(trace[found.into].input.copy()).double()[None]
    bare = torch.from_numpy(trace[found.name].input.copy()).double()[None]
    for module in between:  # what arrives where no batch norm is: only pools change it
        if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
            bare = module(bare)
    weight, bias, folded_weight, folded_bias = (
        torch.from_numpy(each.copy()).double()
        for each in (found.weight, found.bias, found.folded_weight, found.folded_bias)
    )

    def difference(keep: Tensor | float = 1.0, padding: int = 0) -> Tensor:
        one = functional.conv2d(taken * keep, weight, bias, padding=padding)
        other = functional.conv2d(bare * keep, folded_weight, folded_bias, padding=padding)
        return (one - other).abs().amax(dim=(0, 1))

    padded, beyond = difference(padding=1), torch.ones_like(difference(padding=1), dtype=torch.bool)
    beyond[1:-1, 1:-1] = False
    kept = 1 - next((module.p for module in between if isinstance(module, nn.Dropout)), 0.0)
    keep = torch.empty_like(taken).bernoulli_(kept, generator=torch.Generator().manual_seed(seed)) / kept
    return Hindrances(
        plain=float(difference().max()),
        inside=float(padded[~beyond].max()),
        edge=float(padded[beyond].max()),
        dropout=float(difference(keep).max()),
    )


def _obstacle(module: nn.Module, affine: _Affine) -> str:
    """Say why a product and a sum cannot pass a step, or get into it; empty where they can."""
    match module:
        case nn.Conv2d():
            if module.groups != 1:
                return "reads its maps in groups"
            return "" if module.padding in {(0, 0), "valid"} else "pads its input"
        case nn.MaxPool2d():
            return "" if bool((affine.gain >= 0).all()) else "takes the largest, and a negative gain turns that round"
        case nn.AvgPool2d():
            return "pads its input with zeros" if np.any(module.padding) else ""
        case nn.BatchNorm2d() | nn.Dropout() | nn.Identity():
            return ""
    return "is no product and no sum"


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
    """Return a convolution like this one, in its own precision, with the folded weights."""
    if not isinstance(module, nn.Conv2d):
        raise TypeError(f"{found.into} is no convolution")
    precision = module.weight.dtype
    module.weight = nn.Parameter(torch.from_numpy(found.folded_weight).to(precision))
    module.bias = nn.Parameter(torch.from_numpy(found.folded_bias).to(precision))
    return module


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _array(tensor: Tensor) -> NDArray[np.float64]:
    array: NDArray[np.float64] = tensor.numpy().copy()
    return array
