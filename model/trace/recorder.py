"""Run a network once and record every step with forward hooks."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.dropout.records import DropoutPlan
from model.errors import InputError, TraceError
from model.graph.module import NetworkModule
from model.layers import registry
from model.records import IMAGE, Activation
from model.trace.masks import SeededDropout, with_dropout
from model.trace.private import private_copy, steps_of
from model.trace.records import LayerKind, Row, Step, Trace

Array = NDArray[Any]
Kept = Callable[[Mapping[str, Tensor | None]], Mapping[str, Array]]
_HOOK = -1  # the key of a hook; those of PyTorch count from 0
_NOTHING: Activation = np.empty(0, np.float32)  # the input of a step that has none


def record(
    network: nn.Module, x: Tensor, *, dropout: bool = False, seed: int = 0, plan: DropoutPlan | None = None
) -> Trace:
    """Run one image through a private copy of a network and record every step.

    The network itself is only read: none of its hooks, modes, gradients or values change, so several
    threads may record it at once.

    Args:
        network: Maps (1, C, H, W) to logits. Its steps are the nodes of its graph; without a graph, the modules of
            every kind that ``model.layers`` knows.
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
    private = private_copy(network) if plan is None else with_dropout(network, plan)
    x = x.detach().clone()  # a step may give a view of it
    recorder = _OnGraph(private) if isinstance(private, NetworkModule) else _OnModules(private)
    with torch.no_grad(), recorder.hooks():
        scores = private(x)
    recorder.check_complete()
    steps = recorder.steps(_array(x[0]))
    logits = _array(scores).reshape(-1)
    log_probabilities = _array(scores.flatten().log_softmax(0))
    if not isinstance(private, NetworkModule):
        flat = (steps[-1].name,), (steps[-1].output,)
        steps.append(Step("flatten", LayerKind.FLATTEN, steps[-1].output, logits, inputs=flat[0], operands=flat[1]))
    last = Step(
        "log-softmax", LayerKind.LOG_SOFTMAX, logits, log_probabilities, inputs=(steps[-1].name,), operands=(logits,)
    )
    return Trace(
        _array(x[0]),
        (*steps, last),
        logits,
        log_probabilities,
        plan is not None,
        plan.seed if plan else seed,
    )


class _Recorder:
    """Puts a hook on each step of a private copy.

    Attributes:
        network: A private copy.
        modules: Its steps by name.
        ran: The names of those that have run so far.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.modules = steps_of(network)
        self.ran: dict[str, None] = {}

    @contextmanager
    def hooks(self) -> Iterator[None]:
        """Add a hook to every step, and remove each again, also after an exception.

        The modules are private, so they need no handles, which take as long as a small step.
        """
        try:
            for name, module in self.modules.items():
                module._forward_hooks[_HOOK] = functools.partial(self._record, name)
            yield
        finally:
            for module in self.modules.values():
                module._forward_hooks.pop(_HOOK, None)

    def check_complete(self) -> None:
        """Raise unless every step has run."""
        idle = sorted(self.modules.keys() - self.ran.keys())
        if idle or not self.ran:
            raise TraceError(
                f"These steps never ran: {', '.join(idle) or 'the network has none'}.",
                "A forward pass must run every step.",
                "Call each module in the network's forward method.",
            )

    def _record(self, name: str, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if vars(module).get("inplace"):
            raise TraceError(
                f"{name} works in place.", "Each step must keep its input.", "Build it with inplace=False."
            )
        if name in self.ran:
            raise TraceError(f"{name} ran twice.", "Each step may run once.", "Use a separate module for each call.")
        self.ran[name] = None
        self.keep(name, inputs, output)

    def keep(self, name: str, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Keep what a step was given and what it gave."""
        raise NotImplementedError

    def steps(self, image: Activation) -> list[Step]:
        """Return the steps in the order they ran."""
        raise NotImplementedError


