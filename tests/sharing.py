"""A server that all workers of a test run share, so that what it imports and computes once is there for all tests."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def shared(folder: Path, start: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """Yield the address of the server; the worker that comes first starts it, and ends it when all others have left.

    Args:
        folder: One of the test run, the same in all workers.
        start: Starts the server, and ends it with the block.
    """
    folder.mkdir(exist_ok=True)
    address = folder / "address"
    with ExitStack() as stack:
        door, users = (stack.enter_context((folder / name).open("w")) for name in ("door", "users"))
        with _locked(door):
            fcntl.flock(users, fcntl.LOCK_SH)
            is_first = not address.exists()
            if is_first:
                address.write_text(stack.enter_context(start()), encoding="utf-8")
        yield address.read_text(encoding="utf-8")
        fcntl.flock(users, fcntl.LOCK_UN)
        if is_first:
            with _locked(door):  # who comes now starts another one
                fcntl.flock(users, fcntl.LOCK_EX)
                address.unlink()


@contextmanager
def _locked(file: IO[str]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
