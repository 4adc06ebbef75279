"""Networks with random weights: rows randomized one by one from the last to the first, or all at once."""

import copy
from collections.abc import Iterator, Mapping
from typing import TypeVar

import torch
from torch import nn

from model import layers
from model.errors import InputError
from model.graph.module import NetworkModule, Stored
from model.trace.private import private_copy, steps_of

M = TypeVar("M", bound=nn.Module)


def learned_rows(network: nn.Module) -> tuple[str, ...]:
    """Return the names of the steps with trained weights, the last row first; of steps that share weights the last.

    A step whose weights are fixed is left out, and so are numbers that are added or multiplied by themselves, such as
    those of a position: PyTorch has no initial values for them.

    Args:
        network: With a graph, or with its modules in the order in which they run; it is not changed.

    Raises:
        InputError: A module with parameters is of an unknown kind.
    """
    found, last = list[str](), dict[int, str]()
    for name, module in _modules(network).items():
        layer = layers.of_module(module)
        if "weight" in module._buffers or isinstance(module, Stored):
            continue
        if layer and layer.learns:
            last |= {id(tensor): name for tensor in (*module.parameters(), *module.buffers())}
            found.append(name)
        elif next(module.parameters(recurse=False), None) is not None:
            raise InputError(
                f"'{name}' ({layers.kind_of(module)}) cannot be randomized.",
                "Convolutions, linear layers and norms can.",
                "Choose a network made of these.",
            )
    found = [name for name in found if name in last.values()]
    return tuple(reversed(found))


def kept_rows(network: nn.Module) -> tuple[str, ...]:
    """Return the names of the steps that have learned numbers and keep them, in the order in which they run.

    Raises:
        InputError: A module with parameters is of an unknown kind.
    """
    modules = _modules(network)
    drawn = {id(each) for name in learned_rows(network) for each in modules[name].parameters()}
    own = {name: list(module.parameters(recurse=False)) for name, module in modules.items()}
    return tuple(name for name, each in own.items() if each and not any(id(weight) in drawn for weight in each))


def _modules(network: nn.Module) -> Mapping[str, nn.Module]:
    return steps_of(network) if isinstance(network, NetworkModule) else dict(network.named_modules())


def cascade(network: M, seed: int) -> Iterator[tuple[str, M]]:
    """Randomize one row after another, the last row first; each network keeps the earlier ones randomized.

    Convolutions get PyTorch's initial weights: weights and biases uniform within ``±1 / √(fan in)``, where the fan in
    is the number of inputs of one unit. Batch norms get scale 1, shift 0, mean 0 and variance 1.

    Args:
        network: Not changed.
        seed: For the random weights.

    Yields:
        The row that was randomized last, and a copy of the network in evaluation mode. It shares all numbers that are
        not randomized, so nothing in it may be written in place.

    Raises:
        InputError: A module with parameters is of an unknown kind.

    Source: Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018.
    Batch norms count as rows here, as in the assignment's table.
    """
    private, generator = network, torch.Generator().manual_seed(seed)
    for name in learned_rows(network):
        private = _with_own_tensors(private, name)
        randomize(_modules(private)[name], generator)
        yield name, private


def _with_own_tensors(network: M, name: str) -> M:
    """Return a private copy that shares all numbers with the network but those of one step."""
    private = private_copy(network)
    step = _modules(private)[name]
    for weight in step.parameters():
        weight.data = weight.data.clone()  # one object for all steps that share it
    clones = {id(buffer): buffer.clone() for buffer in step.buffers()}
    for each in private.modules():
        each._buffers.update({key: clones.get(id(value), value) for key, value in each._buffers.items()})
    return private


def randomized(network: M, seed: int) -> M:
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
        randomize(_modules(private)[name], generator)
    return private


def randomize(module: nn.Module, generator: torch.Generator) -> None:
    """Give a module PyTorch's initial weights, drawn in the order in which PyTorch draws them.

    Args:
        module: Changed in place; a module without trained weights is left unchanged.
        generator: For the random weights, on the device of the module.
    """
    layer = layers.of_module(module)
    if layer:
        layer.randomize(module, generator)
