"""Batch norm at work: one map step by step, a batch's own statistics, and the running average over batches.

In evaluation mode a batch norm uses the averages of training; in training mode those of the batch at hand, and it
moves the averages too. So whatever happens in training mode here happens to a private copy.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.batch_norm.records import (
    BatchScore,
    BatchStatistics,
    Forgotten,
    Normalisation,
    NormStep,
    RunningAverage,
    Supply,
)
from model.errors import DataError, InputError
from model.images import digits, mnist
from model.records import Numbers, Pixels
from model.trace.records import LayerKind, Trace

MIXED = "mixed"
CONTENTS = (MIXED, *map(str, range(10)))
BATCHES = 40  # that the running average is watched over
_MOST = 1000  # images of a supply
_SCORED = 256  # images that an accuracy is measured on
_OTHER_START = 1  # seed of the running average's batches, apart from the supply's order


def normalisation(trace: Trace, name: str, channel: int) -> Normalisation:
    """Work out one map of a batch norm in its four steps: ``(x − mean) / √(var + ε) × scale + shift``.

    Args:
        trace: What was recorded, in evaluation mode.
        name: Of the batch norm.
        channel: Of the map.

    Raises:
        InputError: The step is no batch norm, or has no such map.
    """
    step = trace[name]
    if step.kind is not LayerKind.BATCH_NORM or not 0 <= channel < len(step.output):
        raise InputError(
            f"There is no map {channel} of a batch norm '{name}'.",
            "A batch norm's maps count from 0.",
            "Choose one of its maps.",
        )
    mean, variance = (float(step.buffers[key][channel]) for key in ("running_mean", "running_var"))
    scale, shift = (float(step.parameters[key][channel]) for key in ("weight", "bias"))
    eps = float(step.settings["eps"])
    deviation = float(np.sqrt(variance + eps))
    values = step.input[channel].astype(np.float64)
    steps = [NormStep("what comes in", "", None, values)]
    operations: list[tuple[str, str, float, Callable[..., Numbers]]] = [
        ("subtract the mean", "−", mean, np.subtract),
        ("divide by the deviation", "÷", deviation, np.divide),
        ("scale", "×", scale, np.multiply),
        ("shift", "+", shift, np.add),
    ]
    for what, sign, operand, operation in operations:
        values = operation(values, operand)
        steps.append(NormStep(what, sign, operand, values))
    return Normalisation(name, channel, trace.source(name), variance, eps, tuple(steps), step.output[channel])


def supply(content: str) -> Supply:
    """Return images to make batches of: MNIST's test images where they are, else the project's labelled digits.

    Args:
        content: ``mixed``, or one class, ``0`` to ``9``.

    Raises:
        InputError: It is neither.
    """
    if content not in CONTENTS:
        raise InputError(f"A batch cannot hold '{content}'.", f"It can hold {', '.join(CONTENTS)}.", "Choose one.")
    source, pixels, labels = _labelled()
    order = np.random.default_rng(0).permutation(len(labels))
    if content != MIXED:
        order = order[labels[order] == int(content)]
    order = order[:_MOST]
    return Supply(source, content, pixels[order], labels[order])


def _labelled() -> tuple[str, Pixels, NDArray[np.int64]]:
    """Return where labelled images come from, the images (N, 28, 28) and their labels (N,)."""
    if mnist.is_present():
        with suppress(DataError):  # there, but damaged: the sidebar says so
            test = digits.mnist("test")
            return "MNIST test images", test.images, test.labels
    clear = [(sample.pixels, sample.label) for sample in digits.samples() if sample.label is not None]
    labels = np.asarray([label for _, label in clear], np.int64)
    return "the project's own digits", np.stack([ink for ink, _ in clear]), labels


def forget(network: nn.Module, first: Pixels, others: Supply, size: int) -> Forgotten:
    """Run a batch through a copy whose batch norms are in training mode, and all else is not.

    Args:
        network: Is only read.
        first: The image that is asked about, (28, 28).
        others: What fills the batch up.
        size: Of the batch, the first image among them.

    Raises:
        InputError: The batch cannot be that large, or so small that a map has a single value.
    """
    rest = others.pixels[(others.pixels != first).any(axis=(1, 2))]
    if not 1 <= size <= len(rest) + 1:
        raise InputError(
            f"A batch of {size} cannot be made.", f"It can have 1 to {len(rest) + 1} images.", "Choose a smaller one."
        )
    private = _forgetful(network)
    norms = _norms(private)
    before = {name: _running(norm) for name, norm in norms.items()}
    taken: dict[str, tuple[Tensor, Tensor]] = {}
    with torch.no_grad(), _listening(norms, lambda name, x, y: taken.__setitem__(name, (x, y))):
        logits = _run(private, np.concatenate([first[None], rest[: size - 1]]))
    rows = {name: _statistics(norms[name], before[name], *taken[name]) for name in norms}
    return Forgotten(size, logits[0].numpy(), rows)


def score(network: nn.Module, images: Supply, size: int) -> BatchScore:
    """Count what is read right in evaluation mode, and in batches of ``size`` with their own statistics.

    Raises:
        InputError: There are not even the images for one batch.
    """
    count = min(len(images.labels), max(_SCORED, size)) // max(size, 1) * size
    if count < 1:
        raise InputError(
            f"A batch of {size} cannot be made.", f"It can have 1 to {len(images.labels)} images.", "Choose another."
        )
    private = _forgetful(network)
    parts = [slice(start, start + size) for start in range(0, count, size)]
    with torch.no_grad():
        as_trained = [_run(network, images.pixels[part]) for part in parts]
        as_batch = [_run(private, images.pixels[part]) for part in parts]
    labels = torch.from_numpy(images.labels[:count])
    trained, forgotten = (int((torch.cat(them).argmax(1) == labels).sum()) for them in (as_trained, as_batch))
    return BatchScore(count, trained, forgotten)


def running(network: nn.Module, images: Supply, size: int, batches: int = BATCHES) -> dict[str, RunningAverage]:
    """Reset the running statistics of a copy to (0, 1), show it batches drawn by chance, and note how they move.

    ``running ← (1 − momentum) × running + momentum × batch``, with the batch's mean and unbiased variance.

    Args:
        network: Is only read.
        images: What the batches are drawn from, with a fixed seed.
        size: Of each batch.
        batches: How many.

    Returns:
        For each batch norm, by its name.

    Raises:
        InputError: The batch cannot be that large, or so small that a map has a single value.
    """
    if not 1 <= size <= len(images.labels):
        raise InputError(
            f"A batch of {size} cannot be made.", f"It can have 1 to {len(images.labels)} images.", "Choose another."
        )
    private = _forgetful(network)
    norms = _norms(private)
    trained = {name: _running(norm) for name, norm in norms.items()}
    for norm in norms.values():
        norm.reset_running_stats()
    seen: dict[str, list[tuple[Numbers, ...]]] = {name: [] for name in norms}
    states = {name: [_running(norm)] for name, norm in norms.items()}
    generator = np.random.default_rng(_OTHER_START)
    with torch.no_grad(), _listening(norms, lambda name, x, _y: seen[name].append(_mean_and_variance(x))):
        for _ in range(batches):
            _run(private, images.pixels[generator.choice(len(images.labels), size, replace=False)])
            for name, norm in norms.items():
                states[name].append(_running(norm))
    return {name: _average(norms[name], seen[name], states[name], trained[name]) for name in norms}


def _average(
    norm: nn.BatchNorm2d,
    seen: list[tuple[Numbers, ...]],
    states: list[tuple[Numbers, Numbers]],
    trained: tuple[Numbers, Numbers],
) -> RunningAverage:
    means, _, variances = (np.stack(them) for them in zip(*seen, strict=True))
    running_means, running_variances = (np.stack(them) for them in zip(*states, strict=True))
    return RunningAverage(_momentum(norm), means, variances, running_means, running_variances, *trained)


def _statistics(norm: nn.BatchNorm2d, before: tuple[Numbers, Numbers], x: Tensor, y: Tensor) -> BatchStatistics:
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


def _running(norm: nn.BatchNorm2d) -> tuple[Numbers, Numbers]:
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        raise InputError(
            "A batch norm keeps no running statistics.",
            "It must, for there to be an average.",
            "Build it with track_running_stats=True.",
        )
    return mean.double().numpy().copy(), variance.double().numpy().copy()


def _momentum(norm: nn.BatchNorm2d) -> float:
    if norm.momentum is None:
        raise InputError("A batch norm has no momentum.", "It must be above 0, at most 1.", "Build it with one.")
    return float(norm.momentum)


def _forgetful(network: nn.Module) -> nn.Module:
    """Return a copy whose batch norms, and nothing else, are in training mode."""
    private = copy.deepcopy(network).eval()
    for norm in _norms(private).values():
        norm.train()
    return private


def _norms(network: nn.Module) -> dict[str, nn.BatchNorm2d]:
    return {name: module for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)}


@contextmanager
def _listening(norms: dict[str, nn.BatchNorm2d], hear: Callable[[str, Tensor, Tensor], None]) -> Iterator[None]:
    """Tell ``hear`` what goes into each batch norm of a private copy and what comes out."""

    def listen_to(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        return lambda _module, inputs, output: hear(name, inputs[0], output)

    handles = [norm.register_forward_hook(listen_to(name)) for name, norm in norms.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _run(network: nn.Module, pixels: Pixels) -> Tensor:
    """Return logits (N, 10) of images (N, 28, 28).

    Raises:
        InputError: A map has a single value in the whole batch, so it has no variance.
    """
    try:
        logits: Tensor = network(digits.normalise(pixels))
    except ValueError as error:
        raise InputError(
            f"A batch of {len(pixels)} leaves a map with a single value.",
            "A variance needs two or more.",
            "Choose a larger batch.",
        ) from error
    return logits
