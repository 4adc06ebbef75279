"""The arithmetic of a shape, a count or a unit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from numpy.typing import NDArray

from model.records import Unit


@dataclass(frozen=True, slots=True)
class Calculation:
    """One line of arithmetic with whole numbers.

    Attributes:
        name: Name of the result: ``height``, ``weights``.
        symbols: The formula in symbols.
        numbers: The formula with this step's numbers.
        result: The result.
    """

    name: str
    symbols: str
    numbers: str
    result: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The arithmetic of a step's shape, parameters and cost.

    Attributes:
        name: The step's name.
        shape: One line for each axis of the output, in order.
        parameters: One line for each kind of parameter: weights and biases, or scale and shift.
        buffers: One line for each kind of buffer, a value that is kept but not learned.
        running_total: Number of parameters up to this step, including its own; one that steps share counts once.
        multiply_accumulates: Number of products of a weight and a value that are added to a sum, for one image.
        memory: Size of its output in bytes, for one image.
    """

    name: str
    shape: tuple[Calculation, ...]
    parameters: tuple[Calculation, ...]
    buffers: tuple[Calculation, ...]
    running_total: int
    multiply_accumulates: Calculation
    memory: Calculation

    @property
    def parameter_count(self) -> int:
        """The number of its parameters."""
        return sum(line.result for line in self.parameters)

    @property
    def parameter_line(self) -> str:
        """The whole count in one line, such as ``16 × 8 × 3 × 3 + 16 = 1,168``; ``0`` where it learns nothing."""
        worked = " + ".join(line.numbers for line in self.parameters)
        return f"{worked} = {self.parameter_count:,}" if worked else "0"


@dataclass(frozen=True, slots=True)
class Term:
    """What one input unit adds to one output unit.

    Attributes:
        unit: The input unit, (c, y, x).
        value: Its value.
        weight: The factor of the value; None where the rule is not a product (an exponential).
        product: What it adds to the sum; 0 for a value that is itself the factor of another.
        source: The step that the unit belongs to, where a step has several inputs; None for the first.
    """

    unit: Unit
    value: float
    weight: float | None
    product: float
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The arithmetic of one unit.

    Attributes:
        name: The step's name.
        unit: (c, y, x).
        source: The step that the terms' units belong to, or ``image``; empty for a step without an input.
        terms: One for each input unit in the window, by channel, then y, then x.
        bias: What is added to the sum of the terms' products; 0 where there is none.
        symbols: The formula in symbols.
        formula: The formula with this unit's numbers; where there are many terms, their sums by channel.
        value: The result of the arithmetic.
        recorded: The value that the network computed.
        is_worked_out: Whether there is a rule for this kind of step. If not, there are no terms, and the value is the
            recorded one.
    """

    name: str
    unit: Unit
    source: str
    terms: tuple[Term, ...]
    bias: float
    symbols: str
    formula: str
    value: float
    recorded: float
    is_worked_out: bool = True

    @property
    def channels(self) -> dict[int, float]:
        """The sum of the terms' products by input channel."""
        sums: dict[int, float] = {}
        for term in self.terms:
            sums[term.unit[0]] = sums.get(term.unit[0], 0.0) + term.product
        return sums


class Rule(StrEnum):
    """What a recipe does with the input units of a unit."""

    SUM = "sum"  # value × weight each, and a bias
    MEAN = "mean"  # value / divisor each
    TOTAL = "total"  # each value once
    LARGEST = "largest"  # the first of the largest values
    NORM = "norm"  # (value − mean) / √(variance + eps) × scale + shift
    FUNCTION = "function"  # a function of one number
    SLOPE = "slope"  # value, times a slope if it is not positive
    COPY = "copy"  # the value itself, or a fixed number where there is none
    JOIN = "join"  # the inputs, each with a fixed factor
    PRODUCT = "product"  # the first input times the second
    QUOTIENT = "quotient"  # the first input divided by the second
    LARGER = "larger"  # the larger of two inputs
    SMALLER = "smaller"  # the smaller of two inputs
    SOFTMAX = "softmax"
    LOG_SOFTMAX = "log-softmax"
    STORED = "stored"  # no input: the number itself


class Where(StrEnum):
    """Which input units belong to a unit. Units are counted in order, through all inputs one after another."""

    SAME = "same"  # the unit with the same number, of each input
    WINDOW = "window"  # settings: for each y and each x, the places in the window and on the map
    ROW = "row"  # the row of the input with the same number, and a row of weights
    MEMBERS = "members"  # array: the numbers of the input units, (units, n); -1 for none


@dataclass(frozen=True, eq=False, slots=True)
class Recipe:
    """How every unit of a step is worked out from its input, in a form that any program can follow.

    Attributes:
        rule: What is done with the input units.
        where: Which they are.
        symbols: The formula in symbols; where a unit with few terms has another, first that one.
        formula: The formula with places for its numbers: ``{0}`` for one in brackets if it is negative, ``[0]`` for one
            that never is; empty where it lists its terms.
        settings: Plain values that the rule needs.
        arrays: Weights and other arrays that the rule needs.
    """

    rule: Rule
    where: Where
    symbols: tuple[str, ...]
    formula: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
