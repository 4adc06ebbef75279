"""What every kind of layer is asked, and the answers of one that treats each value alone."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from model.layers.records import Calculation, Term
from model.receptive_field.records import Window
from model.records import Unit
from model.trace.records import LayerKind, Step

_PRINTED = 9  # up to so many terms a formula prints each of them
_AXES = ("channels", "height", "width")


@dataclass(frozen=True, slots=True)
class Sum:
    """A unit worked out: its terms and what becomes of them, as in ``Explanation``."""

    terms: tuple[Term, ...]
    bias: float
    symbols: str
    formula: str
    value: float


class Layer(ABC):
    """One kind of layer; it holds no state, a step brings everything that is asked about.

    Attributes:
        kind: What it is called.
        modules: The PyTorch modules that are of this kind.
        about: What it does and why, for who has never met one.
        settings: The attributes of these modules that the arithmetic needs.
        hidden: Whether the printed table leaves it out.
    """

    kind: ClassVar[LayerKind]
    modules: ClassVar[tuple[type[nn.Module], ...]]
    about: ClassVar[str]
    settings: ClassVar[tuple[str, ...]] = ()
    hidden: ClassVar[bool] = False

    def describe(self, step: Step) -> str:
        """Say what a step does; a kind may add what is special about this one."""
        return self.about

    def shape(self, step: Step) -> tuple[Calculation, ...]:
        """Work out each axis of the output."""
        return tuple(
            unchanged(name, size) for name, size in zip(axes(step.output.shape), step.input.shape, strict=True)
        )

    def parameters(self, step: Step) -> tuple[Calculation, ...]:
        """Work out how many numbers are learned, one line for each kind of them."""
        return ()

    def multiply_accumulates(self, step: Step) -> Calculation:
        """Work out how often a weight is multiplied by a value and added to a sum."""
        return Calculation("multiply-accumulates", "none: no sum of weighted values", "0", 0)

    def window(self, step: Step) -> Window:
        """Return what one unit takes from the step before."""
        return Window((1, 1))

    @abstractmethod
    def explain(self, step: Step, unit: Unit) -> Sum:
        """Work out one unit, (c, y, x), from what went in."""


def axes(shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return what the axes of a shape are called: channels, height and width, or units where it is a vector."""
    return _AXES if len(shape) == 3 else ("units",)


def unchanged(name: str, size: int) -> Calculation:
    """Return the line for an axis that stays as it is."""
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


def weighted_sum(terms: tuple[Term, ...], bias: float = 0.0, *, biased: bool = False) -> Sum:
    """Return the sum of the terms' products, and of a bias if there is one."""
    value = sum(term.product for term in terms) + bias
    symbols = "Σ input × weight" + (" + bias" if biased else "")
    if len(terms) <= _PRINTED:
        parts = [f"{say(term.value)} × {say(term.weight or 0)}" for term in terms]
    else:
        channels: dict[int, float] = {}
        for term in terms:
            channels[term.unit[0]] = channels.get(term.unit[0], 0.0) + term.product
        parts = [f"{say(part)}" for part in channels.values()]
        symbols = "Σ over input maps of (Σ input × weight)" + (" + bias" if biased else "")
    parts += [say(bias)] if biased else []
    return Sum(terms, bias, symbols, f"{' + '.join(parts) or '0'} = {say(value, bracket=False)}", value)


def say(value: float, *, bracket: bool = True) -> str:
    """Write a number with four decimals and a true minus sign, in brackets where it is negative.

    >>> say(-0.42421), say(2)
    ('(−0.4242)', '2.0000')
    """
    text = f"{value:z.4f}".replace("-", "−")
    return f"({text})" if bracket and text.startswith("−") else text
