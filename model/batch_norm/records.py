"""What a batch norm does to one map, what a batch's own statistics change, and what it is folded into."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Numbers, Pixels


@dataclass(frozen=True, eq=False, slots=True)
class NormStep:
    """One of the steps of a batch norm on one map.

    Attributes:
        name: What is done: ``subtract the mean``.
        sign: Of the operation: ``−``, ``÷``, ``×`` or ``+``; empty for the input.
        operand: What is subtracted, divided by, multiplied by or added; None for the input.
        values: The map afterwards, (H, W).
    """

    name: str
    sign: str
    operand: float | None
    values: Numbers


@dataclass(frozen=True, eq=False, slots=True)
class Normalisation:
    """One map on its way through a batch norm in evaluation mode.

    Attributes:
        name: Of the batch norm.
        channel: Of the map.
        source: The step whose output comes in.
        variance: The running one, of this map.
        eps: What is added to it before the root is taken.
        steps: The input, and the map after each of the four operations.
        recorded: What the network computed, (H, W).
    """

    name: str
    channel: int
    source: str
    variance: float
    eps: float
    steps: tuple[NormStep, ...]
    recorded: Activation


@dataclass(frozen=True, eq=False, slots=True)
class Supply:
    """Labelled images to make batches of, in a fixed order that mixes them.

    Attributes:
        source: Where they come from, in words.
        content: ``mixed``, or the one class that all of them are: ``0`` to ``9``.
        pixels: (N, 28, 28).
        labels: (N,).
    """

    source: str
    content: str
    pixels: Pixels
    labels: NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class BatchStatistics:
    """What one batch norm measures on a batch, each for its C maps.

    Attributes:
        count: How many values of a map the batch has: images x H x W.
        momentum: The weight of a new batch in the running average.
        mean: Of the batch.
        biased: Its variance, the sum of squares divided by ``count``: this one normalises.
        unbiased: The same divided by ``count`` − 1: this one goes into the running average.
        trained_mean: The running mean before.
        trained_variance: The running variance before.
        after_mean: The running mean after this batch, as PyTorch has it.
        after_variance: The running variance after it.
        output: What the batch norm puts out for the first image, (C, H, W).
    """

    count: int
    momentum: float
    mean: Numbers
    biased: Numbers
    unbiased: Numbers
    trained_mean: Numbers
    trained_variance: Numbers
    after_mean: Numbers
    after_variance: Numbers
    output: Activation


@dataclass(frozen=True, eq=False, slots=True)
class Forgotten:
    """One batch through a copy whose batch norms were left in training mode; dropout is off.

    Attributes:
        size: How many images; the first is the one that is asked about.
        logits: Of the first image, (10,).
        rows: The statistics by the batch norm's name.
    """

    size: int
    logits: Activation
    rows: Mapping[str, BatchStatistics]


@dataclass(frozen=True, slots=True)
class BatchScore:
    """How many labelled images are read right in evaluation mode, and with the batch's own statistics.

    Attributes:
        count: Of the images, a whole number of batches.
        trained: Right with the running statistics.
        forgotten: Right with the batch's own.
    """

    count: int
    trained: int
    forgotten: int


@dataclass(frozen=True, eq=False, slots=True)
class RunningAverage:
    """The running statistics of one batch norm over K batches, from their reset; each for its C maps.

    Attributes:
        momentum: The weight of a new batch.
        batch_means: (K, C).
        batch_variances: The unbiased ones, (K, C).
        means: After no batch, one, two...: (K + 1, C).
        variances: Likewise.
        trained_mean: What training arrived at, (C,).
        trained_variance: Likewise.
    """

    momentum: float
    batch_means: Numbers
    batch_variances: Numbers
    means: Numbers
    variances: Numbers
    trained_mean: Numbers
    trained_variance: Numbers


@dataclass(frozen=True, eq=False, slots=True)
class Fold:
    """One batch norm folded into the next convolution: ``weight × gain`` and ``bias + Σ weight × offset``.

    Attributes:
        name: Of the batch norm.
        through: The steps between, which a gain above zero and an offset pass unharmed.
        into: The convolution, or None where there is no exact fold.
        obstacle: Where there is none, what is in the way.
        gain: Of each map, of this batch norm and of those between, (C,).
        offset: Likewise, (C,).
        weight: Of the convolution as it was, (C_out, C, kH, kW).
        bias: Likewise, (C_out,).
        folded_weight: As it becomes.
        folded_bias: As it becomes.
    """

    name: str
    through: tuple[str, ...]
    into: str | None
    obstacle: str
    gain: Numbers
    offset: Numbers
    weight: NDArray[Any]
    bias: NDArray[Any]
    folded_weight: Numbers
    folded_bias: Numbers


@dataclass(frozen=True, eq=False, slots=True)
class Folding:
    """The whole network without the batch norms that can be folded, held against the network as it is.

    Attributes:
        folds: One for each batch norm.
        images: How many images both read.
        difference: The largest between two logits, in single precision.
        exact_difference: The same where both calculate in double precision.
        same_answers: For how many images the largest logit is the same one.
        parameters: Before.
        folded_parameters: After.
    """

    folds: Mapping[str, Fold]
    images: int
    difference: float
    exact_difference: float
    same_answers: int
    parameters: int
    folded_parameters: int


@dataclass(frozen=True, slots=True)
class Hindrances:
    """How far folded and unfolded would part, were things other than they are: the largest difference in the output.

    Attributes:
        plain: As it is: no padding, dropout off.
        inside: With a frame of zeros, at units whose window lies on the map.
        edge: With a frame of zeros, at units whose window reaches into the frame.
        dropout: With dropout on between the two, the same mask for both.
    """

    plain: float
    inside: float
    edge: float
    dropout: float
