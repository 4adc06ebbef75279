"""Captures that several tests share, for each takes a part of a second."""

import pytest
from torch import nn

from model.graph.capture import Captured, capture, to_bytes
from model.graph.module import NetworkModule
from model.networks.file import read
from model.networks.records import Network
from tests.model.graph import authors


class Example:
    """A network as its author has it, what was captured of it, and what came back from the file."""

    def __init__(self, make: type[nn.Module], shape: tuple[int, int, int] = authors.SHAPE) -> None:
        self.author = authors.seeded(make)
        self.captured: Captured = capture(self.author, shape)
        self.data = to_bytes(self.captured)
        self.network: Network = read(self.data)

    @property
    def module(self) -> NetworkModule:
        """Return the network's module."""
        assert isinstance(self.network.module, NetworkModule)
        return self.network.module

    @property
    def names(self) -> list[str]:
        """Return the names of all nodes, and of those after the logits."""
        return [node.name for node in (*self.network.graph.nodes, *self.network.graph.hidden)]


@pytest.fixture(scope="session")
def residual() -> Example:
    return Example(authors.Residual)


@pytest.fixture(scope="session")
def squeezing() -> Example:
    return Example(authors.Squeezing)


@pytest.fixture(scope="session")
def everything() -> Example:
    return Example(authors.Everything)


@pytest.fixture(scope="session")
def guarded() -> Example:
    return Example(authors.Guarded)
