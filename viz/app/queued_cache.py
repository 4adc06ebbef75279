"""Expensive pieces of work: kept for everybody, and made in turn where they are not there yet.

What is kept costs nobody a turn. Whoever asks for a piece that somebody else is making gets that one.
"""

import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.saliency.records import AttributionPlan
from viz.app.work_queue import Turns

P = ParamSpec("P")
T = TypeVar("T")

TURNS = Turns()
_PLACE = "where the page says that one waits"
# How arguments are told apart: a plan by its text, which says all of it and is there sooner than Streamlit's own way.
_TOLD_APART: dict[str | type[Any], Callable[[Any], Any]] = {AttributionPlan: repr}
_SHORT = 0.5  # seconds of waiting that need no words


class NotKeptError(Exception):
    """A piece is not kept, and it is not this thread's turn to make it."""


class InTurn(Generic[P, T]):
    """A function whose results are kept, and made by few people at a time.

    Args:
        kept: Returns what is kept, makes it in this thread's turn, or raises ``NotKeptError``.
        spinner: What the page says while it is made.
    """

    def __init__(self, kept: Callable[P, T], spinner: str) -> None:
        self.kept, self._spinner = kept, spinner

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what is kept, or wait for a turn and make it."""
        try:
            return self.kept(*args, **kwargs)
        except NotKeptError:
            with turn(), st.spinner(self._spinner) if self._spinner else nullcontext():
                return self.kept(*args, **kwargs)


def in_turn(max_entries: int, show_spinner: str = "") -> Callable[[Callable[P, T]], InTurn[P, T]]:
    """Keep what a function returns, as ``st.cache_resource`` does, and let it be made by few people at a time.

    No function kept in another way may call one of these: it would wait for its turn while others wait for it.

    Args:
        max_entries: How many results are kept.
        show_spinner: What the page says meanwhile.
    """

    def decorate(make: Callable[P, T]) -> InTurn[P, T]:
        @wraps(make)
        def kept(*args: P.args, **kwargs: P.kwargs) -> T:
            if not TURNS.is_mine:
                raise NotKeptError
            return make(*args, **kwargs)

        # Streamlit works the signature out anew for every argument that is looked up, unless it is there.
        kept.__signature__ = inspect.signature(make)  # type: ignore[attr-defined]
        keep = st.cache_resource(max_entries=max_entries, show_spinner=False, hash_funcs=_TOLD_APART)
        return InTurn(keep(kept), show_spinner)

    return decorate


def each(pieces: Iterator[T]) -> Iterator[T]:
    """Yield pieces that can only be made one after another, a turn for each."""
    while True:
        with turn():
            try:
                piece = next(pieces)
            except StopIteration:
                return
        yield piece


def show_waiting(place: DeltaGenerator) -> None:
    """Say in this container of the page, from now on in this run, that the person waits for their turn."""
    st.session_state[_PLACE] = place


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a turn, say so where it takes long, and have it until the block ends; who leaves gives up their place.

    Raises:
        BusyError: Too many wait.
    """
    began, said, last = time.monotonic(), list[DeltaGenerator](), -1

    def still_here(ahead: int) -> None:
        nonlocal last
        place = st.session_state.get(_PLACE)  # here Streamlit ends the run of who has left or chosen something else
        if place is None or time.monotonic() - began < _SHORT or ahead == last:
            return
        if not said:
            said.append(place.empty())
        said[0].info(say_waiting(ahead))
        last = ahead

    with TURNS.take(still_here):
        for each_said in said:
            each_said.empty()
        yield


def say_waiting(ahead: int) -> str:
    """Say that others have their turn first."""
    others = f"{ahead} others are" if ahead > 1 else "Somebody is" if ahead else "Nobody else is"
    return f"Many people ask for long computations just now. {others} ahead of you: yours comes by itself."
