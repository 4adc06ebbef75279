"""Short pieces of work, asked for by many threads."""

import threading
import time

import pytest

from tests.viz.app.test_work_queue import PATIENCE, begin, end
from viz.app.page_queue import Pace

MANY = 30
FOREVER = 100 * PATIENCE  # no test waits until a piece has had its time, if it has so much


def test_one_begins_when_the_one_before_is_done() -> None:
    pace, running, most = Pace(longest=FOREVER), 0, 0

    def work() -> None:
        nonlocal running, most
        with pace.in_line():
            running += 1
            most = max(most, running)
            time.sleep(0.001)
            running -= 1

    end(*[begin(work) for _ in range(MANY)])
    assert (running, most) == (0, 1)


def test_without_a_line_they_would_run_together() -> None:
    """The wrong rule, that nobody has any time, is told from the right one by the test above."""
    pace, together = Pace(longest=0), threading.Barrier(MANY)

    def work() -> None:
        with pace.in_line():
            together.wait(PATIENCE)

    end(*[begin(work) for _ in range(MANY)])


def test_who_came_first_begins_first() -> None:
    pace, order, asked = Pace(longest=FOREVER), list[int](), list[threading.Thread]()
    with pace.in_line():
        for number in range(MANY):
            last = vars(pace)["_last"]

            def work(number: int = number) -> None:
                with pace.in_line():
                    order.append(number)

            asked.append(begin(work))
            while vars(pace)["_last"] is last:  # it is not in the line yet
                time.sleep(0.001)
    end(*asked)
    assert order == [*range(MANY)]


def test_what_takes_long_holds_nobody_up() -> None:
    pace, began, over = Pace(longest=0.05), threading.Event(), threading.Event()

    def slow() -> None:
        with pace.in_line():
            began.set()
            over.wait(PATIENCE)

    first = begin(slow)
    assert began.wait(PATIENCE)
    asked = time.monotonic()
    with pace.in_line():
        assert time.monotonic() - asked < PATIENCE / 2
        assert not over.is_set()
        assert first.is_alive()
    over.set()
    end(first)


def test_time_counts_from_the_beginning_of_the_piece() -> None:
    """Who comes when the piece before has had its time begins at once."""
    pace = Pace(longest=0.5)
    with pace.in_line():
        time.sleep(0.6)
        asked = time.monotonic()
        with pace.in_line():
            waited = time.monotonic() - asked
    assert waited < 0.4


def test_a_piece_that_fails_is_done() -> None:
    pace = Pace(longest=FOREVER)
    with pytest.raises(ZeroDivisionError), pace.in_line():
        _ = 1 / 0
    end(begin(lambda: pace.in_line().__enter__()))
