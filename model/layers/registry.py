"""The arithmetic of every kind of layer: each kind has its own file, which is found here.

These functions work on a recorded trace, so each result can be compared with what the network computed.
"""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray
from torch import nn

from model.errors import InputError
from model.graph.module import Function
from model.graph.records import Op
from model.layers.layer import Layer, product
from model.layers.records import Arithmetic, Calculation, Explanation, Recipe
from model.layers.unworked import Unworked
from model.receptive_field.records import Window
from model.records import Unit
from model.trace.records import Step, Trace


def _find_layers() -> tuple[Layer, ...]:
    """Return the kinds of layer of every file of this package."""
    package = import_module("model.layers")
    names = [each.name for each in pkgutil.iter_modules(package.__path__) if not each.ispkg and each.name != "registry"]
    found = (getattr(import_module(f"model.layers.{name}"), "LAYERS", ()) for name in sorted(names))
    return tuple(layer for layers in found for layer in layers)


_LAYERS = _find_layers()
_OF_CLASSES: Mapping[type, Layer] = {kind: layer for layer in _LAYERS for kind in layer.modules}
_OF_OPS = {op: layer for layer in _LAYERS for op in layer.ops}
_UNWORKED = Unworked()
_FLOAT32_BYTES = 4


def of_module(module: nn.Module) -> Layer | None:
    """Return the kind of layer of a module, or None if none is known."""
    if isinstance(module, Function):
        return of_op(module.op)
    found = _OF_CLASSES.get(type(module))
    return found or next((_OF_CLASSES[kind] for kind in type(module).__mro__ if kind in _OF_CLASSES), None)


def of_op(op: Op) -> Layer | None:
    """Return the kind of layer of an operation of a graph, or None if no kind has it."""
    return _OF_OPS.get(op)


def kind_of(module: nn.Module) -> str:
    """Return the name of the kind of layer of a step; where none is known, its operation or its class."""
    layer = of_module(module)
    if layer:
        return layer.kind
    return str(module.op) if isinstance(module, Function) else type(module).__name__


def monotone(module: nn.Module) -> nn.Module:
    """Return what a step becomes where a receptive field is measured: see ``Layer.monotone``.

    Raises:
        InputError: Nothing is known of its kind.
    """
    return (of_module(module) or Unworked(kind_of(module))).monotone(module)


def settings(module: nn.Module) -> Mapping[str, Any]:
    """Return the settings of a module that the arithmetic needs, by PyTorch's names."""
    if isinstance(module, Function):
        return MappingProxyType(dict(module.settings))
    layer = of_module(module)
    return MappingProxyType(layer.settings_from(module) if layer else {})


def explain(trace: Trace, name: str, unit: Unit | tuple[int]) -> Explanation:
    """Work out one unit of a step from its input units, term by term.

    Args:
        trace: Holds the step and the recorded value of the unit.
        name: The step's name.
        unit: (c, y, x), counted from 0; for a vector also (c,).

    Returns:
        The terms in double precision, their sum, and the recorded value.

    Raises:
        InputError: There is no such step or unit, or the padding is not zeros.

    >>> import torch
    >>> from model.trace import record
    >>> pool = record(nn.Sequential(nn.AvgPool2d(2)), torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]]))
    >>> explain(pool, "0", (0, 0, 0)).formula
    '12.0000 / 4 = 3.0000'
    """
    step = _step(trace, name)
    unit = _checked_unit(unit, step)
    worked = _layer_of(step).explain(step, unit)
    return Explanation(
        name=name,
        unit=unit,
        source=trace.source(name) if step.input.size else "",
        terms=worked.terms,
        bias=worked.bias,
        symbols=worked.symbols,
        formula=worked.formula,
        value=worked.value,
        recorded=float(step.maps[unit]),
        is_worked_out=worked.is_worked_out,
    )


def recipe(step: Step) -> Recipe | None:
    """Return how every unit of a step is worked out, for a program without PyTorch; None where there is no rule."""
    return _layer_of(step).recipe(step)


def arithmetic(trace: Trace) -> dict[str, Arithmetic]:
    """Work out shape, parameters and cost of every step of a trace, by name, in the order they ran.

    The running total counts a parameter once that several steps of a graph share.
    """
    lines = [_layer_of(step).parameters(step) for step in trace.steps]
    seen: dict[int, None] = {}
    totals = accumulate(sum(_count_new(values, seen) for values in step.parameters.values()) for step in trace.steps)
    return {
        step.name: Arithmetic(
            name=step.name,
            shape=_layer_of(step).shape(step),
            parameters=parameters,
            buffers=tuple(_buffer(key, values.size) for key, values in step.buffers.items()),
            running_total=total,
            multiply_accumulates=_layer_of(step).multiply_accumulates(step),
            memory=product("bytes", values=step.output.size, bytes_each=_FLOAT32_BYTES),
        )
        for step, parameters, total in zip(trace.steps, lines, totals, strict=True)
    }


def describe(step: Step) -> str:
    """Say what a step does and why, for beginners."""
    return _layer_of(step).describe(step)


def window(step: Step) -> Window:
    """Return the window of a step; 1 × 1 for an element-wise step.

    Raises:
        InputError: The windows of an adaptive pool differ, or the padding is not zeros.
    """
    return _layer_of(step).window_of(step)


def _layer_of(step: Step) -> Layer:
    of_kind = [layer for layer in _LAYERS if layer.kind == step.kind]
    if len(of_kind) < 2:
        return of_kind[0] if of_kind else _UNWORKED
    return next(layer for layer in of_kind if {*layer.settings} == {*step.settings})  # average pool: two layers


def _count_new(values: NDArray[Any], seen: dict[int, None]) -> int:
    """Return how many of these parameters were not seen before, and note their place in memory."""
    place = values.__array_interface__["data"][0]
    count = 0 if place in seen else values.size
    seen[place] = None
    return count


def _buffer(name: str, size: int) -> Calculation:
    symbols = "not learned" if name in {"weight", "bias"} else "maps" if size > 1 else "1"
    return Calculation(name.replace("_", " "), symbols, f"{size:,}", size)


def _step(trace: Trace, name: str) -> Step:
    try:
        return trace[name]
    except KeyError:
        names = ", ".join(step.name for step in trace.steps)
        raise InputError(f"No step is called '{name}'.", f"There are {names}.", "Choose one of these.") from None


def _checked_unit(unit: Unit | tuple[int], step: Step) -> Unit:
    full = (*unit, 0, 0)[:3] if len(unit) == 1 else unit
    shape = step.maps.shape
    if len(full) != 3 or not all(0 <= i < size for i, size in zip(full, shape, strict=True)):
        raise InputError(
            f"{step.name} has no unit {tuple(unit)}.",
            f"Its units are (c, y, x) below {shape}, counted from 0.",
            "Choose one of these.",
        )
    c, y, x = full
    return int(c), int(y), int(x)
