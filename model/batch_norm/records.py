"""Records of batch norm: one map step by step, the statistics of a batch, and folding into a convolution."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Numbers, Pixels


@dataclass(frozen=True, eq=False, slots=True)
class NormStep:
    """One operation of a batch norm on one map.

    Attributes:
        name: Name of the operation: ``subtract the mean``.
        sign: Sign of the operation: ``−``, ``÷``, ``×`` or ``+``; empty for the input.
        operand: Second operand of the operation; None for the input.
        values: The map after the operation, (H, W).
    """

    name: str
    sign: str
    operand: float | None
    values: Numbers


@dataclass(frozen=True, eq=False, slots=True)
class Normalisation:
    """One map in a batch norm in evaluation mode, or in a norm with the mean and variance of the image itself.

    Attributes:
        name: Name of the norm.
        channel: Channel of the map.
        source: The step whose output is the input.
        variance: Running variance of this map, or the variance of the values of this image.
        eps: Constant that is added to the variance before the square root.
        steps: The input, and the map after each of the four operations.
        recorded: What the network computed, (H, W).
        values: Of how many values of this image these are mean and variance; 0 for running statistics.
    """

    name: str
    channel: int
    source: str
    variance: float
    eps: float
    steps: tuple[NormStep, ...]
    recorded: Activation
    values: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class ImageSet:
    """Labelled images for batches, in a fixed shuffled order.

    Attributes:
        source: Source of the images, in words.
        content: ``mixed``, or the one class of all images: ``0`` to ``9``.
        pixels: (N, H, W), or (N, H, W, 3).
        labels: (N,).
    """

    source: str
    content: str
    pixels: Pixels
    labels: NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class BatchStatistics:
    """The statistics of a batch in one batch norm; arrays are (C,) unless stated.

    Attributes:
        count: Number of values of each map in the batch: images x H x W.
        momentum: Weight of a new batch in the running average.
        mean: Mean of the batch.
        biased: Variance of the batch, with the divisor ``count``; it is used to normalise.
        unbiased: Variance of the batch, with the divisor ``count`` − 1; it goes into the running average.
        trained_mean: Running mean before this batch.
        trained_variance: Running variance before this batch.
        after_mean: Running mean after this batch, as PyTorch computes it.
        after_variance: Running variance after this batch.
        output: Output of the batch norm for the first image, (C, H, W).
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
class TrainingModeBatch:
    """The results of one batch with the batch norms in training mode and dropout off.

    Attributes:
        size: Number of images; the first is the digit of the page.
        logits: Logits of the first image, (K,).
        rows: Statistics by the name of the batch norm.
    """

    size: int
    logits: Activation
    rows: Mapping[str, BatchStatistics]


@dataclass(frozen=True, slots=True)
class BatchAccuracy:
    """How many labelled images are classified correctly in evaluation mode and in training mode.

    Attributes:
        count: Number of images, a whole number of batches.
        evaluation_mode: Number correct with the running statistics.
        training_mode: Number correct with the statistics of each batch.
    """

    count: int
    evaluation_mode: int
    training_mode: int


@dataclass(frozen=True, eq=False, slots=True)
class RunningAverage:
    """The running statistics of one batch norm over K batches, starting from their reset.

    Attributes:
        momentum: Weight of a new batch.
        batch_means: Mean of each batch, (K, C).
        batch_variances: Unbiased variance of each batch, (K, C).
        means: Running mean after 0, 1, 2... batches, (K + 1, C).
        variances: Running variance after 0, 1, 2... batches, (K + 1, C).
        trained_mean: Running mean after training, (C,).
        trained_variance: Running variance after training, (C,).
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
    """One batch norm folded into a convolution, or into a linear layer where it works on a vector.

    Into the one directly before it: ``weight × gain`` and ``bias × gain + offset``, with the gain of each output map.
    Into the next one: ``weight × gain`` and ``bias + Σ weight × offset``, with the gain of each input map.

    Attributes:
        name: Name of the batch norm.
        through: The steps between; each commutes with ``gain × x + offset``.
        into: The convolution, or None if there is no exact fold.
        obstacle: What prevents an exact fold; empty if there is one.
        gain: Gain of each map, of this batch norm and those between, (C,).
        offset: Offset of each map, likewise, (C,).
        weight: Weight of the original convolution, (C_out, C_in, kH, kW); of a linear layer (N_out, N_in).
        bias: Bias of the original convolution, (C_out,).
        folded_weight: Weight of the folded convolution, shaped as the original.
        folded_bias: Bias of the folded convolution, (C_out,).
        before: Whether ``into`` is directly before the batch norm.
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
    before: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class FoldComparison:
    """The network with all possible folds, compared with the original.

    Attributes:
        folds: One for each batch norm.
        images: Number of images.
        difference: Largest difference of two logits, in single precision.
        exact_difference: Largest difference of two logits, in double precision.
        same_predictions: Number of images for which both predict the same class.
        parameters: Number of parameters of the original.
        folded_parameters: Number of parameters of the folded network.
    """

    folds: Mapping[str, Fold]
    images: int
    difference: float
    exact_difference: float
    same_predictions: int
    parameters: int
    folded_parameters: int


@dataclass(frozen=True, slots=True)
class FoldErrors:
    """The largest differences between the outputs of the original and the folded convolution.

    Into the convolution before a batch norm all of them are rounding errors.

    Attributes:
        unpadded: Without padding, with dropout off.
        inside: With zero padding, at units whose window is inside the map.
        edge: With zero padding, at units whose window includes padding.
        dropout: With dropout on after the batch norm, with the same mask for both.
    """

    unpadded: float
    inside: float
    edge: float
    dropout: float
