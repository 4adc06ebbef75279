"""How long a design takes to assess and to train: ``python -m bench.designs``.

A chain of 30 layers is assessed, and each preset is trained for 300 steps with three seeds, one after another on one
thread, as in the app. Accuracies are those on the 5,000 held-out images.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from model.design.assess import assess
from model.design.presets import EMPTY, PRESETS, preset
from model.design.records import Design
from model.design.runs.choices import choose
from model.design.runs.training import train
from model.design.text import read
from model.design.what_if import what_if
from model.images import mnist

CHAIN = read("\n".join(["conv 8 3 padding=1", "relu", "bn", "dropout 0.1"] * 7 + ["conv 10 1", "gap"]))
SEEDS = (1, 2, 3)
_ROUNDS = 20


def main() -> None:
    """Measure, and print one line for each."""
    torch.set_num_threads(1)
    limit = assess(CHAIN).parameters // 2
    print(f"assess 30 layers      {_milliseconds(lambda: assess(CHAIN)):6.1f} ms")
    print(f"what if, 30 layers    {_milliseconds(lambda: what_if(CHAIN, limit)):6.1f} ms")
    if not mnist.is_present():
        sys.exit("MNIST is not there: set MNIST_ROOT to a folder that torchvision's MNIST(root=...) can read.")
    for name in PRESETS:
        if name != EMPTY:
            print(_trained(name, preset(name)))


def _milliseconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return 1_000 * statistics.median(taken)


def _trained(name: str, design: Design) -> str:
    shares, seconds = [], []
    recipe = "glass" if any(layer.kind == "bn" for layer in design.layers) else "assignment"
    changes = () if recipe == "glass" else ("learning_rate=0.02",)  # without batch norm
    with tempfile.TemporaryDirectory() as folder:
        for seed in SEEDS:
            *_, last = train(choose(design, recipe, changes, seed=seed), folder=Path(folder))
            shares.append(100 * (last.accuracy or 0))
            seconds.append(last.seconds)
    mean, spread = statistics.mean(shares), statistics.stdev(shares)
    taken = statistics.median(seconds)
    return f"{name:<12} {taken:5.1f} s   {mean:.2f} % ± {spread:.2f} of {len(SEEDS)} seeds   ({recipe})"


if __name__ == "__main__":
    main()
