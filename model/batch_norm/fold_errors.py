"""The error of a fold on one image: with zero padding, at its edge, and with dropout."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.batch_norm.folding import named_steps
from model.batch_norm.records import Fold, FoldErrors
from model.errors import InputError
from model.trace import draw_mask
from model.trace.records import Trace


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
    if found.before:
        return _errors_before(network, trace, found, seed)
    between = [named_steps(network)[each] for each in found.through]
    normalised = torch.from_numpy(trace[found.into].input.copy()).double()[None]
    bare = torch.from_numpy(trace[found.name].input.copy()).double()[None]
    for module in between:  # the input of the convolution without batch norm: only pools change it
        if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
            bare = module(bare)
    weight, bias, folded_weight, folded_bias = (
        torch.from_numpy(each.copy()).double()
        for each in (found.weight, found.bias, found.folded_weight, found.folded_bias)
    )

    dilation = _dilation(named_steps(network)[found.into])

    def difference(keep: Tensor | float = 1.0, padding: int = 0) -> Tensor:
        if weight.ndim == 2:
            one, other = (
                functional.linear(normalised * keep, weight, bias),
                functional.linear(bare * keep, folded_weight),
            )
            return (one - other - folded_bias).abs()
        original = functional.conv2d(normalised * keep, weight, bias, padding=padding, dilation=dilation)
        folded = functional.conv2d(bare * keep, folded_weight, folded_bias, padding=padding, dilation=dilation)
        return (original - folded).abs().amax(dim=(0, 1))

    dropout = next((module for module in between if isinstance(module, nn.Dropout | nn.Dropout2d)), None)
    return _errors(difference, _keep(dropout, normalised, seed))


def _errors_before(network: nn.Module, trace: Trace, found: Fold, seed: int) -> FoldErrors:
    """Measure the errors of a fold into the convolution before the batch norm."""
    step = named_steps(network)[found.into or ""]
    x = torch.from_numpy(trace[found.into or ""].input.copy()).double()[None]
    weight, bias, folded_weight, folded_bias, gain, offset = (
        torch.from_numpy(each.copy()).double()
        for each in (found.weight, found.bias, found.folded_weight, found.folded_bias, found.gain, found.offset)
    )
    groups = step.groups if isinstance(step, nn.Conv2d) else 1

    def outputs(weight: Tensor, bias: Tensor, padding: int) -> Tensor:
        if weight.ndim == 2:
            return functional.linear(x, weight, bias)
        return functional.conv2d(x, weight, bias, padding=padding, dilation=_dilation(step), groups=groups)

    def difference(keep: Tensor | float = 1.0, padding: int = 0) -> Tensor:
        original = outputs(weight, bias, padding)
        along = (-1, *(1 for _ in original.shape[2:]))
        normalised = original * gain.view(along) + offset.view(along)
        changed = ((normalised - outputs(folded_weight, folded_bias, padding)) * keep).abs()
        return changed.amax(dim=(0, 1)) if changed.ndim == 4 else changed

    return _errors(difference, _keep(nn.Dropout(0.5), outputs(weight, bias, 0), seed))


def _errors(difference: Callable[..., Tensor], keep: Tensor) -> FoldErrors:
    """Put the errors together; without padding there is no edge."""
    unpadded, padded = difference(), difference(padding=1)
    edge = torch.zeros_like(padded, dtype=torch.bool)
    if padded.shape != unpadded.shape:
        edge[:] = True
        edge[1:-1, 1:-1] = False
    inside, outside = padded[~edge], padded[edge]
    return FoldErrors(
        unpadded=float(unpadded.max()),
        inside=float(inside.max()) if inside.numel() else 0.0,
        edge=float(outside.max()) if outside.numel() else 0.0,
        dropout=float(difference(keep).max()),
    )


def _keep(dropout: nn.Module | None, like: Tensor, seed: int) -> Tensor:
    """Draw a mask for maps (1, C, H, W), scaled by 1 / (1 - p); ones without dropout."""
    p = getattr(dropout, "p", 0.0)
    whole = isinstance(dropout, nn.Dropout2d)
    mask = draw_mask(tuple(like.shape), p, torch.Generator().manual_seed(seed), whole)
    return mask.to(like.dtype) / (1 - p) if p < 1 else mask.to(like.dtype)


def _dilation(step: nn.Module) -> Any:
    return step.dilation if isinstance(step, nn.Conv2d) else 1
