"""Networks with little in them, as files: no maps, no weights, fixed weights, stored numbers, few pixels."""

import functools
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (the name that PyTorch's documentation uses)

from model.graph.capture import save


class Perceptron(nn.Module):
    """No step has maps."""

    def __init__(self, hidden: int = 8) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(784, hidden), nn.Linear(hidden, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 10)."""
        scores: Tensor = self.last(F.relu(self.first(x.flatten(1))))
        return scores


class FixedKernel(nn.Module):
    """A convolution whose kernel is a buffer, with a bias that is one too, and a linear step that is a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", torch.randn(4, 1, 3, 3))
        self.register_buffer("shift", torch.randn(4))
        self.register_buffer("matrix", torch.randn(10, 8))
        self.learned = nn.Linear(4 * 49, 8)
        self.kernel: Tensor
        self.shift: Tensor
        self.matrix: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 10)."""
        x = F.relu(F.conv2d(x, self.kernel, self.shift, padding=1))
        return F.linear(self.learned(F.max_pool2d(x, 4).flatten(1)), self.matrix)


class Unlearned(nn.Module):
    """Nothing is learned."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 10)."""
        return F.adaptive_avg_pool2d(x, (2, 5)).flatten(1)


class Positions(nn.Module):
    """A learned number is added at each position."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.last = nn.Conv2d(1, 4, 7, stride=7), nn.Linear(4, 10)
        self.positions = nn.Parameter(torch.randn(1, 4, 4, 4))

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 10)."""
        scores: Tensor = self.last(F.relu(self.patches(x) + self.positions).mean((2, 3)))
        return scores


class Tiny(nn.Module):
    """Pictures of 25 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.maps, self.last = nn.Conv2d(1, 3, 3), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 2)."""
        scores: Tensor = self.last(F.relu(self.maps(x)).mean((2, 3)))
        return scores


class ZeroedByDropout(nn.Module):
    """Dropout sets every value to zero in training."""

    def __init__(self) -> None:
        super().__init__()
        self.maps, self.drop, self.last = nn.Conv2d(1, 3, 5, stride=3), nn.Dropout(1.0), nn.Linear(3, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 10)."""
        scores: Tensor = self.last(self.drop(F.relu(self.maps(x))).mean((2, 3)))
        return scores


class OneMap(nn.Module):
    """A convolution with one map, and nothing else that is learned."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(1, 1, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 10)."""
        return F.adaptive_avg_pool2d(F.relu(self.maps(x)), (2, 5)).flatten(1)


KINDS = (Perceptron, FixedKernel, Unlearned, Positions, Tiny, ZeroedByDropout, OneMap)


def of(kind: type[nn.Module]) -> bytes:
    """Return the file of one of these networks."""
    return _file(kind.__name__)


@functools.cache
def _file(name: str) -> bytes:
    torch.manual_seed(0)
    kind, side = next(each for each in KINDS if each.__name__ == name), 5 if name == "Tiny" else 28
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.glass"
        save(kind().eval(), path, (1, side, side))
        return path.read_bytes()
