"""A queue for expensive work: few pieces run at a time, in the order of the requests, so that pages stay fast.

Work is cut into pieces of a fraction of a second. After each piece its owner goes to the end of the queue, so people
share the time fairly even if one of them asks for much more than the others. The first piece of a page run goes ahead
of later pieces of others, so that each person soon sees a first result, however many wait for the rest of theirs.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from model.errors import BusyError

MAX_RUNNING = max(1, (os.cpu_count() or 1) - 1)  # one core is left for pages
MAX_WAITING = 80  # two for each person in a class of forty
_CHECK_INTERVAL = 0.1  # seconds between two checks that a person is still waiting


class WorkQueue:
    """A queue of threads that wait for their turn. Its methods are thread-safe.

    Args:
        max_running: How many pieces may run at a time.
        max_waiting: How many threads may wait.
    """

    def __init__(self, max_running: int = MAX_RUNNING, max_waiting: int = MAX_WAITING) -> None:
        self._max_running, self._max_waiting = max_running, max_waiting
        self._changed = threading.Condition()
        self._running = 0
        self._first: deque[object] = deque()  # who has had no turn in this run
        self._later: deque[object] = deque()
        self._this_thread = threading.local()

    def begin_run(self) -> None:
        """Note that this thread begins another page run, so that its next turn is a first one."""
        self._this_thread.had_turn = False

    @property
    def has_turn(self) -> bool:
        """Whether it is this thread's turn."""
        return getattr(self._this_thread, "has_turn", False)

    def waiting(self) -> int:
        """Count the threads that wait."""
        with self._changed:
            return len(self._first) + len(self._later)

    @contextmanager
    def turn(self, on_wait: Callable[[int], object] = lambda _ahead: None) -> Iterator[None]:
        """Wait for a turn and keep it until the block ends. A thread that has the turn already continues at once.

        Args:
            on_wait: Called at once where there is a wait, and repeatedly during it, with the number of threads ahead.
                If it raises, the thread leaves the queue.

        Raises:
            BusyError: The queue is full.
        """
        if self.has_turn:
            yield
            return
        self._wait(on_wait, self._later if getattr(self._this_thread, "had_turn", False) else self._first)
        self._this_thread.has_turn = self._this_thread.had_turn = True
        try:
            yield
        finally:
            self._this_thread.has_turn = False
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _wait(self, on_wait: Callable[[int], object], queue: deque[object]) -> None:
        ticket = object()
        with self._changed:
            if (waiting := self.waiting()) >= self._max_waiting:
                raise BusyError(
                    f"{waiting} people are waiting for this server to compute something.",
                    f"At most {self._max_waiting} can wait.",
                    "Reload this page in a minute: your choices are kept.",
                )
            queue.append(ticket)
        try:
            patience = 0.0
            while (ahead := self._try_to_start(ticket, patience)) is not None:
                on_wait(ahead)
                patience = _CHECK_INTERVAL
        except BaseException:
            with self._changed:
                queue.remove(ticket)
                self._changed.notify_all()
            raise

    def _try_to_start(self, ticket: object, patience: float) -> int | None:
        """Start if it is this ticket's turn within some seconds, and return None; else return how many are ahead."""
        with self._changed:
            if not self._is_next(ticket):
                self._changed.wait(patience)
            if not self._is_next(ticket):
                return [*self._first, *self._later].index(ticket)
            (self._first or self._later).popleft()
            self._running += 1
            self._changed.notify_all()  # there may be room for the next one too
            return None

    def _is_next(self, ticket: object) -> bool:
        return self._running < self._max_running and (self._first or self._later)[0] is ticket
