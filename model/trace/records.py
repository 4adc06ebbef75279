"""One recorded forward pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.records import IMAGE, Activation


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
