"""Doing what was planned, in worker processes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from gradcheck.audit.alarms import Alarms, Round, listen
from gradcheck.audit.bank import BANK
from gradcheck.audit.hard import HARD
from gradcheck.audit.recall import Cell, Outcome, examine
from gradcheck.errors import first_line
from gradcheck.workers import work

Task = Cell | Round


@dataclass(frozen=True)
class Done:
    """What became of one task.

    Parameters
    ----------
    position : int
        Its place in the plan.
    task : Cell or Round
        What was to do.
    outcomes : tuple of Outcome
        Of a cell.
    alarms : Alarms or None
        Of a round.
    failure : str
        Why it could not be done; empty if it was.
    """

    position: int
    task: Task
    outcomes: tuple[Outcome, ...] = ()
    alarms: Alarms | None = None
    failure: str = ""

    @property
    def name(self) -> str:
        """What the task was about: a kind of fault, or a correct function."""
        return self.task.mutation if isinstance(self.task, Cell) else self.task.subject


def do(position: int, task: Task) -> Done:
    """Do one task; what it raises becomes its failure."""
    try:
        if isinstance(task, Cell):
            return Done(position, task, outcomes=tuple(examine(task, BANK)))
        return Done(position, task, alarms=listen(task, (*BANK, *HARD)))
    except Exception as error:
        return Done(position, task, failure=first_line(error))


def do_all(tasks: Sequence[Task], jobs: int) -> Generator[Done]:
    """Yield what became of each task, in the order in which they end.

    Parameters
    ----------
    tasks : sequence of Cell or Round
        The plan.
    jobs : int
        How many processes work on it; 1 works in this one.
    """
    if jobs == 1:
        yield from (do(i, task) for i, task in enumerate(tasks))
        return
    for ended in work(_doing, list(enumerate(tasks)), jobs):
        yield ended.result or Done(ended.position, tasks[ended.position], failure=ended.failure)


def _doing() -> Callable[[tuple[int, Task]], Done]:
    return lambda numbered: do(*numbered)
