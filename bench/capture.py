"""How long it takes to capture a network, to write its file and to read it: ``python -m bench.capture``.

One thread, the time of the processor; the median of some rounds, after one that is not counted: PyTorch's export brings
much in when it first runs. Only the ratios mean something on another machine.
"""

import statistics
import time
import warnings
from collections.abc import Callable

import torch
from torch import nn
from torchvision import models

from model.graph.capture import capture, to_bytes
from model.networks.file import read
from tests.model.graph.authors import FunctionalAssignment

ROUNDS = 3
SHAPES = {"a student's network": (1, 28, 28), "ResNet-18": (3, 224, 224), "DenseNet-121": (3, 224, 224)}
GOALS = {"a student's network": 0.5, "ResNet-18": 1.2, "DenseNet-121": 4.2}  # seconds to capture, of the first trial


def networks() -> dict[str, nn.Module]:
    """Return the networks that are measured, with random weights."""
    torch.manual_seed(0)
    made = (FunctionalAssignment(), models.resnet18(), models.densenet121())
    return {name: network.eval() for name, network in zip(SHAPES, made, strict=True)}


def seconds(work: Callable[[], object]) -> float:
    """Return the median time of the processor that some work takes."""
    work()
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def main() -> None:
    """Print a line for each network."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(f"{'':<22}{'capture':>9}{'goal':>7}{'save':>9}{'read':>9}{'network.json':>15}{'file':>12}")
    for name, author in networks().items():
        print(line(name, author))


def line(name: str, author: nn.Module) -> str:
    """Measure one network, and return its line."""
    shape = SHAPES[name]
    captured = capture(author, shape)
    data = to_bytes(captured)
    capturing = seconds(lambda: capture(author, shape))
    saving, reading = seconds(lambda: to_bytes(captured)), seconds(lambda: read(data))
    sizes = f"{data.index(b'PK', 4) / 1000:12.0f} kB{len(data) / 1e6:9.2f} MB"
    return f"{name:<22}{capturing:7.2f} s{GOALS[name]:5.1f} s{saving:7.3f} s{reading:7.2f} s{sizes}"


if __name__ == "__main__":
    main()
