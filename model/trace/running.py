"""Run a network with something else in the place of a step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.errors import InputError
from model.graph.module import NetworkModule
from model.records import IMAGE
from model.trace.private import private_copy
from model.trace.records import Trace

Replacement = Tensor | Callable[..., Tensor]
_NOTHING: Mapping[str, Replacement] = MappingProxyType({})


@dataclass(frozen=True, eq=False, slots=True)
class _Wire:
    """A step, what computes it, and the names of the steps that feed it."""

    name: str
    module: nn.Module
    inputs: Sequence[str]


def run(
    network: nn.Module, x: Tensor | Trace, replace: Mapping[str, Replacement] = _NOTHING, *, give: str | None = None
) -> Tensor:
    """Run a network with something in the place of some steps; only what the result needs is computed.

    Steps before a value that is put in are left out where nothing else needs them. From a trace, all that does not
    depend on a replaced step is taken as it was recorded.

    Args:
        network: A network with a graph, or an ``nn.Sequential``; not changed, and run in evaluation mode.
        x: Normalised images (N, C, H, W), or the trace of one image without dropout.
        replace: By the step's name a value (N, ...), or a function that gives it from the step's inputs: another
            module, for example.
        give: The step whose output is returned, or ``image``; by default the logits.

    Returns:
        The logits (N, K), or the output of a step (N, ...).

    Raises:
        InputError: There is no such step, or the network is neither a graph nor a sequence of steps.

    >>> network = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2))
    >>> run(network, torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]]), {"1": nn.AvgPool2d(2)})
    tensor([[3.]])
    """
    wires = _wires(network)
    _check(wires, [*replace, *([] if give is None or give == IMAGE else [give])])
    last = wires[-1].name if give is None else give
    values = {IMAGE: x} if isinstance(x, Tensor) else _recorded(x, wires, replace)
    values |= {name: value for name, value in replace.items() if isinstance(value, Tensor)}
    needed = _needed(wires, last, values)
    for wire in wires:
        if wire.name in needed:
            compute = replace.get(wire.name, wire.module)
            assert callable(compute)  # noqa: S101 (all tensors are values already)
            values[wire.name] = compute(*(values[name] for name in wire.inputs))
    return values[last].flatten(1) if give is None else values[last]


def inputs_of(network: nn.Module, name: str) -> tuple[str, ...]:
    """Return the names of the steps that feed a step.

    Raises:
        InputError: There is no such step, or the network is neither a graph nor a sequence of steps.
    """
    wires = _wires(network)
    _check(wires, [name])
    return tuple(next(wire.inputs for wire in wires if wire.name == name))


def _wires(network: nn.Module) -> list[_Wire]:
    private = private_copy(network)
    if isinstance(private, NetworkModule):
        nodes = zip(private.graph.nodes, private.steps, strict=True)
        return [_Wire(node.name, step, node.inputs) for node, step in nodes]
    if not isinstance(private, nn.Sequential) or not len(private):
        raise InputError(
            f"A {type(network).__name__} cannot be run with other steps.",
            "It must be a network with a graph, or a sequence of steps.",
            "Open it from a network file.",
        )
    children = list(private.named_children())
    before = [IMAGE, *(name for name, _ in children)]
    return [_Wire(name, module, (source,)) for (name, module), source in zip(children, before, strict=False)]


def _check(wires: Sequence[_Wire], names: Sequence[str]) -> None:
    known = [wire.name for wire in wires]
    for name in names:
        if name not in known:
            raise InputError(f"No step is called '{name}'.", f"There are {', '.join(known)}.", "Choose one of these.")


def _recorded(trace: Trace, wires: Sequence[_Wire], replace: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the recorded values of all steps that do not depend on a replaced one, as a batch."""
    entries = {step.name: step.batches[-1] if step.batches else 1 for step in trace.steps}
    counts = [
        len(each) // entries[name] for name, each in replace.items() if isinstance(each, Tensor) and entries[name]
    ]
    count = max(counts, default=1)
    changed, values = {*replace}, {IMAGE: _batch(trace.image, 1, count)}
    for wire in wires:
        if changed.intersection(wire.inputs):
            changed.add(wire.name)
        if wire.name not in changed:
            values[wire.name] = _batch(trace[wire.name].output, entries[wire.name], count)
    return values


def _batch(array: NDArray[Any], entries: int, count: int) -> Tensor:
    value = torch.from_numpy(array.copy())
    if entries == 1:
        return value.expand(count, *value.shape)
    return value.repeat(count, *(1 for _ in value.shape[1:])) if entries else value


def _needed(wires: Sequence[_Wire], last: str, known: Mapping[str, Tensor]) -> set[str]:
    """Return the steps that must be computed for a result."""
    needed = {last} - known.keys()
    for wire in reversed(wires):
        if wire.name in needed:
            needed |= {*wire.inputs} - known.keys()
    return needed
