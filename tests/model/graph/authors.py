"""Networks as students write them, each with a habit that a capture has to understand."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (the name that PyTorch's documentation uses)
from torch import Tensor, nn

from model.networks.assignment.network import AssignmentNetwork
from tests.model.graph.facts import randomise

SHAPE = (2, 8, 8)


class FunctionalAssignment(nn.Module):
    """The assignment's network as many students have it: blocks, and every ReLU a function call."""

    def __init__(self) -> None:
        super().__init__()
        sizes = ((1, 8, 3), (8, 16, 3), (16, 16, 3), (16, 8, 1), (8, 16, 3), (16, 32, 3))
        self.convs = nn.ModuleList(nn.Conv2d(before, after, kernel) for before, after, kernel in sizes)
        self.norms = nn.ModuleList(nn.BatchNorm2d(after) for _, after, _ in sizes)
        self.drops = nn.ModuleList(nn.Dropout(0.1) for _ in range(7))
        self.pool, self.pooled_norm = nn.MaxPool2d(2, 2), nn.BatchNorm2d(16)
        self.gap, self.last = nn.AvgPool2d(7), nn.Conv2d(32, 10, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the author returns."""
        for number, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            x = self.drops[number](norm(F.relu(conv(x))))
            if number == 2:
                x = self.drops[6](self.pooled_norm(self.pool(x)))
        x = self.last(self.gap(x))
        return F.log_softmax(x.view(-1, 10), dim=1)

    def take(self, network: AssignmentNetwork) -> "FunctionalAssignment":
        """Copy the weights of the assignment's class, row by row."""
        rows = dict(network.named_children())
        convs, norms = ("1", "4", "7", "13", "16", "19"), ("2", "5", "8", "14", "17", "20")
        pairs: list[tuple[nn.Module, nn.Module]] = [(self.pooled_norm, rows["BatchNorm2d-11"])]
        pairs += [(conv, rows[f"Conv2d-{row}"]) for conv, row in zip(self.convs, convs, strict=True)]
        pairs += [(norm, rows[f"BatchNorm2d-{row}"]) for norm, row in zip(self.norms, norms, strict=True)]
        for mine, theirs in [*pairs, (self.last, rows["Conv2d-23"])]:
            mine.load_state_dict(theirs.state_dict())
        return self.eval()


class Residual(nn.Module):
    """A block called twice, in-place ReLU and addition, a module reused, one never called, tied weights."""

    def __init__(self) -> None:
        super().__init__()
        self.never = nn.Conv2d(2, 3, 3)
        self.head = nn.Linear(4, 3)
        self.stem = nn.Conv2d(2, 4, 3, padding=1, padding_mode="reflect")
        self.conv, self.norm = nn.Conv2d(4, 4, 3, padding="same", bias=False), nn.BatchNorm2d(4, momentum=None)
        self.act, self.skip, self.drop = nn.ReLU(inplace=True), nn.Identity(), nn.Dropout2d(0.2)
        self.twin = nn.Linear(4, 3)
        self.twin.weight = self.head.weight
        self.spare = nn.Parameter(torch.zeros(5))

    def forward(self, x: Tensor) -> Tensor:
        """Return what the author returns."""
        x = self.act(self.stem(x))
        for _ in range(2):
            out = self.norm(self.conv(x))
            out += self.skip(x)
            x = self.drop(self.act(out))
        x = F.adaptive_avg_pool2d(x, 1)
        x = x.view(x.size(0), -1)
        scores: Tensor = self.head(x) + 0.5 * self.twin(x)
        return scores


class Squeezing(nn.Module):
    """Gates, slices, shuffles, a raw parameter, a constant made in forward, and squeeze() without an axis."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(2, 8, 4, padding="same", groups=2)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 8, 1), nn.Sigmoid())
        self.scale = nn.Parameter(torch.rand(8, 1, 1))
        self.last = nn.Conv2d(8, 3, 8)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the author returns."""
        x = F.hardtanh(self.wide(x), 0, 6)
        x = x * self.gate(x).expand_as(x) * self.scale
        n, c, h, w = x.size()
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
        one, other = x.chunk(2, dim=1)
        x = torch.cat((other, one[:, 1:], one[:, :1]), dim=1)
        x = x + torch.tensor([0.1, 0.2, 0.3, 0.4]).repeat(2).view(8, 1, 1)
        x = self.last(F.leaky_relu(x, 0.2)).squeeze()
        return torch.softmax(1 - x / 2, dim=-1)


class Everything(nn.Module):
    """Every operation at least once."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 8, 3, stride=2, padding=(2, 1), dilation=(2, 1))
        self.up = nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1, groups=2)
        self.norms = nn.ModuleList([nn.GroupNorm(2, 4), nn.LayerNorm([4, 8, 8]), nn.InstanceNorm2d(4, affine=True)])
        self.prelu, self.shuffle, self.pixels = nn.PReLU(4), nn.ChannelShuffle(2), nn.PixelShuffle(2)
        acts = (nn.ReLU6, nn.SELU, nn.SiLU, nn.Mish, nn.Tanh, nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.ELU)
        self.acts = nn.Sequential(*(act() for act in acts), nn.Softplus(), nn.GELU())
        self.flat, self.flat_norm, self.last = nn.Flatten(), nn.BatchNorm1d(68), nn.Linear(68, 4)
        self.unscaled = nn.BatchNorm2d(4, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the author returns."""
        x = self.up(F.relu(self.first(x)))  # (4, 8, 8)
        x = F.pad(x[:, :, 1:9], (0, 0, 1, 0), value=1.0)
        for norm in self.norms:
            x = norm(x)
        x = self.unscaled(self.acts(self.shuffle(self.prelu(x))))
        y = torch.maximum(x.abs().sqrt(), torch.minimum(x.neg(), (x + 3).reciprocal()))
        y = torch.rsqrt(y.exp().clamp(0.1, 5)).log() + (x.pow(2) / 3 - 1).sub(x, alpha=0.5) - x.mul(2)
        y = F.max_pool2d(y, 3, 2, 1, ceil_mode=True)  # (4, 5, 5)
        y = torch.add(y, F.avg_pool2d(y, 3, 1, 1, count_include_pad=False), alpha=2)
        y = torch.cat((y, F.adaptive_max_pool2d(y, (5, 5)) * y.mean((2, 3), keepdim=True)), 1)  # (8, 5, 5)
        y = self.pixels(F.pad(y, (1, 1, 0, 0), mode="replicate"))  # (2, 10, 14)
        z = y.permute(0, 3, 1, 2)[:, 0, :, ::5].flatten(1)[:, None].expand(-1, 2, -1)  # (2, 4)
        z = torch.cat((y.sum(2), y.amax(3, keepdim=True).squeeze(3), z, y[:, :, 0].narrow(2, 0, 6)), 2)  # (2, 34)
        z = F.dropout(z.reshape(z.shape[0], -1), 0.3, self.training)
        scores: Tensor = self.last(self.flat_norm(self.flat(z)))
        return scores.div(torch.tensor(2.0))


class Guarded(nn.Module):
    """A dropout behind ``if self.training``."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(2, 4, 3), nn.Linear(4 * 36, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the author returns."""
        x = F.relu(self.conv(x))
        if self.training:
            x = F.dropout(x, 0.4)
        return F.log_softmax(self.fc(x.flatten(1)), dim=1)


class GhostBatchNorm(nn.BatchNorm2d):
    """In training each half of the batch has statistics of its own."""

    def forward(self, x: Tensor) -> Tensor:
        """Return what the author returns."""
        if not self.training:
            return super().forward(x)
        n, c, h, w = x.shape
        halves = self.weight.repeat(2), self.bias.repeat(2)
        return F.batch_norm(x.view(-1, 2 * c, h, w), None, None, *halves, True, 0.1, self.eps).view(n, c, h, w)


def seeded(make: Callable[[], nn.Module], seed: int = 0) -> Any:
    """Return a network in evaluation mode whose weights and batch statistics are drawn from a seed."""
    torch.manual_seed(seed)
    network = make()
    randomise(network)
    return network.eval()


class Small(nn.Module):
    """A residual network with function calls, of which a file by PyTorch 2.6.0 is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding="same", bias=False)
        self.norm, self.drop, self.fc = nn.BatchNorm2d(4), nn.Dropout(0.1), nn.Linear(16, 3)
        self.never = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Return log-probabilities."""
        x = F.relu(self.stem(x))
        x = self.drop(F.relu_(self.norm(self.conv(x)) + x))
        x = F.max_pool2d(x, 4)
        return F.log_softmax(self.fc(x.view(x.size(0), -1)), dim=-1)
