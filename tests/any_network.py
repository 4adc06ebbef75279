"""Networks that no one would write: a deep one, and one with many kinds of operation, as files."""

import functools
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (the name that PyTorch's documentation uses)

from model.graph.capture import save


class Deep(nn.Module):
    """Sixty-six steps: blocks of a convolution, a norm and an activation, every second one with a way around."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, stride=2)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.GroupNorm(2, 4), nn.LeakyReLU())
            for _ in range(18)
        )
        self.last = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 3)."""
        x = self.stem(x)
        for number, block in enumerate(self.blocks):
            x = block(x) + x if number % 2 else block(x)
        scores: Tensor = self.last(x.mean((2, 3)))
        return scores


class Everything(nn.Module):
    """Many kinds of operation, gates, slices and reshapes, in colour."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, stride=2, padding=(2, 1), dilation=(2, 1))
        self.up = nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1, groups=2)
        self.norms = nn.ModuleList([nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True), nn.BatchNorm2d(4)])
        self.prelu, self.drop, self.gate = nn.PReLU(4), nn.Dropout2d(0.3), nn.Conv2d(4, 4, 1)
        self.acts = nn.Sequential(nn.ReLU6(), nn.SELU(), nn.SiLU(), nn.Mish(), nn.Tanh(), nn.Hardswish(), nn.GELU())
        self.hidden, self.last = nn.Linear(8 * 25, 12), nn.Linear(12, 12)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 12)."""
        x = self.up(F.relu(self.first(x)))
        for norm in self.norms:
            x = norm(x)
        x = self.drop(self.prelu(x)) * torch.sigmoid(self.gate(F.adaptive_avg_pool2d(x, 1)))
        x = F.avg_pool2d(F.max_pool2d(self.acts(x), 3, 2, 1, ceil_mode=True), 3, 1, 1, count_include_pad=False)
        x = torch.cat((x, torch.maximum(x, x.abs().sqrt())), 1)
        x = F.adaptive_avg_pool2d(F.pad(x, (1, 1, 0, 0))[:, :, :, 1:], (5, 5))
        x = F.dropout(self.hidden(x.flatten(1)), 0.2, self.training).exp().clamp(0.1, 5)
        scores: Tensor = self.last(x) - 0.5 * x
        return scores


@functools.cache
def deep() -> bytes:
    """Return the file of a deep network for grey pictures."""
    return _captured(Deep, (1, 24, 24))


@functools.cache
def everything() -> bytes:
    """Return the file of a network with many kinds of operation, for pictures in colour."""
    return _captured(Everything, (3, 20, 24))


def _captured(kind: type[nn.Module], shape: tuple[int, int, int]) -> bytes:
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.glass"
        save(kind().eval(), path, shape)
        return path.read_bytes()
