"""Networks with random weights: rows randomized one by one from the last to the first, or all at once."""

import copy
import math
from collections.abc import Iterator

import torch
from torch import nn

from model.errors import InputError

_Norm = nn.BatchNorm1d | nn.BatchNorm2d


def learned_rows(network: nn.Sequential) -> tuple[str, ...]:
    """Return the names of the modules with trained weights, the last row first.

    Args:
        network: Its modules are in the order in which they run; it is not changed.

    Raises:
        InputError: A module with parameters is of an unknown kind.
    """
    found = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear | _Norm):
            found.append(name)
        elif next(module.parameters(recurse=False), None) is not None:
            raise InputError(
                f"'{name}' ({type(module).__name__}) cannot be randomized.",
                "Convolutions, linear layers and batch norms can.",
                "Choose a network made of these.",
            )
    return tuple(reversed(found))


def cascade(network: nn.Sequential, seed: int) -> Iterator[tuple[str, nn.Sequential]]:
    """Randomize one row after another, the last row first; each network keeps the earlier ones randomized.

    Convolutions get PyTorch's initial weights: weights and biases uniform within ``±1 / √(fan in)``, where the fan in
    is the number of inputs of one unit. Batch norms get scale 1, shift 0, mean 0 and variance 1.

    Args:
        network: Not changed.
        seed: For the random weights.

    Yields:
        The row that was randomized last, and a private copy of the network in evaluation mode.

    Raises:
        InputError: A module with parameters is of an unknown kind.

    Source: Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018.
    Batch norms count as rows here, as in the assignment's table.
    """
    private = copy.deepcopy(network).eval()
    generator = torch.Generator().manual_seed(seed)
    for name in learned_rows(network):
        randomize(private.get_submodule(name), generator)
        yield name, copy.deepcopy(private)


def randomized(network: nn.Sequential, seed: int) -> nn.Sequential:
    """Return the network with all rows randomized: the last network of ``cascade`` with the same seed.

    Args:
        network: Not changed.
        seed: For the random weights.

    Raises:
        InputError: A module with parameters is of an unknown kind.
    """
    private = copy.deepcopy(network).eval()
    generator = torch.Generator().manual_seed(seed)
    for name in learned_rows(network):
        randomize(private.get_submodule(name), generator)
    return private


def randomize(module: nn.Module, generator: torch.Generator) -> None:
    """Give a module PyTorch's initial weights, drawn in the order in which PyTorch draws them.

    Args:
        module: Changed in place; a module without trained weights is left unchanged.
        generator: For the random weights, on the device of the module.
    """
    if isinstance(module, _Norm):
        module.reset_parameters()  # draws nothing
    elif isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5), generator=generator)
        if module.bias is not None:
            bound = 1 / math.sqrt(module.weight[0].numel())
            nn.init.uniform_(module.bias, -bound, bound, generator=generator)
