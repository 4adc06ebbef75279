"""MNIST from torchvision: find, read and download its files."""

import functools
import gzip
import hashlib
import http.client
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.errors import DataError

Split = Literal["train", "test"]
Images = NDArray[np.uint8]

_CHUNK = 1 << 16
_MAX_BYTES = 1 << 24  # of one compressed file; the largest has 9.9 million
_GRACE, _MIN_RATE = 30.0, 5_000  # a mirror may take 30 s, and 1 s more for each 5,000 bytes
_POLL = 0.2  # seconds between two checks whether another download has finished
_downloading = threading.Lock()  # a second download waits for the first, and then finds the files
SIZES = {"train": 60_000, "test": 10_000}


def root() -> Path:
    """Return the folder that torchvision's ``MNIST(root=...)`` reads: ``MNIST_ROOT``, or ``data``."""
    return Path(os.environ.get("MNIST_ROOT") or Path(__file__).parents[2] / "data")


def is_present(folder: Path | None = None) -> bool:
    """Tell whether all four files exist in a folder, by default ``root()``, without importing torchvision."""
    raw = (folder or root()) / "MNIST" / "raw"
    stems = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    return all((raw / f"{stem}-ubyte").is_file() for stem in stems)


def read(split: Split, folder: Path | None = None) -> tuple[Images, NDArray[np.int64]]:
    """Read one split as it was published.

    Args:
        split: Which images.
        folder: That torchvision's ``MNIST(root=...)`` reads, by default ``root()``.

    Returns:
        Images (N, 28, 28) in 0..255, white ink on black, and their labels (N,).

    Raises:
        DataError: The files are missing or damaged.
    """
    from torchvision.datasets import MNIST  # noqa: PLC0415 (1.4 s and 165 MB: only where MNIST is read)

    place = folder or root()
    if not is_present(place):
        raise DataError(
            f"MNIST is not complete in '{place}'.",
            "Four files belong in its folder MNIST/raw.",
            "Download them from the sidebar, or set MNIST_ROOT to a folder that has them.",
        )
    try:
        data = MNIST(place, train=split == "train", download=False)
    except (OSError, AssertionError, RuntimeError, TypeError, ValueError, LookupError) as error:
        raise _damaged(split) from error
    images, labels = data.data.numpy(), data.targets.numpy()
    if images.shape != (SIZES[split], 28, 28) or labels.shape != (SIZES[split],):
        raise _damaged(split)
    return images, labels


def _damaged(split: Split) -> DataError:
    return DataError(
        f"The {split} files of MNIST in '{root()}' are damaged.",
        f"They should hold {SIZES[split]:,} images of 28x28 pixels and as many labels.",
        "Delete the folder MNIST there and download it again from the sidebar.",
    )


def download(progress: Callable[[float], None]) -> None:
    """Download the four files from torchvision's mirrors; a failure changes no existing file.

    Args:
        progress: Called with the finished share in [0, 1] after each chunk, and while this download waits for another
            one. An exception that it raises ends the download.

    Raises:
        DataError: No mirror could be reached, a file was damaged, or it could not be saved.
    """
    from torchvision.datasets import MNIST  # noqa: PLC0415 (as above)

    raw = root() / "MNIST" / "raw"
    try:
        with _only_download(progress):
            raw.mkdir(parents=True, exist_ok=True)
            for index, (name, md5) in enumerate(MNIST.resources):
                target = raw / name.removesuffix(".gz")
                if not target.is_file():
                    packed = _fetch(MNIST.mirrors, name, md5, functools.partial(_report, progress, index))
                    _save(gzip.decompress(packed), target)
                progress((index + 1) / 4)
    except OSError as error:
        raise DataError(
            f"MNIST could not be saved in '{root()}' ({error.strerror or error}).",
            "The folder must be writable and have 55 MB free.",
            "Free some space, or set MNIST_ROOT to another folder, and try again.",
        ) from error


@contextmanager
def _only_download(progress: Callable[[float], None]) -> Iterator[None]:
    """Wait until no other download runs; an exception from ``progress`` ends the wait."""
    while not _downloading.acquire(timeout=_POLL):
        progress(0.0)
    try:
        yield
    finally:
        _downloading.release()


def _save(data: bytes, target: Path) -> None:
    """Write a file in such a way that a reader never sees a part of it."""
    unfinished = target.with_suffix(".part")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _report(progress: Callable[[float], None], finished_files: int, part: float) -> None:
    progress((finished_files + part) / 4)


def _fetch(mirrors: list[str], name: str, md5: str, progress: Callable[[float], None]) -> bytes:
    reasons = []
    for mirror in mirrors:
        try:
            packed = b"".join(_chunks(mirror + name, progress))
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            reasons.append(str(getattr(reason, "strerror", None) or reason))
            continue
        if hashlib.md5(packed, usedforsecurity=False).hexdigest() == md5:
            return packed
        reasons.append("the file arrived damaged")
    raise DataError(
        f"MNIST's file {name} could not be downloaded ({'; '.join(dict.fromkeys(reasons))}).",
        "It comes from torchvision's mirrors on the internet.",
        "Check the connection and try again. The samples work without MNIST.",
    )


def _chunks(url: str, progress: Callable[[float], None]) -> Iterator[bytes]:
    began, done = time.monotonic(), 0
    with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 (torchvision's own mirrors)
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else 0
        while chunk := response.read1(_CHUNK):  # returns what has arrived, so that a slow mirror is noticed
            done += len(chunk)
            progress(min(done / total, 1.0) if total else 0.0)
            if done > _MAX_BYTES:
                raise OSError("it sends more bytes than the file has")
            if time.monotonic() - began > _GRACE + done / _MIN_RATE:
                raise TimeoutError("it is too slow")
            yield chunk
