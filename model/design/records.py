"""Records of a design: its layers, and what is known of each before any weight exists."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from model.receptive_field.records import Field, ReceptiveField
from model.records import Pair

DIGIT_SHAPE, DIGIT_CLASSES = (1, 28, 28), 10


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a design.

    Args:
        kind: Its kind, a name in ``kinds.KINDS``: ``conv``.
        settings: Every setting of the kind by name; pairs are (y, x).
        source: An earlier layer: its position from 1 (``3``; ``0`` is the image) or its label. A layer with one input
            reads from there instead of from the layer before it; ``add`` and ``cat`` join that with the layer before.
        label: A name by which later layers can refer to it; empty for none.
    """

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Design:
    """A network as a list of layers.

    Args:
        layers: In the order they run.
        input_shape: Of one image, (C, H, W).
        classes: How many logits it must give.
    """

    layers: tuple[Layer, ...] = ()
    input_shape: tuple[int, int, int] = DIGIT_SHAPE
    classes: int = DIGIT_CLASSES


@dataclass(frozen=True, slots=True)
class Found:
    """A design that was read from something else than its own text.

    Args:
        design: The design.
        notes: What the source says otherwise, or does not say, a sentence each.
    """

    design: Design
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A change of a design, worked out.

    Args:
        change: What is changed, as a sentence.
        design: The design after it.
        parameters: How many it has then.
        multiply_accumulates: For one image, then.
        under: Whether it is under the limit then.
    """

    change: str
    design: Design
    parameters: int
    multiply_accumulates: int
    under: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """What a design must keep; those of the assignment by default. None or False where it is not asked for.

    Args:
        parameters: Fewer than so many.
        multiply_accumulates: Fewer than so many for one image.
        no_linear: Whether a fully connected layer is forbidden.
        mean_at_end: Whether the last step with a window must be a mean over the whole map.
        batch_norm: Whether there must be one.
        dropout: Whether there must be one.
        epochs: Trained for fewer than so many.
        accuracy: At least this share is right.
    """

    parameters: int | None = 20_000
    multiply_accumulates: int | None = None
    no_linear: bool = True
    mean_at_end: bool = True
    batch_norm: bool = True
    dropout: bool = True
    epochs: int | None = 20
    accuracy: float | None = 0.994


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a layer cannot run.

    Args:
        sentence: What is wrong, with the arithmetic that fails.
        fits: What would fit.
    """

    sentence: str
    fits: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What is doubtful about a layer that can run.

    Args:
        name: ``larger`` or ``no growth``.
        sentence: Why, with the numbers.
    """

    name: str
    sentence: str


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """What one line of the editor shows; of a layer that cannot run the numbers are 0 and the shape is empty.

    Args:
        name: As torchsummary would number it: ``Conv2d-1``; a function call is named after the row before: ``add-9``.
        text: The layer as a line of text.
        inputs: Positions of the layers that it reads from, from 1; 0 is the image.
        shape: What it gives for one image: (C, H, W), or (features,).
        parameters: How many numbers it learns.
        running_total: Parameters of this layer and all before it.
        field: The receptive field of its units, or why there is no single one; None for a vector.
        multiply_accumulates: For one image.
        memory: Bytes of what it gives for one image, as float32.
        problem: Why it cannot run; None where it can, and where it only depends on one that cannot.
        marks: What is doubtful about it.
    """

    name: str
    text: str
    inputs: tuple[int, ...] = ()
    shape: tuple[int, ...] = ()
    parameters: int = 0
    running_total: int = 0
    field: Field | None = None
    multiply_accumulates: int = 0
    memory: int = 0
    problem: Problem | None = None
    marks: tuple[Mark, ...] = ()

    @property
    def works(self) -> bool:
        """Whether the layer can run, and so all that it depends on."""
        return bool(self.shape)

    @property
    def size(self) -> Pair | None:
        """The size of its receptive field, not clipped to the image; None where there is no single one."""
        return self.field.size if isinstance(self.field, ReceptiveField) else None

    @property
    def jump(self) -> Pair | None:
        """The jump between the fields of neighbouring units."""
        return self.field.jump if isinstance(self.field, ReceptiveField) else None


@dataclass(frozen=True, eq=False, slots=True)
class Assessment:
    """What is known of a design before any weight exists; sums are over the layers that can run.

    Args:
        rows: One for each layer.
        problem: Why it is no network yet, though each layer may run: it does not give one logit for each class.
    """

    rows: tuple[Row, ...]
    problem: Problem | None = None

    @property
    def works(self) -> bool:
        """Whether the design is a network: every layer runs, and it gives one logit for each class."""
        return self.problem is None and all(row.works for row in self.rows)

    @property
    def parameters(self) -> int:
        """The number of all parameters."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_accumulates(self) -> int:
        """For one image."""
        return sum(row.multiply_accumulates for row in self.rows)

    @property
    def memory(self) -> int:
        """Bytes of all activations of one image."""
        return sum(row.memory for row in self.rows)
