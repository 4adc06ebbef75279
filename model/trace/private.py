"""Private copies of a network that share its weights, and the names of its steps."""

from collections.abc import Mapping
from typing import TypeVar

from torch import nn

from model import layers
from model.graph.module import NetworkModule

_OWN = [name for name, value in vars(nn.Module()).items() if isinstance(value, dict)]  # weights, modules, hooks
M = TypeVar("M", bound=nn.Module)


def private_copy(network: M) -> M:
    """Copy the modules of a network, but none of its weights: both share their tensors. The copy is in evaluation mode.

    Modes, hooks and modules of the copy can be changed without an effect on the network. A weight must be replaced, not
    changed in place.

    >>> linear = nn.Linear(2, 1)
    >>> private_copy(linear).weight is linear.weight
    True
    """
    copies: dict[int, nn.Module] = {}

    def copied(module: nn.Module) -> nn.Module:
        if id(module) not in copies:
            copies[id(module)] = new = module.__new__(type(module))
            new.__dict__ = vars(module) | {"training": False}
            for name in _OWN:
                value = new.__dict__[name]
                new.__dict__[name] = value.copy() if value else type(value)()
            for name, child in module._modules.items():
                new._modules[name] = child and copied(child)
        return copies[id(module)]

    copied(network)
    found = copies[id(network)]
    assert isinstance(found, type(network))  # noqa: S101 (for the type checker)
    return found


def steps_of(network: nn.Module) -> Mapping[str, nn.Module]:
    """Return the steps of a network by name: the nodes of its graph, or every module whose kind of layer is known."""
    if isinstance(network, NetworkModule):
        return {node.name: step for node, step in zip(network.graph.nodes, network.steps, strict=True)}
    return {name: module for name, module in network.named_modules() if layers.of_module(module)}


def put(private: nn.Module, name: str, module: nn.Module) -> None:
    """Put a module into the place of a step of a private copy."""
    if isinstance(private, NetworkModule):
        number = [node.name for node in private.graph.nodes].index(name)
        private.steps[number] = module
    else:
        private.set_submodule(name, module)
