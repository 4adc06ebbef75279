"""Receptive fields as they are measured: by the gradient with positive weights, and by the gradient as trained."""

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from model import layers
from model.errors import InputError, TraceError
from model.layers.windows import pair
from model.networks.assignment.network import IMAGE_SHAPE
from model.receptive_field.records import Box, EffectiveField
from model.receptive_field.recurrence import Shape, of_network
from model.records import Pair

BATCH = 64


def measured(network: nn.Module, name: str, unit: Pair, input_shape: Shape = IMAGE_SHAPE) -> Box:
    """Measure which pixels can affect a unit: where its gradient is not zero, with nothing hidden.

    Args:
        network: It is only read: see ``with_positive_weights``.
        name: Of a step.
        unit: (y, x); all its channels count.
        input_shape: Of one image, (C, H, W).

    Returns:
        The smallest box around these pixels, on the image; an empty one if there are none.

    Raises:
        InputError: There is no such step or no such unit.

    >>> measured(nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2)), "1", (1, 0), (1, 6, 6))
    Box(top=2, left=0, bottom=6, right=4)
    """
    _check_step(network, name)
    images = torch.ones(1, *input_shape, dtype=torch.float64, requires_grad=True)
    with torch.enable_grad():
        output = _output_of(with_positive_weights(network), name, images)  # (1, C, H, W)
        y, x = _checked(unit, output)
        (gradient,) = torch.autograd.grad(output[0, :, y, x].sum(), images)  # (1, C, H, W)
    return _around((gradient != 0).any(dim=1)[0].numpy())


def with_positive_weights(network: nn.Module) -> nn.Module:
    """Return a copy, in double precision, in which a bright image sends a gradient down every path.

    Weights become positive, so no two paths cancel and no ReLU is silent; biases become 0; a batch norm passes all
    on; a max pool takes the mean of its window, as the maximum would hide all values but one; dropout is off.
    """
    private = copy.deepcopy(network).double().eval()
    for name, module in list(private.named_modules()):
        if isinstance(module, nn.BatchNorm2d):
            private.set_submodule(name, nn.Identity())
        elif isinstance(module, nn.MaxPool2d):
            private.set_submodule(name, _MeanOfWindow(module))
    for parameter in private.parameters():
        parameter.requires_grad_(False)
        parameter.fill_(1 / parameter[0].numel() if parameter.ndim > 1 else 0)
    return private


