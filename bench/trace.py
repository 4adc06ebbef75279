"""How long it takes to record every step of a network, and what a trace holds: ``python -m bench.trace``.

One thread, the time of the processor; the median of some rounds, in which both passes take turns, after one that is not
counted. Only the ratios mean something on another machine.
"""

import statistics
import time
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torchvision import models

from model.graph.capture import capture, to_bytes
from model.networks import load
from model.networks.file import read
from model.trace import record
from model.trace.private import private_copy
from model.trace.records import Trace
from tests.model.graph.authors import FunctionalAssignment

ROUNDS = 15
SHAPES = {"a student's network": (1, 28, 28), "ResNet-18": (3, 224, 224)}
GOALS = {"a student's network": "1.5 ms", "ResNet-18": "1.5 times"}


def networks() -> dict[str, nn.Module]:
    """Return the networks that are measured, with random weights."""
    torch.manual_seed(0)
    made = (FunctionalAssignment(), models.resnet18())
    captured = (capture(author.eval(), SHAPES[name]) for name, author in zip(SHAPES, made, strict=True))
    return {name: read(to_bytes(each)).module for name, each in zip(SHAPES, captured, strict=True)}


def milliseconds(*works: Callable[[], object]) -> list[float]:
    """Return the median time of the processor that each of some works takes."""
    times: list[list[float]] = [[] for _ in works]
    for number in range(ROUNDS + 1):
        for work, taken in zip(works, times, strict=True):
            begin = time.process_time()
            work()
            if number:
                taken.append(1000 * (time.process_time() - begin))
    return [statistics.median(taken) for taken in times]


def held(trace: Trace, network: nn.Module) -> tuple[int, int]:
    """Return how many bytes the outputs of all steps have, and how many bytes a trace holds beside the weights."""
    weights = {tensor.data_ptr() for tensor in (*network.parameters(), *network.buffers())}
    arrays = [array for step in trace.steps for array in (step.output, *step.operands, *step.parameters.values())]
    blocks = {array.__array_interface__["data"][0]: array.nbytes for array in arrays}
    return sum(step.output.nbytes for step in trace.steps), sum(n for at, n in blocks.items() if at not in weights)


def line(name: str, network: nn.Module) -> str:
    """Measure one network, and return its line."""
    x: Tensor = torch.randn(1, *SHAPES[name])
    with torch.no_grad():
        bare, recording = milliseconds(lambda: network(x), lambda: record(network, x))
    (copying,) = milliseconds(lambda: private_copy(network))
    outputs, holds = held(record(network, x), network)
    return (
        f"{name:<22}{bare:8.2f} ms{recording:10.2f} ms{recording / bare:7.2f}{GOALS[name]:>12}{copying:9.2f} ms"
        f"{outputs / 1e6:10.2f} MB{holds / outputs:7.2f}"
    )


def main() -> None:
    """Print a line for each network."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(
        f"{'':<22}{'bare pass':>11}{'recording':>13}{'ratio':>7}{'goal':>12}{'copy':>12}", f"{'outputs':>12}{'held':>7}"
    )
    for name, network in networks().items():
        print(line(name, network))
    print(line_of_the_assignment())


def line_of_the_assignment() -> str:
    """Return the time to record the network that comes along."""
    network = load("assignment").module
    (recording,) = milliseconds(lambda: record(network, torch.randn(1, 1, 28, 28)))
    return f"{'the assignment':<22}{'':>11}{recording:10.2f} ms"


if __name__ == "__main__":
    main()
