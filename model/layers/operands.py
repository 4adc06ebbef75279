"""The inputs of a step with their axis for the batch, which the settings of a graph count."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.layers.layer import Shape, position_of
from model.records import Activation, Unit
from model.trace.records import Step


def with_batch(step: Step) -> tuple[Activation, ...]:
    """Return all inputs of a step, with the axis for the batch where they have one."""
    operands = step.operands or (step.input,)
    batches = step.batches or (1,) * len(operands)
    return tuple(
        operand[None] if entries == 1 else operand for operand, entries in zip(operands, batches, strict=False)
    )


def position_with_batch(step: Step, unit: Unit) -> Shape:
    """Return where a unit of a step is in its output with the axis for the batch."""
    position = position_of(unit, step.output.shape)
    return (0, *position) if not step.batches or step.batches[-1] == 1 else position


def source_at(step: Step, number: int) -> str | None:
    """Return the name of an input by its number; None for the first, which needs no name."""
    return step.inputs[number] if number and number < len(step.inputs) else None


def numbered(arrays: tuple[Activation, ...]) -> list[NDArray[Any]]:
    """Return arrays of the same shapes whose values count through all of them.

    >>> [each.tolist() for each in numbered((np.ones((1, 2), np.float32), np.ones((2,), np.float32)))]
    [[[0.0, 1.0]], [2.0, 3.0]]
    """
    starts = np.cumsum([0, *(array.size for array in arrays)])
    return [
        np.arange(start, start + array.size, dtype=np.float64).reshape(array.shape)
        for start, array in zip(starts, arrays, strict=False)
    ]
