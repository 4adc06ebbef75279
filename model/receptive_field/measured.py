"""Measure receptive fields by gradients: with positive weights, and with the trained weights."""

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model import layers
from model.errors import InputError, TraceError
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.layers.stand_ins import Held
from model.networks.assignment.network import IMAGE_SHAPE
from model.receptive_field.graph import of_graph
from model.receptive_field.network import of_network
from model.receptive_field.records import Box, EffectiveField, ReceptiveField
from model.receptive_field.recurrence import Shape
from model.records import Pair
from model.trace import run
from model.trace.private import private_copy, put, steps_of

BATCH = 64


def measured_box(
    network: nn.Module, name: str, unit: Pair, input_shape: Shape | None = None, *, gates: bool = True
) -> Box:
    """Measure which pixels can affect a unit: those where its gradient is not zero.

    Args:
        network: A copy with positive weights is measured: see ``with_positive_weights``.
        name: The step's name.
        unit: (y, x); its channels are summed.
        input_shape: Shape of one image, (C, H, W). A graph has its own; that of another network is (1, 28, 28) by
            default.
        gates: Whether gates count; a gate that is held fixed passes no change on.

    Returns:
        The smallest box around these pixels, on the image; empty where there are none.

    Raises:
        InputError: There is no such step or no such unit, or of a step before it nothing is known.

    >>> measured_box(nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2)), "1", (1, 0), (1, 6, 6))
    Box(top=2, left=0, bottom=6, right=4)
    """
    _check_step(network, name)
    own = network.graph.input_shape if isinstance(network, NetworkModule) else IMAGE_SHAPE
    images = torch.ones(1, *(input_shape or own), dtype=torch.float64, requires_grad=True)
    with torch.enable_grad():
        output = _output_of(with_positive_weights(network, name, gates=gates), name, images)  # (1, C, H, W)
        y, x = _checked_unit(unit, output)
        (gradient,) = torch.autograd.grad(output[0, :, y, x].sum(), images)  # (1, C, H, W)
    return _bounding_box((gradient != 0).any(dim=1)[0].numpy())


def with_positive_weights(network: nn.Module, name: str | None = None, *, gates: bool = True) -> nn.Module:
    """Return a copy in double precision in which a bright image gives every path a gradient.

    Weights become positive, so that no two paths cancel; biases become 0; activations and norms become linear; a max
    pool becomes the mean of its window, because the maximum has a gradient for one value only; products become sums;
    dropout is off. Each kind of layer says what it becomes.

    Args:
        network: Not changed.
        name: The step that is measured; of a graph, only what it needs is changed.
        gates: Whether gates count.

    Raises:
        InputError: Of the kind of a step nothing is known.
    """
    private = private_copy(network)
    needed = None if name is None else _before(network, name)
    held = set[str]() if gates else _gates(network)
    for each, module in steps_of(private).items():
        if needed is None or each in needed:
            put(private, each, Held() if each in held else layers.monotone(module))
    return private


def _before(network: nn.Module, name: str) -> set[str] | None:
    """Return the steps of a graph that a step needs, and itself; None where there is no graph."""
    if not isinstance(network, NetworkModule):
        return None
    needed = {name}
    for node in reversed(network.graph.nodes):
        if node.name in needed:
            needed |= {*node.inputs}
    return needed


def _gates(network: nn.Module) -> set[str]:
    """Return the products of a graph that are gates: their name is among what is held fixed after them."""
    if not isinstance(network, NetworkModule):
        return set()
    fields = of_graph(network.graph)
    return {
        node.name
        for node in network.graph.all(Op.MUL)
        if isinstance(field := fields.get(node.name), ReceptiveField) and node.name in field.held
    }


