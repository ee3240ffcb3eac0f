"""Tasks in worker processes, where a hang or a crash of native code ends one task and not the run."""

from __future__ import annotations

import ctypes
import math
import multiprocessing
import os
import signal
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from typing import Any

from gradcheck.errors import FunctionError, first_line

Work = Callable[[Any], Any]
"""What does a task; its result is sent back by pickle."""

JOBS = 4
"""The most processes that are started without being asked for; each holds the frameworks, about 1 GB."""
GRACE = 10.0
"""How many seconds a worker is given to end by itself when there is nothing left to do."""
LONGEST = 200
"""How many bytes of what a worker is doing its parent can read."""

_note: Any = None
"""In a worker, the memory in which its parent reads what it is doing."""


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
    doing : str
        What the process was `doing` when it ended, if it ended and had said so.
    late : bool
        Whether its process was ended since it took too long.
    """

    position: int
    result: Any = None
    failure: str = ""
    doing: str = ""
    late: bool = False


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Say what runs, so that the end of this process can be blamed on it; outside a worker nobody hears it."""
    if _note is None:
        yield
        return
    before, _note.value = _note.value, what.encode()[:LONGEST]
    try:
        yield
    finally:
        _note.value = before


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


def persist(
    prepare: Callable[[], Callable[[tuple[Any, Mapping[str, str]]], Any]],
    tasks: Sequence[Any],
    jobs: int,
    limit: float = math.inf,
) -> Generator[Ended]:
    """Yield what became of each task as `work` does, and try one that ended its process again without what ended it.

    A task that runs out of time is tried again only if nothing of it was left out yet, since all of it may hang.

    Parameters
    ----------
    prepare : callable
        As `work`, but what it returns gets each task with a mapping: from what was `doing` when a process ended to
        how it ended. It is expected to leave these out.
    tasks, jobs, limit
        As `work`.

    Raises
    ------
    FunctionError
        As `work`.
    """
    todo: dict[int, dict[str, str]] = {position: {} for position in range(len(tasks))}
    while todo:
        again: dict[int, dict[str, str]] = {}
        positions = list(todo)
        for ended in work(prepare, [(tasks[position], todo[position]) for position in positions], jobs, limit):
            position = positions[ended.position]
            lost = todo[position]
            if ended.doing and ended.doing not in lost and not (ended.late and lost):
                again[position] = {**lost, ended.doing: ended.failure}
                continue
            if ended.failure:
                ends = {**lost, ended.doing: ended.failure}
                told = "; ".join(f"{how} at {what}" if what else how for what, how in ends.items())
                ended = replace(ended, failure=told)
            yield replace(ended, position=position)
        todo = again


def _wait(workers: Sequence[_Worker]) -> None:
    """Sleep until a worker has something to say, has died, or has run out of time."""
    soonest = min(worker.deadline for worker in workers)
    timeout = None if soonest == math.inf else max(0.0, soonest - time.monotonic())
    wait([source for worker in workers for source in worker.sources], timeout)


class _Worker:
    """A process that does one task after the other, and the task that it is at."""

    def __init__(self, context: Any, prepare: Callable[[], Work]) -> None:
        self._connection, theirs = context.Pipe()
        self._note = context.RawArray(ctypes.c_char, LONGEST + 1)
        self._process = context.Process(target=_serve, args=(theirs, self._note, prepare), daemon=True)
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
            return self._ended(f"timed out: it was ended after {limit:g} s", late=True), True
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
        return self._ended(f"crashed the process {how}"), True

    def _ended(self, failure: str, *, late: bool = False) -> Ended:
        assert self._position is not None  # only a task has a deadline
        what = self._note.value.decode(errors="replace")
        ended = Ended(self._position, failure=failure, doing=what, late=late)
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


def _serve(connection: Connection, note: Any, prepare: Callable[[], Work]) -> None:
    """Do what the parent sends until it sends nothing; leave interrupts to it."""
    global _note
    _note = note
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
