"""Batch norms in training mode: the statistics of a batch, and the running average over batches.

In evaluation mode a batch norm uses its running statistics. In training mode it uses the statistics of the batch and
updates the running statistics, so training mode is used on private copies only.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from model.batch_norm.records import (
    BatchAccuracy,
    BatchStatistics,
    ImageSet,
    RunningAverage,
    TrainingModeBatch,
)
from model.errors import InputError
from model.images.inputs import DIGIT, to_inputs
from model.networks.records import ImageSpec
from model.records import Numbers, Pixels
from model.trace.private import steps_of

Norm = nn.BatchNorm2d | nn.BatchNorm1d
BATCHES = 40  # batches of the running average
_ACCURACY_IMAGES = 256  # images that an accuracy is measured on
_BATCH_SEED = 1  # of the batches of the running average; the order of an image set has seed 0


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
    count = x.numel() // x.shape[1]
    axes = [axis for axis in range(x.ndim) if axis != 1]
    variance, mean = (each.numpy() for each in torch.var_mean(x.double(), axes, correction=0))
    return mean, variance, variance * count / (count - 1)


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
