"""The base class of the kinds of layer; its defaults are those of an element-wise layer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from torch import nn

from model.graph.records import Node, Op
from model.layers.records import Calculation, Term
from model.receptive_field.records import Window
from model.records import Unit
from model.trace.records import Step

_MAX_PRINTED_TERMS = 9  # a formula with more terms prints one sum for each input map
_AXES = ("channels", "height", "width")
Settings = Mapping[str, Any]
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WorkedUnit:
    """The arithmetic of one unit; the attributes are those of ``Explanation``."""

    terms: tuple[Term, ...]
    bias: float
    symbols: str
    formula: str
    value: float


class Layer(ABC):
    """One kind of layer. It has no state; its methods work on a recorded step.

    Attributes:
        kind: The kind of operation.
        modules: The PyTorch modules of this kind.
        ops: The operations of a graph of this kind.
        names: PyTorch's name of a setting, where a graph has another name for it.
        about: What it does and why, for beginners.
        settings: The attributes of these modules that the arithmetic needs.
        hidden: Whether the printed table leaves it out.
    """

    kind: ClassVar[str]
    modules: ClassVar[tuple[type[nn.Module], ...]]
    ops: ClassVar[tuple[Op, ...]] = ()
    names: ClassVar[Mapping[str, str]] = MappingProxyType({})
    about: ClassVar[str]
    settings: ClassVar[tuple[str, ...]] = ()
    hidden: ClassVar[bool] = False

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
        return ()

    def multiply_accumulates(self, step: Step) -> Calculation:
        """Work out the number of products of a weight and a value that are added to a sum."""
        return Calculation("multiply-accumulates", "none: no sum of weighted values", "0", 0)

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

    @abstractmethod
    def explain(self, step: Step, unit: Unit) -> WorkedUnit:
        """Work out one unit, (c, y, x), from the input."""


def axes(shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return the names of the axes of a shape: channels, height and width, or units for a vector."""
    return _AXES if len(shape) == 3 else ("units",)


def unchanged(name: str, size: int) -> Calculation:
    """Return the line for an axis that does not change."""
    return Calculation(name, f"{name} in", str(size), size)


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
    symbols = "Σ input × weight" + (" + bias" if biased else "")
    if len(terms) <= _MAX_PRINTED_TERMS:
        parts = [f"{format_number(term.value)} × {format_number(term.weight or 0)}" for term in terms]
    else:
        channels: dict[int, float] = {}
        for term in terms:
            channels[term.unit[0]] = channels.get(term.unit[0], 0.0) + term.product
        parts = [f"{format_number(part)}" for part in channels.values()]
        symbols = "Σ over input maps of (Σ input × weight)" + (" + bias" if biased else "")
    parts += [format_number(bias)] if biased else []
    formula = f"{' + '.join(parts) or '0'} = {format_number(value, bracket=False)}"
    return WorkedUnit(terms, bias, symbols, formula, value)


def format_number(value: float, *, bracket: bool = True) -> str:
    """Write a number with four decimals and a true minus sign, in brackets where it is negative.

    >>> format_number(-0.42421), format_number(2)
    ('(−0.4242)', '2.0000')
    """
    text = f"{value:z.4f}".replace("-", "−")
    return f"({text})" if bracket and text.startswith("−") else text
