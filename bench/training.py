"""How long an epoch of training takes, against the assignment's own loop: ``python -m bench.training``.

The assignment's loop reads MNIST through torchvision's ``DataLoader``, which transforms one image at a time, and takes
plain steps. All loops train the same rows in batches of 64, each in a process of its own, and take turns, so that
whatever else the machine does slows all of them. An epoch is estimated from some hundred steps. Only the ratios mean
something on another machine.
"""

import argparse
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST

from model.images import mnist
from model.images.records import MEAN, STD
from model.networks.assignment.network import AssignmentNetwork
from model.training.images import read_images
from model.training.learner import Learner
from model.training.machine import keep_freed_memory
from model.training.recipe import RECIPES

BATCH, BATCHES = 64, -(-60_000 // 64)  # as the assignment has it, for all of MNIST's training images
ROUNDS, STEPS, WARM_UP = 20, 10, 10
GOAL = 2.0
_THEIRS = "assignment's loop"
_LOADING, _REST = "loading", "all else"

# Where time goes, by what PyTorch calls its operations; the first that fits.
_KINDS = {
    _LOADING: ("DataLoader",),
    "convolution, backward": ("convolution_backward", "ConvolutionBackward"),
    "convolution, forward": ("convolution", "conv2d"),
    "batch norm": ("batch_norm",),
    "random numbers": ("bernoulli", "geometric", "rand"),
    "pooling": ("pool",),
    "ReLU": ("relu", "clamp_min", "threshold"),
    "distortion": ("grid",),
    "dropping": ("aten::mul", "aten::div", "index_fill", "_Drop", "searchsorted", "cumsum"),
    "optimiser": ("Optimizer", "aten::add_", "aten::lerp_"),
    _REST: ("",),
}


@dataclass(frozen=True)
class Loop:
    """A way to train: a step on one batch, and what an epoch needs beside its steps."""

    step: Callable[[], object]
    beside: Callable[[], object]


def their_loop() -> Loop:
    """Return the assignment's loop: one image at a time through the transforms, dropout as PyTorch draws it."""
    normalise = transforms.Compose([transforms.ToTensor(), transforms.Normalize((MEAN,), (STD,))])
    data = MNIST(mnist.root(), train=True, transform=normalise)
    batches = iter(DataLoader(data, batch_size=BATCH, shuffle=True))
    network = AssignmentNetwork().train()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)

    def step() -> float:
        x, y = next(batches)
        optimiser.zero_grad()
        loss = nn.functional.nll_loss(nn.functional.log_softmax(network(x), dim=1), y)
        loss.backward()
        optimiser.step()
        return loss.item()

    return Loop(step, lambda: None)


def our_loop(name: str) -> Loop:
    """Return the loop of one of the project's recipes."""
    keep_freed_memory()
    images = read_images("train", "cpu")
    learner = Learner(RECIPES[name], 1, torch.device("cpu"))
    batches = torch.randperm(len(images), generator=torch.Generator().manual_seed(0)).split(BATCH)
    numbers = iter(range(BATCHES))
    learner.network.train()

    def step() -> Tensor:
        number = next(numbers)
        return learner.learn(images, batches[number], number, BATCHES)

    return Loop(step, lambda: learner.learned(images))


def main(arguments: Sequence[str]) -> None:
    """Measure the loops and print a line for each, and where a step spends its time."""
    parser = argparse.ArgumentParser(prog="bench.training", description="How long an epoch of training takes.")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of {STEPS} steps of each loop (default {ROUNDS})")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of the processor")
    options = parser.parse_args(arguments)
    if not mnist.is_present():
        sys.exit("MNIST is not there: set MNIST_ROOT to a folder that torchvision's MNIST(root=...) can read.")
    if not 0 < options.rounds <= (BATCHES - WARM_UP) // STEPS - 1:
        sys.exit(f"--rounds is {options.rounds}. It must be from 1 to {(BATCHES - WARM_UP) // STEPS - 1}.")
    loops = {name: _started(name, options.threads) for name in (_THEIRS, *RECIPES)}
    seconds = _measure(loops, options.rounds)
    print(f"seconds an epoch of 60,000 images, {options.threads} threads, {options.rounds * STEPS} steps of each")
    for name, taken in seconds.items():
        ratio = f"{seconds[_THEIRS] / taken:5.2f} times as fast" if name != _THEIRS else ""
        print(f"{name:<20}{taken:6.1f} s   {ratio}{f'   goal {GOAL}' if name == 'glass' else ''}")
    _print_profiles({name: _ask(loop, "profile") for name, loop in loops.items()})
    for loop in loops.values():
        loop.send("end")


def _started(name: str, threads: int) -> "Connection[str, object]":
    """Start a loop in a process of its own and return the line to it."""
    context = multiprocessing.get_context("spawn")  # so that no loop has the settings of another
    here, there = context.Pipe()
    context.Process(target=_serve, args=(name, threads, there), daemon=True).start()
    return here


def _ask(loop: "Connection[str, object]", what: str) -> object:
    loop.send(what)
    return loop.recv()


def _serve(name: str, threads: int, line: "Connection[object, str]") -> None:
    """Answer what is asked until the end: the seconds of a step, those beside all steps, or a profile."""
    torch.set_num_threads(threads)
    loop = their_loop() if name == _THEIRS else our_loop(name)
    _seconds(loop.step, WARM_UP)
    while (asked := line.recv()) != "end":
        if asked == "profile":
            line.send(_profile(loop.step))
        else:
            line.send(_seconds(loop.step, STEPS) if asked == "step" else _seconds(loop.beside, 1))


def _measure(loops: "dict[str, Connection[str, object]]", rounds: int) -> dict[str, float]:
    """Return the seconds of an epoch of each: all its steps, by their median, and what comes beside them."""
    found: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(rounds):
        for name, loop in loops.items():
            found[name].append(float(str(_ask(loop, "step"))))
    beside = {name: float(str(_ask(loop, "beside"))) for name, loop in loops.items()}
    return {name: statistics.median(seconds) * BATCHES + beside[name] for name, seconds in found.items()}


def _seconds(step: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - start) / count


def _profile(step: Callable[[], object]) -> dict[str, float]:
    """Return the milliseconds of a step that go into each kind of operation."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        _seconds(step, STEPS)
    found = dict.fromkeys(_KINDS, 0.0)
    for event in profiler.key_averages():
        kind = next(kind for kind, parts in _KINDS.items() if any(part in event.key for part in parts))
        found[kind] += event.self_cpu_time_total / 1000 / STEPS
        if kind == _LOADING:  # with what the transforms call, which else counts with the rest
            within = (event.cpu_time_total - event.self_cpu_time_total) / 1000 / STEPS
            found[_LOADING], found[_REST] = found[_LOADING] + within, found[_REST] - within
    return found


def _print_profiles(profiles: dict[str, object]) -> None:
    print(f"\n{'milliseconds a step':<24}" + "".join(f"{name:>20}" for name in profiles))
    for kind in _KINDS:
        print(f"{kind:<24}" + "".join(f"{dict(found)[kind]:>20.1f}" for found in profiles.values()))  # type: ignore[call-overload]


if __name__ == "__main__":
    main(sys.argv[1:])
