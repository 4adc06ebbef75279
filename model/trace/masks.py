"""Dropout with masks from generators of its own."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from model.dropout.records import DropoutPlan
from model.errors import InputError
from model.trace.private import private_copy, put, steps_of


class SeededDropout(nn.Dropout):
    """Dropout that draws its masks from its own generators, so that no other thread can change them.

    In training mode ``y = x * keep / (1 - p)`` with ``keep`` 1 with probability 1 - p, else 0: the same
    masks that ``nn.Dropout`` draws after ``torch.manual_seed``, and ``nn.Dropout2d`` for whole channels. ``kept`` holds
    the last mask.

    Args:
        p: Probability that a value is dropped, in [0, 1].
        generators: One for the whole batch, or one for each of its images.
        whole_channels: Whether a channel is kept or dropped as a whole.
        drops: Whether the mask is used. It is drawn in either case, so that the masks of later rows do not change.
    """

    kept: Tensor | None = None

    def __init__(
        self, p: float, *generators: torch.Generator, whole_channels: bool = False, drops: bool = True
    ) -> None:
        super().__init__(p)
        self.generators = generators
        self.whole_channels = whole_channels
        self.drops = drops

    def forward(self, x: Tensor) -> Tensor:
        """Drop values of ``x`` (N, C, H, W) in training mode; return ``x`` in evaluation mode."""
        if not self.training:
            return x
        share = len(x) // len(self.generators)  # images for each generator
        keep = torch.cat(
            [draw_mask((share, *x.shape[1:]), self.p, each, self.whole_channels) for each in self.generators]
        )
        if not self.drops:
            return x
        self.kept = keep.bool()
        return x * (keep.div_(1 - self.p) if self.p < 1 else keep)


def draw_mask(shape: tuple[int, ...], p: float, generator: torch.Generator, whole_channels: bool) -> Tensor:
    """Draw a mask (N, C, H, W): 1 where a value is kept, 0 where it is dropped."""
    drawn = (*shape[:2], *(1 for _ in shape[2:])) if whole_channels else shape
    return torch.empty(drawn).bernoulli_(1 - p, generator=generator).expand(shape).contiguous()


def with_dropout(network: nn.Module, plan: DropoutPlan) -> nn.Module:
    """Copy a network and replace each dropout by a seeded one in training mode.

    All other modules are in evaluation mode: batch norm uses its running statistics.

    Raises:
        InputError: A row of the plan is not a dropout, or p is not in [0, 1).
    """
    private = private_copy(network)
    dropouts = {name: step for name, step in steps_of(private).items() if isinstance(step, nn.Dropout | nn.Dropout2d)}
    _check_plan(plan, list(dropouts))
    for name, module in dropouts.items():
        p = module.p if plan.p is None else plan.p
        drops = plan.rows is None or name in plan.rows
        whole = plan.whole_channels or isinstance(module, nn.Dropout2d)
        put(private, name, SeededDropout(p, whole_channels=whole, drops=drops).train())
    reseed(private, [plan.seed])
    return private


def reseed(private: nn.Module, seeds: Iterable[int]) -> None:
    """Set the seeds of the next masks in a network of ``with_dropout``, one for each image of the next batch."""
    generators = tuple(torch.Generator().manual_seed(seed) for seed in seeds)
    for module in private.modules():
        if isinstance(module, SeededDropout):
            module.generators = generators


def _check_plan(plan: DropoutPlan, names: Sequence[str]) -> None:
    unknown = [name for name in plan.rows or () if name not in names]
    if unknown:
        raise InputError(
            f"{', '.join(unknown)} cannot drop values.",
            f"These rows can: {', '.join(names) or 'none'}.",
            "Choose among them.",
        )
    if plan.p is not None and not 0 <= plan.p < 1:
        raise InputError(
            f"Dropout with p = {plan.p} is not possible.", "p must be at least 0 and below 1.", "Choose another p."
        )
