"""A design as a network: its graph, and PyTorch's initial weights from a seed."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from model.design.assess import assess
from model.design.nodes import BUFFERS, Step, steps_of
from model.design.records import Assessment, Design
from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import Graph, Node, Op
from model.graph.shapes.records import Given, Value
from model.graph.shapes.rules import infer
from model.images.records import MEAN, SHAPES, STD
from model.networks.catalogue import CATALOGUE
from model.networks.limits import OPEN
from model.networks.records import ImageSpec, Network
from model.sanity_checks.randomization import randomize

TITLE = "My design"
_GREY, _COLOURED = 1, 3  # channels


def network_of(design: Design, seed: int = 1, title: str = TITLE) -> Network:
    """Return a design as a network with PyTorch's initial weights, drawn layer by layer in the order they run.

    The same seed gives what the exported class has after ``torch.manual_seed(seed)``.

    Args:
        design: It must be a network: every layer runs, and it gives a logit for each class.
        seed: Of the weights.
        title: What pages call it.

    Raises:
        InputError: The design is no network, or too large to be built.

    >>> from model.design.kinds import layer
    >>> network_of(Design((layer("conv", kernels=10, size=28),))).graph.used
    7850
    """
    check(assess(design))
    graph, tensors = graph_of(design)
    module, generator = NetworkModule(graph, tensors), torch.Generator().manual_seed(seed)
    for step in module.steps:
        randomize(step, generator)
    said = (f"The weights are random, from seed {seed}: this design is not trained.",)
    return Network("", title, graph, module.eval(), input_of(design), classes_of(design), said)


def check(found: Assessment) -> None:
    """Refuse a design that is no network, or one that is too large for a server that others use.

    Raises:
        InputError: The sentence names the layer.
    """
    broken = next((row for row in found.rows if row.problem), None)
    problem = broken.problem if broken else found.problem
    if problem:
        where = f"Layer {found.rows.index(broken) + 1} ({broken.text}): " if broken else ""
        raise InputError(f"{where}{problem.sentence}", problem.fits, "Change the design.")
    for what, value, most in (
        ("parameters", found.parameters, OPEN.parameters),
        ("multiply-accumulates", found.multiply_accumulates, OPEN.multiply_accumulates),
        ("bytes of activations", found.memory, OPEN.activations),
    ):
        if value > most:
            raise InputError(f"The design has {value:,} {what}.", f"At most {most:,} are built.", "Make it smaller.")


def graph_of(design: Design, device: torch.device | None = None) -> tuple[Graph, dict[str, Tensor]]:
    """Return the graph of a design that is a network, and tensors of its weights, all 0.

    Args:
        design: The design.
        device: Where the tensors are; on ``meta`` they take no memory.
    """
    steps = steps_of(design)
    nodes = [*_nodes(steps), *_flat(steps)]
    shapes = {step.node.tensors[role]: shape for step in steps if step.node for role, shape in step.tensors.items()}
    buffers = frozenset(key for key in shapes if key.rpartition(".")[2] in BUFFERS)
    used = sum(step.parameters for step in steps)
    tensors = {
        key: torch.zeros(shape, dtype=torch.int64 if shape == () else None, device=device)
        for key, shape in shapes.items()
    }
    return Graph(tuple(nodes), design.input_shape, buffers=buffers, used=used, owned=used), tensors


def _nodes(steps: Sequence[Step]) -> list[Node]:
    return [step.node for step in steps if step.node]


def _flat(steps: Sequence[Step]) -> list[Node]:
    """Return the step that makes a list of maps of one unit, where a design ends in such maps."""
    last = _nodes(steps)[-1]
    if len(last.shape) == 1:
        return []
    row = max((node.row or 0 for node in _nodes(steps)), default=0)
    settings = {"start": 1, "end": len(last.shape)}
    found = infer(Op.FLATTEN, Given([Value(1, last.shape)], settings, {}))
    return [replace(Node(f"flatten-{row}", Op.FLATTEN, (last.name,), settings), shape=found.value.shape)]


def input_of(design: Design) -> ImageSpec:
    """Return what a design takes: MNIST's numbers for grey pictures, those of the shapes for coloured ones."""
    channels = design.input_shape[0]
    coloured = CATALOGUE["shapes"].input
    known = {_GREY: ((MEAN,), (STD,)), _COLOURED: (coloured.mean, coloured.std)}
    mean, std = known.get(channels, ((0.0,) * channels, (1.0,) * channels))
    return ImageSpec(*design.input_shape, mean, std)


def classes_of(design: Design) -> tuple[str, ...]:
    """Return the names of its classes: the shapes for as many classes of coloured pictures, else numbers from 0."""
    if design.input_shape[0] == _COLOURED and design.classes == len(SHAPES):
        return SHAPES
    return tuple(map(str, range(design.classes)))
