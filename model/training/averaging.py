"""The moving average of the weights, and the statistics of batch norm that belong to it."""

import torch
from torch import nn

from model.training.images import Images

_BATCH = 500  # more would not fit into a processor's cache


class Average:
    """A moving average of a network's parameters: ``a <- k * a + (1 - k) * w`` after every step.

    Early on, ``k = (1 + t) / (10 + t)`` after t steps if that is less, so that the start is soon forgotten.

    Args:
        network: Whose parameters; only read.
        keep: ``k`` in the long run, in [0, 1).
    """

    def __init__(self, network: nn.Module, keep: float) -> None:
        self.keep = keep
        self.weights = {name: weight.detach().clone() for name, weight in network.named_parameters()}

    @torch.no_grad()
    def follow(self, network: nn.Module, step: int) -> None:
        """Take in the parameters after a step, counted from 0."""
        keep = min(self.keep, (1 + step) / (10 + step))
        for name, weight in network.named_parameters():
            self.weights[name].lerp_(weight, 1 - keep)


@torch.no_grad()
def measure_statistics(network: nn.Module, images: Images, count: int = 5_000) -> None:
    """Give every batch norm of a private network the mean and variance of what reaches it; evaluation mode stays on.

    Running statistics follow the weights as they were at each step, which are not their average. And they were taken
    of distorted images with values dropped at random, neither of which happens when the network is judged. So they
    are measured anew: on the first images as they are, without dropout, in batches of equal weight.

    Source: Wu, Johnson, "Rethinking 'Batch' in BatchNorm", 2021, who show that measuring beats the running average.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
        norm.train()
    for batch in Images(images.x[:count], images.y[:count]).batches(_BATCH):
        network(batch.x)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()
