"""The base class of norms that take mean and variance from the image itself: group, layer and instance norm."""

from abc import abstractmethod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.layers.batchnorm import norm_recipe
from model.layers.layer import Layer, Shape, WorkedUnit, as_maps, format_number, position_of, product
from model.layers.records import Calculation, Recipe, Term
from model.records import Activation, Unit
from model.trace.records import Step


class ImageNorm(Layer):
    """``y = (x - mean) / sqrt(var + eps) * scale + shift``, with mean and variance over some values of the image.

    So every value that is averaged affects each unit, but only through two numbers. They are held fixed in the one
    term of a unit.
    """

    learns = True

    @abstractmethod
    def members(self, step: Step, position: Shape) -> Activation:
        """Return the values whose mean and variance a unit uses."""

    @abstractmethod
    def learned(self, step: Step, position: Shape) -> Shape:
        """Return which scale and shift a unit uses."""

    def parameters(self, step: Step) -> tuple[Calculation, ...]:
        """A scale and a shift for each map, or for each value."""
        names = {"weight": "scale", "bias": "shift"}
        return tuple(product(names[key], values=values.size) for key, values in step.parameters.items())

    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """One term: once mean and variance are known, it is a product and a sum."""
        position = position_of(unit, step.input.shape)
        members: NDArray[np.float64] = self.members(step, position).astype(np.float64)
        value, mean, variance = float(as_maps(step.input)[unit]), float(members.mean()), float(members.var())
        place, eps = self.learned(step, position), float(step.settings["eps"])
        scale, shift = (
            float(step.weights[key][place]) if key in step.weights else default
            for key, default in (("weight", 1.0), ("bias", 0.0))
        )
        factor = scale / float(np.sqrt(variance + eps))
        result = (value - mean) * factor + shift
        numbers = [format_number(each) for each in (value, mean, variance, scale, shift)]
        return WorkedUnit(
            (Term(unit, value, factor, value * factor),),
            shift - mean * factor,
            _symbols(members.size),
            f"({numbers[0]} − {numbers[1]}) / √({numbers[2]} + {eps:g}) × {numbers[3]} + {numbers[4]}"
            f" = {format_number(result, bracket=False)}",
            result,
        )

    def recipe(self, step: Step) -> Recipe:
        """Mean and variance of the members of each unit, its scale and its shift."""
        found = dict[int, tuple[float, float]]()  # by the first of the members, which they do not share with others
        positions, statistics = [*np.ndindex(step.input.shape)], list[tuple[float, float]]()
        for position in positions:
            members = self.members(step, position)
            first = members.__array_interface__["data"][0]
            if first not in found:
                double = members.astype(np.float64)
                found[first] = float(double.mean()), float(double.var())
            statistics.append(found[first])
        means, variances = np.asarray(statistics).T
        scale, shift = (
            np.asarray([step.weights[key][self.learned(step, position)] for position in positions])
            if key in step.weights
            else np.full(len(positions), default)
            for key, default in (("weight", 1.0), ("bias", 0.0))
        )
        return norm_recipe(step, _symbols(members.size), mean=means, variance=variances, scale=scale, shift=shift)

    def monotone(self, module: nn.Module) -> nn.Module:
        """Mean and variance are held fixed."""
        return nn.Identity()

    def randomize(self, module: nn.Module, generator: torch.Generator) -> None:
        """Scale 1 and shift 0; nothing is drawn."""
        module.reset_parameters()  # type: ignore[operator]


def _symbols(count: int) -> str:
    return f"(input − mean) / √(variance + ε) × scale + shift, over {count:,} values of this image"
