"""The queue of small trainings: order, sharing, absent people, and the end of its thread."""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ClassVar

import numpy as np
import pytest

from model.errors import DataError, InputError
from model.training.background.queue import MAX_OF_ONE, MAX_PAUSED, TrainingQueue
from model.training.live.records import LiveChoices, LiveRun, LiveStatus, Snapshot

SOON = 20.0  # seconds, the limit for everything here
STEPS = 100


def choices(seed: int) -> LiveChoices:
    return LiveChoices(steps=STEPS, seed=seed, network="a network")


class Trainer:
    """A fake training: each step waits for the test, and every start is recorded."""

    def __init__(self, *, free: bool = False) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.fails: Exception | None = None
        self.most = self.now = 0
        self.steps = threading.Semaphore(0)
        self.free = free

    def __call__(self, asked: LiveChoices) -> Iterator[LiveRun]:
        """Yield the progress repeatedly, like a training."""
        self.begun.append(asked.seed)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            snapshot = Snapshot(0, 1, {})
            for step in range(asked.steps + 1):
                if step:
                    while not self.free and not self.steps.acquire(timeout=0.01):
                        yield LiveRun(asked, 10, 10, np.zeros(step - 1), (snapshot,))
                    if self.fails and asked.seed == 0:
                        raise self.fails
                yield LiveRun(asked, 10, 10, np.zeros(step), (snapshot,))
        finally:
            self.ended.append(asked.seed)
            self.now -= 1

    def go(self, steps: int = STEPS) -> None:
        """Allow more steps."""
        self.steps.release(steps)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.time


@pytest.fixture
def trainer() -> Trainer:
    return Trainer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(trainer: Trainer, clock: Clock) -> Iterator[TrainingQueue]:
    made = TrainingQueue(trainer, max_waiting=3, clock=clock)
    yield made
    made.close()
    assert not [each for each in threading.enumerate() if each.name == "training"], "no thread is left"
    assert sorted(trainer.begun) == sorted(trainer.ended), "what was begun was ended"


def until(happened: Callable[[], object]) -> None:
    """Wait until something happened; fail if it does not."""
    deadline = time.monotonic() + SOON
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def stage(queue: TrainingQueue, person: str, seed: int) -> str:
    status = queue.status(person, choices(seed))
    return status.stage if status else "none"


def is_finished(queue: TrainingQueue, person: str, seed: int) -> bool:
    return stage(queue, person, seed) == "finished"


def seen(queue: TrainingQueue, person: str, seed: int) -> LiveStatus:
    status = queue.status(person, choices(seed))
    assert status
    return status


def test_one_training_runs_at_a_time_in_order(queue: TrainingQueue, trainer: Trainer) -> None:
    for seed in (3, 1, 2):
        queue.start(f"person {seed}", choices(seed))
    until(lambda: trainer.begun)
    assert [seen(queue, f"person {seed}", seed).before for seed in (3, 1, 2)] == [0, 1, 2]
    assert [stage(queue, f"person {seed}", seed) for seed in (3, 1, 2)] == ["running", "waiting", "waiting"]
    trainer.go(3 * STEPS)
    until(lambda: stage(queue, "person 2", 2) == "finished")
    assert trainer.begun == [3, 1, 2]
    assert trainer.most == 1


def test_status_shows_progress(queue: TrainingQueue, trainer: Trainer) -> None:
    queue.start("one", choices(1))
    for steps in (7, 30):
        trainer.go(steps)
    until(lambda: (run := seen(queue, "one", 1).run) and run.step == 37)
    assert stage(queue, "one", 1) == "running"
    trainer.go()
    until(lambda: stage(queue, "one", 1) == "finished")
    run = seen(queue, "one", 1).run
    assert run
    assert run.finished


def test_same_choices_are_trained_once(queue: TrainingQueue, trainer: Trainer) -> None:
    queue.start("one", choices(1))
    until(lambda: trainer.begun)
    assert queue.start("two", choices(1)).before == 0
    assert queue.watchers() == 2
    trainer.go()
    for person in ("one", "two"):
        until(partial(is_finished, queue, person, 1))
    third = queue.start("three", choices(1))
    assert third.stage == "finished"
    assert third.run is seen(queue, "one", 1).run
    assert trainer.begun == [1]


def test_start_replaces_the_persons_training(queue: TrainingQueue, trainer: Trainer) -> None:
    queue.start("one", choices(1))
    until(lambda: trainer.begun == [1])
    queue.start("one", choices(2))
    until(lambda: trainer.begun == [1, 2])
    assert stage(queue, "one", 1) == "none"
    assert stage(queue, "one", 2) == "running"
    assert trainer.ended == [1]
    assert queue.watchers() == 1


