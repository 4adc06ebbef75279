"""A queue for small trainings: one runs at a time, so that the pages stay fast.

People who ask for the same choices share one training. Finished trainings are cached. A training is cancelled when
nobody watches it any more.
"""

import atexit
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from model.errors import GlassError, InputError
from model.training.live.records import LiveChoices, LiveRun, LiveStatus

Train = Callable[[LiveChoices], Iterator[LiveRun]]

MAX_WAITING = 40
TIMEOUT = 20.0  # seconds without a status request after which a person counts as gone
_KEPT, _KEPT_BYTES = 32, 200_000_000  # finished trainings that are kept, and what they take
_ENDED = 64  # statuses of ended trainings that are kept
_MIN_STEPS = 25  # steps before the remaining time is estimated
_PAUSE = 0.002  # seconds between two steps, for other threads
_JOIN_TIMEOUT = 5.0  # seconds; a step takes about 0.05


@dataclass(eq=False)
class _Job:
    """A training that waits or runs, and the time of each person's last status request."""

    choices: LiveChoices
    people: dict[str, float] = field(default_factory=dict)
    run: LiveRun | None = None
    start_time: float = 0.0


class LiveQueue:
    """Trainings in the order of the requests; the first one runs in its own thread.

    The thread exists only while there is work. The methods are thread-safe. A person is identified by any text, and
    has at most one training in the queue.

    Args:
        train: Trains and often yields the progress; it can be stopped wherever it yields.
        max_waiting: How many trainings may wait.
        timeout: Seconds without a status request after which a person counts as gone.
        clock: Returns the time in seconds.
    """

    def __init__(
        self,
        train: Train,
        *,
        max_waiting: int = MAX_WAITING,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._train, self._max_waiting, self._timeout, self._clock = train, max_waiting, timeout, clock
        self._lock = threading.Lock()
        self._jobs: list[_Job] = []  # the first one runs
        self._worker: threading.Thread | None = None
        self._finished: OrderedDict[LiveChoices, LiveRun] = OrderedDict()
        self._ended: OrderedDict[str, LiveStatus] = OrderedDict()  # by person
        self._seconds_per_image: dict[str, float] = {}  # by network, from its last training with some steps

    def start(self, person: str, choices: LiveChoices) -> LiveStatus:
        """Put a person's training into the queue, replace any other of the same person, and return its status.

        If a training with these choices is finished or in the queue, the person shares it.

        Raises:
            InputError: The queue is full.
        """
        with self._lock:
            self._drop_absent()
            self._remove(person)
            self._ended.pop(person, None)
            if choices in self._finished:
                self._finished.move_to_end(choices)
                return self._end(person, LiveStatus("finished", choices, self._finished[choices]))
            job = next((job for job in self._jobs if job.choices == choices), None) or self._added(choices)
            job.people[person] = self._clock()
            return self._status_of(job)

    def status(self, person: str, choices: LiveChoices) -> LiveStatus | None:
        """Return the status of a person's training with these choices; None if there is none.

        A person who does not ask for a while counts as gone.
        """
        with self._lock:
            for job in self._jobs:
                if person in job.people and job.choices == choices:
                    job.people[person] = self._clock()
                    return self._status_of(job)
            ended = self._ended.get(person)
            return ended if ended is not None and ended.choices == choices else None

    def cancel(self, person: str) -> None:
        """Cancel a person's training; it continues only if another person watches it.

        The person can still see its progress so far.
        """
        with self._lock:
            job = self._remove(person)
            if job is not None:
                self._end(person, LiveStatus("cancelled", job.choices, job.run))

    def remove(self, person: str) -> None:
        """Cancel a person's training and keep no status of it."""
        with self._lock:
            self._remove(person)
            self._ended.pop(person, None)

    def watchers(self) -> int:
        """Count the people who wait for or watch a training."""
        with self._lock:
            return sum(len(job.people) for job in self._jobs)

    def close(self) -> None:
        """Cancel every training, and wait for the last step to end."""
        with self._lock:
            for job in self._jobs:
                for person in job.people:
                    self._end(person, LiveStatus("cancelled", job.choices, job.run))
            self._jobs.clear()
            worker = self._worker
        if worker is not None and worker is not threading.current_thread():
            worker.join(_JOIN_TIMEOUT)

    # The caller of the following methods holds the lock.

    def _added(self, choices: LiveChoices) -> _Job:
        if len(self._jobs) > self._max_waiting:  # one runs
            raise InputError(
                f"{len(self._jobs)} trainings are in the queue already.",
                f"One runs at a time, and up to {self._max_waiting} wait.",
                "Press Start again in a minute, or use another person's choices to share their training.",
            )
        job = _Job(choices)
        self._jobs.append(job)
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="live-training", daemon=True)
            atexit.register(self.close)  # Python crashes if it exits during a step of this thread
            self._worker.start()
        return job

    def _remove(self, person: str) -> _Job | None:
        """Remove a person from their training, and the training if nobody else watches it; return it."""
        for job in self._jobs:
            if job.people.pop(person, None) is not None:
                if not job.people:
                    self._jobs.remove(job)
                return job
        return None

    def _drop_absent(self) -> None:
        now = self._clock()
        for job in [*self._jobs]:
            for person in [person for person, looked in job.people.items() if now - looked > self._timeout]:
                self._remove(person)

    def _end(self, person: str, status: LiveStatus) -> LiveStatus:
        self._ended[person] = status
        self._ended.move_to_end(person)
        while len(self._ended) > _ENDED:
            self._ended.popitem(last=False)
        return status

    def _status_of(self, job: _Job) -> LiveStatus:
        before = self._jobs.index(job)
        ahead = self._jobs[: max(before, 1)]  # if it runs itself, its own remaining steps
        return LiveStatus("waiting" if before else "running", job.choices, job.run, before, self._seconds_of(ahead))

    def _seconds_of(self, jobs: Iterable[_Job]) -> float | None:
        """Return the seconds that some trainings still take, or None where one of a network has not been measured."""
        found = 0.0
        for job in jobs:
            if job.choices.network not in self._seconds_per_image:
                return None
            rest = job.choices.images - (job.run.step if job.run else 0) * job.choices.batch_size
            found += rest * self._seconds_per_image[job.choices.network]
        return found

    def _reached(self, job: _Job, run: LiveRun) -> bool:
        """Store the progress of a training, and return whether it should continue."""
        self._drop_absent()
        if job not in self._jobs:
            return False
        if job.run is None:
            job.start_time = self._clock()  # without the time for reading the images
        job.run = run
        if run.step >= _MIN_STEPS:
            taken = self._clock() - job.start_time
            self._seconds_per_image[run.choices.network] = taken / (run.step * run.choices.batch_size)
        if not run.finished:
            return True
        self._finished[job.choices] = run
        while len(self._finished) > 1 and self._is_too_much():
            self._finished.popitem(last=False)
        self._conclude(job, LiveStatus("finished", job.choices, run))
        return False

    def _is_too_much(self) -> bool:
        return len(self._finished) > _KEPT or sum(each.bytes for each in self._finished.values()) > _KEPT_BYTES

    def _conclude(self, job: _Job, status: LiveStatus) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
        for person in job.people:
            self._end(person, status)

    # The following methods run in the thread of the trainings.

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._run(job)
            except GlassError as error:
                problem = str(error)
            except Exception as error:  # report it to its owner and continue with the next training
                logging.getLogger(__name__).exception("a small training failed")
                problem = f"The training failed ({error}). Other trainings are not affected. Press Start to try again."
            else:
                continue
            with self._lock:
                self._conclude(job, LiveStatus("failed", job.choices, job.run, problem=problem))

    def _next(self) -> _Job | None:
        with self._lock:
            self._drop_absent()
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
