"""Files of networks as an author writes them, captured once for all tests."""

import functools
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (the name that PyTorch's documentation uses)

from model.graph.capture import save
from model.images.records import SHAPES


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


class Varied(nn.Module):
    """Pools that overlap and that leave values out, dropout of maps and of a vector, norms before and after a ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.pool = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.MaxPool2d(3, 2, 1)
        self.maps, self.second, self.behind = nn.Dropout2d(0.25), nn.Conv2d(4, 6, 3, bias=False), nn.BatchNorm2d(6)
        self.third, self.values, self.last = nn.Conv2d(6, 6, 1), nn.Dropout(0.5), nn.Linear(24, 12)

    def before(self, x: Tensor) -> Tensor:
        """Return what goes into the first pool."""
        return F.relu(self.norm(self.first(x)))

    def after(self, x: Tensor) -> Tensor:
        """Return the scores (N, 12) for what the first pool puts out."""
        x = self.third(self.behind(F.relu(self.second(self.maps(x)))))
        scores: Tensor = self.last(self.values(F.max_pool2d(x, 2, stride=3).flatten(1)))
        return scores

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 12)."""
        return self.after(self.pool(self.before(x)))


VARIED_CLASSES = (*SHAPES, "cat", "dog", "bird")


def varied_author() -> Varied:
    """Return the author's module of ``varied``, which is the same at each call."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        made = Varied().eval()
        for norm in (made.norm, made.behind):
            for values, (low, high) in zip(norm.buffers(), ((-0.5, 0.5), (0.3, 2.0), (0, 0)), strict=True):
                values.copy_(torch.empty(values.shape).uniform_(low, high))
            torch.nn.init.uniform_(norm.weight, 0.5, 2)
            torch.nn.init.uniform_(norm.bias, 1, 2)
        torch.nn.init.normal_(made.last.weight)
    return made


@functools.cache
def varied() -> bytes:
    """Return the file of a network in colour with pools, dropout and norms of several kinds, and twelve classes."""
    return _saved(varied_author(), (3, 20, 18), "Varied", VARIED_CLASSES)


@functools.cache
def residual(title: str = "A residual network") -> bytes:
    """Return the file of a residual network for digits."""
    return _captured(Residual, (1, 28, 28), title, None)


@functools.cache
def without_pool() -> bytes:
    """Return the file of a network for digits that has no pool and no dropout."""
    torch.manual_seed(0)
    steps = nn.Sequential(nn.Conv2d(1, 4, 5, stride=3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 8 * 8, 10))
    return _saved(steps.eval(), (1, 28, 28), "Without a pool", None)


@functools.cache
def colours(title: str = "Colours") -> bytes:
    """Return the file of a network for pictures in colour."""
    return _captured(Colours, (3, 32, 32), title, ("sun", "moon", "star", "sea", "sky"))


def _captured(kind: type[nn.Module], shape: tuple[int, int, int], title: str, classes: tuple[str, ...] | None) -> bytes:
    torch.manual_seed(0)
    return _saved(kind().eval(), shape, title, classes)


def _saved(module: nn.Module, shape: tuple[int, int, int], title: str, classes: tuple[str, ...] | None) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.glass"
        save(module, path, shape, title=title, classes=classes)
        return path.read_bytes()
