"""The networks that come along: the assignment's, built as a chain of named steps, and others, read from files."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from model.errors import WeightsError
from model.graph.module import NetworkModule
from model.graph.records import IMAGE, Graph, Node, Op
from model.graph.shapes.records import Given, Value
from model.graph.shapes.rules import infer
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.networks.catalogue import ASSIGNMENT, CATALOGUE
from model.networks.file import read_path
from model.networks.limits import refuse
from model.networks.records import Network

ROWS = (nn.Conv2d, nn.BatchNorm2d, nn.Dropout, nn.MaxPool2d, nn.AvgPool2d)  # what the printed table has a row for
_REMEDY = "Restore the folder with 'git checkout -- model/networks'."


def card_folder(id: str) -> Path:
    """Return the folder of a network that comes along with its card and its snapshots."""
    return weights.SHIPPED if id == ASSIGNMENT else Path(__file__).parent / id


def built_in(id: str) -> Network:
    """Return a network that comes along with its trained weights, its card and its history.

    Args:
        id: One of ``BUILT_IN``.

    Raises:
        NetworkError, WeightsError: Its files are missing or damaged, or do not belong together.
    """
    card = weights.read_card(card_folder(id))
    if id == ASSIGNMENT:
        return _assignment(weights.load(), card)
    found = read_path(card_folder(id) / f"{id}.glass")
    if found.id != card.get("file"):
        refuse(
            f"The file of the network '{id}' is not the one that its card describes.",
            "The card names it.",
            _REMEDY,
        )
    return replace(found, id=id, card=card, history=history(card))


def history(card: Mapping[str, Any]) -> tuple[dict[str, float], ...]:
    """Return a row for each epoch of a card: ``epoch``, ``training loss``, and where images were held out two more.

    These are ``held-out accuracy``, from 0 to 1, and ``held-out loss``.

    Raises:
        WeightsError: The card's epochs are damaged.
    """
    try:
        return tuple(_row(epoch, card.get("held_out_images")) for epoch in card.get("epochs") or ())
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise WeightsError(
            f"The epochs in the card of a network cannot be read ({error!r}).",
            "Each must have its number and its losses.",
            _REMEDY,
        ) from error


def _row(epoch: Mapping[str, Any], held_out: int | None) -> dict[str, float]:
    row = {"epoch": float(epoch["number"]), "training loss": float(epoch["training_loss"])}
    if not held_out:
        return row
    accuracy = epoch["validation_correct"] / held_out
    return {**row, "held-out accuracy": accuracy, "held-out loss": float(epoch["validation_loss"])}


def assignment_without_weights() -> Network:
    """Return the assignment's network with random weights, for what does not depend on weights."""
    return _assignment(AssignmentNetwork(), {})


def _assignment(author: AssignmentNetwork, card: Mapping[str, Any]) -> Network:
    entry = CATALOGUE[ASSIGNMENT]
    graph, tensors = of_chain(author, entry.input.shape)
    module = NetworkModule(graph, tensors).eval()
    past = history(card)
    return Network(ASSIGNMENT, entry.title, graph, module, entry.input, entry.classes, history=past, card=card)


def of_chain(author: nn.Sequential, input_shape: tuple[int, int, int]) -> tuple[Graph, dict[str, Tensor]]:
    """Return the graph of a chain of named steps whose result is flattened, and its weights.

    Args:
        author: Its steps' names become those of the nodes.
        input_shape: (C, H, W).
    """
    nodes = [*_nodes(author, input_shape)]
    tensors = {key: tensor.detach().clone() for key, tensor in author.state_dict().items()}
    parameters = {key for key, _ in author.named_parameters()}
    owned = sum(tensors[key].numel() for key in parameters)
    graph = Graph(tuple(nodes), input_shape, buffers=frozenset(tensors.keys() - parameters), used=owned, owned=owned)
    return graph, tensors


def _nodes(author: nn.Sequential, input_shape: tuple[int, int, int]) -> Iterator[Node]:
    last, value = IMAGE, Value(1, input_shape)
    for name, step in author.named_children():
        op, settings = _described(step)
        kind = type(step).__name__ if isinstance(step, ROWS) else ""
        tensors = {role: f"{name}.{role}" for role in step.state_dict()}
        node = Node(name, op, (last,), settings, name, tensors, kind)
        shapes = {role: tuple(tensor.shape) for role, tensor in step.state_dict().items()}
        found = infer(op, Given([value], settings, shapes))
        last, value = name, found.value
        yield replace(node, shape=value.shape, multiply_accumulates=found.multiply_accumulates)
    settings = {"start": 1, "end": len(value.shape)}
    flat = infer(Op.FLATTEN, Given([value], settings, {})).value
    yield Node("flatten", Op.FLATTEN, (last,), settings, shape=flat.shape)


def _described(step: nn.Module) -> tuple[Op, dict[str, Any]]:
    """Return the operation and the settings of a step."""
    match step:
        case nn.Conv2d():
            settings = {"kernel": step.kernel_size, "stride": step.stride, "padding": step.padding}
            return Op.CONV, {**settings, "dilation": step.dilation, "groups": step.groups}
        case nn.BatchNorm2d():
            return Op.BATCH_NORM, {"eps": step.eps, "momentum": step.momentum, "batch_statistics": False}
        case nn.Dropout():
            return Op.DROPOUT, {"p": step.p, "when": "training"}
        case nn.ReLU():
            return Op.RELU, {}
        case nn.MaxPool2d():
            return Op.MAX_POOL, {**_window(step), "dilation": _pair(step.dilation)}
        case nn.AvgPool2d():
            return Op.AVG_POOL, {**_window(step), "count_include_pad": step.count_include_pad, "divisor": None}
    raise TypeError(f"no operation for {type(step).__name__}")


def _window(step: nn.MaxPool2d | nn.AvgPool2d) -> dict[str, Any]:
    pairs = {"kernel": step.kernel_size, "stride": step.stride, "padding": step.padding}
    return {**{name: _pair(value) for name, value in pairs.items()}, "ceil": step.ceil_mode}


def _pair(value: Any) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)
