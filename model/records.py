"""The nouns: records of plain values and numpy arrays, never changed after they are made.

This is the border between PyTorch and the pictures: ``model`` hands these out, ``viz.figures`` draws them.
Axes are named (C, H, W); pairs are (y, x).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Activation = NDArray[np.float32]
Pair = tuple[int, int]
Unit = tuple[int, int, int]  # (c, y, x)
IMAGE = "image"  # stands where a step's name would, for the pixels themselves


class LayerKind(StrEnum):
    """What a step does."""

    CONVOLUTION = "convolution"
    RELU = "ReLU"
    BATCH_NORM = "batch norm"
    DROPOUT = "dropout"
    MAX_POOL = "max pool"
    AVERAGE_POOL = "average pool"
    FLATTEN = "flatten"
    LINEAR = "linear"
    SOFTMAX = "softmax"
    LOG_SOFTMAX = "log-softmax"


_LEADERS = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL}  # what begins a block


@dataclass(frozen=True, eq=False, slots=True)
class Stage:
    """One step of turning a drawing or an upload into a digit: what it is called and how it looks then."""

    name: str
    pixels: Pixels


@dataclass(frozen=True, eq=False, slots=True)
class Digit:
    """An image as MNIST would hold it: white ink on black.

    Attributes:
        key: Plain text that names it in a link and in a cache.
        pixels: (28, 28) in 0..255.
        label: The digit that was meant, or None where nobody said or it is deliberately ambiguous.
        source: Where it comes from, in words.
        stages: What preprocessing did, first to last; empty where nothing was done.
    """

    key: str
    pixels: Pixels
    label: int | None
    source: str
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """One operation of the network during one forward pass.

    A step that is not also a ``Row`` is hidden: the printed table does not show it.

    Attributes:
        name: As the table prints it (``Conv2d-7``), or for a hidden step (``ReLU-7``).
        kind: What it does.
        input: What went in, (C, H, W), or (N,) once flattened.
        output: What came out, likewise.
        parameters: What it learned, by name; empty where it learned nothing.
        buffers: What it keeps without learning (a batch norm's running statistics), by name.
        settings: What it was built with and its arithmetic needs (a kernel's size, a stride), by PyTorch's names.
        mask: Where dropout is on, which values it kept, shaped as the output; else None.
    """

    name: str
    kind: LayerKind
    input: Activation
    output: Activation
    parameters: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    buffers: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    mask: NDArray[np.bool_] | None = None

    @property
    def maps(self) -> Activation:
        """The output as feature maps (C, H, W); a vector (N,) becomes N maps of one unit."""
        return self.output if self.output.ndim == 3 else self.output.reshape(-1, 1, 1)

    @property
    def parameter_count(self) -> int:
        """How many numbers it learned."""
        return sum(values.size for values in self.parameters.values())


@dataclass(frozen=True, eq=False, slots=True)
class Row(Step):
    """A step that is a line of the printed table; ``number`` counts them from 1."""

    number: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Trace:
    """One recorded forward pass.

    Attributes:
        image: The normalised input, (1, 28, 28).
        steps: Every step in the order it ran, rows and hidden ones.
        logits: (10,).
        log_probabilities: (10,).
        dropout: Whether dropout was on.
        seed: What the dropout masks were drawn from.
    """

    image: Activation
    steps: tuple[Step, ...]
    logits: Activation
    log_probabilities: Activation
    dropout: bool
    seed: int

    @property
    def rows(self) -> tuple[Row, ...]:
        """The steps that the printed table shows."""
        return tuple(step for step in self.steps if isinstance(step, Row))

    @property
    def blocks(self) -> tuple[tuple[Step, ...], ...]:
        """The steps cut before each convolution and each pool."""
        starts = [i for i, step in enumerate(self.steps) if step.kind in _LEADERS or i == 0]
        return tuple(self.steps[a:b] for a, b in zip(starts, [*starts[1:], None], strict=True))

    @property
    def probabilities(self) -> Activation:
        """(10,), summing to 1."""
        return np.exp(self.log_probabilities)

    @property
    def prediction(self) -> int:
        """The class with the largest logit."""
        return int(self.logits.argmax())

    def source(self, name: str) -> str:
        """Return the name of the step whose output a step takes in; ``image`` where it takes in the image itself.

        Raises:
            KeyError: No step is called that.
            LookupError: What it takes in is no step's output: something unseen ran between.
        """
        step = self[name]
        before = self.steps[: self.steps.index(step)]
        outputs: list[tuple[str, Activation]] = [(IMAGE, self.image), *((each.name, each.output) for each in before)]
        for source, output in reversed(outputs):
            if output is step.input or np.array_equal(output, step.input):
                return source
        raise LookupError(f"what {name} takes in is no step's output")

    def maps_of(self, name: str) -> Activation:
        """Return what a step put out as feature maps (C, H, W), or the image where ``name`` is ``image``.

        Raises:
            KeyError: No step is called that.
        """
        return self.image if name == IMAGE else self[name].maps

    def __getitem__(self, name: str) -> Step:
        """Return the step of this name.

        Raises:
            KeyError: No step is called that.
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(f"no step is called '{name}'; there are {', '.join(step.name for step in self.steps)}")


@dataclass(frozen=True, slots=True)
class Window:
    """What one unit of a step takes from the step before it; each pair is (y, x).

    Attributes:
        kernel: How many values it takes.
        stride: How far it moves from one unit to the next.
        padding: How many places it starts before the first value.
        dilation: How far apart the values are that it takes.
    """

    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels ``top <= y < bottom`` and ``left <= x < right``."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """How many pixels it is high."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """How many pixels it is wide."""
        return self.right - self.left

    def clipped(self, shape: Pair) -> "Box":
        """Return the part of it that lies on an image of (H, W); an empty box if none does.

        >>> Box(-1, -1, 2, 2).clipped((28, 28))
        Box(top=0, left=0, bottom=2, right=2)
        """
        height, width = shape
        top, bottom = (min(max(y, 0), height) for y in (self.top, self.bottom))
        left, right = (min(max(x, 0), width) for x in (self.left, self.right))
        return Box(top, left, bottom, right)


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """The image region that can affect a unit, for all units of one step; each pair is (y, x).

    Attributes:
        size: In pixels, from the first that matters to the last.
        jump: How many pixels lie from one unit to the next.
        center: Of unit (0, 0), in pixels, where the centre of pixel (0, 0) is (0, 0).
    """

    size: Pair
    jump: Pair
    center: tuple[float, float]

    def center_of(self, unit: tuple[float, float]) -> tuple[float, float]:
        """Return where a unit looks: ``center + unit * jump``, in pixels.

        >>> ReceptiveField(size=(8, 8), jump=(2, 2), center=(3.5, 3.5)).center_of((1, 0))
        (5.5, 3.5)
        """
        y, x = (c + u * j for c, u, j in zip(self.center, unit, self.jump, strict=True))
        return y, x

    def unit_at(self, pixel: tuple[float, float]) -> tuple[float, float]:
        """Return which unit looks there: ``(pixel - center) / jump``, a fraction between two units.

        >>> ReceptiveField(size=(8, 8), jump=(2, 2), center=(3.5, 3.5)).unit_at((5.5, 3.5))
        (1.0, 0.0)
        """
        y, x = ((p - c) / j for p, c, j in zip(pixel, self.center, self.jump, strict=True))
        return y, x

    def box(self, unit: Pair) -> Box:
        """Return the region of a unit; padding can make it reach beyond the image (see ``Box.clipped``).

        >>> ReceptiveField(size=(8, 8), jump=(2, 2), center=(3.5, 3.5)).box((1, 0))
        Box(top=2, left=0, bottom=10, right=8)
        """
        top, left = (int(c - (s - 1) / 2) for c, s in zip(self.center_of(unit), self.size, strict=True))
        return Box(top, left, top + self.size[0], left + self.size[1])


@dataclass(frozen=True, slots=True)
class Growth:
    """How one step changes the receptive field; the arithmetic is that of the y axis.

    Attributes:
        name: Of the step.
        number: Of its row; None where it is hidden.
        window: What one of its units takes.
        before: The field of what goes in.
        after: The field of what comes out.
        units: How many units its maps have, (y, x).
        size: The arithmetic of the size, such as ``7 + (2 − 1) × 1 × 1 = 8``.
        jump: Likewise.
        center: Likewise.
    """

    name: str
    number: int | None
    window: Window
    before: ReceptiveField
    after: ReceptiveField
    units: Pair
    size: str
    jump: str
    center: str

    @property
    def changes(self) -> bool:
        """Whether the field is another one after the step."""
        return self.before != self.after

    @property
    def middle(self) -> Pair:
        """The unit in the middle of its maps."""
        return self.units[0] // 2, self.units[1] // 2


@dataclass(frozen=True, eq=False, slots=True)
class EffectiveField:
    """How strongly each pixel really affects one unit.

    Attributes:
        name: Of the step.
        unit: (y, x).
        values: Mean absolute gradient, (H, W).
        box: The receptive field of the unit, not clipped.
        inner_share: How much of the sum of ``values`` lies in the middle of the box, half as high and half as
            wide: 0.25 if it were spread evenly. Not a number if no pixel has any effect.
    """

    name: str
    unit: Pair
    values: Activation
    box: Box
    inner_share: float


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
        multiply_accumulates: How often a weight is multiplied with a value and added to a sum, for one image.
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
        weight: What it is multiplied with; None where the rule is not a product (an exponential).
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


@dataclass(frozen=True, slots=True)
class Mistake:
    """One printed figure that measuring contradicts.

    Attributes:
        what: ``shape``, ``parameters``, ``input`` or ``field``.
        sentence: Why the printed figure cannot be.
    """

    what: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RowComparison:
    """What the assignment printed for a row, beside what is measured; None where it printed nothing.

    Attributes:
        name: Of the row.
        printed_shape: Of the output, (-1, C, H, W).
        measured_shape: Likewise.
        printed_parameters: How many numbers the row learns.
        measured_parameters: Likewise.
        printed_input: What goes in, (H, W, C) as the comments write it, or (H, W).
        measured_input: (H, W, C).
        printed_field: The side of the receptive field after the row, in pixels, as the notebook has it.
        measured_field: (y, x).
        mistakes: Where the two differ.
    """

    name: str
    printed_shape: tuple[int, ...]
    measured_shape: tuple[int, ...]
    printed_parameters: int
    measured_parameters: int
    printed_input: tuple[int, ...] | None
    measured_input: tuple[int, ...]
    printed_field: int | None
    measured_field: Pair
    mistakes: tuple[Mistake, ...]

    @property
    def disagreements(self) -> tuple[str, ...]:
        """What differs: some of ``shape``, ``parameters``, ``input`` and ``field``."""
        return tuple(mistake.what for mistake in self.mistakes)

    @property
    def agrees(self) -> bool:
        """Whether the printed table is right about the row: its shape and its parameters.

        What comments and the notebook say of inputs and receptive fields is in ``mistakes`` alone.
        """
        return not {"shape", "parameters"} & {*self.disagreements}
