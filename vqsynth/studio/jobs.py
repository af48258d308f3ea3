"""One worker, whose newest request wins.

While somebody draws, each stroke asks for a correction, and only that of the last one is wanted. A browser that aborts
a request does not stop its work. So a job has a kind: a newer job of the same kind takes its place, whether it waits or
works. Work is stopped where it tells its observer how far it has come, which is between two rounds. Jobs of different
kinds wait for each other; so there is never more than one thread that computes.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from vqsynth.errors import VqsynthError
from vqsynth.running.observing import Advance, Observer

MOST_WAITING = 32


class Dropped(VqsynthError):
    """A job was dropped: a newer one took its place, nobody waits for it, or the server ends."""


class Busy(VqsynthError):
    """Too many jobs wait."""


@dataclass(eq=False)
class Job:
    """Hold a piece of work, what it is for, and how far it has come."""

    kind: str
    work: Callable[[Observer], Any]
    replaces: bool = True
    done: "Future[Any]" = field(default_factory=Future)
    at: Advance | None = None
    dropped: str = ""

    def advance(self, at: Advance) -> None:
        """Note how far the work has come. Raises Dropped, which ends it, where it is not wanted any more."""
        if self.dropped:
            raise Dropped(self.dropped)
        self.at = at

    def drop(self, why: str) -> None:
        """Have the work end where it next tells its observer."""
        self.dropped = self.dropped or why

    def run(self) -> Callable[[], None]:
        """Do the work, unless it was dropped, and return what hands on its result or its error."""
        if not self.done.set_running_or_notify_cancel():
            return lambda: None
        try:
            self.advance(Advance(self.kind, 0.0))
            made = self.work(Observer(advance=self.advance))
        except BaseException as e:  # noqa: BLE001 - whoever waits for the job raises it again
            return partial(self.done.set_exception, e)
        return partial(self.done.set_result, made)


class Worker:
    """Do jobs in a thread of its own, one after the other."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._working: Job | None = None
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="vqsynth studio worker", daemon=True)
        self._thread.start()

    def submit(self, kind: str, work: Callable[[Observer], Any], *, replaces: bool = True) -> Job:
        """Put a job in the queue.

        Parameters
        ----------
        kind : str
            What it is for.
        work : callable
            Takes an Observer, and should tell it often how far it has come.
        replaces : bool
            Whether older jobs of this kind are dropped.

        Returns
        -------
        Job
            Its `done` becomes what the work returns, or the error that it raises: Dropped where a newer job took its
            place.

        Raises
        ------
        Busy
            Where too many jobs wait.
        Dropped
            Where the worker was closed.

        """
        job = Job(kind, work, replaces)
        with self._changed:
            if self._ended:
                raise Dropped("the studio is ending")
            if replaces:
                self._drop(kind, "a newer request took its place")
            if len(self._waiting) >= MOST_WAITING:
                raise Busy(f"{MOST_WAITING} requests wait already; wait for one to end")
            self._waiting.append(job)
            self._changed.notify()
        return job

    def cancel(self, kind: str) -> None:
        """Drop all jobs of a kind."""
        with self._changed:
            self._drop(kind, "it was cancelled")

    def tell(self) -> dict[str, Any]:
        """Tell what is worked on and how far it has come, and how many jobs wait."""
        with self._changed:
            job, waiting = self._working, len(self._waiting)
        at = job.at if job else None
        return {
            "kind": job.kind if job else None,
            "doing": at.doing if at else "",
            "share": round(at.share, 4) if at else 0.0,
            "waiting": waiting,
        }

    def close(self) -> None:
        """Drop all jobs, and take no more."""
        with self._changed:
            self._ended = True
            for job in (*self._waiting, *filter(None, [self._working])):
                job.drop("the studio is ending")
            self._changed.notify()

    def _drop(self, kind: str, why: str) -> None:
        for job in (*self._waiting, *filter(None, [self._working])):
            if job.kind == kind:
                job.drop(why)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            hand_on = job.run()
            with self._changed:
                self._working = None  # before anybody hears of the end
            hand_on()

    def _next(self) -> Job | None:
        """Wait for a job. Return None where all are done and no more come."""
        with self._changed:
            while not self._waiting and not self._ended:
                self._changed.wait()
            self._working = self._waiting.popleft() if self._waiting else None
            return self._working
