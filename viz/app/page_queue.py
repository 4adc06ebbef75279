"""A queue for page runs: each run starts when the one before it is done.

Python executes one thread at a time. If forty page runs share that time, all of them end late. If they run one after
another, most of them end early, and the last one ends no later than before. A run that begins to wait, or to compute
for long, passes its turn on.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

TIME_LIMIT = 0.1  # seconds; a longer run mostly waits for something else, so it need not block the queue


class _Run:
    """One run: when it started, and whether it has started and is done."""

    def __init__(self) -> None:
        self.started, self.done = threading.Event(), threading.Event()
        self.start_time = 0.0


class PageQueue:
    """A first-in, first-out queue of unlimited length. Its methods are thread-safe.

    Args:
        time_limit: Seconds after which the next run starts even if this one is not done.
    """

    def __init__(self, time_limit: float = TIME_LIMIT) -> None:
        self._time_limit = time_limit
        self._lock = threading.Lock()
        self._last: _Run | None = None
        self._this_thread = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until the run before is done or has reached the time limit; the block is the next run."""
        run = _Run()
        with self._lock:
            before, self._last = self._last, run
        if before:
            before.started.wait()
            before.done.wait(max(0.0, before.start_time + self._time_limit - time.monotonic()))
        run.start_time = time.monotonic()
        self._this_thread.run = run
        run.started.set()
        try:
            yield
        finally:
            run.done.set()

    def pass_on(self) -> None:
        """Let the next run start although that of this thread goes on."""
        run: _Run | None = getattr(self._this_thread, "run", None)
        if run:
            run.done.set()


PAGE_QUEUE = PageQueue()
