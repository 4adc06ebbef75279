"""A queue for small trainings: one runs at a time, so that the pages stay fast.

People who ask for the same choices share one training. Finished trainings are cached. A training is cancelled when
nobody watches it any more.
"""

import atexit
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from model.errors import GlassError, InputError
from model.training.background.kept import Endings, Results
from model.training.background.records import AnyStatus, Choices, Progress, Status

Train = Callable[[Any], Iterator[Any]]

MAX_WAITING = 40
MAX_OF_ONE = 12  # trainings that stay, of one person
MAX_PAUSED = 8  # each of which keeps its network, its optimiser and its images
TIMEOUT = 20.0  # seconds without a status request after which a person counts as gone
_MIN_STEPS = 25  # steps before the remaining time is estimated
_PAUSE = 0.002  # seconds between two steps, for other threads
_JOIN_TIMEOUT = 5.0  # seconds; a step takes about 0.05


@dataclass(eq=False)
class _Job:
    """A training that waits, runs or is paused, and the time of each person's last status request."""

    choices: Choices
    people: dict[str, float] = field(default_factory=dict)
    run: Progress | None = None
    steps: Iterator[Progress] | None = None  # from its first start on
    seconds: float = 0.0  # that its steps took, without the time for reading the images
    since: float | None = None  # the end of the last step
    paused: bool = False


