"""The base class of the kinds of layer; its defaults are those of an element-wise layer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.errors import InputError
from model.graph.records import Node, Op
from model.layers.records import Calculation, Recipe, Term
from model.receptive_field.records import Window
from model.records import Unit
from model.trace.records import Step

_MAX_PRINTED_TERMS = 9  # a formula with more terms prints one sum for each input map
_SUM_SYMBOLS = "Σ input × weight", "Σ over input maps of (Σ input × weight)"  # of few terms, and of many
_AXES = ("channels", "height", "width")
Settings = Mapping[str, Any]
Shape = tuple[int, ...]
Modules = tuple[type[nn.Module], ...]


@dataclass(frozen=True, slots=True)
class WorkedUnit:
    """The arithmetic of one unit; the attributes are those of ``Explanation``."""

    terms: tuple[Term, ...]
    bias: float
    symbols: str
    formula: str
    value: float
    is_worked_out: bool = True


class Layer(ABC):
    """One kind of layer. It has no state; its methods work on a recorded step.

    Attributes:
        kind: The kind of operation.
        modules: The PyTorch modules of this kind, where it has any.
        ops: The operations of a graph of this kind.
        names: PyTorch's name of a setting, where a graph has another name for it.
        about: What it does and why, for beginners.
        settings: The attributes of these modules that the arithmetic needs.
        hidden: Whether the printed table leaves it out.
        learns: Whether it has weights or statistics from training, which ``randomize`` replaces.
        linear: Whether it gives weighted sums of its input and a fixed number; a product of two inputs does not.
    """

    kind: ClassVar[str]
    modules: ClassVar[Modules] = ()
    ops: ClassVar[tuple[Op, ...]] = ()
    names: ClassVar[Mapping[str, str]] = MappingProxyType({})
    about: ClassVar[str]
    settings: ClassVar[tuple[str, ...]] = ()
    hidden: ClassVar[bool] = False
    learns: ClassVar[bool] = False
    linear: ClassVar[bool] = False

    def describe(self, step: Step) -> str:
        """Say what a step does; a kind may add what is special about this step."""
        return self.about

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """Work out each axis of the output."""
        return tuple(
            unchanged(name, size) for name, size in zip(axes(step.output.shape), step.input.shape, strict=True)
        )

    def parameters(self, step: Step) -> tuple[Calculation, ...]:
        """Work out the number of parameters, one line for each kind of parameter."""
        return tuple(Calculation(key, key, f"{values.size:,}", values.size) for key, values in step.parameters.items())

    def multiply_accumulates(self, step: Step) -> Calculation:
        """Work out the number of products of a weight and a value that are added to a sum."""
        return Calculation("multiply-accumulates", "none: no sum of weighted values", "0", 0)

    def settings_from(self, module: nn.Module) -> dict[str, Any]:
        """Return the settings of a module that the arithmetic needs, by PyTorch's names."""
        return {name: getattr(module, name) for name in self.settings}

    def settings_of(self, node: Node) -> Settings:
        """Return the settings of a node by PyTorch's names."""
        return {self.names.get(name, name): value for name, value in node.settings.items()}

    def window(self, settings: Settings, before: Shape, after: Shape) -> Window:
        """Return the window of one unit.

        Args:
            settings: By PyTorch's names.
            before: Shape of the input, (C, H, W).
            after: Shape of the output, (C, H, W).
        """
        return Window((1, 1))

    def window_of(self, step: Step) -> Window:
        """Return the window of one unit of a recorded step."""
        return self.window(step.settings, step.input.shape, step.output.shape)

    def monotone(self, module: nn.Module) -> nn.Module:
        """Return a module in whose place a brighter input always gives a brighter output.

        Receptive fields are measured with it: no two paths cancel, and no change is lost.

        Args:
            module: A step of this kind; it is not changed.

        Raises:
            InputError: Nothing is known of this kind.
        """
        raise InputError(
            f"The receptive field of a step '{self.kind}' cannot be measured.",
            "It is not known how it passes a change on.",
            "Choose a step before it.",
        )

    def randomize(self, module: nn.Module, generator: torch.Generator) -> None:  # noqa: B027 (most kinds learn nothing)
        """Replace what a module has learned, in place, by what PyTorch gives a new one, drawn in PyTorch's order.

        Args:
            module: A step of this kind; without trained weights it is left unchanged.
            generator: For the random weights, on the device of the module.
        """

    @abstractmethod
    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """Work out one unit, (c, y, x), from the input."""

    def recipe(self, step: Step) -> Recipe | None:
        """Return how every unit is worked out; None where there is no rule. It gives what ``explain`` gives."""
        return None


