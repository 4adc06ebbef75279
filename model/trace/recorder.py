"""Run the network once and record every step of it with forward hooks."""

import copy
import functools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model import layers
from model.dropout.records import DropoutPlan
from model.errors import InputError, TraceError
from model.layers.layer import Layer
from model.trace.records import LayerKind, Row, Step, Trace


class SeededDropout(nn.Dropout):
    """Dropout whose masks come from generators of its own, so that no other thread can change them.

    In training mode ``y = x * keep / (1 - p)`` with ``keep`` 1 with probability 1 - p, else 0: the same
    masks that ``nn.Dropout`` draws after ``torch.manual_seed``. The last one drawn stays in ``kept``.

    Args:
        p: Probability that a value is dropped, in [0, 1).
        generators: One for the whole batch, or one for each of its images.
        whole_channels: Whether a channel is kept or dropped as a whole.
        drops: Whether the mask is used; if not it is drawn all the same, so that the rows behind get theirs.
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
        """Drop values of ``x`` (N, C, H, W) in training mode, else return it."""
        if not self.training:
            return x
        share = len(x) // len(self.generators)  # images for each generator
        keep = torch.cat(
            [draw_mask((share, *x.shape[1:]), self.p, each, self.whole_channels) for each in self.generators]
        )
        if not self.drops:
            return x
        self.kept = keep.bool()
        return x * keep.div_(1 - self.p)


def draw_mask(shape: tuple[int, ...], p: float, generator: torch.Generator, whole_channels: bool) -> Tensor:
    """Draw a mask (N, C, H, W): 1 where a value is kept, 0 where it is dropped."""
    drawn = (*shape[:2], *(1 for _ in shape[2:])) if whole_channels else shape
    return torch.empty(drawn).bernoulli_(1 - p, generator=generator).expand(shape).contiguous()


def record(
    network: nn.Module, x: Tensor, *, dropout: bool = False, seed: int = 0, plan: DropoutPlan | None = None
) -> Trace:
    """Run one image through a private copy of the network and record every step.

    The network that is passed in is only read: no hook, mode, gradient or number of it changes, so any
    number of threads may record it at once.

    Args:
        network: Maps (1, C, H, W) to logits. Its steps are all its modules of a kind that ``model.layers`` knows.
        x: One normalised image, (1, C, H, W).
        dropout: Whether the dropout modules drop. Batch norm uses its running statistics either way.
        seed: What dropout masks are drawn from; the same seed gives the same masks.
        plan: Which rows drop, and how, in place of ``dropout`` and ``seed``.

    Raises:
        InputError: ``x`` is not one image of finite values, or the plan cannot be followed.
        TraceError: A step never ran, ran twice, or works in place.
    """
    _check_image(x)
    if dropout and plan is None:
        plan = DropoutPlan(seed=seed)
    private = copy.deepcopy(network).eval() if plan is None else dropping(network, plan)
    known = {name: layers.of_module(module) for name, module in private.named_modules()}
    recorder = _Recorder(private, {name: layer for name, layer in known.items() if layer})
    with torch.no_grad(), recorder.watching():
        scores = private(x)
    recorder.check_complete()
    last = recorder.steps[-1].output
    logits = _array(scores).reshape(-1)
    log_probabilities = _array(scores.flatten().log_softmax(0))
    hidden = (
        Step("flatten", LayerKind.FLATTEN, last, logits),
        Step("log-softmax", LayerKind.LOG_SOFTMAX, logits, log_probabilities),
    )
    return Trace(
        _array(x[0]),
        (*recorder.steps, *hidden),
        logits,
        log_probabilities,
        plan is not None,
        plan.seed if plan else seed,
    )


def dropping(network: nn.Module, plan: DropoutPlan) -> nn.Module:
    """Copy a network and put a seeded dropout, in training mode, in the place of each dropout.

    All else is in evaluation mode: batch norm uses its running statistics.

    Raises:
        InputError: A row of the plan is no dropout, or its p is not in [0, 1).
    """
    private = copy.deepcopy(network).eval()
    places = {name: module for name, module in private.named_modules() if isinstance(module, nn.Dropout)}
    _check_plan(plan, list(places))
    for name, module in places.items():
        p = module.p if plan.p is None else plan.p
        drops = plan.rows is None or name in plan.rows
        seeded = SeededDropout(p, whole_channels=plan.whole_channels, drops=drops).train()
        private.set_submodule(name, seeded)
    reseed(private, [plan.seed])
    return private


def reseed(private: nn.Module, seeds: Iterable[int]) -> None:
    """Let a network of ``dropping`` draw its next masks from these seeds, one for each image of the next batch."""
    generators = tuple(torch.Generator().manual_seed(seed) for seed in seeds)
    for module in private.modules():
        if isinstance(module, SeededDropout):
            module.generators = generators


@dataclass
class _Recorder:
    """Collects a step each time a watched module has run.

    Attributes:
        network: A private one, whose modules get the hooks.
        watched: What to watch: the name of each module and what kind of layer it is.
        steps: What has run so far.
    """

    network: nn.Module
    watched: dict[str, Layer]
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Stand a hook on every watched module, and take each away again whatever happens."""
        handles = []
        try:
            for name in self.watched:
                hook = functools.partial(self._record, name)
                handles.append(self.network.get_submodule(name).register_forward_hook(hook))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def check_complete(self) -> None:
        """Raise unless every watched module has run."""
        idle = sorted(self.watched.keys() - {step.name for step in self.steps})
        if idle or not self.steps:
            raise TraceError(
                f"These steps never ran: {', '.join(idle) or 'the network has none'}.",
                "A forward pass must run every step.",
                "Call each module in the network's forward method.",
            )

    def _record(self, name: str, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if getattr(module, "inplace", False):
            raise TraceError(
                f"{name} works in place.", "Each step must keep its input.", "Build it with inplace=False."
            )
        if any(step.name == name for step in self.steps):
            raise TraceError(f"{name} ran twice.", "Each step may run once.", "Use one module for each place.")
        taken = _array(inputs[0][0])
        if self.steps and np.array_equal(taken, self.steps[-1].output):
            taken = self.steps[-1].output  # mostly one step takes in what the last put out: one array serves both
        kept = module.kept if isinstance(module, SeededDropout) else None
        values = (
            name,
            self.watched[name].kind,
            taken,
            _array(output[0]),
            {key: _array(value) for key, value in module.named_parameters()},
            {key: _array(value) for key, value in module.named_buffers()},
            layers.settings(module),
            None if kept is None else _array(kept[0]),
        )
        number = 1 + sum(isinstance(step, Row) for step in self.steps)
        self.steps.append(Step(*values) if self.watched[name].hidden else Row(*values, number=number))


def _array(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.detach().cpu().numpy().copy()
    array.setflags(write=False)
    return array


def _check_image(x: Tensor) -> None:
    if x.ndim != 4 or x.shape[0] != 1 or not torch.isfinite(x).all():
        raise InputError(
            f"An image of shape {tuple(x.shape)} cannot be recorded.",
            "It must be one image (1, C, H, W) of finite values.",
            "Take one from model.images.digits.to_input.",
        )


def _check_plan(plan: DropoutPlan, names: Sequence[str]) -> None:
    unknown = [name for name in plan.rows or () if name not in names]
    if unknown:
        raise InputError(
            f"{', '.join(unknown)} cannot drop.", f"These rows can: {', '.join(names) or 'none'}.", "Choose among them."
        )
    if plan.p is not None and not 0 <= plan.p < 1:
        raise InputError(
            f"Dropout with p = {plan.p} is not possible.", "p must be at least 0 and below 1.", "Choose another p."
        )
