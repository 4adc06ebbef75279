"""Dropout that uses the run's own generator: with the masks of ``nn.Dropout``, or several times faster."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


@dataclass
class BatchShare:
    """This process's share of the current batch: the images ``rows`` of ``total``.

    Every process draws the masks of the whole batch, so that several processes give the same result as one.
    """

    total: int = 0
    rows: slice = field(default_factory=lambda: slice(None))


Drop = Callable[[Tensor, float, torch.Generator, BatchShare], Tensor]


class SeededDropout(nn.Dropout):
    """In training mode ``y = x * keep / (1 - p)``, with ``keep`` 1 with probability ``1 - p``, else 0.

    Args:
        p: Probability that a value is dropped, in [0, 1).
        drop: The function that drops values.
        generator: The random number generator, on the device of the network.
        share: The images of the batch in this process; the trainer changes it before each batch.
    """

    def __init__(self, p: float, drop: Drop, generator: torch.Generator, share: BatchShare) -> None:
        super().__init__(p)
        self.drop, self.generator, self.share = drop, generator, share

    def forward(self, x: Tensor) -> Tensor:
        """Drop values of ``x`` (N, ...) in training mode; else return it unchanged."""
        if not self.training or self.p == 0:
            return x
        return self.drop(x, self.p, self.generator, self.share)


class SeededMapDropout(nn.Dropout2d):
    """In training mode drop whole maps, like ``nn.Dropout2d``, with a generator of its own."""

    def __init__(self, p: float, generator: torch.Generator) -> None:
        super().__init__(p)
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        """Drop maps of ``x`` (N, C, ...) in training mode; else return it unchanged."""
        if not self.training or self.p == 0:
            return x
        drawn = torch.empty(*x.shape[:2], *[1] * (x.ndim - 2)).bernoulli_(1 - self.p, generator=self.generator)
        return x * drawn.div_(1 - self.p)


def by_bernoulli(x: Tensor, p: float, generator: torch.Generator, share: BatchShare) -> Tensor:
    """Drop the same values of the whole batch as ``nn.Dropout``, bit for bit: one draw for each value."""
    drawn = torch.empty((share.total, *x.shape[1:]), device=x.device)
    return x * drawn.bernoulli_(1 - p, generator=generator)[share.rows].div_(1 - p)


def by_gaps(x: Tensor, p: float, generator: torch.Generator, share: BatchShare) -> Tensor:
    """Draw the gaps between dropped values: one draw for each dropped value.

    If each value is dropped independently with probability p, the gaps have a geometric distribution:
    ``P(gap = k) = (1 - p)^(k - 1) p`` for k = 1, 2, ... So the masks have the same distribution as with one draw for
    each value, and a small p needs far fewer draws. The order of the values is (N, H, W, C).

    Source: Vitter, "Faster methods for random sampling", 1984, skips in the same way.
    """
    values = x[0].numel()
    dropped = draw_positions(share.total * values, p, generator)
    first, last, _ = share.rows.indices(share.total)
    if last - first < share.total:  # keep only this process's share
        ends = torch.tensor([first * values, last * values], device=x.device)
        start, stop = torch.searchsorted(dropped, ends).tolist()
        dropped = dropped[start:stop] - first * values
    y: Tensor = _Drop.apply(x, dropped, 1 / (1 - p))
    return y


def draw_positions(count: int, p: float, generator: torch.Generator) -> Tensor:
    """Return the positions of the dropped values, (K,), in order; each of ``count`` is dropped with probability p."""
    expected = count * p
    at_once = math.ceil(expected + 8 * math.sqrt(expected) + 8)  # almost always enough
    parts, last = [], -1
    while last < count:
        gaps = torch.empty(at_once, dtype=torch.int64, device=generator.device).geometric_(p, generator=generator)
        parts.append(gaps.cumsum(0).add_(last))
        last = int(parts[-1][-1])
    found = torch.cat(parts) if len(parts) > 1 else parts[0]
    return found[: int(torch.searchsorted(found, count))]


class _Drop(torch.autograd.Function):
    """``y = scale * x``, but 0 at some positions in the order (N, H, W, C) or (N, K); the same for the gradient."""

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
    if x.ndim != 4:
        y = (x * scale).contiguous()
        y.view(-1).index_fill_(0, dropped, 0.0)
        return y
    y = (x * scale).contiguous(memory_format=torch.channels_last)
    y.permute(0, 2, 3, 1).view(-1).index_fill_(0, dropped, 0.0)
    return y


MASK_METHODS: dict[str, Drop] = {"bernoulli": by_bernoulli, "gaps": by_gaps}
