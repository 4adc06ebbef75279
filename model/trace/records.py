"""One recorded forward pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.records import IMAGE, Activation


class LayerKind(StrEnum):
    """The kinds of operation that pages ask for; ``model.layers`` has more."""

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


_BLOCK_STARTS = {LayerKind.CONVOLUTION, LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL, LayerKind.LINEAR}


def _starts_block(before: "Step", step: "Step") -> bool:
    elsewhere = bool(step.inputs) and step.inputs != (before.name,)
    return step.kind in _BLOCK_STARTS or elsewhere or before.maps.shape != step.maps.shape


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """One operation of one forward pass.

    A step that is not also a ``Row`` is hidden: the printed table does not show it.

    Attributes:
        name: As in the printed table (``Conv2d-7``), or of a hidden step (``ReLU-7``).
        kind: The kind of operation: a ``LayerKind``, or one of the kinds that ``model.layers`` has beside these.
        input: The activation that it gets, (C, H, W), or (N,) once flattened; of several inputs the first.
        output: The activation that it computes, likewise.
        parameters: Its learned values by name; empty where it learns none.
        buffers: Its values that are kept but not learned (a batch norm's running statistics), by name.
        settings: The arguments of its module that the arithmetic needs (kernel size, stride), by PyTorch's names.
        mask: The values that a dropout kept, shaped as the output; None where dropout is off.
        inputs: The names of the steps that give its inputs, or ``image``; empty where that is not known, because an
            operation that is not recorded ran between them.
        operands: All inputs; ``input`` is the first.
        batches: For each input and for the output, how many entries its first axis has for one image: 1, and then the
            arrays here are without it; k, where a reshape puts k there; 0 where there is no such axis.
    """

    name: str
    kind: str
    input: Activation
    output: Activation
    parameters: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    buffers: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    mask: NDArray[np.bool_] | None = None
    inputs: tuple[str, ...] = ()
    operands: tuple[Activation, ...] = ()
    batches: tuple[int, ...] = ()

    @property
    def maps(self) -> Activation:
        """The output as feature maps (C, H, W); a vector (N,) becomes N maps of one unit."""
        return self.output if self.output.ndim == 3 else self.output.reshape(-1, 1, 1)

    @property
    def weights(self) -> Mapping[str, NDArray[Any]]:
        """What the step calculates with, by name: what it learned, and what is fixed."""
        return {**self.buffers, **self.parameters}

    @property
    def parameter_count(self) -> int:
        """The number of learned values."""
        return sum(values.size for values in self.parameters.values())


@dataclass(frozen=True, eq=False, slots=True)
class Row(Step):
    """A step that the printed table shows; ``number`` counts the rows from 1."""

    number: int = 0


def _changes_much(step: Step) -> bool:
    return step.kind != LayerKind.LOG_SOFTMAX and (len(step.operands) > 1 or step.input.size != step.output.size)


@dataclass(frozen=True, eq=False, slots=True)
class Trace:
    """One recorded forward pass.

    Attributes:
        image: The normalised input, (C, H, W).
        steps: All steps in the order they ran, hidden ones too.
        logits: (K,).
        log_probabilities: (K,).
        dropout: Whether dropout was on.
        seed: Seed of the dropout masks.
        classes: The name of each class, K or none; without names a class is called by its number.
    """

    image: Activation
    steps: tuple[Step, ...]
    logits: Activation
    log_probabilities: Activation
    dropout: bool
    seed: int
    classes: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """The steps that the printed table shows."""
        return tuple(step for step in self.steps if isinstance(step, Row))

    @property
    def main_steps(self) -> tuple[Step, ...]:
        """The rows, and the function calls that join branches or change how many values there are."""
        return tuple(step for step in self.steps if isinstance(step, Row) or _changes_much(step))

    @property
    def blocks(self) -> tuple[tuple[Step, ...], ...]:
        """The steps in blocks: chains in which map c of one step becomes map c of the next.

        Each convolution, each pool and each linear step starts one, and so does what gets several inputs, the output of
        another step than the one before, or gives maps of another shape.
        """
        pairs = enumerate(zip((None, *self.steps[:-1]), self.steps, strict=True))
        starts = [i for i, (before, step) in pairs if before is None or _starts_block(before, step)]
        return tuple(self.steps[a:b] for a, b in zip(starts, [*starts[1:], None], strict=True))

    @property
    def probabilities(self) -> Activation:
        """(K,), summing to 1."""
        return np.exp(self.log_probabilities)

    @property
    def prediction(self) -> int:
        """The class with the largest logit."""
        return int(self.logits.argmax())

    def class_name(self, target: int) -> str:
        """Return what a class is called."""
        return self.classes[target] if self.classes else str(target)

    def source(self, name: str) -> str:
        """Return the name of the step whose output is this step's first input; ``image`` where it is the image.

        Raises:
            KeyError: No step has this name.
            LookupError: It is not known: an operation that is not recorded ran between them, or there is no input.
        """
        step = self[name]
        if not step.inputs:
            raise LookupError(f"the input of {name} is not the output of a step")
        return step.inputs[0]

    def maps_of(self, name: str) -> Activation:
        """Return the feature maps (C, H, W) of a step, or the image where ``name`` is ``image``.

        Raises:
            KeyError: No step has this name.
        """
        return self.image if name == IMAGE else self[name].maps

    def __getitem__(self, name: str) -> Step:
        """Return the step with this name.

        Raises:
            KeyError: No step has this name.
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(f"no step is called '{name}'; there are {', '.join(step.name for step in self.steps)}")
