"""Receptive fields by the recurrence: each window changes the field of the step before it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

import torch
from torch import nn

from model import layers
from model.errors import InputError, TraceError
from model.networks.assignment.network import IMAGE_SHAPE
from model.receptive_field.reach import beside_formula, of_pixels, slid
from model.receptive_field.records import ReceptiveField, Window
from model.records import IMAGE
from model.trace import record
from model.trace.records import Step

T = TypeVar("T")
Shape = tuple[int, int, int]
PIXEL = ReceptiveField(size=(1, 1), jump=(1, 1), center=(0.0, 0.0))


def next_size(size: int, jump: int, kernel: int, dilation: int) -> int:
    """Return ``size + (kernel - 1) * dilation * jump``: values in the window lie ``dilation`` jumps apart.

    >>> next_size(7, 1, kernel=2, dilation=1)
    8
    """
    return size + (kernel - 1) * dilation * jump


def next_center(center: float, jump: int, kernel: int, padding: int, dilation: int) -> float:
    """Return ``center + ((kernel - 1) * dilation / 2 - padding) * jump``: the middle of unit 0's window.

    >>> next_center(3.0, 1, kernel=2, padding=0, dilation=1)
    3.5
    """
    return center + ((kernel - 1) * dilation / 2 - padding) * jump


def next_jump(jump: int, stride: int) -> int:
    """Return ``jump * stride``: neighbouring windows start ``stride`` input units apart.

    >>> next_jump(1, stride=2)
    2
    """
    return jump * stride


def next_field(field: ReceptiveField, window: Window) -> ReceptiveField:
    """Return the receptive field after a window; its padding can be negative, where the first values are cut off.

    >>> next_field(ReceptiveField((3, 3), (1, 1), (1.0, 1.0)), Window((2, 2), (2, 2)))
    ReceptiveField(size=(4, 4), jump=(2, 2), center=(1.5, 1.5), held=())
    """
    return ReceptiveField(
        _each_axis(next_size, field.size, field.jump, window.kernel, window.dilation),
        _each_axis(next_jump, field.jump, window.stride),
        _each_axis(next_center, field.center, field.jump, window.kernel, window.padding, window.dilation),
        field.held,
    )


def from_windows(windows: Iterable[Window]) -> list[ReceptiveField]:
    """Compute the receptive field after each window of a chain.

    For each axis, starting with ``size = 1``, ``jump = 1``, ``center = 0`` for a pixel::

        size   <- size + (kernel - 1) * dilation * jump
        center <- center + ((kernel - 1) * dilation / 2 - padding) * jump
        jump   <- jump * stride

    Args:
        windows: In the order they run, each on the output of the one before.

    Returns:
        One receptive field for each window.

    Raises:
        InputError: A kernel, stride or dilation is below 1, or a padding below 0.

    Source: Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019, here
    from the first layer to the last. Theirs count pixels from 1 and have no dilation.

    >>> [field.size for field in from_windows([Window((3, 3)), Window((2, 2), stride=(2, 2)), Window((3, 1))])]
    [(3, 3), (4, 4), (8, 4)]
    """
    fields = [PIXEL]
    for window in windows:
        _check_window(window)
        fields.append(next_field(fields[-1], window))
    return fields[1:]


def windows_of(network: nn.Module, input_shape: Shape = IMAGE_SHAPE) -> dict[str, Window]:
    """Return the window of every step that gives feature maps, in the order they run.

    An element-wise step has a 1 × 1 window.

    Args:
        network: A chain of steps, each on the output of the one before. It is only read: a private copy runs once on a
            blank image.
        input_shape: Shape of one image, (C, H, W).

    Raises:
        InputError: The windows of an adaptive pool differ, or the padding is not zeros.
        TraceError: A step does not run, runs twice, or does not get the output of the one before.
    """
    return {step.name: layers.window(step) for step in _steps(network, input_shape)}


def of_chain(network: nn.Module, input_shape: Shape = IMAGE_SHAPE) -> dict[str, ReceptiveField]:
    """Return the receptive field of every step of a chain that gives feature maps, in the order they run.

    The arguments and errors are those of ``windows_of``. The boxes of its units end where the maps between end.
    """
    steps = _steps(network, input_shape)
    windows = [layers.window(step) for step in steps]
    image = input_shape[1], input_shape[2]
    reach, found = of_pixels(image), {}
    for step, window, field in zip(steps, windows, from_windows(windows), strict=True):
        reach = slid(reach, window, (step.output.shape[1], step.output.shape[2]))
        found[step.name] = replace(field, reach=beside_formula(field, reach, image))
    return found


def _steps(network: nn.Module, input_shape: Shape) -> list[Step]:
    """Return the steps of a chain that give feature maps."""
    trace = record(network, torch.zeros(1, *input_shape))
    steps = [step for step in trace.steps if step.output.ndim == 3]
    _check_chain(steps, input_shape)
    return steps


def _each_axis(formula: Callable[..., T], *pairs: tuple[Any, Any]) -> tuple[T, T]:
    y, x = map(formula, *pairs)
    return y, x


def _check_window(window: Window) -> None:
    minima = {"kernel": 1, "stride": 1, "padding": 0, "dilation": 1}
    for name, minimum in minima.items():
        pair = getattr(window, name)
        if min(pair) < minimum:
            raise InputError(f"A window has {name} {pair}.", f"It must be at least {minimum}.", "Give a larger one.")


def _check_chain(steps: list[Step], input_shape: Shape) -> None:
    """Raise where a step does not get the previous output, or where an unrecorded operation changed its shape."""
    shape, last = (*input_shape,), IMAGE
    for step in steps:
        if step.input.shape != shape:
            raise TraceError(
                f"The input of {step.name} has shape {step.input.shape}, but the output before it has shape {shape}.",
                "Each step must run on the output of the one before.",
                "Make the operation between them a separate module.",
            )
        if step.inputs not in {(), (last,)}:
            raise TraceError(
                f"{step.name} gets the output of {', '.join(step.inputs)}, not that of {last} alone.",
                "Each step must run on the output of the one before.",
                "Ask for the receptive fields of its graph.",
            )
        shape, last = step.output.shape, step.name
