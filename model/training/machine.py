"""How to use this machine well: its threads, and its memory."""

import ctypes
import os
import sys
import time

import torch

from model.training.images import Images
from model.training.learner import Learner
from model.training.recipe import Recipe

_WARM_UP, _TIMED = 3, 10
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as glibc's malloc.h numbers them
_LARGEST = 32 << 20  # bytes; it takes no more


def keep_freed_memory() -> None:
    """Let this process keep memory that it frees, where the C library can be told to.

    Each step frees what the next one needs again. Given back and asked for anew, it takes some 3,000 page faults a
    step: a tenth of the time.
    """
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):  # glibc, not musl
            library.mallopt(_TRIM_THRESHOLD, 1 << 30)
            library.mallopt(_MMAP_THRESHOLD, _LARGEST)


def candidates() -> list[int]:
    """Return 1, 2, 4 and so on, as far as there are cores, and the number of cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return sorted({cores, *(2**power for power in range(cores.bit_length()) if 2**power <= cores)})


def choose_threads(recipe: Recipe, images: Images) -> int:
    """Return the number of threads that takes a few steps soonest; PyTorch is left set to it.

    On a network this small, more may only wait for one another.
    """
    taken = {count: _seconds(recipe, images, count) for count in candidates()}
    best = min(taken, key=lambda count: taken[count])
    torch.set_num_threads(best)
    return best


def _seconds(recipe: Recipe, images: Images, count: int) -> float:
    """Time steps of a network that is thrown away."""
    torch.set_num_threads(count)
    learner, batch = Learner(recipe, 0, images.x.device), torch.arange(min(recipe.batch_size, len(images)))
    learner.network.train()
    for step in range(_WARM_UP + _TIMED):
        if step == _WARM_UP:
            start = time.perf_counter()
        learner.learn(images, batch, step, _WARM_UP + _TIMED)
    return time.perf_counter() - start
