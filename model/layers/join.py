"""The base class of steps that work on two inputs, place by place; the smaller one is repeated, as in NumPy."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from model.layers.layer import Layer, WorkedUnit, format_number, listed, unit_at
from model.layers.operands import numbered, position_with_batch, source_at, with_batch
from model.layers.records import Calculation, Recipe, Rule, Term, Where
from model.records import Unit
from model.trace.records import Step


class Join(Layer):
    """Two values of the same place become one; in the place of the second there can be a fixed number."""

    hidden = True

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """The larger of both inputs along each axis; mostly they are equal."""
        shapes = {operand.shape for operand in step.operands}
        if len(shapes) < 2:
            return listed(step.output.shape, "as in both inputs" if len(step.operands) > 1 else "as in the input")
        return listed(step.output.shape, "the larger input")

    def values(self, step: Step, unit: Unit) -> list[tuple[Unit, float, str | None]]:
        """Return of each input its unit at this place, its value, and its step."""
        position, found = position_with_batch(step, unit), []
        for number, (array, kept) in enumerate(zip(with_batch(step), step.operands, strict=True)):
            aligned = position[len(position) - array.ndim :]
            place = tuple(0 if size == 1 else i for i, size in zip(aligned, array.shape, strict=True))
            own = place[array.ndim - kept.ndim :]
            found.append((unit_at(own, kept.shape), float(array[place]), source_at(step, number)))
        return found

    def joined(self, step: Step, rule: Rule, symbols: str, formula: str, **settings: Any) -> Recipe:
        """Return the recipe, with the fixed number in the place of the second input if there is one."""
        if "value" in step.settings:
            settings["value"] = float(step.settings["value"])
        arrays = numbered(with_batch(step))
        if all(operand.shape == step.output.shape for operand in step.operands):
            return Recipe(rule, Where.SAME, (symbols,), formula, settings)
        repeated = [np.broadcast_to(each, np.broadcast_shapes(*map(np.shape, arrays))) for each in arrays]
        members = np.stack([each.ravel() for each in repeated], axis=1).astype(np.int32)
        return Recipe(rule, Where.MEMBERS, (symbols,), formula, settings, {"members": members})


def first_and_second(step: Step, values: Sequence[tuple[Unit, float, str | None]]) -> tuple[float, float]:
    """Return both numbers; the second can be a setting."""
    return values[0][1], values[1][1] if len(values) > 1 else float(step.settings["value"])


def scaled(
    step: Step, values: Sequence[tuple[Unit, float, str | None]], weights: tuple[float, float], symbols: str
) -> WorkedUnit:
    """Return the sum of both numbers, each times its weight."""
    terms = tuple(
        Term(unit, value, weight, value * weight, source)
        for (unit, value, source), weight in zip(values, weights, strict=False)
    )
    one, other = first_and_second(step, values)
    bias = 0.0 if len(values) > 1 else other * weights[1]
    result = one * weights[0] + other * weights[1]
    parts = [_part(number, weight) for number, weight in zip((one, other), weights, strict=True)]
    return WorkedUnit(terms, bias, symbols, f"{' + '.join(parts)} = {format_number(result, bracket=False)}", result)


def _part(number: float, weight: float) -> str:
    if weight == 1:
        return format_number(number)
    return format_number(-number) if weight == -1 else f"{format_number(number)} × {weight:g}"


def scaled_formula(weights: tuple[float, float]) -> str:
    """Return the formula of ``scaled`` with places for both numbers; one with the weight −1 has its sign changed."""
    parts = (f"{{{i}}}" if abs(weight) == 1 else f"{{{i}}} × {weight:g}" for i, weight in enumerate(weights))
    return f"{' + '.join(parts)} = [2]"
