"""What each kind of layer computes, worked out with its own numbers: one file and one line here for each kind.

Everything that is asked of a layer is asked through the functions of this module; they read a recorded trace, so
what they work out can be held against what the network put out.
"""

from collections.abc import Mapping
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from torch import nn

from model.errors import InputError
from model.layers.batchnorm import BatchNorm
from model.layers.convolution import Convolution
from model.layers.dropout import Dropout
from model.layers.flatten import Flatten
from model.layers.layer import Layer, product
from model.layers.linear import Linear
from model.layers.pooling import AdaptiveAveragePool, AveragePool, MaxPool
from model.layers.records import Arithmetic, Calculation, Explanation
from model.layers.relu import ReLU
from model.layers.softmax import LogSoftmax, Softmax
from model.receptive_field.records import Window
from model.records import Unit
from model.trace.records import Step, Trace

_LAYERS: tuple[Layer, ...] = (
    Convolution(),
    ReLU(),
    BatchNorm(),
    Dropout(),
    MaxPool(),
    AveragePool(),
    AdaptiveAveragePool(),
    Flatten(),
    Linear(),
    Softmax(),
    LogSoftmax(),
)
_BYTES = 4  # in a float32


def of_module(module: nn.Module) -> Layer | None:
    """Return the kind of layer that a module is, or None if it is no step of its own."""
    return next((layer for layer in _LAYERS if isinstance(module, layer.modules)), None)


def settings(module: nn.Module) -> Mapping[str, Any]:
    """Return what a step's arithmetic needs to know of its module, by PyTorch's names."""
    layer = of_module(module)
    return MappingProxyType({name: getattr(module, name) for name in (layer.settings if layer else ())})


def explain(trace: Trace, name: str, unit: Unit | tuple[int]) -> Explanation:
    """Work out one unit of a step from the units that it takes in, term by term.

    Args:
        trace: Holds the step, and what the network computed for the unit.
        name: Of the step.
        unit: (c, y, x), counted from 0; of a vector also (c,).

    Returns:
        Its terms, in double precision, their sum, and what was recorded.

    Raises:
        InputError: There is no such step, no such unit, or the step pads with anything but zeros.

    >>> import torch
    >>> from model.trace import record
    >>> pool = record(nn.Sequential(nn.AvgPool2d(2)), torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]]))
    >>> explain(pool, "0", (0, 0, 0)).formula
    '12.0000 / 4 = 3.0000'
    """
    step = _step(trace, name)
    unit = _checked(unit, step)
    worked = _layer_of(step).explain(step, unit)
    return Explanation(
        name=name,
        unit=unit,
        source=trace.source(name),
        terms=worked.terms,
        bias=worked.bias,
        symbols=worked.symbols,
        formula=worked.formula,
        value=worked.value,
        recorded=float(step.maps[unit]),
    )


def arithmetic(trace: Trace) -> dict[str, Arithmetic]:
    """Work out shape, parameters and cost of every step of a trace, by name, in the order they ran."""
    lines = [_layer_of(step).parameters(step) for step in trace.steps]
    totals = accumulate(sum(line.result for line in each) for each in lines)
    return {
        step.name: Arithmetic(
            name=step.name,
            shape=_layer_of(step).shape(step),
            parameters=parameters,
            buffers=tuple(_buffer(key, values.size) for key, values in step.buffers.items()),
            running_total=total,
            multiply_accumulates=_layer_of(step).multiply_accumulates(step),
            memory=product("bytes", values=step.output.size, bytes_each=_BYTES),
        )
        for step, parameters, total in zip(trace.steps, lines, totals, strict=True)
    }


def about(step: Step) -> str:
    """Say what a step does and why, for who has never met its kind."""
    return _layer_of(step).describe(step)


def window(step: Step) -> Window:
    """Return what one unit of a step takes from the step before; 1 where each value stands alone.

    Raises:
        InputError: An adaptive pool's windows differ in size, or padding is not with zeros.
    """
    return _layer_of(step).window(step)


def _layer_of(step: Step) -> Layer:
    same = [layer for layer in _LAYERS if layer.kind is step.kind]
    return next(layer for layer in same if {*layer.settings} == {*step.settings})  # both average pools are one kind


def _buffer(name: str, size: int) -> Calculation:
    return Calculation(name.replace("_", " "), "maps" if size > 1 else "1", f"{size:,}", size)


def _step(trace: Trace, name: str) -> Step:
    try:
        return trace[name]
    except KeyError:
        names = ", ".join(step.name for step in trace.steps)
        raise InputError(f"No step is called '{name}'.", f"There are {names}.", "Choose one of these.") from None


def _checked(unit: Unit | tuple[int], step: Step) -> Unit:
    whole = (*unit, 0, 0)[:3] if len(unit) == 1 else unit
    shape = step.maps.shape
    if len(whole) != 3 or not all(0 <= i < size for i, size in zip(whole, shape, strict=True)):
        raise InputError(
            f"{step.name} has no unit {tuple(unit)}.",
            f"Its units are (c, y, x) below {shape}, counted from 0.",
            "Choose one of these.",
        )
    c, y, x = whole
    return int(c), int(y), int(x)
