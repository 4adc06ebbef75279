"""The work queue, used by many threads."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from model.errors import BusyError
from viz.app.work_queue import WorkQueue

PATIENCE = 60  # seconds


class LeftError(Exception):
    """A person left."""


def begin(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def end(*threads: threading.Thread) -> None:
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def start_in_order(queue: WorkQueue, count: int, work: Callable[[int], object]) -> list[threading.Thread]:
    """Start threads that enter the queue one after another, in a known order."""
    threads = []
    for number in range(count):
        arrived = threading.Event()

        def come(number: int = number, arrived: threading.Event = arrived) -> None:
            with queue.turn(lambda _ahead: arrived.set()):
                work(number)

        threads.append(begin(come))
        assert arrived.wait(PATIENCE)
    return threads


@pytest.mark.parametrize("max_running", [1, 2, 3])
def test_work_queue_runs_as_many_as_allowed(max_running: int) -> None:
    queue, together, lock, running, most = (
        WorkQueue(max_running),
        threading.Barrier(max_running),
        threading.Lock(),
        0,
        0,
    )

    def work() -> None:
        nonlocal running, most
        with queue.turn():
            with lock:
                running += 1
                most = max(most, running)
            together.wait(PATIENCE)  # passes only if this many run together
            with lock:
                running -= 1

    end(*[begin(work) for _ in range(10 * max_running)])
    assert (running, most, queue.waiting()) == (0, max_running, 0)


def test_work_queue_is_first_in_first_out() -> None:
    queue, served = WorkQueue(max_running=1), list[int]()
    with queue.turn():
        threads = start_in_order(queue, 5, served.append)
        assert (served, queue.waiting()) == ([], 5)
    end(*threads)
    assert served == [0, 1, 2, 3, 4]


def test_the_first_piece_of_a_run_goes_ahead_of_later_pieces() -> None:
    queue, served = WorkQueue(max_running=1), list[str]()

    def take_a_turn() -> None:
        with queue.turn():
            pass

    def begin_another_run() -> None:
        take_a_turn()
        queue.begin_run()

    def come(name: str, before: Callable[[], None], events: list[threading.Event]) -> None:
        ready, go, arrived = events
        before()
        ready.set()
        assert go.wait(PATIENCE)
        with queue.turn(lambda _ahead: arrived.set()):
            served.append(name)

    works = {"later": take_a_turn, "first": lambda: None, "first of another run": begin_another_run}
    events = {name: [threading.Event() for _ in range(3)] for name in works}
    threads = [begin(partial(come, name, before, events[name])) for name, before in works.items()]
    assert all(ready.wait(PATIENCE) for ready, _, _ in events.values())
    with queue.turn():
        for _, go, arrived in events.values():
            go.set()
            assert arrived.wait(PATIENCE)
        assert queue.waiting() == 3
    end(*threads)
    assert served == ["first", "first of another run", "later"]


def test_on_wait_gets_the_number_ahead() -> None:
    queue, told, first = WorkQueue(max_running=1), threading.Event(), list[int]()

    def note(ahead: int) -> None:
        first.append(ahead)
        told.set()

    def come() -> None:
        with queue.turn(note):
            pass

    with queue.turn():
        others = start_in_order(queue, 2, lambda _number: None)
        last = begin(come)
        assert told.wait(PATIENCE)
    end(*others, last)
    assert first[0] == 2


def test_leaving_gives_up_the_place() -> None:
    queue, left, served = WorkQueue(max_running=1), threading.Event(), list[str]()

    def come_and_leave() -> None:
        def still_here(_ahead: int) -> None:
            raise LeftError

        with pytest.raises(LeftError), queue.turn(still_here):
            served.append("who left")
        left.set()

    with queue.turn():
        leaving = begin(come_and_leave)
        assert left.wait(PATIENCE)
        assert queue.waiting() == 0
        staying = start_in_order(queue, 1, lambda _number: served.append("who stayed"))
    end(leaving, *staying)
    assert served == ["who stayed"]


def test_error_gives_the_turn_back() -> None:
    queue = WorkQueue(max_running=1)
    with pytest.raises(LeftError), queue.turn():
        raise LeftError
    with queue.turn():
        assert queue.has_turn
    assert not queue.has_turn


def test_nested_turn_starts_at_once() -> None:
    queue = WorkQueue(max_running=1)
    with queue.turn(), queue.turn():
        assert queue.has_turn


def test_full_work_queue_is_refused() -> None:
    queue, refused = WorkQueue(max_running=1, max_waiting=2), list[str]()

    def come() -> None:
        try:
            with queue.turn():
                pass
        except BusyError as error:
            refused.append(str(error))

    with queue.turn():
        threads = start_in_order(queue, 2, lambda _number: None)
        end(begin(come))
    end(*threads)
    assert len(refused) == 1
    assert refused[0].startswith("2 people are waiting for this server")
    assert (queue.waiting(), refused[0].count("At most 2 can wait.")) == (0, 1)
