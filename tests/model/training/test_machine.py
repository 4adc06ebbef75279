"""The fastest number of threads, and freed memory."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from model.training import machine
from model.training.images import Images
from model.training.recipe import Recipe
from tests.model.training.few import PLAIN, small_mnist


@pytest.fixture(autouse=True)
def _one_thread_after() -> Iterator[None]:
    yield
    torch.set_num_threads(1)


@pytest.mark.parametrize("fastest", [1, 2, 3])
def test_choose_threads_picks_the_fastest(fastest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def seconds(recipe: Recipe, images: Images, count: int, id: str) -> float:
        return 1.0 + abs(count - fastest)

    monkeypatch.setattr(machine, "candidates", lambda: [1, 2, 3])
    monkeypatch.setattr(machine, "_seconds", seconds)
    assert machine.choose_threads(PLAIN, small_mnist()) == fastest
    assert torch.get_num_threads() == fastest


def test_choose_threads_times_real_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "candidates", lambda: [1])
    assert machine.choose_threads(PLAIN, small_mnist()) == 1


@pytest.mark.parametrize(("cores", "expected"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (8, [1, 2, 4, 8])])
def test_candidates_are_powers_of_two_up_to_the_cores(
    cores: int, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {*range(cores)}, raising=False)
    assert machine.candidates() == expected


ROOT = Path(__file__).parents[3]
FAULTS = """
import resource, torch
from model.training import machine
torch.set_num_threads(1)
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        sum(torch.ones(1 << 20) + step for step in range(3))
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
given_back = faults()
machine.keep_freed_memory()
faults()
print(given_back, faults())
"""


@pytest.mark.slow(reason="starts a process that imports PyTorch")
def test_freed_memory_is_kept_with_glibc() -> None:
    command = [sys.executable, "-c", FAULTS]  # in a new process, because it cannot be undone
    setting = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072"}  # without the setting, all of it is returned
    done = subprocess.run(command, cwd=ROOT, env=setting, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    given_back, kept = map(int, done.stdout.split())
    assert kept < given_back * (0.1 if platform.libc_ver()[0] == "glibc" else 1.5)
