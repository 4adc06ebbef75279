"""Where networks are found: those that come along by their id, opened ones by the hash of their file."""

import functools
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from torch import nn

from model import kept_files
from model.kept_files import hash_of, is_hash
from model.networks.built_in import built_in
from model.networks.catalogue import BUILT_IN
from model.networks.epochs import of_network
from model.networks.file import bytes_of, read, read_path
from model.networks.identity import folder
from model.networks.limits import OWN, Limits, refuse
from model.networks.records import Network

__all__ = ["BUILT_IN", "by_id", "is_kept", "keep", "load", "snapshots"]
SUFFIX = ".glass"
MAX_FILES, MAX_BYTES = 200, 4_000_000_000
MAX_MEMORY = 1_000_000_000  # bytes of numbers of opened networks that a process keeps read


def load(id_or_path: str | Path) -> Network:
    """Return a network by its id, or from a file; for programs, not for pages.

    Raises:
        NetworkError: There is none, or its file is refused.
    """
    text = str(id_or_path)
    if text in BUILT_IN or is_hash(text):
        return by_id(text)
    return read_path(Path(id_or_path))


def by_id(id: str) -> Network:
    """Return a network that comes along, or one that was kept, by its id; a path is never one.

    Raises:
        NetworkError: There is none of that id.
    """
    if id in BUILT_IN:
        return _built_in(id)
    if not isinstance(id, str) or not is_hash(id):
        refuse(
            f"There is no network {ascii(id)[:60]}.",
            f"There are {', '.join(BUILT_IN)}, and those that were opened.",
            "Choose one of them, or open its file.",
        )
    path = kept_files.path_of(folder(), id, SUFFIX)
    if path is None:
        _MEMORY.forget(id)
        refuse(
            f"The network {id} is not here any more.", "Opened networks are kept for a while.", "Open its file again."
        )
    return _MEMORY.get(id, path)


def is_kept(id: str) -> bool:
    """Tell whether a network that was opened is still here."""
    return is_hash(id) and (folder() / f"{id}{SUFFIX}").is_file()


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


class _Memory:
    """The opened networks that a process keeps read: those used last, up to so many bytes. It is safe for threads."""

    def __init__(self, most: int) -> None:
        self._most, self._found, self._lock = most, OrderedDict[str, Network](), threading.Lock()

    def get(self, id: str, path: Path) -> Network:
        """Return a network, read at its first use."""
        with self._lock:
            if id in self._found:
                self._found.move_to_end(id)
                return self._found[id]
        network = _read_kept(id, path)  # outside of the lock: others go on meanwhile
        with self._lock:
            self._found[id] = network
            while len(self._found) > 1 and sum(map(_bytes, self._found.values())) > self._most:
                self._found.popitem(last=False)
        return network

    def forget(self, id: str) -> None:
        """Forget one, whose file is gone."""
        with self._lock:
            self._found.pop(id, None)

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._found.clear()


_MEMORY = _Memory(MAX_MEMORY)


def _bytes(network: Network) -> int:
    return sum(tensor.nbytes for tensor in network.module.state_dict().values())


def _read_kept(id: str, path: Path) -> Network:
    data = bytes_of(path)
    if hash_of(data) != id:
        with suppress(OSError):  # of a folder that can only be read
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
    read(data, limits)
    place = folder()
    try:
        return kept_files.keep(data, place, SUFFIX, MAX_FILES, MAX_BYTES)
    except OSError as error:
        refuse(
            f"The network cannot be kept in '{ascii(str(place))[1:-1]}' ({error.strerror}).",
            "It must be a folder on a disk with room.",
            "Make room, or set GLASS_NETWORKS to another folder.",
        )
