"""Files that are kept for a while under the hash of their content, in a folder that several processes may share."""

import hashlib
import os
import re
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{32}", re.ASCII)
_UNFINISHED = ".part"
_ABANDONED = 3600.0  # seconds after which a file that was never finished is removed


def hash_of(data: bytes) -> str:
    """Return what a file is called: the first half of its SHA-256."""
    return hashlib.sha256(data).hexdigest()[:32]


def is_hash(text: str) -> bool:
    """Tell whether a text can be what a kept file is called."""
    return bool(_HASH.fullmatch(text))


def path_of(folder: Path, hash: str, suffix: str) -> Path | None:
    """Return the file with a hash, and note that it was used; None where there is none, or where it is no hash."""
    if not is_hash(hash):
        return None
    path = folder / f"{hash}{suffix}"
    with suppress(OSError):  # of a folder that can only be read
        os.utime(path)  # the least recently used is removed first
    return path if os.path.isfile(path) else None  # noqa: PTH113 (Path.is_file raises some errors)


def keep(data: bytes, folder: Path, suffix: str, max_files: int, max_bytes: int, hash: str = "") -> str:
    """Write a file, whole or not at all, and remove those that were not used for longest where there are too many.

    Args:
        data: The file.
        folder: Where it is kept.
        suffix: The end of its name.
        max_files: How many files with this end are kept.
        max_bytes: How large they may be together.
        hash: What it is called, where its content may change; by default the hash of the content.

    Returns:
        What it is called.

    Raises:
        OSError: The folder cannot be written.
    """
    hash = hash or hash_of(data)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=_UNFINISHED, delete=False) as file:
        unfinished = Path(file.name)
        try:
            file.write(data)
            file.close()
            unfinished.replace(folder / f"{hash}{suffix}")
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
    _make_room(folder, suffix, hash, max_files, max_bytes)
    return hash


def _make_room(folder: Path, suffix: str, newest: str, max_files: int, max_bytes: int) -> None:
    for path, used, _ in _listed(folder, _UNFINISHED):
        if used < time.time() - _ABANDONED:
            path.unlink(missing_ok=True)
    found = _listed(folder, suffix)
    total, number = sum(size for _, _, size in found), len(found)
    for path, _, size in sorted(found, key=lambda each: each[1:]):
        if number <= max_files and total <= max_bytes:
            return
        if path.stem != newest:
            path.unlink(missing_ok=True)
            total, number = total - size, number - 1


def _listed(folder: Path, suffix: str) -> list[tuple[Path, float, int]]:
    """Return each file with the time of its last use and its size; another process may remove some at the same time."""
    found = []
    for path in folder.glob(f"*{suffix}"):
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((path, status.st_mtime, status.st_size))
    return found
