"""Dropout that draws from the run's own generator: as ``nn.Dropout`` does, or several times faster."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


@dataclass
class Part:
    """The images of the batch at hand that this process works on: ``rows`` of ``total``.

    Every process draws for the whole batch, so that together they do what one would.
    """

    total: int = 0
    rows: slice = field(default_factory=lambda: slice(None))


Drop = Callable[[Tensor, float, torch.Generator, Part], Tensor]


class PartDropout(nn.Dropout):
    """In training mode ``y = x * keep / (1 - p)``, with ``keep`` 1 with probability ``1 - p``, else 0.

    Args:
        p: Probability that a value is dropped, in [0, 1).
        drop: How to.
        generator: From what to draw; on the device of the network.
        part: Which images of the batch pass through; changed from outside before each batch.
    """

    def __init__(self, p: float, drop: Drop, generator: torch.Generator, part: Part) -> None:
        super().__init__(p)
        self.drop, self.generator, self.part = drop, generator, part

    def forward(self, x: Tensor) -> Tensor:
        """Drop values of ``x`` (N, C, H, W) in training mode, else return it."""
        if not self.training or self.p == 0:
            return x
        return self.drop(x, self.p, self.generator, self.part)


def by_bernoulli(x: Tensor, p: float, generator: torch.Generator, part: Part) -> Tensor:
    """Drop what ``nn.Dropout`` would drop of the whole batch, bit for bit: one draw for each value."""
    drawn = torch.empty((part.total, *x.shape[1:]), device=x.device)
    return x * drawn.bernoulli_(1 - p, generator=generator)[part.rows].div_(1 - p)


def by_gaps(x: Tensor, p: float, generator: torch.Generator, part: Part) -> Tensor:
    """Draw how far it is from each value that is dropped to the next: one draw for each of these.

    Where each of a row of values is dropped with probability p, whatever happens to the others, the gaps are
    geometric: ``P(gap = k) = (1 - p)^(k - 1) p`` for k = 1, 2, ... So the masks are as likely as those of single
    draws, and for a small p nearly all draws are saved. The values are taken in the order (N, H, W, C).

    Source: Vitter, "Faster methods for random sampling", 1984, skips likewise.
    """
    values = x[0].numel()
    dropped = draw_positions(part.total * values, p, generator)
    first, last, _ = part.rows.indices(part.total)
    if last - first < part.total:  # only this process's share
        ends = torch.tensor([first * values, last * values], device=x.device)
        start, stop = torch.searchsorted(dropped, ends).tolist()
        dropped = dropped[start:stop] - first * values
    y: Tensor = _Drop.apply(x, dropped, 1 / (1 - p))
    return y


def draw_positions(count: int, p: float, generator: torch.Generator) -> Tensor:
    """Return which of so many values are dropped, (K,), in order, each with probability p."""
    expected = count * p
    at_once = math.ceil(expected + 8 * math.sqrt(expected) + 8)  # hardly ever too few
    parts, last = [], -1
    while last < count:
        gaps = torch.empty(at_once, dtype=torch.int64, device=generator.device).geometric_(p, generator=generator)
        parts.append(gaps.cumsum(0).add_(last))
        last = int(parts[-1][-1])
    found = torch.cat(parts) if len(parts) > 1 else parts[0]
    return found[: int(torch.searchsorted(found, count))]


class _Drop(torch.autograd.Function):
    """``y = scale * x``, but 0 at some positions in the order (N, H, W, C); so is the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dropped: Tensor, scale: float) -> Tensor:
        ctx.save_for_backward(dropped)
        ctx.scale = scale
        return _dropped(x, dropped, scale)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> Any:
        return _dropped(dy, ctx.saved_tensors[0], ctx.scale), None, None


def _dropped(x: Tensor, dropped: Tensor, scale: float) -> Tensor:
    y = (x * scale).contiguous(memory_format=torch.channels_last)
    y.permute(0, 2, 3, 1).view(-1).index_fill_(0, dropped, 0.0)
    return y


WAYS: dict[str, Drop] = {"bernoulli": by_bernoulli, "gaps": by_gaps}
