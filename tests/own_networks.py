"""Files of networks as an author writes them, captured once for all tests."""

import functools
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (the name that PyTorch's documentation uses)

from model.graph.capture import save


class Residual(nn.Module):
    """A functional residual network with a module that is never called, and a ReLU on its scores."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 10, 1)
        self.one, self.two = (nn.Conv2d(4, 4, 3, padding=1) for _ in range(2))
        self.never = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 10)."""
        x = F.max_pool2d(F.relu(self.stem(x)), 2)
        x = F.relu(x + self.two(F.relu(self.one(x))))
        return F.relu(self.head(F.adaptive_avg_pool2d(x, 1))).flatten(1)


class Colours(nn.Module):
    """A network for pictures in colour, which ends in five classes."""

    def __init__(self) -> None:
        super().__init__()
        self.maps, self.scores = nn.Conv2d(3, 6, 5, stride=2), nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 5)."""
        found: Tensor = self.scores(torch.sigmoid(self.maps(x)).mean((2, 3)))
        return found


@functools.cache
def residual(title: str = "A residual network") -> bytes:
    """Return the file of a residual network for digits."""
    return _captured(Residual, (1, 28, 28), title, None)


@functools.cache
def colours(title: str = "Colours") -> bytes:
    """Return the file of a network for pictures in colour."""
    return _captured(Colours, (3, 32, 32), title, ("sun", "moon", "star", "sea", "sky"))


def _captured(kind: type[nn.Module], shape: tuple[int, int, int], title: str, classes: tuple[str, ...] | None) -> bytes:
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.glass"
        save(kind().eval(), path, shape, title=title, classes=classes)
        return path.read_bytes()
