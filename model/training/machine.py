"""Settings for this machine: threads and memory."""

import ctypes
import os
import sys
import time

import torch

from model.networks.catalogue import ASSIGNMENT
from model.training.images import Images
from model.training.recipe import Recipe
from model.training.trainer import Trainer

_WARM_UP, _TIMED = 3, 10
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # the numbers in glibc's malloc.h
_LARGEST = 32 << 20  # bytes, the largest allowed value


def keep_freed_memory(largest: int = _LARGEST, total: int = 1 << 30) -> None:
    """Make this process keep freed memory, if the C library has such a setting.

    Each step frees memory that the next step needs again. Returning it to the system and requesting it again causes
    about 3,000 page faults in each step: a tenth of the time. A forward pass of 64 digits takes up to twice as long.

    Args:
        largest: The bytes of an array, at most; what a larger one frees is returned.
        total: The bytes that are kept, at most, at the end of each of the library's heaps: threads share these.
    """
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):  # glibc, not musl
            library.mallopt(_TRIM_THRESHOLD, total)
            library.mallopt(_MMAP_THRESHOLD, largest)


def candidates() -> list[int]:
    """Return the powers of two up to the number of cores, and the number of cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return sorted({cores, *(2**power for power in range(cores.bit_length()) if 2**power <= cores)})


def choose_threads(recipe: Recipe, images: Images, id: str = ASSIGNMENT) -> int:
    """Return the fastest number of threads, measured on a few steps; leave PyTorch set to it.

    In a network this small, additional threads may only wait for one another.
    """
    taken = {count: _seconds(recipe, images, count, id) for count in candidates()}
    best = min(taken, key=lambda count: taken[count])
    torch.set_num_threads(best)
    return best


def _seconds(recipe: Recipe, images: Images, count: int, id: str) -> float:
    """Time some steps of a temporary network."""
    torch.set_num_threads(count)
    trainer = Trainer(recipe, 0, images.x.device, id=id)
    batch = torch.arange(min(recipe.batch_size, len(images)))
    trainer.network.train()
    for step in range(_WARM_UP + _TIMED):
        if step == _WARM_UP:
            start = time.perf_counter()
        trainer.train_step(images, batch, step, _WARM_UP + _TIMED)
    return time.perf_counter() - start
