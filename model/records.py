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


class LayerKind(StrEnum):
    """What a step does."""

    CONVOLUTION = "convolution"
    RELU = "ReLU"
    BATCH_NORM = "batch norm"
    DROPOUT = "dropout"
    MAX_POOL = "max pool"
    AVERAGE_POOL = "average pool"
    FLATTEN = "flatten"
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
    """

    name: str
    kind: LayerKind
    input: Activation
    output: Activation
    parameters: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    buffers: Mapping[str, NDArray[Any]] = field(default_factory=dict)

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

    def __getitem__(self, name: str) -> Step:
        """Return the step of this name.

        Raises:
            KeyError: No step is called that.
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(f"no step is called '{name}'; there are {', '.join(step.name for step in self.steps)}")
