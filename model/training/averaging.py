"""The moving average of the weights, and its batch norm statistics."""

import torch
from torch import nn

from model.training.images import Source

_BATCH = 500  # a larger batch does not fit into the CPU cache


class WeightAverage:
    """A moving average of a network's parameters: ``a <- k * a + (1 - k) * w`` after every step.

    In the first steps, ``k = (1 + t) / (10 + t)`` after t steps if that is smaller, so that the initial weights
    lose their influence soon.

    Args:
        network: The network; only read.
        keep: The final value of ``k``, in [0, 1).
    """

    def __init__(self, network: nn.Module, keep: float) -> None:
        self.keep = keep
        self.weights = {name: weight.detach().clone() for name, weight in network.named_parameters()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Add the parameters after a step, counted from 0."""
        keep = min(self.keep, (1 + step) / (10 + step))
        for name, weight in network.named_parameters():
            self.weights[name].lerp_(weight, 1 - keep)


@torch.no_grad()
def measure_statistics(network: nn.Module, images: Source, count: int = 5_000) -> None:
    """Measure the running statistics of every batch norm of a private network, and leave it in evaluation mode.

    Running statistics belong to the weights of each step, not to their average. They also come from distorted images
    with dropout on, and evaluation uses neither. So they are measured again: on the first images without distortion,
    without dropout, in batches of equal weight.

    Source: Wu, Johnson, "Rethinking 'Batch' in BatchNorm", 2021: measured statistics are better than running averages.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
        norm.train()
    for batch in images.at(torch.arange(min(count, len(images)), device=images.y.device)).batches(_BATCH):
        network(batch.x)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()
