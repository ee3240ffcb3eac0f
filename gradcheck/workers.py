"""Tasks in worker processes, where a hang or a crash of native code ends one task and not the run."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from gradcheck.errors import FunctionError, first_line

Work = Callable[[Any], Any]
"""What does a task; its result is sent back by pickle."""

JOBS = 4
"""The most processes that are started without being asked for; each holds the frameworks, about 1 GB."""
GRACE = 10.0
"""How many seconds a worker is given to end by itself when there is nothing left to do."""


@dataclass(frozen=True)
class Ended:
    """What became of one task.

    Parameters
    ----------
    position : int
        Its place among the tasks.
    result : object
        What doing it returned; None if it failed.
    failure : str
        Why it could not be done: it raised, took too long or ended its process; empty if it was.
    """

    position: int
    result: Any = None
    failure: str = ""


def default_jobs() -> int:
    """Return how many processes to start where a user names no number: one a core, `JOBS` at most."""
    return min(os.cpu_count() or 1, JOBS)


def work(prepare: Callable[[], Work], tasks: Sequence[Any], jobs: int, limit: float = math.inf) -> Generator[Ended]:
    """Yield what became of each task, in the order in which they end.

    Parameters
    ----------
    prepare : callable
        Called once in each process, which imports what it needs; it returns what does a task. It is
        sent there by pickle, as the tasks are.
    tasks : sequence
        What is to do.
    jobs : int
        How many processes work on it.
    limit : float
        The seconds after which a task is ended, its process with it; what preparing takes does not count.

    Raises
    ------
    FunctionError
        If a process cannot be prepared.
    """
    context = multiprocessing.get_context("spawn")
    waiting = deque(enumerate(tasks))
    workers = [_Worker(context, prepare) for _ in range(min(jobs, len(waiting)))]
    try:
        while workers:
            _wait(workers)
            for worker in list(workers):
                ended, free = worker.heard(limit)
                if ended is not None:
                    yield ended
                if not free:
                    continue
                if waiting and worker.alive:
                    worker.begin(*waiting.popleft(), limit)
                else:
                    workers.remove(worker)
                    worker.end()
                    if waiting:
                        workers.append(_Worker(context, prepare))
    finally:  # also where the caller stops listening
        for worker in workers:
            worker.kill()


def _wait(workers: Sequence[_Worker]) -> None:
    """Sleep until a worker has something to say, has died, or has run out of time."""
    soonest = min(worker.deadline for worker in workers)
    timeout = None if soonest == math.inf else max(0.0, soonest - time.monotonic())
    wait([source for worker in workers for source in worker.sources], timeout)


class _Worker:
    """A process that does one task after the other, and the task that it is at."""

    def __init__(self, context: Any, prepare: Callable[[], Work]) -> None:
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, prepare), daemon=True)
        self._process.start()
        theirs.close()
        self._position: int | None = None
        self.deadline = math.inf

    @property
    def sources(self) -> tuple[Any, ...]:
        """What to wait for: a message, or the end of the process."""
        return self._connection, self._process.sentinel

    @property
    def alive(self) -> bool:
        """Whether it can do another task."""
        return bool(self._process.is_alive())

    def begin(self, position: int, task: Any, limit: float) -> None:
        """Send it a task."""
        self._position, self.deadline = position, time.monotonic() + limit
        with suppress(OSError):  # it died just now, which is heard of next
            self._connection.send((position, task))

    def heard(self, limit: float) -> tuple[Ended | None, bool]:
        """Return the task that ended, if one did, and whether the worker is free for another."""
        if self._connection.poll():
            try:
                return self._told(self._connection.recv())
            except (EOFError, OSError):
                return self._died()
        if not self.alive:
            return self._died()
        if time.monotonic() >= self.deadline:
            self.kill()
            return self._ended(failure=f"timed out: it was ended after {limit:g} s"), True
        return None, False

    def _told(self, message: Ended | None) -> tuple[Ended | None, bool]:
        if message is not None and message.position < 0:
            raise FunctionError(message.failure)
        self._position, self.deadline = None, math.inf
        return message, True

    def _died(self) -> tuple[Ended | None, bool]:
        self._process.join()
        code = self._process.exitcode
        how = f"with signal {-code}" if code is not None and code < 0 else f"with exit code {code}"
        if self._position is None:
            raise FunctionError(f"a worker process ended {how} before it did anything")
        return self._ended(failure=f"crashed the process {how}"), True

    def _ended(self, failure: str) -> Ended:
        assert self._position is not None  # only a task has a deadline
        ended = Ended(self._position, failure=failure)
        self._position, self.deadline = None, math.inf
        return ended

    def end(self) -> None:
        """Let it end by itself."""
        if self.alive:
            self._connection.send(None)
            self._process.join(GRACE)
        self.kill()

    def kill(self) -> None:
        """End it now, in the middle of what it does."""
        self._process.kill()
        self._process.join()
        self._connection.close()


def _serve(connection: Connection, prepare: Callable[[], Work]) -> None:
    """Do what the parent sends until it sends nothing; leave interrupts to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # no worker takes more than its share of the cores
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    warnings.simplefilter("ignore")  # what is to be said of a task is in its result
    try:
        do = prepare()
    except Exception as error:
        connection.send(Ended(-1, failure=first_line(error)))
        return
    connection.send(None)
    while (order := connection.recv()) is not None:
        position, task = order
        connection.send(_done(do, position, task))


def _done(do: Work, position: int, task: Any) -> Ended:
    try:
        return Ended(position, do(task))
    except Exception as error:
        return Ended(position, failure=first_line(error))
