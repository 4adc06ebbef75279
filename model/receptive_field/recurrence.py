"""Receptive fields by the recurrence: how each window makes the field of the step before it grow."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, TypeVar

import torch
from torch import nn

from model import layers
from model.errors import InputError, TraceError
from model.networks.assignment.network import IMAGE_SHAPE
from model.receptive_field.records import Growth, ReceptiveField, Window
from model.trace import record
from model.trace.records import Row, Step

T = TypeVar("T")
Shape = tuple[int, int, int]
_PIXEL = ReceptiveField(size=(1, 1), jump=(1, 1), center=(0.0, 0.0))


def grown_size(size: int, jump: int, kernel: int, dilation: int) -> int:
    """Return ``size + (kernel - 1) * dilation * jump``: each further value lies ``dilation`` jumps on.

    >>> grown_size(7, 1, kernel=2, dilation=1)
    8
    """
    return size + (kernel - 1) * dilation * jump


def moved_center(center: float, jump: int, kernel: int, padding: int, dilation: int) -> float:
    """Return ``center + ((kernel - 1) * dilation / 2 - padding) * jump``: the middle of unit 0's window.

    >>> moved_center(3.0, 1, kernel=2, padding=0, dilation=1)
    3.5
    """
    return center + ((kernel - 1) * dilation / 2 - padding) * jump


def grown_jump(jump: int, stride: int) -> int:
    """Return ``jump * stride``: neighbours lie ``stride`` units of the step before apart.

    >>> grown_jump(1, stride=2)
    2
    """
    return jump * stride


def from_windows(windows: Iterable[Window]) -> list[ReceptiveField]:
    """Compute the receptive field after each of some windows, first to last.

    For each axis, from a pixel's ``size = 1``, ``jump = 1``, ``center = 0``::

        size   <- size + (kernel - 1) * dilation * jump
        center <- center + ((kernel - 1) * dilation / 2 - padding) * jump
        jump   <- jump * stride

    Args:
        windows: In the order they run, each on what the one before put out.

    Returns:
        One field a window.

    Raises:
        InputError: A kernel, stride or dilation is below 1, or a padding below 0.

    Source: Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019, solved
    forwards here. Theirs count pixels from 1 and have no dilation.

    >>> [field.size for field in from_windows([Window((3, 3)), Window((2, 2), stride=(2, 2)), Window((3, 1))])]
    [(3, 3), (4, 4), (8, 4)]
    """
    fields = [_PIXEL]
    for window in windows:
        _check_window(window)
        fields.append(_seen_through(window, fields[-1]))
    return fields[1:]


def of_network(network: nn.Module, input_shape: Shape = IMAGE_SHAPE) -> dict[str, ReceptiveField]:
    """Compute the receptive field of every step that puts out feature maps, in the order they run.

    Args:
        network: Its steps run one after another, each on what the one before put out. It is only read.
        input_shape: Of one image, (C, H, W). Adaptive pools get their windows from the sizes that it leads to.

    Returns:
        The field of each step by its name in the trace.

    Raises:
        InputError: A step has no window: see ``windows_of``.
        TraceError: A step is left out, runs twice, or does not follow on the one before.

    >>> of_network(nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2)), (1, 6, 6))["1"]
    ReceptiveField(size=(4, 4), jump=(2, 2), center=(1.5, 1.5))
    """
    windows = windows_of(network, input_shape)
    return dict(zip(windows, from_windows(windows.values()), strict=True))


def growth(network: nn.Module, input_shape: Shape = IMAGE_SHAPE) -> tuple[Growth, ...]:
    """Show the arithmetic of every step that puts out feature maps, in the order they run.

    Args:
        network: As for ``of_network``.
        input_shape: Of one image, (C, H, W).

    Raises:
        InputError: A step has no window: see ``windows_of``.
        TraceError: A step is left out, runs twice, or does not follow on the one before.

    >>> growth(nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2)), (1, 6, 6))[1].size
    '3 + (2 − 1) × 1 × 1 = 4'
    """
    trace = record(network, torch.zeros(1, *input_shape))
    windows = windows_of(network, input_shape)
    fields = [_PIXEL, *from_windows(windows.values())]
    return tuple(
        _grown(trace[name], window, before, after)
        for (name, window), (before, after) in zip(windows.items(), pairwise(fields), strict=True)
    )


def _grown(step: Step, window: Window, before: ReceptiveField, after: ReceptiveField) -> Growth:
    kernel, stride, padding, dilation = window.kernel[0], window.stride[0], window.padding[0], window.dilation[0]
    jump = before.jump[0]
    return Growth(
        name=step.name,
        number=step.number if isinstance(step, Row) else None,
        window=window,
        before=before,
        after=after,
        units=(step.output.shape[1], step.output.shape[2]),
        size=f"{before.size[0]} + ({kernel} − 1) × {dilation} × {jump} = {after.size[0]}",
        jump=f"{jump} × {stride} = {after.jump[0]}",
        center=f"{before.center[0]:g} + (({kernel} − 1) × {dilation} / 2 − {padding}) × {jump} = {after.center[0]:g}",
    )


def windows_of(network: nn.Module, input_shape: Shape = IMAGE_SHAPE) -> dict[str, Window]:
    """Return the window of every step that puts out feature maps, in the order they run.

    A step that works on each value alone has the window 1.

    Args:
        network: As for ``of_network``; a private copy runs once on a blank image.
        input_shape: Of one image, (C, H, W).

    Raises:
        InputError: An adaptive pool's windows differ in size, or padding is not with zeros.
        TraceError: A step is left out, runs twice, or does not follow on the one before.
    """
    trace = record(network, torch.zeros(1, *input_shape))
    steps = [step for step in trace.steps if step.output.ndim == 3]
    _check_chain(steps, input_shape)
    return {step.name: layers.window(step) for step in steps}


def _seen_through(window: Window, field: ReceptiveField) -> ReceptiveField:
    return ReceptiveField(
        _each_axis(grown_size, field.size, field.jump, window.kernel, window.dilation),
        _each_axis(grown_jump, field.jump, window.stride),
        _each_axis(moved_center, field.center, field.jump, window.kernel, window.padding, window.dilation),
    )


def _each_axis(formula: Callable[..., T], *pairs: tuple[Any, Any]) -> tuple[T, T]:
    y, x = map(formula, *pairs)
    return y, x


def _check_window(window: Window) -> None:
    least = {"kernel": 1, "stride": 1, "padding": 0, "dilation": 1}
    for what, lowest in least.items():
        pair = getattr(window, what)
        if min(pair) < lowest:
            raise InputError(f"A window has the {what} {pair}.", f"The least is {lowest}.", "Give a larger one.")


def _check_chain(steps: list[Step], input_shape: Shape) -> None:
    """Raise where a step takes in another shape than came out before it: then something unseen ran between."""
    shape: tuple[int, ...] = input_shape
    for step in steps:
        if step.input.shape != shape:
            raise TraceError(
                f"{step.name} takes in {step.input.shape}, but {shape} came before it.",
                "Each step must run on what the one before put out.",
                "Make the operation between them a module of its own.",
            )
        shape = step.output.shape
