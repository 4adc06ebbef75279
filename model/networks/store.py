"""Where networks are found: those that come along by their id, opened ones by the hash of their file."""

import functools
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from torch import nn

from model.networks.built_in import built_in
from model.networks.catalogue import BUILT_IN
from model.networks.epochs import of_network
from model.networks.file import bytes_of, hash_of, read, read_path
from model.networks.limits import OWN, Limits, refuse
from model.networks.records import Network

__all__ = ["BUILT_IN", "by_id", "keep", "load", "snapshots"]
SUFFIX = ".glass"
MAX_FILES, MAX_BYTES = 200, 4_000_000_000
_HASH = re.compile(r"[0-9a-f]{32}")


def folder() -> Path:
    """Return the folder of opened networks: ``GLASS_NETWORKS``, or ``runs/networks`` of this project."""
    default = Path(__file__).resolve().parents[2] / "runs" / "networks"
    return Path(os.environ.get("GLASS_NETWORKS", default))


def load(id_or_path: str | Path) -> Network:
    """Return a network by its id, or from a file; for programs, not for pages.

    Raises:
        NetworkError: There is none, or its file is refused.
    """
    text = str(id_or_path)
    if text in BUILT_IN or _HASH.fullmatch(text):
        return by_id(text)
    return read_path(Path(id_or_path))


def by_id(id: str) -> Network:
    """Return a network that comes along, or one that was kept, by its id; a path is never one.

    Raises:
        NetworkError: There is none of that id.
    """
    if id in BUILT_IN:
        return _built_in(id)
    if not isinstance(id, str) or not _HASH.fullmatch(id):
        refuse(
            f"There is no network {ascii(id)[:60]}.",
            f"There are {', '.join(BUILT_IN)}, and those that were opened.",
            "Choose one of them, or open its file.",
        )
    path = folder() / f"{id}{SUFFIX}"
    try:
        os.utime(path)  # the least recently used is removed first
    except OSError:
        _kept.cache_clear()
        refuse(
            f"The network {id} is not here any more.", "Opened networks are kept for a while.", "Open its file again."
        )
    return _kept(id, path)


def snapshots(id: str) -> Mapping[int, nn.Module]:
    """Return a network after each epoch of its training, by the number of the epoch, from 1.

    Each is a module with the graph of the network, in evaluation mode, read when it is asked for. It is empty where no
    snapshots were kept: of networks that were opened, and of one that comes along and is large.

    Raises:
        NetworkError: There is no network of that id.
    """
    return of_network(by_id(id))


@functools.lru_cache(maxsize=len(BUILT_IN))
def _built_in(id: str) -> Network:
    return built_in(id)


@functools.lru_cache(maxsize=8)
def _kept(id: str, path: Path) -> Network:
    data = bytes_of(path)
    if hash_of(data) != id:
        path.unlink(missing_ok=True)
        refuse(f"The file of the network {id} was changed.", "Its hash is its name.", "Open the file again.")
    return read(data)


def keep(path: str | Path, limits: Limits = OWN) -> str:
    """Read a network file, put it into the store, and return its id.

    Raises:
        NetworkError: It is no network, or the store cannot be written.
    """
    return keep_bytes(bytes_of(Path(path), limits), limits)


def keep_bytes(data: bytes, limits: Limits = OWN) -> str:
    """Put the bytes of a network file into the store, and return its id.

    Raises:
        NetworkError: It is no network, or the store cannot be written.
    """
    network = read(data, limits)
    place = folder()
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place, delete=False) as file:
            file.write(data)
        Path(file.name).replace(place / f"{network.id}{SUFFIX}")  # whole, or not at all
        _make_room(place, network.id)
    except OSError as error:
        refuse(
            f"The network cannot be kept in '{ascii(str(place))[1:-1]}' ({error.strerror}).",
            "It must be a folder on a disk with room.",
            "Make room, or set GLASS_NETWORKS to another folder.",
        )
    return network.id


def _make_room(place: Path, newest: str) -> None:
    """Remove the networks that were not used for longest, where there are too many."""
    found = [(path.stat().st_mtime, path.stat().st_size, path) for path in place.glob(f"*{SUFFIX}")]
    total, number = sum(size for _, size, _ in found), len(found)
    for _, size, path in sorted(found):
        if number <= MAX_FILES and total <= MAX_BYTES:
            return
        if path.stem != newest:
            path.unlink(missing_ok=True)
            total, number = total - size, number - 1
