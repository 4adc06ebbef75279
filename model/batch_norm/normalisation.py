"""Norms: one map step by step, with the mean and the variance that the norm uses in evaluation mode."""

from collections.abc import Callable

import numpy as np

from model.batch_norm.records import (
    Normalisation,
    NormStep,
)
from model.errors import InputError
from model.layers.layer import as_maps
from model.records import Numbers, format_sizes
from model.trace.records import LayerKind, Step, Trace

_GROUP_NORM, _LAYER_NORM, _INSTANCE_NORM = "group norm", "layer norm", "instance norm"
KINDS = {LayerKind.BATCH_NORM, _GROUP_NORM, _LAYER_NORM, _INSTANCE_NORM}


def normalisation(trace: Trace, name: str, channel: int) -> Normalisation:
    """Compute one map of a norm in four operations: ``(x − mean) / √(var + ε) × scale + shift``.

    A batch norm uses its running statistics; a group, layer or instance norm, and a batch norm without running
    statistics, uses the mean and the variance of values of this image.

    Args:
        trace: A trace in evaluation mode.
        name: Name of the norm.
        channel: Channel of the map.

    Raises:
        InputError: The step is not a norm, has no such map, or its values have no mean or no scale in common.
    """
    step = trace[name]
    if step.kind not in KINDS or not 0 <= channel < len(step.maps):
        raise InputError(
            f"There is no map {channel} of a batch norm '{name}'.",
            "The maps of a batch norm, or of another norm, count from 0.",
            "Choose one of its maps.",
        )
    mean, variance, count = _mean_of(step, channel)
    scale, shift = (_learned(step, key, channel, default) for key, default in (("weight", 1.0), ("bias", 0.0)))
    eps = float(step.settings["eps"])
    deviation = float(np.sqrt(variance + eps))
    values = as_maps(step.input)[channel].astype(np.float64)
    steps = [NormStep("input", "", None, values)]
    operations: list[tuple[str, str, float, Callable[..., Numbers]]] = [
        ("subtract the mean", "−", mean, np.subtract),
        ("divide by the deviation", "÷", deviation, np.divide),
        ("scale", "×", scale, np.multiply),
        ("shift", "+", shift, np.add),
    ]
    for operation_name, sign, operand, operation in operations:
        values = operation(values, operand)
        steps.append(NormStep(operation_name, sign, operand, values))
    return Normalisation(
        name, channel, trace.source(name), variance, eps, tuple(steps), step.maps[channel], values=count
    )


def _mean_of(step: Step, channel: int) -> tuple[float, float, int]:
    """Return mean and variance for one map, and of how many values of the image they are; 0 for running statistics."""
    if "running_mean" in step.buffers:
        mean, variance = (float(step.buffers[key][channel]) for key in ("running_mean", "running_var"))
        return mean, variance, 0
    groups = len(step.input)  # a batch norm without running statistics, or an instance norm: each map alone
    if step.kind == _GROUP_NORM:
        groups = int(step.settings["num_groups"])
    elif step.kind == _LAYER_NORM:
        groups = 1
        if tuple(step.settings["normalized_shape"]) != step.input.shape:
            raise InputError(
                f"{step.name} has a mean and a variance for each place, not for whole maps.",
                f"It normalises {format_sizes(step.settings['normalized_shape'])} of {format_sizes(step.input.shape)}.",
                "Choose another norm, or one of its units on the page of the steps.",
            )
    size = len(step.input) // groups
    first = channel // size * size
    values = step.input[first : first + size].astype(np.float64)
    return float(values.mean()), float(values.var()), values.size


def _learned(step: Step, key: str, channel: int, default: float) -> float:
    """Return the scale or the shift of one map."""
    if key not in step.parameters:
        return default
    values = np.ravel(step.parameters[key][channel])
    if np.ptp(values):
        raise InputError(
            f"{step.name} has a scale and a shift for each unit.",
            "They are shown where one number holds for a whole map.",
            "Choose another norm, or one of its units on the page of the steps.",
        )
    return float(values[0])