def effective(network: nn.Module, images: Tensor, name: str, unit: Pair | None = None) -> EffectiveField:
    """Measure how strongly each pixel affects a unit of the network as it is.

    ``values[y, x] = mean |d unit / d pixel[y, x]|`` over the images, the unit's channels and the image's channels.

    Args:
        network: Run in evaluation mode, on a private copy.
        images: Normalised, (N, C, H, W), N at least 1.
        name: Of a step.
        unit: (y, x); the one in the middle if None.

    Raises:
        InputError: There is no such step or no such unit, or the images are not finite or not images.

    Source: Luo, Li, Urtasun, Zemel, "Understanding the Effective Receptive Field in Deep Convolutional Neural
    Networks", NeurIPS 2016. They sum signed gradients; here none cancel.
    """
    _check_images(images)
    _check_step(network, name)
    private = copy.deepcopy(network).eval().requires_grad_(False)
    output = _output_of(private, name, images[:1])  # (1, C, H, W)
    unit = _checked(unit or (output.shape[2] // 2, output.shape[3] // 2), output)
    strengths = [_strengths(private, batch, name, unit) for batch in images.split(BATCH)]
    values = torch.cat(strengths).mean(dim=(0, 1)).numpy()  # (H, W)
    values.setflags(write=False)
    channels, height, width = images.shape[1:]
    box = of_network(private, (channels, height, width))[name].box(unit)
    return EffectiveField(name, unit, values, box, inner_share(values, box))


def inner_share(values: NDArray[Any], box: Box) -> float:
    """Return how much of the sum of ``values`` (H, W) lies in the middle of a box, half as high and half as wide.

    A pixel that lies there in part counts in part, so values spread evenly over the box give 1/4 whatever its size.

    >>> inner_share(np.ones((5, 5)), Box(0, 0, 5, 5))
    0.25
    """
    total = values.sum()
    if not total:
        return float("nan")
    height, width = values.shape
    rows, columns = _inner(box.top, box.bottom, height), _inner(box.left, box.right, width)
    return float(rows @ values @ columns / total)


def _inner(start: int, stop: int, length: int) -> NDArray[np.float64]:
    """Return how much of each of ``length`` pixels lies in the inner half of start..stop, 0 to 1."""
    pixel, margin = np.arange(length), (stop - start) / 4
    covered = np.minimum(pixel + 1, stop - margin) - np.maximum(pixel, start + margin)
    return np.asarray(covered.clip(0, 1))


class _MeanOfWindow(nn.Module):
    """Puts out the mean of each window of a max pool, dilated or rounded up as it may be."""

    def __init__(self, pool: nn.MaxPool2d) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        (kernel, stride, padding, dilation) = map(
            pair, (self.pool.kernel_size, self.pool.stride, self.pool.padding, self.pool.dilation)
        )
        channels, (height, width) = x.shape[1], self.pool(x).shape[-2:]
        # ceil_mode lets the last window begin up to stride - 1 places late.
        pad = [amount for p, s in zip(padding[::-1], stride[::-1], strict=True) for amount in (p, p + s - 1)]
        weights = x.new_full((channels, 1, *kernel), 1 / (kernel[0] * kernel[1]))
        means = functional.conv2d(functional.pad(x, pad), weights, None, stride, 0, dilation, channels)
        return means[..., :height, :width]


def _output_of(network: nn.Module, name: str, images: Tensor) -> Tensor:
    """Run a private network and return what one step put out."""
    outputs: list[Tensor] = []
    handle = network.get_submodule(name).register_forward_hook(lambda module, taken, output: outputs.append(output))
    try:
        network(images)
    finally:
        handle.remove()
    if len(outputs) != 1 or outputs[0].ndim != 4:
        raise TraceError(
            f"{name} put out feature maps {sum(output.ndim == 4 for output in outputs)} times.",
            "A unit (y, x) lies on a step that puts them out once.",
            "Choose a step that the receptive field lists.",
        )
    return outputs[0]


def _strengths(network: nn.Module, images: Tensor, name: str, unit: Pair) -> Tensor:
    """Return the absolute gradient of a unit, mean over its channels, (N, C, H, W)."""
    images = images.detach().clone().requires_grad_()
    y, x = unit
    with torch.enable_grad():
        sums = _output_of(network, name, images)[:, :, y, x].sum(dim=0)  # (C,): no image reaches another's gradient
        gradients = [torch.autograd.grad(one, images, retain_graph=True)[0].abs() for one in sums]
    return torch.stack(gradients).mean(dim=0)


def _around(hits: NDArray[np.bool_]) -> Box:
    (top, bottom), (left, right) = (_span(np.any(hits, axis=(other,))) for other in (1, 0))
    return Box(top, left, bottom, right)


def _span(hits: NDArray[np.bool_]) -> Pair:
    where = np.flatnonzero(hits)
    return (int(where[0]), int(where[-1]) + 1) if where.size else (0, 0)


def _checked(unit: Pair, output: Tensor) -> Pair:
    y, x = unit
    height, width = output.shape[-2:]
    if not (0 <= y < height and 0 <= x < width):
        raise InputError(
            f"There is no unit (y={y}, x={x}).",
            f"The map is {height} x {width}, counted from 0.",
            "Choose a unit that lies on it.",
        )
    return unit


def _check_step(network: nn.Module, name: str) -> None:
    steps = [known for known, module in network.named_modules() if layers.of_module(module)]
    if name not in steps:
        raise InputError(f"No step is called '{name}'.", f"There are {', '.join(steps)}.", "Choose one of these.")


def _check_images(images: Tensor) -> None:
    if images.ndim != 4 or not len(images) or not torch.isfinite(images).all():
        raise InputError(
            f"Images of shape {tuple(images.shape)} cannot be used.",
            "They must be (N, C, H, W), at least one, of finite values.",
            "Take them from model.images.digits.normalise.",
        )
