"""Turns at expensive work, taken by many threads."""

import threading
from collections.abc import Callable

import pytest

from model.errors import BusyError
from viz.app.work_queue import Turns

PATIENCE = 60  # seconds


class LeftError(Exception):
    """Somebody has left."""


def begin(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def end(*threads: threading.Thread) -> None:
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def wait_in_line(turns: Turns, count: int, work: Callable[[int], object]) -> list[threading.Thread]:
    """Send people into a line one after another, so that their order is known."""
    threads = []
    for number in range(count):
        arrived = threading.Event()

        def come(number: int = number, arrived: threading.Event = arrived) -> None:
            with turns.take(lambda _ahead: arrived.set()):
                work(number)

        threads.append(begin(come))
        assert arrived.wait(PATIENCE)
    return threads


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_no_more_run_at_once_than_may_and_as_many_as_can(at_once: int) -> None:
    turns, together, lock, running, most = Turns(at_once), threading.Barrier(at_once), threading.Lock(), 0, 0

    def work() -> None:
        nonlocal running, most
        with turns.take():
            with lock:
                running += 1
                most = max(most, running)
            together.wait(PATIENCE)  # only so many at once bring it down
            with lock:
                running -= 1

    end(*[begin(work) for _ in range(10 * at_once)])
    assert (running, most, turns.waiting()) == (0, at_once, 0)


def test_who_comes_first_has_the_first_turn() -> None:
    turns, served = Turns(at_once=1), list[int]()
    with turns.take():
        threads = wait_in_line(turns, 5, served.append)
        assert (served, turns.waiting()) == ([], 5)
    end(*threads)
    assert served == [0, 1, 2, 3, 4]


def test_one_is_told_how_many_are_ahead() -> None:
    turns, told, first = Turns(at_once=1), threading.Event(), list[int]()

    def note(ahead: int) -> None:
        first.append(ahead)
        told.set()

    def come() -> None:
        with turns.take(note):
            pass

    with turns.take():
        others = wait_in_line(turns, 2, lambda _number: None)
        last = begin(come)
        assert told.wait(PATIENCE)
    end(*others, last)
    assert first[0] == 2


def test_who_leaves_gives_up_their_place() -> None:
    turns, left, served = Turns(at_once=1), threading.Event(), list[str]()

    def come_and_leave() -> None:
        def still_here(_ahead: int) -> None:
            raise LeftError

        with pytest.raises(LeftError), turns.take(still_here):
            served.append("who left")
        left.set()

    with turns.take():
        leaving = begin(come_and_leave)
        assert left.wait(PATIENCE)
        assert turns.waiting() == 0
        staying = wait_in_line(turns, 1, lambda _number: served.append("who stayed"))
    end(leaving, *staying)
    assert served == ["who stayed"]


def test_a_failure_gives_the_turn_back() -> None:
    turns = Turns(at_once=1)
    with pytest.raises(LeftError), turns.take():
        raise LeftError
    with turns.take():
        assert turns.is_mine
    assert not turns.is_mine


def test_who_has_a_turn_needs_no_second_one() -> None:
    turns = Turns(at_once=1)
    with turns.take(), turns.take():
        assert turns.is_mine


def test_a_full_line_is_refused_in_a_sentence() -> None:
    turns, refused = Turns(at_once=1, waiting=2), list[str]()

    def come() -> None:
        try:
            with turns.take():
                pass
        except BusyError as error:
            refused.append(str(error))

    with turns.take():
        threads = wait_in_line(turns, 2, lambda _number: None)
        end(begin(come))
    end(*threads)
    assert len(refused) == 1
    assert refused[0].startswith("2 people wait for the same computer")
    assert (turns.waiting(), refused[0].count("Up to 2 can.")) == (0, 1)