class TrainingQueue:
    """Trainings in the order of the requests; the first one that is not paused runs in the queue's thread.

    The thread exists only while there is work. The methods are thread-safe. A person is identified by any text, and
    has at most one training that is only watched, and several that stay.

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
        self._jobs: list[_Job] = []  # the first one that is not paused runs
        self._worker: threading.Thread | None = None
        self._results, self._endings = Results(), Endings()
        self._seconds_per_image: dict[str, float] = {}  # by network, from its last training with some steps

    def start(self, person: str, choices: Choices) -> AnyStatus:
        """Put a person's training into the queue, and return its status.

        It replaces any other of the same person, unless its choices say that it stays. If a training with these
        choices is finished or in the queue, the person shares it; one that is paused goes on.

        Raises:
            InputError: The queue is full, or the person has too many in it.
        """
        with self._lock:
            self._drop_absent()
            if not choices.stays:
                self._remove(person, None)
            self._endings.forget(person, choices)
            if (result := self._results.find(choices)) is not None:
                return self._endings.note(person, Status("finished", choices, result))
            job = self._job(choices) or self._added(person, choices)
            job.people[person] = self._clock()
            self._go_on(job)
            return self._status_of(job)

    def status(self, person: str, choices: Choices) -> AnyStatus | None:
        """Return the status of a person's training with these choices; None if there is none.

        A person who does not ask for a while counts as gone.
        """
        with self._lock:
            job = self._job(choices)
            if job is not None and person in job.people:
                job.people[person] = self._clock()
                return self._status_of(job)
            return self._endings.find(person, choices)

    def cancel(self, person: str, choices: Choices | None = None) -> None:
        """Cancel a person's training; it continues only if another person watches it.

        The person can still see its progress so far.

        Args:
            person: Whose training.
            choices: Which one; None for the one that does not stay.
        """
        with self._lock:
            job = self._remove(person, choices)
            if job is not None:
                self._endings.note(person, Status("cancelled", job.choices, job.run))

    def remove(self, person: str, choices: Choices | None = None) -> None:
        """Cancel a person's training and keep no status of it."""
        with self._lock:
            self._remove(person, choices)
            self._endings.forget(person, choices)

    def pause(self, person: str, choices: Choices) -> None:
        """Let a person's training stand still after its step, so that the next one runs.

        Raises:
            InputError: Another person waits for the same training, or too many stand still.
        """
        with self._lock:
            job = self._job(choices)
            if job is None or person not in job.people or job.paused:
                return
            if len(job.people) > 1:
                raise InputError(
                    "Another person waits for the same training.", "Only one's own can be paused.", "Let it go on."
                )
            if sum(each.paused for each in self._jobs) >= MAX_PAUSED and not self._drop_left():
                raise InputError(
                    f"{MAX_PAUSED} trainings are paused already.",
                    "No more are kept in memory.",
                    "Cancel or resume one.",
                )
            job.paused = True

    def resume(self, person: str, choices: Choices) -> None:
        """Let a person's training go on, behind those that wait."""
        with self._lock:
            job = self._job(choices)
            if job is not None and person in job.people:
                self._go_on(job)

    def watchers(self) -> int:
        """Count the people who wait for or watch a training."""
        with self._lock:
            return sum(len(job.people) for job in self._jobs if not job.paused)

    def close(self) -> None:
        """Cancel every training, and wait for the last step to end."""
        with self._lock:
            for job in self._jobs:
                for person in job.people:
                    self._endings.note(person, Status("cancelled", job.choices, job.run))
            self._jobs.clear()
            worker = self._worker
        if worker is not None and worker is not threading.current_thread():
            worker.join(_JOIN_TIMEOUT)

    # The caller of the following methods holds the lock.

    def _first(self) -> _Job | None:
        return next((job for job in self._jobs if not job.paused), None)

    def _job(self, choices: Choices) -> _Job | None:
        return next((job for job in self._jobs if job.choices == choices), None)

    def _added(self, person: str, choices: Choices) -> _Job:
        if len(self._jobs) > self._max_waiting:  # one runs
            raise InputError(
                f"{len(self._jobs)} trainings are in the queue already.",
                f"One runs at a time, and up to {self._max_waiting} wait.",
                "Press Start again in a minute, or use another person's choices to share their training.",
            )
        if sum(job.choices.stays and person in job.people for job in self._jobs) >= MAX_OF_ONE:
            raise InputError(
                f"You have {MAX_OF_ONE} trainings in the queue.", "No more can wait.", "Wait for one, or cancel one."
            )
        job = _Job(choices)
        self._jobs.append(job)
        self._work_on()
        return job

    def _go_on(self, job: _Job) -> None:
        """Let a training that is paused go on, behind those that wait."""
        if job.paused:
            job.paused = False
            self._jobs.remove(job)
            self._jobs.append(job)
            self._work_on()

    def _work_on(self) -> None:
        """Start the thread where there is none."""
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="training", daemon=True)
            atexit.register(self.close)  # Python crashes if it exits during a step of this thread
            self._worker.start()

    def _remove(self, person: str, choices: Choices | None) -> _Job | None:
        """Remove a person from a training, and the training if nobody else watches it; return it."""
        for job in self._jobs:
            asked = not job.choices.stays if choices is None else job.choices == choices
            if asked and job.people.pop(person, None) is not None:
                if not job.people:
                    self._jobs.remove(job)
                return job
        return None

    def _drop_absent(self) -> None:
        now = self._clock()
        for job in [job for job in self._jobs if not job.choices.stays]:
            for person in [person for person, looked in job.people.items() if now - looked > self._timeout]:
                self._remove(person, job.choices)

    def _drop_left(self) -> bool:
        """Cancel the paused training whose people are gone for longest, and return whether there was one."""
        now = self._clock()
        left = [job for job in self._jobs if job.paused and now - max(job.people.values()) > self._timeout]
        for job in sorted(left, key=lambda job: max(job.people.values()))[:1]:
            self._conclude(job, Status("cancelled", job.choices, job.run))
        return bool(left)

    def _status_of(self, job: _Job) -> AnyStatus:
        if job.paused:
            return Status("paused", job.choices, job.run)
        active = [each for each in self._jobs if not each.paused]
        before = active.index(job)
        ahead = active[: max(before, 1)]  # if it runs itself, its own remaining steps
        return Status("waiting" if before else "running", job.choices, job.run, before, self._seconds_of(ahead))

    def _seconds_of(self, jobs: Iterable[_Job]) -> float | None:
        """Return the seconds that some trainings still take, or None where one of a network has not been measured."""
        found = 0.0
        for job in jobs:
            if job.choices.network not in self._seconds_per_image:
                return None
            rest = job.choices.images - (job.run.used if job.run else 0)
            found += rest * self._seconds_per_image[job.choices.network]
        return found

    def _reached(self, job: _Job, run: Progress) -> bool:
        """Store the progress of a training, and return whether it should continue."""
        self._drop_absent()
        if job not in self._jobs:
            return False
        now = self._clock()
        job.seconds += 0.0 if job.since is None else now - job.since
        job.since, job.run = now, run
        if run.step >= _MIN_STEPS:
            self._seconds_per_image[job.choices.network] = job.seconds / run.used
        if not run.finished:
            return self._first() is job
        if not job.choices.stays:  # the others are kept elsewhere
            self._results.keep(job.choices, run)
        self._conclude(job, Status("finished", job.choices, run))
        return False

    def _conclude(self, job: _Job, status: AnyStatus) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
        for person in job.people:
            self._endings.note(person, status)

    # The following methods run in the thread of the trainings.

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._run(job)
            except GlassError as error:
                problem = str(error)
            except Exception as error:  # report it to its owner and continue with the next training
                logging.getLogger(__name__).exception("a training failed")
                problem = f"The training failed ({error}). Other trainings are not affected. Press Start to try again."
            else:
                continue
            with self._lock:
                self._conclude(job, Status("failed", job.choices, job.run, problem=problem))

    def _next(self) -> _Job | None:
        with self._lock:
            self._drop_absent()
            job = self._first()
            if job is not None:
                return job
            self._worker = None
            atexit.unregister(self.close)
            return None

    def _run(self, job: _Job) -> None:
        """Take steps of a training until it ends, is paused, or nobody waits for it any more."""
        if job.steps is None:
            job.steps = self._train(job.choices)
        job.since = None
        for run in job.steps:
            with self._lock:
                if not self._reached(job, run):
                    break
            time.sleep(_PAUSE)
        with self._lock:
            if job not in self._jobs:
                job.steps = None  # which ends it here, not where the last reference to the job goes
