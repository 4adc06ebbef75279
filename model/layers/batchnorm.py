"""Batch norm: bring each map to mean 0 and variance 1 as measured while training, then scale and shift it.

Scale and shift are learned. Mean and variance are not: they are running averages over training batches, kept in
buffers, and in evaluation mode they are constants. Every unit depends on one input unit alone.
"""

import numpy as np
from torch import nn

from model.errors import InputError
from model.layers.layer import Layer, Sum, product, say
from model.layers.records import Calculation, Term
from model.records import Unit
from model.trace.records import LayerKind, Step


class BatchNorm(Layer):
    """``y = (x - mean) / sqrt(var + eps) * scale + shift``, with the running mean and variance of its map."""

    kind = LayerKind.BATCH_NORM
    modules = (nn.BatchNorm2d,)
    about = (
        "Takes away the mean of each map and divides by its deviation, both as measured in training; then scales and "
        "shifts by two numbers that it learned. Every map comes out in a similar range, which keeps training steady."
    )
    settings = ("eps",)

    def parameters(self, step: Step) -> tuple[Calculation, ...]:
        """A scale and a shift for each map."""
        names = {"weight": "scale", "bias": "shift"}
        return tuple(product(names[key], maps=values.size) for key, values in step.parameters.items())

    def explain(self, step: Step, unit: Unit) -> Sum:
        """One term: a batch norm in evaluation mode is a product and a sum.

        Raises:
            InputError: It keeps no running statistics.
        """
        channel = unit[0]
        value = float(step.input[unit])
        if "running_var" not in step.buffers:
            raise InputError(
                f"{step.name} keeps no running statistics.",
                "Only with them does a unit depend on its own image alone.",
                "Build it with track_running_stats=True.",
            )
        mean, variance = (float(step.buffers[key][channel]) for key in ("running_mean", "running_var"))
        scale, shift = (
            float(step.parameters[key][channel]) if key in step.parameters else default
            for key, default in (("weight", 1.0), ("bias", 0.0))
        )
        eps = float(step.settings["eps"])
        factor = scale / np.sqrt(variance + eps)
        result = (value - mean) * factor + shift
        return Sum(
            (Term(unit, value, float(factor), float(value * factor)),),
            float(shift - mean * factor),
            "(input − mean) / √(variance + ε) × scale + shift",
            f"({say(value)} − {say(mean)}) / √({say(variance)} + {eps:g}) × {say(scale)} + {say(shift)}"
            f" = {say(float(result), bracket=False)}",
            float(result),
        )
