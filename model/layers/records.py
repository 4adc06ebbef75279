"""Where a shape, a count or a unit's value comes from."""

from dataclasses import dataclass

from model.records import Unit


@dataclass(frozen=True, slots=True)
class Calculation:
    """One line of arithmetic with whole numbers.

    Attributes:
        name: Of what comes out: ``height``, ``weights``.
        symbols: The formula.
        numbers: The same with this step's own numbers.
        result: What comes out.
    """

    name: str
    symbols: str
    numbers: str
    result: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Where a step's shape, parameters and cost come from.

    Attributes:
        name: Of the step.
        shape: One line for each axis of the output, in order.
        parameters: One line for each kind of number it learns: weights and biases, or scale and shift.
        buffers: One line for each kind of number it keeps without learning; no part of the parameters.
        running_total: Of all parameters learned up to here, this step's among them.
        multiply_accumulates: How often a weight is multiplied by a value and added to a sum, for one image.
        memory: Of its output, in bytes, for one image.
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
        """How many numbers it learns."""
        return sum(line.result for line in self.parameters)

    @property
    def parameter_line(self) -> str:
        """All of them in one line, such as ``16 × 8 × 3 × 3 + 16 = 1,168``; ``0`` where it learns none."""
        worked = " + ".join(line.numbers for line in self.parameters)
        return f"{worked} = {self.parameter_count:,}" if worked else "0"


@dataclass(frozen=True, slots=True)
class Term:
    """What one unit of the input adds to one unit of the output.

    Attributes:
        unit: Of the input, (c, y, x).
        value: Of that unit.
        weight: What it is multiplied by; None where the rule is not a product (an exponential).
        product: What it adds to the sum.
    """

    unit: Unit
    value: float
    weight: float | None
    product: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where the value of one unit comes from.

    Attributes:
        name: Of the step.
        unit: (c, y, x).
        source: The step that the terms' units belong to, or ``image``.
        terms: One for each input unit that counts, by channel, then y, then x.
        bias: What is added to the sum of the terms' products; 0 where nothing is.
        symbols: The rule.
        formula: The same with this unit's own numbers; where terms are many, their sum by channel.
        value: What the arithmetic gives.
        recorded: What the network computed.
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

    @property
    def channels(self) -> dict[int, float]:
        """The sum of the terms' products by input channel."""
        sums: dict[int, float] = {}
        for term in self.terms:
            sums[term.unit[0]] = sums.get(term.unit[0], 0.0) + term.product
        return sums