def test_cancel_ends_at_the_next_step_and_keeps_the_progress(queue: TrainingQueue, trainer: Trainer) -> None:
    queue.start("one", choices(1))
    queue.start("two", choices(2))
    trainer.go(12)
    until(lambda: (run := seen(queue, "one", 1).run) and run.step == 12)
    queue.cancel("one")
    until(lambda: trainer.ended == [1])
    until(lambda: stage(queue, "two", 2) == "running" and trainer.begun == [1, 2])
    status = seen(queue, "one", 1)
    assert status.stage == "cancelled"
    assert status.run
    assert status.run.step == 12
    queue.remove("one")
    assert stage(queue, "one", 1) == "none"


def test_cancel_keeps_a_shared_training(queue: TrainingQueue, trainer: Trainer) -> None:
    queue.start("one", choices(1))
    queue.start("two", choices(1))
    queue.cancel("one")
    assert stage(queue, "one", 1) == "cancelled"
    trainer.go()
    until(lambda: stage(queue, "two", 1) == "finished")
    assert stage(queue, "one", 1) == "cancelled"


def test_cancel_while_waiting_moves_others_up(queue: TrainingQueue, trainer: Trainer) -> None:
    for seed in (1, 2, 3):
        queue.start(f"person {seed}", choices(seed))
    queue.cancel("person 2")
    assert seen(queue, "person 3", 3).before == 1
    assert stage(queue, "person 2", 2) == "cancelled"
    trainer.go(2 * STEPS)
    until(lambda: stage(queue, "person 3", 3) == "finished")
    assert trainer.begun == [1, 3]


def test_person_without_requests_counts_as_gone(queue: TrainingQueue, trainer: Trainer, clock: Clock) -> None:
    for seed in (1, 2, 3):
        queue.start(f"person {seed}", choices(seed))
    until(lambda: trainer.begun == [1])
    clock.time = 15.0
    assert stage(queue, "person 3", 3) == "waiting"
    clock.time = 21.0  # 21 s since the first two looked, 6 s since the third did
    until(lambda: stage(queue, "person 3", 3) == "running")
    assert stage(queue, "person 1", 1) == "none"
    assert stage(queue, "person 2", 2) == "none"
    until(lambda: trainer.begun == [1, 3])


def test_full_queue_refuses_new_choices_and_accepts_shared_ones(queue: TrainingQueue) -> None:
    for seed in range(4):  # one runs, three wait
        queue.start(f"person {seed}", choices(seed))
    with pytest.raises(InputError, match="4 trainings are in the queue already"):
        queue.start("too many", choices(9))
    assert queue.status("too many", choices(9)) is None
    assert queue.start("too many", choices(3)).before == 3
    assert queue.start("person 2", choices(8)).before == 3, "in place of one's own there is room"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DataError("MNIST is gone.", "It was here.", "Fetch it again."), "MNIST is gone. It was here. Fetch it again."),
        (RuntimeError("out of memory"), "The training failed (out of memory). Other trainings are not affected."),
    ],
    ids=["ours", "another"],
)
def test_error_is_reported_only_to_its_owner(
    queue: TrainingQueue, trainer: Trainer, error: Exception, words: str
) -> None:
    trainer.fails = error
    queue.start("unlucky", choices(0))
    queue.start("other", choices(1))
    trainer.go(2 * STEPS)
    until(lambda: stage(queue, "other", 1) == "finished")
    status = seen(queue, "unlucky", 0)
    assert status.stage == "failed"
    assert status.problem.startswith(words)
    trainer.fails = None
    assert queue.start("unlucky", choices(0)).under_way, "it can be tried again"


def test_remaining_time_is_estimated_from_steps() -> None:
    trainer, clock = Trainer(), Clock()
    queue = TrainingQueue(trainer, timeout=1e9, clock=clock)
    try:
        queue.start("one", choices(1))
        queue.start("two", dataclasses.replace(choices(2), batch_size=64))
        queue.start("three", choices(3))
        until(lambda: seen(queue, "one", 1).run)
        assert seen(queue, "one", 1).seconds is None
        clock.time = 10.0
        trainer.go(50)
        until(lambda: (run := seen(queue, "one", 1).run) and run.step == 50)
        a_step = 10 / 50
        assert seen(queue, "one", 1).seconds == pytest.approx(50 * a_step)
        third = seen(queue, "three", 3).seconds
        assert third == pytest.approx(50 * a_step + 100 * 2 * a_step), "images twice as many take twice as long"
    finally:
        queue.close()


@dataclasses.dataclass(frozen=True, slots=True)
class Staying(LiveChoices):
    """Choices of a training that goes on when nobody looks."""

    stays: ClassVar[bool] = True


def staying(seed: int) -> Staying:
    return Staying(steps=STEPS, seed=seed, network="a network")


def stage_of(queue: TrainingQueue, person: str, seed: int) -> str:
    status = queue.status(person, staying(seed))
    return status.stage if status else "none"


def test_what_stays_goes_on_when_nobody_looks(queue: TrainingQueue, trainer: Trainer, clock: Clock) -> None:
    for seed in (1, 2):
        queue.start("one", staying(seed))
    queue.start("one", choices(3))
    clock.time = 1_000.0
    trainer.go(2 * STEPS)
    until(lambda: [stage_of(queue, "one", seed) for seed in (1, 2)] == ["finished", "finished"])
    assert stage(queue, "one", 3) == "none"
    assert trainer.begun == [1, 2]


