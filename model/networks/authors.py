"""The code of each network that comes along, as its author wrote it in PyTorch."""

from importlib import import_module
from pathlib import Path

from torch import nn

from model.networks.assignment.network import DROPOUT, AssignmentNetwork
from model.networks.catalogue import ASSIGNMENT, CATALOGUE


def author_network(id: str, dropout: float = DROPOUT) -> nn.Module:
    """Return a network that comes along as its author's code makes it, untrained.

    Args:
        id: One of ``BUILT_IN``.
        dropout: Probability that a dropout row of the assignment's network drops a value; others have their own.

    >>> sum(parameter.numel() for parameter in author_network("lenet").parameters())
    44426
    """
    if id == ASSIGNMENT:
        return AssignmentNetwork(dropout)
    network: nn.Module = import_module(f"model.networks.{id}.network").Net()
    return network


def author_code(id: str) -> str:
    """Return the file of a network that comes along, as its author wrote it; nothing for another network."""
    return Path(__file__).with_name(id).joinpath("network.py").read_text(encoding="utf-8") if id in CATALOGUE else ""
