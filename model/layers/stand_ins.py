"""Modules that stand in for others where a receptive field is measured: all their weights are positive."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.layers.windows import pair


def positive(module: nn.Module) -> nn.Module:
    """Return a copy with positive weights, the mean of the inputs of a unit, and without a bias; the module stays."""
    copied = module.__new__(type(module))
    copied.__dict__ = {name: value.copy() if isinstance(value, dict) else value for name, value in vars(module).items()}
    for name, weight in module.named_parameters(recurse=False):
        copied._parameters[name] = nn.Parameter(_positive(weight), requires_grad=False)
    copied._buffers |= {name: _positive(fixed) for name, fixed in module.named_buffers(recurse=False)}
    return copied


def _positive(weight: Tensor) -> Tensor:
    value = 1 / weight[0].numel() if weight.ndim > 1 else 0.0
    return torch.full_like(weight, value, dtype=torch.float64)


class Sum(nn.Module):
    """The sum of two inputs; the smaller one is repeated."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return their sum."""
        total = inputs[0]
        for each in inputs[1:]:
            total = total + each
        return total


class Held(nn.Module):
    """The sum of two inputs, of which the one that is the same for all places passes no change on."""

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """Return their sum."""
        if one.shape[2:].numel() < other.shape[2:].numel():
            one, other = other, one
        return one + other.detach()


class SumAlong(nn.Module):
    """Each value, and the mean along an axis."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Return their sum."""
        return x + x.mean(self.dim, keepdim=True)


class Ones(nn.Module):
    """A stored tensor of which every number is 1."""

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = torch.ones_like(value, dtype=torch.float64)

    def forward(self) -> Tensor:
        """Return it."""
        return self.value


class WindowMean(nn.Module):
    """The mean of each window of a max pool, with its dilation and ``ceil_mode``."""

    def __init__(self, pool: nn.MaxPool2d) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        """Return the means (N, C, H, W)."""
        (kernel, stride, padding, dilation) = map(
            pair, (self.pool.kernel_size, self.pool.stride, self.pool.padding, self.pool.dilation)
        )
        channels, (height, width) = x.shape[1], self.pool(x).shape[-2:]
        # With ceil_mode the last window can reach up to stride - 1 positions further.
        pad = [amount for p, s in zip(padding[::-1], stride[::-1], strict=True) for amount in (p, p + s - 1)]
        weights = x.new_full((channels, 1, *kernel), 1 / (kernel[0] * kernel[1]))
        means = functional.conv2d(functional.pad(x, pad), weights, None, stride, 0, dilation, channels)
        return means[..., :height, :width]
