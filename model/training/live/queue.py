"""A queue for small trainings: one at a time, however many people ask, so that the pages stay quick.

Who asks for what somebody else asks for shares that training; what is finished is kept for who asks next. A training
that nobody looks at any more is dropped.
"""

import atexit
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from model.errors import GlassError, InputError
from model.training.live.records import LiveChoices, LiveRun, LiveStatus

Train = Callable[[LiveChoices], Iterator[LiveRun]]

WAITING = 40
PATIENCE = 20.0  # seconds without a look after which a person has left
_KEPT, _ENDED = 32, 64  # finished trainings, and people whose training has ended
_SURE = 25  # steps until the time of one is known well enough to say how long the rest takes
_PAUSE = 0.002  # seconds between two steps, in which another thread comes to its turn
_FAREWELL = 5.0  # seconds; a step is over in a twentieth of one


@dataclass(eq=False)
class _Job:
    """A training that waits or runs, and who looks at it: for each person, when last."""

    choices: LiveChoices
    people: dict[str, float] = field(default_factory=dict)
    run: LiveRun | None = None
    began: float = 0.0


class LiveQueue:
    """Trainings in the order in which they were asked for, the first of them running in a thread of its own.

    The thread is there only while there is something to do. Any thread may call any method. A person is any text that
    tells one from another; each has at most one training here.

    Args:
        train: Trains, and yields how far it is, often: it can be ended wherever it yields.
        waiting: How many trainings may wait.
        patience: Seconds after which who did not look is held to have left.
        clock: Tells the time in seconds.
    """

    def __init__(
        self,
        train: Train,
        *,
        waiting: int = WAITING,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._train, self._waiting, self._patience, self._clock = train, waiting, patience, clock
        self._lock = threading.Lock()
        self._jobs: list[_Job] = []  # the first one runs
        self._worker: threading.Thread | None = None
        self._finished: OrderedDict[LiveChoices, LiveRun] = OrderedDict()
        self._ended: OrderedDict[str, LiveStatus] = OrderedDict()  # by person
        self._pace: float | None = None  # seconds an image, of the last training that took some steps

    def start(self, person: str, choices: LiveChoices) -> LiveStatus:
        """Put a person's training into the queue, in place of any other of theirs, and say how it stands.

        Where these choices are finished, or somebody else has asked for them, that one is theirs too.

        Raises:
            InputError: The queue is full.
        """
        with self._lock:
            self._drop_who_left()
            self._leave(person)
            self._ended.pop(person, None)
            if choices in self._finished:
                self._finished.move_to_end(choices)
                return self._end(person, LiveStatus("finished", choices, self._finished[choices]))
            job = next((job for job in self._jobs if job.choices == choices), None) or self._added(choices)
            job.people[person] = self._clock()
            return self._status(job)

    def look(self, person: str, choices: LiveChoices) -> LiveStatus | None:
        """Say how a person's training of these choices stands; None where they have none here.

        Who does not look for a while is held to have left.
        """
        with self._lock:
            for job in self._jobs:
                if person in job.people and job.choices == choices:
                    job.people[person] = self._clock()
                    return self._status(job)
            ended = self._ended.get(person)
            return ended if ended is not None and ended.choices == choices else None

    def cancel(self, person: str) -> None:
        """Take a person's training out of the queue; it goes on only if somebody else looks at it.

        How far it came stays theirs to look at.
        """
        with self._lock:
            job = self._leave(person)
            if job is not None:
                self._end(person, LiveStatus("cancelled", job.choices, job.run))

    def forget(self, person: str) -> None:
        """Take a person's training out of the queue, and keep nothing of how it ended."""
        with self._lock:
            self._leave(person)
            self._ended.pop(person, None)

    def people(self) -> int:
        """Count who waits or watches."""
        with self._lock:
            return sum(len(job.people) for job in self._jobs)

    def close(self) -> None:
        """Cancel every training, and wait until the last step is over."""
        with self._lock:
            for job in self._jobs:
                for person in job.people:
                    self._end(person, LiveStatus("cancelled", job.choices, job.run))
            self._jobs.clear()
            worker = self._worker
        if worker is not None and worker is not threading.current_thread():
            worker.join(_FAREWELL)

    # What follows is called with the lock held.

    def _added(self, choices: LiveChoices) -> _Job:
        if len(self._jobs) > self._waiting:  # one runs
            raise InputError(
                f"{len(self._jobs)} trainings are under way already.",
                f"One runs at a time, and up to {self._waiting} wait.",
                "Press Start again in a minute, or take the choices of somebody else and share theirs.",
            )
        job = _Job(choices)
        self._jobs.append(job)
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="live-training", daemon=True)
            atexit.register(self.close)  # a thread that is in the middle of a step when Python ends makes it crash
            self._worker.start()
        return job

    def _leave(self, person: str) -> _Job | None:
        """Take a person from their training, and the training away if nobody is left; return it."""
        for job in self._jobs:
            if job.people.pop(person, None) is not None:
                if not job.people:
                    self._jobs.remove(job)
                return job
        return None

    def _drop_who_left(self) -> None:
        now = self._clock()
        for job in [*self._jobs]:
            for person in [person for person, looked in job.people.items() if now - looked > self._patience]:
                self._leave(person)

    def _end(self, person: str, status: LiveStatus) -> LiveStatus:
        self._ended[person] = status
        self._ended.move_to_end(person)
        while len(self._ended) > _ENDED:
            self._ended.popitem(last=False)
        return status

    def _status(self, job: _Job) -> LiveStatus:
        before = self._jobs.index(job)
        ahead = self._jobs[: max(before, 1)]  # its own rest, where it runs
        rest = sum(each.choices.images - (each.run.step if each.run else 0) * each.choices.batch_size for each in ahead)
        seconds = None if self._pace is None else rest * self._pace
        return LiveStatus("waiting" if before else "running", job.choices, job.run, before, seconds)

    def _reached(self, job: _Job, run: LiveRun) -> bool:
        """Keep how far a training is, and tell whether anybody wants it to go on."""
        self._drop_who_left()
        if job not in self._jobs:
            return False
        if job.run is None:
            job.began = self._clock()  # reading the images is no part of a step
        job.run = run
        if run.step >= _SURE:
            self._pace = (self._clock() - job.began) / (run.step * run.choices.batch_size)
        if not run.finished:
            return True
        self._finished[job.choices] = run
        while len(self._finished) > _KEPT:
            self._finished.popitem(last=False)
        self._conclude(job, LiveStatus("finished", job.choices, run))
        return False

    def _conclude(self, job: _Job, status: LiveStatus) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
        for person in job.people:
            self._end(person, status)

    # What follows runs in the thread of the trainings.

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._run(job)
            except GlassError as error:
                problem = str(error)
            except Exception as error:  # whatever it is, its owner hears of it, and the next one has its turn
                logging.getLogger(__name__).exception("a small training failed")
                problem = f"The training failed ({error}). Others are not affected. Press Start to try again."
            else:
                continue
            with self._lock:
                self._conclude(job, LiveStatus("failed", job.choices, job.run, problem=problem))

    def _next(self) -> _Job | None:
        with self._lock:
            self._drop_who_left()
            if self._jobs:
                return self._jobs[0]
            self._worker = None
            atexit.unregister(self.close)
            return None

    def _run(self, job: _Job) -> None:
        for run in self._train(job.choices):
            with self._lock:
                if not self._reached(job, run):
                    return
            time.sleep(_PAUSE)
