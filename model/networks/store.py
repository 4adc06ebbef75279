"""Where networks are found: those that come along by their id, opened ones by the hash of their file."""

import functools
from collections.abc import Callable
from pathlib import Path

from model import kept_files
from model.kept_files import hash_of, is_hash
from model.networks.built_in import assignment
from model.networks.file import bytes_of, read, read_path
from model.networks.identity import folder
from model.networks.limits import OWN, Limits, refuse
from model.networks.records import Network

_BUILDERS: dict[str, Callable[[], Network]] = {"assignment": assignment}
BUILT_IN = tuple(_BUILDERS)
SUFFIX = ".glass"
MAX_FILES, MAX_BYTES = 200, 4_000_000_000


def load(id_or_path: str | Path) -> Network:
    """Return a network by its id, or from a file; for programs, not for pages.

    Raises:
        NetworkError: There is none, or its file is refused.
    """
    text = str(id_or_path)
    if text in _BUILDERS or is_hash(text):
        return by_id(text)
    return read_path(Path(id_or_path))


def by_id(id: str) -> Network:
    """Return a network that comes along, or one that was kept, by its id; a path is never one.

    Raises:
        NetworkError: There is none of that id.
    """
    if id in _BUILDERS:
        return _built_in(id)
    if not isinstance(id, str) or not is_hash(id):
        refuse(
            f"There is no network {ascii(id)[:60]}.",
            f"There are {', '.join(BUILT_IN)}, and those that were opened.",
            "Choose one of them, or open its file.",
        )
    path = kept_files.path_of(folder(), id, SUFFIX)
    if path is None:
        _kept.cache_clear()
        refuse(
            f"The network {id} is not here any more.", "Opened networks are kept for a while.", "Open its file again."
        )
    return _kept(id, path)


def is_kept(id: str) -> bool:
    """Tell whether a network that was opened is still here."""
    return is_hash(id) and (folder() / f"{id}{SUFFIX}").is_file()


@functools.lru_cache(maxsize=8)
def _built_in(id: str) -> Network:
    return _BUILDERS[id]()


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
