"""Run the network once and record every step of it with forward hooks."""

import copy
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model import layers
from model.errors import InputError, TraceError
from model.layers.layer import Layer
from model.records import LayerKind, Row, Step, Trace


class SeededDropout(nn.Dropout):
    """Dropout whose masks come from a generator of its own, so that no other thread can change them.

    In training mode ``y = x * keep / (1 - p)`` with ``keep`` 1 with probability 1 - p, else 0: the same
    masks that ``nn.Dropout`` draws after ``torch.manual_seed``. The last one drawn stays in ``kept``.
    """

    kept: Tensor | None = None

    def __init__(self, p: float, generator: torch.Generator) -> None:
        super().__init__(p)
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        """Drop values of ``x`` (any shape) in training mode, else return it."""
        if not self.training:
            return x
        keep = torch.empty_like(x).bernoulli_(1 - self.p, generator=self.generator)
        self.kept = keep.bool()
        return x * keep.div_(1 - self.p)


def record(network: nn.Module, x: Tensor, *, dropout: bool = False, seed: int = 0) -> Trace:
    """Run one image through a private copy of the network and record every step.

    The network that is passed in is only read: no hook, mode, gradient or number of it changes, so any
    number of threads may record it at once.

    Args:
        network: Maps (1, C, H, W) to logits. Its steps are all its modules of a kind that ``model.layers`` knows.
        x: One normalised image, (1, C, H, W).
        dropout: Whether the dropout modules drop. Batch norm uses its running statistics either way.
        seed: What dropout masks are drawn from; the same seed gives the same masks.

    Raises:
        InputError: ``x`` is not one image of finite values.
        TraceError: A step never ran, ran twice, or works in place.
    """
    _check_image(x)
    private = copy.deepcopy(network).eval()
    if dropout:
        _switch_dropout_on(private, torch.Generator().manual_seed(seed))
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
    return Trace(_array(x[0]), (*recorder.steps, *hidden), logits, log_probabilities, dropout, seed)


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


def _switch_dropout_on(network: nn.Module, generator: torch.Generator) -> None:
    """Put a seeded dropout, in training mode, in the place of each dropout; all else stays in evaluation mode."""
    places = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Dropout)]
    for name, module in places:
        network.set_submodule(name, SeededDropout(module.p, generator).train())


def _array(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.detach().cpu().numpy().copy()
    array.setflags(write=False)
    return array


def _check_image(x: Tensor) -> None:
    if x.ndim != 4 or x.shape[0] != 1 or not torch.isfinite(x).all():
        raise InputError(
            f"An image of shape {tuple(x.shape)} cannot be recorded.",
            "It must be one image (1, C, H, W) of finite values.",
            "Take one from model.digits.to_input.",
        )
