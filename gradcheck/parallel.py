"""Cases of the catalogue in worker processes: faster, and a hang or a crash of native code is a verdict."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from gradcheck import discovery
from gradcheck.backend import Engine
from gradcheck.cases import Case, registry
from gradcheck.errors import InputError
from gradcheck.options import Options
from gradcheck.report import Report
from gradcheck.verification import verify
from gradcheck.workers import Work, default_jobs, persist

WORKER = Engine("worker")
"""Who is given the verdict on a case whose process did not survive it, where nobody knows which engine ended it."""
LIMIT = 600.0
"""The seconds that one case may take by default."""
COLLECTED = 20_000
"""How many new objects a worker gathers before it looks for what can go; Python looks at 700."""
MANY = 60
"""The number of cases from which on it pays to import the frameworks in several processes."""


def jobs_for(cases: Sequence[Case], wanted: int | None = None) -> int:
    """Return how many processes to check cases in: one for a few, or for cases that only this process knows.

    Parameters
    ----------
    cases : sequence of Case
        The cases.
    wanted : int, optional
        As many as a user asked for.

    Raises
    ------
    InputError
        If several processes are wanted for cases that do not ship with gradcheck.
    """
    if not all(case.builtin for case in cases):
        if wanted not in (None, 1):
            raise InputError("--jobs is for cases of the catalogue; those of a module are checked in one process")
        return 1
    if wanted is not None:
        return wanted
    return default_jobs() if len(cases) >= MANY else 1


def run(
    cases: Sequence[Case],
    options: Options,
    *,
    brief: bool,
    jobs: int,
    progress: Callable[[Case, Report], None],
    limit: float | None = None,
) -> Report:
    """Check cases of the catalogue in several processes, and report on all of them in their order.

    A derivative that ends its process, or is computed when the time of its case is up, is an ERROR of its
    engine; the case is checked again without it.

    Parameters
    ----------
    cases : sequence of Case
        Cases that ship with gradcheck: each process finds them by name.
    options : Options
        What to check them with.
    brief : bool
        As `gradcheck.verification.run`.
    jobs : int
        How many processes; each imports the frameworks.
    progress : callable
        Called with each case and its report as soon as it is done.
    limit : float, optional
        The seconds that one case may take; by default `LIMIT`.

    Raises
    ------
    UnknownNameError, MissingBackendError, BrokenBackendError
        For engines that do not exist or cannot be used, before anything runs.
    FunctionError
        If a process cannot import what it needs.
    """
    if options.backends is not None:
        list(discovery.engines(options.backends))
    started, reports = time.perf_counter(), dict[int, Report]()
    tasks = [case.name for case in cases]
    for ended in persist(partial(_prepared, options, brief), tasks, jobs, limit or LIMIT):
        case = cases[ended.position]
        report = Report.failed(case.name, WORKER, ended.failure) if ended.failure else ended.result
        reports[ended.position] = report
        progress(case, report)
    merged = Report.merge(reports[i] for i in sorted(reports))
    return replace(merged, seconds=time.perf_counter() - started)


def _prepared(options: Options, brief: bool) -> Work:
    discovery.load_catalogue()
    for name in discovery.names() if options.backends is None else []:
        discovery.find(name)
    gc.freeze()  # going through all that the frameworks hold, again and again, takes 5 % of the time
    gc.set_threshold(COLLECTED)

    def check(task: tuple[str, Mapping[str, str]]) -> Report:
        name, lost = task
        return replace(verify(registry[name], options, brief=brief, lost=lost), estimates=())

    return check