class _OnGraph(_Recorder):
    """Knows the inputs of each step by name. Nothing works in place, so outputs are kept as they are."""

    network: NetworkModule

    def __init__(self, network: NetworkModule) -> None:
        super().__init__(network)
        self.outputs: dict[str, Tensor] = {}

    def keep(self, name: str, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Keep the output alone: it is the input of other steps."""
        self.outputs[name] = output

    def steps(self, image: Activation) -> list[Step]:
        """Return a step for each node."""
        values, batches, found = {IMAGE: image}, {IMAGE: 1}, list[Step]()
        for node in self.network.graph.nodes:
            name, inputs, output = node.name, node.inputs, self.outputs[node.name]
            values[name] = _view(output)[0] if node.batch == 1 else _view(output)
            batches[name] = node.batch
            operands = tuple([values[each] for each in inputs])
            step = _step(name, self.modules[name], operands[0] if inputs else _NOTHING, values[name], _views)
            step["inputs"], step["operands"] = inputs, operands
            step["batches"] = (*[batches[each] for each in inputs], node.batch)
            found.append(_numbered(step, node.row))
        return found


class _OnModules(_Recorder):
    """Finds the inputs of each step by the identity of tensors: which step gave this very tensor?

    A tensor that was changed in place after its step is no output of that step any more: PyTorch counts such changes.
    Outputs are copied, since the network may change them later.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self._found: dict[str, Step] = {}
        # By id: the step, the tensor, which must live on for its id to be its own, and the number of changes to it.
        self._given: dict[int, tuple[str, Tensor, int]] = {}

    @contextmanager
    def hooks(self) -> Iterator[None]:
        """Add a hook to every step, and one that takes the image."""
        handle = self.network.register_forward_pre_hook(lambda _, inputs: self._put(IMAGE, inputs[0]))
        try:
            with super().hooks():
                yield
        finally:
            handle.remove()
            self._given.clear()

    def _put(self, name: str, tensor: Tensor) -> None:
        self._given[id(tensor)] = name, tensor, tensor._version

    def _source(self, tensor: Tensor) -> str | None:
        name, _, changes = self._given.get(id(tensor), (None, None, 0))
        return name if changes == tensor._version else None

    def keep(self, name: str, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Make a step of what a module was given and gave."""
        module, found = self.modules[name], self._found
        sources = [self._source(each) for each in inputs]
        operands = tuple(
            found[source].output if source in found else _array(each[0])
            for source, each in zip(sources, inputs, strict=True)
        )
        kind = registry.of_module(module)
        number = 1 + sum(isinstance(step, Row) for step in found.values())
        step = _step(name, module, operands[0], _array(output[0]), _copies)
        named = tuple(source for source in sources if source)
        step["inputs"], step["operands"] = named if len(named) == len(sources) else (), operands
        found[name] = _numbered(step, None if kind and kind.hidden else number)
        self._put(name, output)

    def steps(self, image: Activation) -> list[Step]:
        """Return a step for each module."""
        return list(self._found.values())


class _Views(Mapping[str, Array]):
    """Weights as arrays that are made when they are asked for: most steps of a trace are never asked."""

    def __init__(self, tensors: Mapping[str, Tensor | None]) -> None:
        self._tensors = {name: tensor for name, tensor in tensors.items() if tensor is not None}

    def __getitem__(self, name: str) -> Array:
        return _view(self._tensors[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)


_NONE: Mapping[str, Array] = MappingProxyType({})


def _views(tensors: Mapping[str, Tensor | None]) -> Mapping[str, Array]:
    return _Views(tensors) if tensors else _NONE


def _copies(tensors: Mapping[str, Tensor | None]) -> dict[str, Array]:
    return {name: _array(tensor) for name, tensor in tensors.items() if tensor is not None}


def _step(name: str, module: nn.Module, taken: Array, output: Array, kept: Kept) -> dict[str, Any]:
    """Return the arguments of a step; ``kept`` makes arrays of its weights."""
    mask = module.kept if isinstance(module, SeededDropout) else None
    return {
        "name": name,
        "kind": registry.kind_of(module),
        "input": taken,
        "output": output,
        "parameters": kept(module._parameters),
        "buffers": kept(module._buffers),
        "settings": registry.settings(module),
        "mask": None if mask is None else _array(mask[0]),
    }


def _numbered(step: Mapping[str, Any], number: int | None) -> Step:
    """Return a row of the printed table, or a hidden step."""
    return Step(**step) if number is None else Row(**step, number=number)


def _array(tensor: Tensor) -> Array:
    """Return a copy."""
    array: Array = tensor.detach().cpu().numpy().copy()
    array.setflags(write=False)
    return array


def _view(tensor: Tensor) -> Array:
    """Return the numbers of a tensor that nothing changes any more, without a copy."""
    array: Array = (tensor.detach() if tensor.requires_grad else tensor).numpy()
    array.setflags(write=False)
    return array


def _check_image(x: Tensor) -> None:
    if x.ndim != 4 or x.shape[0] != 1 or not torch.isfinite(x).all():
        raise InputError(
            f"An image of shape {tuple(x.shape)} cannot be recorded.",
            "It must be one image (1, C, H, W) of finite values.",
            "Make it with model.images.digits.to_input.",
        )
