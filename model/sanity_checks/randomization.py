"""The network before it learned: its rows made random again, one by one from the top, or all at once."""

import copy
import math
from collections.abc import Iterator

import torch
from torch import nn

from model.errors import InputError

_Norm = nn.BatchNorm1d | nn.BatchNorm2d


def learned_rows(network: nn.Sequential) -> tuple[str, ...]:
    """Name what training has changed in a network, the last row first.

    Args:
        network: Its modules stand in the order in which they run; it is only read.

    Raises:
        InputError: A module has parameters of a kind that nobody here knows how to draw.
    """
    found = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear | _Norm):
            found.append(name)
        elif next(module.parameters(recurse=False), None) is not None:
            raise InputError(
                f"'{name}' ({type(module).__name__}) cannot be made random.",
                "Convolutions, linear layers and batch norms can.",
                "Choose a network made of these.",
            )
    return tuple(reversed(found))


def cascade(network: nn.Sequential, seed: int) -> Iterator[tuple[str, nn.Sequential]]:
    """Make one row after another random, the last row first; each network keeps those before it random.

    Convolutions are drawn as PyTorch starts them: weights and biases uniform within ``±1 / √(fan in)``, where the fan
    in is how many numbers one unit reads. Batch norms go back to scale 1, shift 0, mean 0 and variance 1. So the
    last network is one that never learned anything.

    Args:
        network: Only read.
        seed: Of the draws.

    Yields:
        The row that was made random last, and a network of one's own in evaluation mode.

    Raises:
        InputError: A module has parameters of a kind that nobody here knows how to draw.

    Source: Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018.
    Batch norms count as rows of their own here, as in the assignment's table.
    """
    private = copy.deepcopy(network).eval()
    generator = torch.Generator().manual_seed(seed)
    for name in learned_rows(network):
        forget(private.get_submodule(name), generator)
        yield name, copy.deepcopy(private)


def untrained(network: nn.Sequential, seed: int) -> nn.Sequential:
    """Return the network with every row random: where ``cascade`` with the same seed ends.

    Args:
        network: Only read.
        seed: Of the draws.

    Raises:
        InputError: A module has parameters of a kind that nobody here knows how to draw.
    """
    private = copy.deepcopy(network).eval()
    generator = torch.Generator().manual_seed(seed)
    for name in learned_rows(network):
        forget(private.get_submodule(name), generator)
    return private


def forget(module: nn.Module, generator: torch.Generator) -> None:
    """Put a module of one's own back to where training starts; draws as PyTorch does, and in its order.

    Args:
        module: Changed in place; where it is of a kind that learns nothing, it stays as it is.
        generator: Of the draws, on the device of the module.
    """
    if isinstance(module, _Norm):
        module.reset_parameters()  # draws nothing
    elif isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5), generator=generator)
        if module.bias is not None:
            bound = 1 / math.sqrt(module.weight[0].numel())
            nn.init.uniform_(module.bias, -bound, bound, generator=generator)