def axes(shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return the names of the axes of a shape: channels, height and width, units for a vector, numbers for others.

    >>> axes((8, 26, 26)), axes((10,)), axes((2, 3))
    (('channels', 'height', 'width'), ('units',), ('axis 1', 'axis 2'))
    """
    if len(shape) == 3:
        return _AXES
    return ("units",) if len(shape) == 1 else tuple(f"axis {number}" for number in range(1, len(shape) + 1))


def as_maps(values: NDArray[Any]) -> NDArray[Any]:
    """Return values as maps (C, H, W); what has other axes becomes a list of maps of one unit."""
    return values if values.ndim == 3 else values.reshape(-1, 1, 1)


def position_of(unit: Unit, shape: Shape) -> Shape:
    """Return where a unit of ``as_maps`` is in an array of a shape.

    >>> position_of((5, 0, 0), (2, 3)), position_of((1, 2, 3), (8, 8, 8))
    ((1, 2), (1, 2, 3))
    """
    return unit if len(shape) == 3 else tuple(int(i) for i in np.unravel_index(unit[0], shape))


def unit_at(position: Sequence[int], shape: Shape) -> Unit:
    """Return the unit of ``as_maps`` at a position of an array of a shape; the inverse of ``position_of``."""
    if len(shape) == 3:
        channel, y, x = (int(i) for i in position)
        return channel, y, x
    return int(np.ravel_multi_index(tuple(position), shape)) if shape else 0, 0, 0


def fewest(values: NDArray[Any], shape: Shape) -> NDArray[Any]:
    """Return a number for each unit of ``as_maps`` (C, H, W) as one for all or one for each map, if that is the same.

    >>> fewest(np.array([1.0, 1.0, 2.0, 2.0]), (2, 1, 2)).tolist()
    [1.0, 2.0]
    """
    maps = values.reshape(shape[0], -1)
    if (maps != maps[:, :1]).any():
        return values
    return maps[:1, 0] if (maps == maps[0, 0]).all() else maps[:, 0]


def listed(shape: Shape, symbols: str) -> tuple[Calculation, ...]:
    """Return a line for each axis of a shape that is not computed from sizes."""
    return tuple(Calculation(name, symbols, str(size), size) for name, size in zip(axes(shape), shape, strict=True))


def unchanged(name: str, size: int) -> Calculation:
    """Return the line for an axis that does not change."""
    return Calculation(name, f"{name} in", str(size), size)


def learned_lines(step: Step, **lines: Calculation) -> tuple[Calculation, ...]:
    """Return the lines of those weights that are learned, by their names; a weight can also be fixed, or missing."""
    return tuple(line for name, line in lines.items() if name in step.parameters)


def product(name: str, **factors: int) -> Calculation:
    """Return the line for a product of named factors.

    >>> product("weights", maps_out=16, maps_in=8).numbers
    '16 × 8'
    """
    result = 1
    for factor in factors.values():
        result *= factor
    symbols = " × ".join(factor.replace("_", " ") for factor in factors)
    return Calculation(name, symbols, " × ".join(f"{factor:,}" for factor in factors.values()), result)


def weighted_sum(terms: tuple[Term, ...], bias: float = 0.0, *, biased: bool = False) -> WorkedUnit:
    """Return the sum of the terms' products and of the bias, if there is one."""
    value = sum(term.product for term in terms) + bias
    few, many = sum_symbols(biased=biased)
    if len(terms) <= _MAX_PRINTED_TERMS:
        parts = [f"{format_number(term.value)} × {format_number(term.weight or 0)}" for term in terms]
    else:
        channels: dict[int, float] = {}
        for term in terms:
            channels[term.unit[0]] = channels.get(term.unit[0], 0.0) + term.product
        parts = [f"{format_number(part)}" for part in channels.values()]
    parts += [format_number(bias)] if biased else []
    formula = f"{' + '.join(parts) or '0'} = {format_number(value, bracket=False)}"
    return WorkedUnit(terms, bias, few if len(terms) <= _MAX_PRINTED_TERMS else many, formula, value)


def sum_symbols(*, biased: bool) -> tuple[str, str]:
    """Return the formula of a weighted sum in symbols: with few terms, and with many."""
    few, many = (f"{each} + bias" if biased else each for each in _SUM_SYMBOLS)
    return few, many


def format_number(value: float, *, bracket: bool = True) -> str:
    """Write a number with four decimals and a true minus sign, in brackets where it is negative.

    >>> format_number(-0.42421), format_number(2)
    ('(−0.4242)', '2.0000')
    """
    text = f"{value:z.4f}".replace("-", "−")
    return f"({text})" if bracket and text.startswith("−") else text
