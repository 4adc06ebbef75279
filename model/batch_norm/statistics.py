"""Norms: one map step by step; of batch norms the statistics of a batch, and the running average over batches.

In evaluation mode a batch norm uses its running statistics. In training mode it uses the statistics of the batch and
updates the running statistics, so training mode is used on private copies only.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.batch_norm.records import (
    BatchAccuracy,
    BatchStatistics,
    ImageSet,
    Normalisation,
    NormStep,
    RunningAverage,
    TrainingModeBatch,
)
from model.errors import DataError, InputError
from model.images import digits, mnist
from model.images.inputs import DIGIT, to_inputs
from model.layers.layer import as_maps
from model.networks.records import ImageSpec
from model.records import Numbers, Pixels, format_sizes
from model.trace.private import steps_of
from model.trace.records import LayerKind, Step, Trace

Norm = nn.BatchNorm2d | nn.BatchNorm1d
MIXED = "mixed"
CONTENTS = (MIXED, *map(str, range(10)))
BATCHES = 40  # batches of the running average
_GROUP_NORM, _LAYER_NORM, _INSTANCE_NORM = "group norm", "layer norm", "instance norm"
KINDS = {LayerKind.BATCH_NORM, _GROUP_NORM, _LAYER_NORM, _INSTANCE_NORM}
_MAX_IMAGES = 1000  # images of an image set
_ACCURACY_IMAGES = 256  # images that an accuracy is measured on
_BATCH_SEED = 1  # of the batches of the running average; the order of an image set has seed 0


def normalisation(trace: Trace, name: str, channel: int) -> Normalisation:
    """Compute one map of a norm in four operations: ``(x − mean) / √(var + ε) × scale + shift``.

    A batch norm uses its running statistics; a group, layer or instance norm, and a batch norm without running
    statistics, uses the mean and the variance of values of this image.

    Args:
        trace: A trace in evaluation mode.
        name: Name of the norm.
        channel: Channel of the map.

    Raises:
        InputError: The step is not a norm, has no such map, or its values have no mean or no scale in common.
    """
    step = trace[name]
    if step.kind not in KINDS or not 0 <= channel < len(step.maps):
        raise InputError(
            f"There is no map {channel} of a batch norm '{name}'.",
            "The maps of a batch norm, or of another norm, count from 0.",
            "Choose one of its maps.",
        )
    mean, variance, count = _mean_of(step, channel)
    scale, shift = (_learned(step, key, channel, default) for key, default in (("weight", 1.0), ("bias", 0.0)))
    eps = float(step.settings["eps"])
    deviation = float(np.sqrt(variance + eps))
    values = as_maps(step.input)[channel].astype(np.float64)
    steps = [NormStep("input", "", None, values)]
    operations: list[tuple[str, str, float, Callable[..., Numbers]]] = [
        ("subtract the mean", "−", mean, np.subtract),
        ("divide by the deviation", "÷", deviation, np.divide),
        ("scale", "×", scale, np.multiply),
        ("shift", "+", shift, np.add),
    ]
    for operation_name, sign, operand, operation in operations:
        values = operation(values, operand)
        steps.append(NormStep(operation_name, sign, operand, values))
    return Normalisation(
        name, channel, trace.source(name), variance, eps, tuple(steps), step.maps[channel], values=count
    )


def _mean_of(step: Step, channel: int) -> tuple[float, float, int]:
    """Return mean and variance for one map, and of how many values of the image they are; 0 for running statistics."""
    if "running_mean" in step.buffers:
        mean, variance = (float(step.buffers[key][channel]) for key in ("running_mean", "running_var"))
        return mean, variance, 0
    groups = len(step.input)  # a batch norm without running statistics, or an instance norm: each map alone
    if step.kind == _GROUP_NORM:
        groups = int(step.settings["num_groups"])
    elif step.kind == _LAYER_NORM:
        groups = 1
        if tuple(step.settings["normalized_shape"]) != step.input.shape:
            raise InputError(
                f"{step.name} has a mean and a variance for each place, not for whole maps.",
                f"It normalises {format_sizes(step.settings['normalized_shape'])} of {format_sizes(step.input.shape)}.",
                "Choose another norm, or one of its units on the page of the steps.",
            )
    size = len(step.input) // groups
    first = channel // size * size
    values = step.input[first : first + size].astype(np.float64)
    return float(values.mean()), float(values.var()), values.size


def _learned(step: Step, key: str, channel: int, default: float) -> float:
    """Return the scale or the shift of one map."""
    if key not in step.parameters:
        return default
    values = np.ravel(step.parameters[key][channel])
    if np.ptp(values):
        raise InputError(
            f"{step.name} has a scale and a shift for each unit.",
            "They are shown where one number holds for a whole map.",
            "Choose another norm, or one of its units on the page of the steps.",
        )
    return float(values[0])


def image_set(content: str) -> ImageSet:
    """Return images for batches: MNIST's test images if they are present, else the project's labelled samples.

    Args:
        content: ``mixed``, or one class, ``0`` to ``9``.

    Raises:
        InputError: The content is neither.
    """
    if content not in CONTENTS:
        raise InputError(f"A batch cannot hold '{content}'.", f"It can hold {', '.join(CONTENTS)}.", "Choose one.")
    source, pixels, labels = _labelled()
    order = np.random.default_rng(0).permutation(len(labels))
    if content != MIXED:
        order = order[labels[order] == int(content)]
    order = order[:_MAX_IMAGES]
    return ImageSet(source, content, pixels[order], labels[order])


def _labelled() -> tuple[str, Pixels, NDArray[np.int64]]:
    """Return the source of labelled images, the images (N, 28, 28) and their labels (N,)."""
    if mnist.is_present():
        with suppress(DataError):  # present but damaged: the sidebar says so
            test = digits.mnist("test")
            return "MNIST test images", test.images, test.labels
    labelled = [(sample.pixels, sample.label) for sample in digits.samples() if sample.label is not None]
    labels = np.asarray([label for _, label in labelled], np.int64)
    return "the project's samples", np.stack([pixels for pixels, _ in labelled]), labels


def run_in_training_mode(
    network: nn.Module, first: Pixels, others: ImageSet, size: int, image: ImageSpec = DIGIT
) -> TrainingModeBatch:
    """Run a batch through a copy in which only the batch norms are in training mode.

    Args:
        network: Not changed.
        first: The first image of the batch, (H, W) or (H, W, 3).
        others: The other images.
        size: Size of the batch, with the first image.
        image: What the network takes; images of another size are fitted to it.

    Raises:
        InputError: The batch is larger than the image set, or so small that a map has a single value.
    """
    comparable = first.shape == others.pixels.shape[1:]
    rest = (
        others.pixels[(others.pixels != first).reshape(len(others.pixels), -1).any(1)] if comparable else others.pixels
    )
    if not 1 <= size <= len(rest) + 1:
        raise InputError(
            f"A batch of {size} is not possible.", f"It can have 1 to {len(rest) + 1} images.", "Choose another size."
        )
    private = _in_training_mode(network)
    norms = _norms(private)
    before = {name: _running(norm) for name, norm in norms.items()}
    taken: dict[str, tuple[Tensor, Tensor]] = {}
    with torch.no_grad(), _forward_hooks(norms, lambda name, x, y: taken.__setitem__(name, (x, y))):
        batch = [to_inputs(each, image) for each in (first[None], rest[: size - 1]) if len(each)]
        logits = _logits(private, torch.cat(batch))
    rows = {name: _statistics(norms[name], before[name], *taken[name]) for name in norms}
    return TrainingModeBatch(size, logits[0].numpy(), rows)


def accuracy(network: nn.Module, images: ImageSet, size: int, image: ImageSpec = DIGIT) -> BatchAccuracy:
    """Count the correct predictions in evaluation mode, and in training mode in batches of ``size``.

    Raises:
        InputError: There are too few images for one batch.
    """
    count = min(len(images.labels), max(_ACCURACY_IMAGES, size)) // max(size, 1) * size
    if count < 1:
        raise InputError(
            f"A batch of {size} is not possible.",
            f"It can have 1 to {len(images.labels)} images.",
            "Choose another size.",
        )
    private = _in_training_mode(network)
    parts = [slice(start, start + size) for start in range(0, count, size)]
    with torch.no_grad():
        inputs = [to_inputs(images.pixels[part], image) for part in parts]
        logits = [torch.cat([_logits(each, part) for part in inputs]) for each in (network, private)]
    labels = torch.from_numpy(images.labels[:count])
    return BatchAccuracy(count, *(int((each.argmax(1) == labels).sum()) for each in logits))


def running_averages(
    network: nn.Module, images: ImageSet, size: int, batches: int = BATCHES, image: ImageSpec = DIGIT
) -> dict[str, RunningAverage]:
    """Reset the running statistics of a copy to (0, 1), run random batches, and record the running statistics.

    ``running ← (1 − momentum) × running + momentum × batch``, with the mean and the unbiased variance of the batch.

    Args:
        network: Not changed.
        images: The batches are drawn from these with a fixed seed.
        size: Size of each batch.
        batches: Number of batches.
        image: What the network takes; images of another size are fitted to it.

    Returns:
        The running average of each batch norm, by its name.

    Raises:
        InputError: The batch is larger than the image set, or so small that a map has a single value.
    """
    if not 1 <= size <= len(images.labels):
        raise InputError(
            f"A batch of {size} is not possible.",
            f"It can have 1 to {len(images.labels)} images.",
            "Choose another size.",
        )
    private = _in_training_mode(network)
    norms = _norms(private)
    trained = {name: _running(norm) for name, norm in norms.items()}
    for norm in norms.values():
        _reset(norm)
    seen: dict[str, list[tuple[Numbers, ...]]] = {name: [] for name in norms}
    states = {name: [_running(norm)] for name, norm in norms.items()}
    generator = np.random.default_rng(_BATCH_SEED)
    with torch.no_grad(), _forward_hooks(norms, lambda name, x, _y: seen[name].append(_mean_and_variance(x))):
        for _ in range(batches):
            chosen = generator.choice(len(images.labels), size, replace=False)
            _logits(private, to_inputs(images.pixels[chosen], image))
            for name, norm in norms.items():
                states[name].append(_running(norm))
    return {name: _average(norms[name], seen[name], states[name], trained[name]) for name in norms}


def _average(
    norm: Norm,
    seen: list[tuple[Numbers, ...]],
    states: list[tuple[Numbers, Numbers]],
    trained: tuple[Numbers, Numbers],
) -> RunningAverage:
    means, _, variances = (np.stack(them) for them in zip(*seen, strict=True))
    running_means, running_variances = (np.stack(them) for them in zip(*states, strict=True))
    return RunningAverage(_momentum(norm), means, variances, running_means, running_variances, *trained)


def _statistics(norm: Norm, before: tuple[Numbers, Numbers], x: Tensor, y: Tensor) -> BatchStatistics:
    mean, biased, unbiased = _mean_and_variance(x)
    after_mean, after_variance = _running(norm)
    return BatchStatistics(
        count=x.numel() // x.shape[1],
        momentum=_momentum(norm),
        mean=mean,
        biased=biased,
        unbiased=unbiased,
        trained_mean=before[0],
        trained_variance=before[1],
        after_mean=after_mean,
        after_variance=after_variance,
        output=y[0].numpy().copy(),
    )


def _mean_and_variance(x: Tensor) -> tuple[Numbers, Numbers, Numbers]:
    """Return the mean, the biased and the unbiased variance of each map of (N, C, H, W)."""
    maps = x.double().transpose(0, 1).flatten(1).numpy()
    count, biased = maps.shape[1], maps.var(axis=1)
    return maps.mean(axis=1), biased, biased * count / (count - 1)


def _running(norm: Norm) -> tuple[Numbers, Numbers]:
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        raise InputError(
            "A batch norm has no running statistics.",
            "The running average needs them.",
            "Create it with track_running_stats=True.",
        )
    return mean.double().numpy().copy(), variance.double().numpy().copy()


def _reset(norm: Norm) -> None:
    """Reset as PyTorch does, also where a graph keeps no number of batches."""
    mean, variance = norm.running_mean, norm.running_var
    if mean is not None and variance is not None:
        mean.zero_()
        variance.fill_(1)


def _momentum(norm: Norm) -> float:
    if norm.momentum is None:
        raise InputError("A batch norm has no momentum.", "It must be above 0 and at most 1.", "Create it with one.")
    return float(norm.momentum)


def _in_training_mode(network: nn.Module) -> nn.Module:
    """Return a copy in which only the batch norms are in training mode."""
    private = copy.deepcopy(network).eval()
    for norm in _norms(private).values():
        norm.train()
    return private


def _norms(network: nn.Module) -> dict[str, Norm]:
    """Return the batch norms with running statistics by name."""
    found = {name: step for name, step in steps_of(network).items() if isinstance(step, Norm)}
    known = {name: step for name, step in found.items() if step.running_mean is not None}
    if not known:
        raise InputError(
            f"{', '.join(found)} keep no running statistics." if found else "The network has no batch norm.",
            "In training mode a batch norm updates its running statistics.",
            "Choose a network with such a batch norm.",
        )
    return known


@contextmanager
def _forward_hooks(norms: dict[str, Norm], on_output: Callable[[str, Tensor, Tensor], None]) -> Iterator[None]:
    """Call ``on_output`` with the name, the input and the output of each batch norm of a private copy."""

    def hook_of(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        return lambda _module, inputs, output: on_output(name, inputs[0], output)

    handles = [norm.register_forward_hook(hook_of(name)) for name, norm in norms.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _logits(network: nn.Module, x: Tensor) -> Tensor:
    """Return the logits (N, K) of inputs (N, C, H, W).

    Raises:
        InputError: A map has a single value in the whole batch, so it has no variance.
    """
    try:
        logits: Tensor = network(x)
    except ValueError as error:
        raise InputError(
            f"In a batch of {len(x)} a map has a single value.",
            "A variance needs two or more values.",
            "Choose a larger batch.",
        ) from error
    return logits
