"""Run a network once and record every step with forward hooks."""

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
    """Dropout that draws its masks from its own generators, so that no other thread can change them.

    In training mode ``y = x * keep / (1 - p)`` with ``keep`` 1 with probability 1 - p, else 0: the same
    masks that ``nn.Dropout`` draws after ``torch.manual_seed``. ``kept`` holds the last mask.

    Args:
        p: Probability that a value is dropped, in [0, 1).
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
        return x * keep.div_(1 - self.p)


def draw_mask(shape: tuple[int, ...], p: float, generator: torch.Generator, whole_channels: bool) -> Tensor:
    """Draw a mask (N, C, H, W): 1 where a value is kept, 0 where it is dropped."""
    drawn = (*shape[:2], *(1 for _ in shape[2:])) if whole_channels else shape
    return torch.empty(drawn).bernoulli_(1 - p, generator=generator).expand(shape).contiguous()


def record(
    network: nn.Module, x: Tensor, *, dropout: bool = False, seed: int = 0, plan: DropoutPlan | None = None
) -> Trace:
    """Run one image through a private copy of a network and record every step.

    The network itself is only read: none of its hooks, modes, gradients or values change, so several
    threads may record it at once.

    Args:
        network: Maps (1, C, H, W) to logits. Its steps are the modules of every kind that ``model.layers`` knows.
        x: One normalised image, (1, C, H, W).
        dropout: Whether dropout is on. Batch norm uses its running statistics in either case.
        seed: Seed of the dropout masks; the same seed gives the same masks.
        plan: Which rows drop values, and how; it replaces ``dropout`` and ``seed``.

    Raises:
        InputError: ``x`` is not one image of finite values, or the plan does not fit the network.
        TraceError: A step never ran, ran twice, or works in place.
    """
    _check_image(x)
    if dropout and plan is None:
        plan = DropoutPlan(seed=seed)
    private = copy.deepcopy(network).eval() if plan is None else with_dropout(network, plan)
    known = {name: layers.of_module(module) for name, module in private.named_modules()}
    recorder = _Recorder(private, {name: layer for name, layer in known.items() if layer})
    with torch.no_grad(), recorder.hooks():
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


def with_dropout(network: nn.Module, plan: DropoutPlan) -> nn.Module:
    """Copy a network and replace each dropout by a seeded one in training mode.

    All other modules are in evaluation mode: batch norm uses its running statistics.

    Raises:
        InputError: A row of the plan is not a dropout, or p is not in [0, 1).
    """
    private = copy.deepcopy(network).eval()
    dropouts = {name: module for name, module in private.named_modules() if isinstance(module, nn.Dropout)}
    _check_plan(plan, list(dropouts))
    for name, module in dropouts.items():
        p = module.p if plan.p is None else plan.p
        drops = plan.rows is None or name in plan.rows
        seeded = SeededDropout(p, whole_channels=plan.whole_channels, drops=drops).train()
        private.set_submodule(name, seeded)
    reseed(private, [plan.seed])
    return private


def reseed(private: nn.Module, seeds: Iterable[int]) -> None:
    """Set the seeds of the next masks in a network of ``with_dropout``, one for each image of the next batch."""
    generators = tuple(torch.Generator().manual_seed(seed) for seed in seeds)
    for module in private.modules():
        if isinstance(module, SeededDropout):
            module.generators = generators


@dataclass
class _Recorder:
    """Records a step each time a module with a hook has run.

    Attributes:
        network: A private copy, whose modules get the hooks.
        layers: The kind of layer of each module that gets a hook, by name.
        steps: The steps that have run so far.
    """

    network: nn.Module
    layers: dict[str, Layer]
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def hooks(self) -> Iterator[None]:
        """Add a hook to every module of ``layers``, and remove each again, also after an exception."""
        handles = []
        try:
            for name in self.layers:
                hook = functools.partial(self._record, name)
                handles.append(self.network.get_submodule(name).register_forward_hook(hook))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def check_complete(self) -> None:
        """Raise unless every module with a hook has run."""
        idle = sorted(self.layers.keys() - {step.name for step in self.steps})
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
            raise TraceError(f"{name} ran twice.", "Each step may run once.", "Use a separate module for each call.")
        taken = _array(inputs[0][0])
        if self.steps and np.array_equal(taken, self.steps[-1].output):
            taken = self.steps[-1].output  # a step usually gets the previous output: keep one array for both
        kept = module.kept if isinstance(module, SeededDropout) else None
        values = (
            name,
            self.layers[name].kind,
            taken,
            _array(output[0]),
            {key: _array(value) for key, value in module.named_parameters()},
            {key: _array(value) for key, value in module.named_buffers()},
            layers.settings(module),
            None if kept is None else _array(kept[0]),
        )
        number = 1 + sum(isinstance(step, Row) for step in self.steps)
        self.steps.append(Step(*values) if self.layers[name].hidden else Row(*values, number=number))


def _array(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.detach().cpu().numpy().copy()
    array.setflags(write=False)
    return array


def _check_image(x: Tensor) -> None:
    if x.ndim != 4 or x.shape[0] != 1 or not torch.isfinite(x).all():
        raise InputError(
            f"An image of shape {tuple(x.shape)} cannot be recorded.",
            "It must be one image (1, C, H, W) of finite values.",
            "Make it with model.images.digits.to_input.",
        )


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
