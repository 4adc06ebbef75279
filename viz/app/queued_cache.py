"""A cache for expensive results of each network: shared by all people, and filled through the work queue.

A result in the cache needs no turn. People who ask for the same result at the same time share one computation.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import Generic, ParamSpec, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from viz.app import current
from viz.app.page_queue import PAGE_QUEUE
from viz.app.work_queue import WorkQueue

P = ParamSpec("P")
T = TypeVar("T")

WORK_QUEUE = WorkQueue()
_PLACE = "where the page shows that a person waits"
_SHORT_WAIT = 0.5  # seconds; a shorter wait needs no message


class NotCachedError(Exception):
    """A result is not in the cache, and it is not this thread's turn to compute it."""


class QueuedFunction(Generic[P, T]):
    """A function whose results are cached and computed through the work queue.

    Args:
        cached: Returns the result from the cache, or computes it if it is this thread's turn, or raises
            ``NotCachedError``.
        spinner: What the page shows during the computation.
    """

    def __init__(self, cached: Callable[P, T], spinner: str) -> None:
        self.cached, self._spinner = cached, spinner

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the cached result, or wait for a turn and compute it."""
        try:
            return self.cached(*args, **kwargs)
        except NotCachedError:
            if self._spinner:
                PAGE_QUEUE.pass_on()
            with turn(), st.spinner(self._spinner) if self._spinner else nullcontext():
                return self.cached(*args, **kwargs)


def queued(
    max_entries: int, show_spinner: str = "", of_large: int = 0
) -> Callable[[Callable[P, T]], QueuedFunction[P, T]]:
    """Cache what a function returns for each network, as ``current.cached`` does, through the work queue.

    A function that is cached in another way must not call one of these: it would wait for its turn and block all
    who wait for it.

    Args:
        max_entries: How many results are cached.
        show_spinner: What the page shows during the computation.
        of_large: As for ``current.cached``.
    """

    def decorate(compute: Callable[P, T]) -> QueuedFunction[P, T]:
        @wraps(compute)
        def cached(*args: P.args, **kwargs: P.kwargs) -> T:
            if not WORK_QUEUE.has_turn:
                raise NotCachedError
            return compute(*args, **kwargs)

        return QueuedFunction(current.cached(cached, max_entries, of_large), show_spinner)

    return decorate


def each_queued(pieces: Iterator[T]) -> Iterator[T]:
    """Yield the pieces of an iterator, and take a turn in the work queue for each; there are many, or they are long."""
    PAGE_QUEUE.pass_on()
    while True:
        with turn():
            try:
                piece = next(pieces)
            except StopIteration:
                return
        yield piece


def show_waiting_in(place: DeltaGenerator) -> None:
    """Set the container of the page that shows, in this run, that the person waits."""
    st.session_state[_PLACE] = place
    WORK_QUEUE.begin_run()


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a turn, show a message if that takes long, and keep the turn until the block ends.

    A person who leaves the page or makes another choice leaves the queue.

    Raises:
        BusyError: The queue is full.
    """
    start, messages, last = time.monotonic(), list[DeltaGenerator](), -1

    def show_wait(ahead: int) -> None:
        nonlocal last
        PAGE_QUEUE.pass_on()
        place = st.session_state.get(_PLACE)  # Streamlit ends the run here if the person left or chose something else
        if place is None or time.monotonic() - start < _SHORT_WAIT or ahead == last:
            return
        if not messages:
            messages.append(place.empty())
        messages[0].info(waiting_message(ahead))
        last = ahead

    with WORK_QUEUE.turn(show_wait):
        for message in messages:
            message.empty()
        yield


def waiting_message(ahead: int) -> str:
    """Say how many others are ahead in the queue."""
    others = "Nobody is" if ahead == 0 else "1 other person is" if ahead == 1 else f"{ahead} other people are"
    return f"Many people asked for long computations. {others} ahead of you; your result appears by itself."
