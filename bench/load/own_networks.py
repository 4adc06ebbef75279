"""Small networks of different make for digits, as a class would bring them, in a store of their own."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from model import kept_files
from model.graph.capture import capture, to_bytes
from model.networks.store import SUFFIX

_SIDE = 28


class Made(nn.Module):
    """A network for digits with random weights; its number decides how it is made.

    Args:
        number: The same number gives the same network.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self._chance = random.Random(number)  # noqa: S311 (not for security)
        width = self._chance.choice((8, 10, 12))
        self.stem = self._block(1, width)
        self.first, self.second = self._stage(width, width), self._stage(width, 2 * width)
        self.head = self._head(2 * width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 10)."""
        scores: Tensor = self.head(self.second(self.first(self.stem(x))))
        return scores

    def _block(self, before: int, width: int) -> nn.Sequential:
        """Return a convolution, plain or of its own for each map, with its norm, activation and dropout."""
        depthwise = before == width and self._chance.random() < 0.3
        parts: list[nn.Module] = [nn.Conv2d(before, width, 3, padding=1, groups=width if depthwise else 1)]
        parts.append(self._chance.choice((nn.ReLU, nn.ReLU, nn.LeakyReLU))())
        parts.insert(self._chance.choice((1, 2)), nn.BatchNorm2d(width))
        if self._chance.random() < 0.5:
            parts.append(self._chance.choice((nn.Dropout, nn.Dropout2d))(0.1))
        return nn.Sequential(*parts)

    def _stage(self, before: int, width: int) -> nn.Sequential:
        """Return some blocks, one of them with a way around it, and a step that halves the maps."""
        more = self._chance.choice((1, 2))
        blocks: list[nn.Module] = [self._block(each, width) for each in (before, *[width] * more)]
        if self._chance.random() < 0.5:
            blocks[-1] = _Around(blocks[-1])
        halves = (nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2), nn.Conv2d(width, width, 3, 2, 1))
        return nn.Sequential(*blocks, self._chance.choice(halves))

    def _head(self, width: int) -> nn.Sequential:
        mean, flat = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        return self._chance.choice(
            (
                nn.Sequential(mean, flat, nn.Linear(width, 10)),
                nn.Sequential(flat, nn.Linear(width * (_SIDE // 4) ** 2, 10)),
                nn.Sequential(nn.Conv2d(width, 10, 1), mean, flat),
            )
        )


class _Around(nn.Module):
    """A block whose input is added to its output."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum (N, C, H, W)."""
        added: Tensor = self.block(x) + x
        return added


def make(number: int) -> nn.Module:
    """Return one of the networks, which is the same at each call."""
    with torch.random.fork_rng():
        torch.manual_seed(number)
        return Made(number).eval()


@contextmanager
def kept(count: int) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Keep so many networks in a folder, and yield it with their ids; it is removed with the block."""
    with TemporaryDirectory() as place:
        files = [to_bytes(capture(make(number), (1, _SIDE, _SIDE), title=f"Net {number}")) for number in range(count)]
        folder = Path(place)
        yield folder, tuple(kept_files.keep(data, folder, SUFFIX, count, 10**9) for data in files)