def test_paused_training_lets_others_run_and_goes_on_where_it_was(queue: TrainingQueue, trainer: Trainer) -> None:
    for seed in (1, 2):
        queue.start("one", staying(seed))
    trainer.go(10)
    until(lambda: (status := queue.status("one", staying(1))) and status.run and status.run.step == 10)
    queue.pause("one", staying(1))
    until(lambda: trainer.begun == [1, 2])
    assert [stage_of(queue, "one", seed) for seed in (1, 2)] == ["paused", "running"]
    queue.resume("one", staying(1))
    assert [stage_of(queue, "one", seed) for seed in (1, 2)] == ["waiting", "running"]
    trainer.go(STEPS)
    until(lambda: stage_of(queue, "one", 2) == "finished")
    trainer.go(STEPS - 10)
    until(lambda: stage_of(queue, "one", 1) == "finished")
    assert trainer.begun == [1, 2], "it was not begun again"


def test_paused_training_goes_on_when_somebody_starts_it(queue: TrainingQueue, trainer: Trainer) -> None:
    queue.start("one", staying(1))
    until(lambda: trainer.begun)
    queue.pause("one", staying(1))
    assert queue.start("two", staying(1)).stage == "running"
    trainer.go(STEPS)
    until(lambda: stage_of(queue, "one", 1) == "finished")


def test_paused_training_can_be_cancelled(queue: TrainingQueue, trainer: Trainer) -> None:
    queue.start("one", staying(1))
    until(lambda: trainer.begun)
    queue.pause("one", staying(1))
    queue.cancel("one", staying(1))
    until(lambda: trainer.ended == [1])
    assert stage_of(queue, "one", 1) == "cancelled"


def test_only_ones_own_training_can_be_paused_and_few_stand_still(trainer: Trainer, clock: Clock) -> None:
    queue = TrainingQueue(trainer, clock=clock)
    try:
        for person in ("one", "two"):
            queue.start(person, staying(0))
        with pytest.raises(InputError, match="Another person waits for the same training"):
            queue.pause("one", staying(0))
        for seed in range(1, MAX_OF_ONE):
            queue.start("one", staying(seed))
        with pytest.raises(InputError, match="You have 12 trainings in the queue"):
            queue.start("one", staying(50))
        for seed in range(1, 1 + MAX_PAUSED):
            queue.pause("one", staying(seed))
        with pytest.raises(InputError, match="8 trainings are paused already"):
            queue.pause("one", staying(1 + MAX_PAUSED))
        clock.time = 1_000.0
        assert all(stage_of(queue, "one", seed) == "paused" for seed in range(2, 1 + MAX_PAUSED))
        queue.pause("one", staying(1 + MAX_PAUSED))
        assert stage_of(queue, "one", 1) == "cancelled", "its person has not looked at it for longest"
    finally:
        queue.close()


def test_thirty_people_at_the_same_time() -> None:
    """Each person asks in their own thread; ten different trainings run once each, and all people get a result."""
    trainer = Trainer(free=True)
    queue = TrainingQueue(trainer)

    def sit_through(number: int) -> tuple[int, bool]:
        asked = dataclasses.replace(choices(number % 10), steps=20)
        status = queue.start(f"person {number}", asked)
        deadline = time.monotonic() + SOON
        while status.under_way:
            assert time.monotonic() < deadline
            time.sleep(0.01)
            found = queue.status(f"person {number}", asked)
            assert found, "nobody is lost"
            status = found
        assert status.run
        return status.run.choices.seed, status.run.finished

    try:
        with ThreadPoolExecutor(30) as people:
            found = [*people.map(sit_through, range(30))]
    finally:
        queue.close()
    assert found == [(number % 10, True) for number in range(30)]
    assert sorted(trainer.begun) == [*range(10)]
    assert trainer.most == 1


def test_close_ends_all_and_later_starts_work(queue: TrainingQueue, trainer: Trainer) -> None:
    for seed in (1, 2):
        queue.start(f"person {seed}", choices(seed))
    until(lambda: trainer.begun)
    queue.close()
    assert trainer.ended == [1]
    assert [stage(queue, f"person {seed}", seed) for seed in (1, 2)] == ["cancelled", "cancelled"]
    queue.start("later", choices(5))
    trainer.go()
    until(lambda: stage(queue, "later", 5) == "finished")


def test_caches_are_bounded() -> None:
    queue = TrainingQueue(Trainer(free=True))
    short = [dataclasses.replace(choices(seed), steps=1) for seed in range(40)]

    def finished(asked: LiveChoices) -> bool:
        status = queue.status("one", asked)
        return status is not None and status.stage == "finished"

    try:
        for asked in short:
            queue.start("one", asked)
            until(partial(finished, asked))
        assert queue.start("two", short[-1]).stage == "finished"
        assert queue.start("two", short[0]).under_way, "the oldest is trained again"
    finally:
        queue.close()
