"""Batch norm: normalise each map to mean 0 and variance 1, then scale and shift it.

Scale and shift are learned. Mean and variance are running averages over training batches, kept in buffers; in
evaluation mode they are constants. Every unit depends on one input unit only.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.errors import InputError
from model.graph.records import Op
from model.layers.layer import Layer, WorkedUnit, as_maps, fewest, format_number, position_of, product
from model.layers.records import Calculation, Recipe, Rule, Term, Where
from model.records import Unit
from model.trace.records import LayerKind, Step

_SYMBOLS = "(input − mean) / √(variance + ε) × scale + shift"


def norm_recipe(step: Step, symbols: str, **numbers: NDArray[Any]) -> Recipe:
    """Return the recipe of a norm.

    Args:
        step: Its ``eps`` is used.
        symbols: The formula.
        numbers: Mean, variance, scale and shift of each unit, in order.
    """
    eps = float(step.settings["eps"])
    formula = f"({{0}} − {{1}}) / √({{2}} + {eps:g}) × {{3}} + {{4}} = [5]"
    arrays = {name: fewest(values, as_maps(step.output).shape) for name, values in numbers.items()}
    return Recipe(Rule.NORM, Where.SAME, (symbols,), formula, {"eps": eps}, arrays)


class BatchNorm(Layer):
    """``y = (x - mean) / sqrt(var + eps) * scale + shift``, with the running mean and variance of its map."""

    kind = LayerKind.BATCH_NORM
    modules = (nn.BatchNorm2d, nn.BatchNorm1d)
    ops = (Op.BATCH_NORM,)
    learns = True
    linear = True
    about = (
        "Subtracts the mean of each map and divides by its standard deviation, both measured in training; then scales "
        "and shifts by two learned numbers. Every map gets a similar range, which keeps training stable."
    )
    settings = ("eps",)

    def parameters(self, step: Step) -> tuple[Calculation, ...]:
        """A scale and a shift for each map."""
        names = {"weight": "scale", "bias": "shift"}
        return tuple(product(names[key], maps=values.size) for key, values in step.parameters.items())

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """One term: a batch norm in evaluation mode is a product and a sum.

        Raises:
            InputError: The batch norm has no running statistics.
        """
        channel = position_of(unit, step.input.shape)[0]
        value = float(as_maps(step.input)[unit])
        if "running_var" not in step.buffers:
            raise InputError(
                f"{step.name} has no running statistics.",
                "Without them a unit depends on the other images of its batch.",
                "Build it with track_running_stats=True.",
            )
        mean, variance = (float(step.buffers[key][channel]) for key in ("running_mean", "running_var"))
        scale, shift = (
            float(step.weights[key][channel]) if key in step.weights else default
            for key, default in (("weight", 1.0), ("bias", 0.0))
        )
        eps = float(step.settings["eps"])
        factor = scale / np.sqrt(variance + eps)
        result = (value - mean) * factor + shift
        numbers = [format_number(each) for each in (value, mean, variance, scale, shift)]
        return WorkedUnit(
            (Term(unit, value, float(factor), float(value * factor)),),
            float(shift - mean * factor),
            _SYMBOLS,
            f"({numbers[0]} − {numbers[1]}) / √({numbers[2]} + {eps:g}) × {numbers[3]} + {numbers[4]}"
            f" = {format_number(float(result), bracket=False)}",
            float(result),
        )

    def recipe(self, step: Step) -> Recipe | None:
        """Mean, variance, scale and shift; none without running statistics, which ``explain`` refuses."""
        if "running_var" not in step.buffers:
            return None
        each, ones = step.output[0].size, np.ones(len(step.output))
        names = {"mean": "running_mean", "variance": "running_var", "scale": "weight", "shift": "bias"}
        defaults = {"weight": ones, "bias": 0 * ones}
        weights = {**defaults, **step.weights}
        return norm_recipe(step, _SYMBOLS, **{name: weights[key].repeat(each) for name, key in names.items()})

    def monotone(self, module: nn.Module) -> nn.Module:
        """Its statistics are fixed, so its place is all that matters."""
        return nn.Identity()

    def randomize(self, module: nn.Module, generator: torch.Generator) -> None:
        """Scale 1 and shift 0, mean 0 and variance 1; nothing is drawn."""
        module.reset_parameters()  # type: ignore[operator]


LAYERS = (BatchNorm(),)
