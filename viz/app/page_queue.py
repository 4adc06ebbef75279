"""Short work that many ask for at the same moment: one begins when the one before it is done.

Python runs one thread at a time. Forty pages that share its time all end late; one after another, most end soon, and
the last no later.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 0.1  # seconds: what takes longer waits for something itself, or takes turns at it, and holds nobody up


class _Piece:
    """One piece of work: when it began, and whether it has begun and is done."""

    def __init__(self) -> None:
        self.begun, self.done = threading.Event(), threading.Event()
        self.since = 0.0


class Pace:
    """A line without an end, first come first served. Any thread may call any method.

    Args:
        longest: Seconds after which the next piece begins, whether this one is done or not.
    """

    def __init__(self, longest: float = LONGEST) -> None:
        self._longest = longest
        self._lock = threading.Lock()
        self._last: _Piece | None = None

    @contextmanager
    def in_line(self) -> Iterator[None]:
        """Wait until the piece before is done, or has had its time; the block is the next piece."""
        piece = _Piece()
        with self._lock:
            before, self._last = self._last, piece
        if before:
            before.begun.wait()
            before.done.wait(max(0.0, before.since + self._longest - time.monotonic()))
        piece.since = time.monotonic()
        piece.begun.set()
        try:
            yield
        finally:
            piece.done.set()