def effective_field(network: nn.Module, images: Tensor, name: str, unit: Pair | None = None) -> EffectiveField:
    """Measure how strongly each pixel affects a unit of the trained network.

    ``values[y, x] = mean |d unit / d pixel[y, x]|`` over the images, the unit's channels and the image's channels.

    Args:
        network: A private copy runs in evaluation mode.
        images: Normalised, (N, C, H, W), N at least 1.
        name: The step's name.
        unit: (y, x); the middle unit if None.

    Raises:
        InputError: There is no such step or unit, or the images have another shape or are not finite.

    Source: Luo, Li, Urtasun, Zemel, "Understanding the Effective Receptive Field in Deep Convolutional Neural
    Networks", NeurIPS 2016. They average signed gradients; here absolute ones, so that none cancel.
    """
    _check_images(images)
    _check_step(network, name)
    private = copy.deepcopy(network).eval().requires_grad_(False)
    output = _output_of(private, name, images[:1])  # (1, C, H, W)
    unit = _checked_unit(unit or (output.shape[2] // 2, output.shape[3] // 2), output)
    strengths = [_strengths(private, batch, name, unit) for batch in images.split(BATCH)]
    values = torch.cat(strengths).mean(dim=(0, 1)).numpy()  # (H, W)
    values.setflags(write=False)
    channels, height, width = images.shape[1:]
    field = of_network(private, (channels, height, width))[name]
    box = Box(0, 0, height, width)
    if isinstance(field, ReceptiveField) and not field.held:
        box = field.box(unit)
    return EffectiveField(name, unit, values, box, inner_share(values, box))


def inner_share(values: NDArray[Any], box: Box) -> float:
    """Return the share of the sum of ``values`` (H, W) in the inner half of a box, half as high and half as wide.

    A pixel that lies partly inside counts partly, so equal values give 1/4 for a box of any size.

    >>> inner_share(np.ones((5, 5)), Box(0, 0, 5, 5))
    0.25
    """
    total = values.sum()
    if not total:
        return float("nan")
    height, width = values.shape
    rows, columns = _inner_cover(box.top, box.bottom, height), _inner_cover(box.left, box.right, width)
    return float(rows @ values @ columns / total)


def _inner_cover(start: int, stop: int, length: int) -> NDArray[np.float64]:
    """Return for each of ``length`` pixels the share, 0 to 1, that lies in the inner half of start..stop."""
    pixel, margin = np.arange(length), (stop - start) / 4
    covered = np.minimum(pixel + 1, stop - margin) - np.maximum(pixel, start + margin)
    return np.asarray(covered.clip(0, 1))


def _output_of(network: nn.Module, name: str, images: Tensor) -> Tensor:
    """Run a private copy of a network and return the output of one step."""
    outputs: list[Tensor] = []
    if isinstance(network, NetworkModule):
        outputs.append(run(network, images, give=name))
    else:
        step = network.get_submodule(name)
        handle = step.register_forward_hook(lambda module, inputs, output: outputs.append(output))
        try:
            network(images)
        finally:
            handle.remove()
    if len(outputs) != 1 or outputs[0].ndim != 4:
        raise TraceError(
            f"{name} gave feature maps {sum(output.ndim == 4 for output in outputs)} times.",
            "A step with units (y, x) gives them once.",
            "Choose a step that the receptive field lists.",
        )
    return outputs[0]


def _strengths(network: nn.Module, images: Tensor, name: str, unit: Pair) -> Tensor:
    """Return the absolute gradient of a unit, mean over its channels, (N, C, H, W)."""
    images = images.detach().clone().requires_grad_()
    y, x = unit
    with torch.enable_grad():
        sums = _output_of(network, name, images)[:, :, y, x].sum(dim=0)  # (C,): images do not affect each other
        gradients = [torch.autograd.grad(one, images, retain_graph=True)[0].abs() for one in sums]
    return torch.stack(gradients).mean(dim=0)


def _bounding_box(hits: NDArray[np.bool_]) -> Box:
    (top, bottom), (left, right) = (_span(np.any(hits, axis=(other,))) for other in (1, 0))
    return Box(top, left, bottom, right)


def _span(hits: NDArray[np.bool_]) -> Pair:
    where = np.flatnonzero(hits)
    return (int(where[0]), int(where[-1]) + 1) if where.size else (0, 0)


def _checked_unit(unit: Pair, output: Tensor) -> Pair:
    y, x = unit
    height, width = output.shape[-2:]
    if not (0 <= y < height and 0 <= x < width):
        raise InputError(
            f"There is no unit (y={y}, x={x}).",
            f"The map is {height} x {width}, counted from 0.",
            "Choose a unit of the map.",
        )
    return unit


def _check_step(network: nn.Module, name: str) -> None:
    steps = list(steps_of(network))
    if name not in steps:
        raise InputError(f"No step is called '{name}'.", f"There are {', '.join(steps)}.", "Choose one of these.")


def _check_images(images: Tensor) -> None:
    if images.ndim != 4 or not len(images) or not torch.isfinite(images).all():
        raise InputError(
            f"Images of shape {tuple(images.shape)} cannot be used.",
            "They must be (N, C, H, W), at least one, of finite values.",
            "Make them with model.images.digits.normalise.",
        )
