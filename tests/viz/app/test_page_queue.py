"""The queue of page runs, used by many threads."""

import threading
import time

import pytest

from tests.viz.app.test_work_queue import PATIENCE, begin, end
from viz.app.page_queue import PageQueue

MANY = 30
FOREVER = 100 * PATIENCE  # so long that no test reaches it


def test_page_queue_runs_one_at_a_time() -> None:
    queue, running, most = PageQueue(time_limit=FOREVER), 0, 0

    def work() -> None:
        nonlocal running, most
        with queue.turn():
            running += 1
            most = max(most, running)
            time.sleep(0.001)
            running -= 1

    end(*[begin(work) for _ in range(MANY)])
    assert (running, most) == (0, 1)


def test_page_queue_with_zero_time_limit_runs_all_together() -> None:
    """The test above rejects this wrong rule, a time limit of zero."""
    queue, together = PageQueue(time_limit=0), threading.Barrier(MANY)

    def work() -> None:
        with queue.turn():
            together.wait(PATIENCE)

    end(*[begin(work) for _ in range(MANY)])


def test_page_queue_is_first_in_first_out() -> None:
    queue, order, asked = PageQueue(time_limit=FOREVER), list[int](), list[threading.Thread]()
    with queue.turn():
        for number in range(MANY):
            last = vars(queue)["_last"]

            def work(number: int = number) -> None:
                with queue.turn():
                    order.append(number)

            asked.append(begin(work))
            while vars(queue)["_last"] is last:  # it is not in the queue yet
                time.sleep(0.001)
    end(*asked)
    assert order == [*range(MANY)]


def test_page_queue_starts_the_next_after_the_time_limit() -> None:
    queue, began, over = PageQueue(time_limit=0.05), threading.Event(), threading.Event()

    def slow() -> None:
        with queue.turn():
            began.set()
            over.wait(PATIENCE)

    first = begin(slow)
    assert began.wait(PATIENCE)
    asked = time.monotonic()
    with queue.turn():
        assert time.monotonic() - asked < PATIENCE / 2
        assert not over.is_set()
        assert first.is_alive()
    over.set()
    end(first)


def test_time_limit_counts_from_the_start_of_the_run() -> None:
    """A run that comes after the time limit of the run before starts at once."""
    queue = PageQueue(time_limit=0.5)
    with queue.turn():
        time.sleep(0.6)
        asked = time.monotonic()
        with queue.turn():
            waited = time.monotonic() - asked
    assert waited < 0.4


def test_failed_run_counts_as_done() -> None:
    queue = PageQueue(time_limit=FOREVER)
    with pytest.raises(ZeroDivisionError), queue.turn():
        _ = 1 / 0
    end(begin(lambda: queue.turn().__enter__()))


def test_a_run_that_passes_its_turn_on_holds_up_nobody() -> None:
    queue, done = PageQueue(time_limit=FOREVER), list[int]()

    def other() -> None:
        with queue.turn():
            done.append(1)

    queue.pass_on()  # of a thread without a run: nothing happens
    with queue.turn():
        thread = begin(other)
        time.sleep(0.05)
        assert not done
        queue.pass_on()
        end(thread)
        assert done == [1]
