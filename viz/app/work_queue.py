"""Turns at expensive work: few at once, in the order in which people came, so that pages stay quick for everybody else.

Work is cut into pieces of a fraction of a second. Who has had a piece goes to the end of the line, so many people share
the time fairly, however much one of them asked for.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from model.errors import BusyError

AT_ONCE = max(1, (os.cpu_count() or 1) - 1)  # one core is left for pages
WAITING = 80  # two for each of a class of forty
_GLANCE = 0.1  # seconds between two looks at whether a person still waits


class Turns:
    """A line of people who wait for a piece of work. Any thread may call any method.

    Args:
        at_once: How many pieces run at a time.
        waiting: How many people may wait.
    """

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._at_once, self._waiting = at_once, waiting
        self._changed = threading.Condition()
        self._running = 0
        self._line: deque[object] = deque()
        self._mine = threading.local()

    @property
    def is_mine(self) -> bool:
        """Whether this thread has its turn now."""
        return getattr(self._mine, "turn", False)

    def waiting(self) -> int:
        """Count who waits."""
        with self._changed:
            return len(self._line)

    @contextmanager
    def take(self, still_here: Callable[[int], object] = lambda _ahead: None) -> Iterator[None]:
        """Wait for a turn and have it until the block ends. Who has one already goes on at once.

        Args:
            still_here: Called now and then while waiting, with how many are ahead in the line; what it raises ends the
                wait, and the place in the line is given up.

        Raises:
            BusyError: Too many wait.
        """
        if self.is_mine:
            yield
            return
        self._wait(still_here)
        self._mine.turn = True
        try:
            yield
        finally:
            self._mine.turn = False
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _wait(self, still_here: Callable[[int], object]) -> None:
        place = object()
        with self._changed:
            if len(self._line) >= self._waiting:
                raise BusyError(
                    f"{len(self._line)} people wait for the same computer to work something out.",
                    f"Up to {self._waiting} can.",
                    "Reload this page in a minute: nothing that you chose is lost.",
                )
            self._line.append(place)
        try:
            while (ahead := self._begun(place)) is not None:
                still_here(ahead)
        except BaseException:
            with self._changed:
                self._line.remove(place)
                self._changed.notify_all()
            raise

    def _begun(self, place: object) -> int | None:
        """Begin if it is this place's turn, and return None; else wait a little, and return how many are ahead."""
        with self._changed:
            if not self._is_next(place):
                self._changed.wait(_GLANCE)
            if not self._is_next(place):
                return self._line.index(place)
            self._line.popleft()
            self._running += 1
            self._changed.notify_all()  # there may be room for the next one too
            return None

    def _is_next(self, place: object) -> bool:
        return self._running < self._at_once and self._line[0] is place
