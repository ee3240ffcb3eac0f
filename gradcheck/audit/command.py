"""The command ``gradcheck audit``: how much of what is wrong is found, and what is said of what is right."""

from __future__ import annotations

import json as json_module
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcheck import discovery
from gradcheck.errors import InputError
from gradcheck.functions import Function
from gradcheck.progress import progress
from gradcheck.workers import default_jobs

if TYPE_CHECKING:
    from rich.console import Console

    from gradcheck.backend import Backend


def whole(
    console: Console,
    *,
    quick: bool = False,
    seed: int = 0,
    backends: Sequence[str] | None = None,
    jobs: int | None = None,
    json: Path | None = None,
) -> int:
    """Audit gradcheck itself, print what was found, and return the exit code.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    quick : bool
        Whether a few mutants of each kind will do.
    seed : int
        Varies functions, points and faults; the same seed gives the same figures.
    backends : sequence of str, optional
        Frameworks; by default every installed one that has custom rules.
    jobs : int, optional
        How many processes; by default `default_jobs`.
    json : Path, optional
        Where every single outcome is written.

    Returns
    -------
    int
        0 if every promised figure is reached, 1 if not, 130 if the audit was interrupted.

    Raises
    ------
    InputError
        If a backend has no custom rules, or none is installed.
    """
    from gradcheck.audit.plan import FULL, QUICK, plan
    from gradcheck.audit.summary import Summary
    from gradcheck.audit.tables import render

    names = _frameworks(backends)
    tasks = plan(QUICK if quick else FULL, names, seed)
    started = time.perf_counter()
    done, interrupted = _worked(tasks, jobs or default_jobs())
    settings = _settings(seed, names, time.perf_counter() - started)
    summary = Summary(tuple(sorted(done, key=lambda d: d.position)), len(tasks), quick, settings)
    render(summary, console)
    if json is not None:
        json.write_text(json_module.dumps(summary.to_dict(), indent=1), encoding="utf-8")
    if interrupted:
        return 130
    return 0 if all(promise.kept for promise in summary.promises()) else 1


def _frameworks(backends: Sequence[str] | None) -> list[str]:
    from gradcheck.audit.plan import FRAMEWORKS

    unknown = [name for name in backends or () if name not in FRAMEWORKS]
    if unknown:
        raise InputError(f"{unknown[0]} has no custom rules to audit; wanted some of {', '.join(FRAMEWORKS)}")
    if backends:
        return [discovery.load(name).name for name in FRAMEWORKS if name in backends]
    present = [name for name in FRAMEWORKS if not isinstance(discovery.find(name), discovery.Absence)]
    if not present:
        raise InputError(f"an audit needs one of {', '.join(FRAMEWORKS)}; try: pip install 'gradcheck[torch]'")
    return present


def _settings(seed: int, names: Sequence[str], seconds: float) -> dict[str, Any]:
    distributions = [d for name in names for d in discovery.load(name).frameworks]
    versions = discovery.versions(["gradcheck", "numpy", *distributions])
    return {"seed": seed, "backends": list(names), "versions": versions, "seconds": round(seconds, 1)}


def _worked(tasks: Sequence[Any], jobs: int) -> tuple[list[Any], bool]:
    """Do the tasks; an interrupt ends them and keeps what is done."""
    from gradcheck.audit.running import do_all

    done: list[Any] = []
    with progress(len(tasks)) as advance, closing(do_all(tasks, jobs)) as results:
        try:
            for result in results:
                done.append(result)
                advance(result.name)
        except KeyboardInterrupt:
            return done, True
    return done, False


def own(
    console: Console,
    target: Function,
    function: Function | None,
    arguments: tuple[Any, ...],
    *,
    backend: str | None = None,
    order: int = 1,
    seed: int = 0,
) -> int:
    """Audit a user's check, or gradcheck's on a user's function; print it, and return the exit code.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    target : Function
        A portable function, whose faults gradcheck and the framework's checkers are to find; or the
        user's check, see `gradcheck.audit.survey.users_check`.
    function : Function, optional
        For a check: the portable function that it is for; by default it is tried on some of ours.
    arguments : tuple
        The function's inputs.
    backend : str, optional
        The framework in which rules are made; by default the first one installed.
    order : {1, 2}
        2 implants faults of the second derivative as well.
    seed : int
        Varies what kinds of fault leave open, and our functions' points.

    Returns
    -------
    int
        0 if no fault is missed and no right gradient rejected, else 1.

    Raises
    ------
    InputError
        If the function is not portable, or no fault can be implanted in it.
    """
    from gradcheck.audit.recall import reference_backend
    from gradcheck.audit.survey import HAND_WRITTEN, checks_of, scalar_only, subjects_of, survey, users_check

    made = discovery.load(_frameworks([backend])[0]) if backend else reference_backend()
    by_hand = target.portable is None and target.parameters[1:2] == (HAND_WRITTEN,)
    if target.portable is not None:
        checks, subjects = checks_of(made, order), subjects_of(target, arguments)
    else:
        test = target.native["numpy"]
        checks, subjects = {target.name: users_check(test)}, subjects_of(function, arguments)
        if by_hand:
            subjects = scalar_only(subjects, seed)
    with progress(0) as advance:
        found = survey(checks, subjects, made, order=order, seed=seed, by_hand=by_hand, progress=advance)
    return _tell(console, found, checks, made)


def _tell(console: Console, found: Any, checks: Iterable[str], backend: Backend) -> int:
    """Print what the checks miss; 0 if the first of them, which is under audit, misses nothing."""
    from rich import box
    from rich.table import Table

    names = list(checks)
    table = Table("fault", f"in a {backend.name} rule of", *names, box=box.SIMPLE_HEAD)
    for fault in found.faults:
        table.add_row(fault.kind, fault.subject, *("missed" if fault.missed[name] else "found" for name in names))
    console.print(table)
    for name in names:
        missed = found.missed(name)
        console.print(f"{name} would miss {len(missed)} of {len(found.faults)} faults", highlight=False)
        if found.rejected[name]:
            these = ", ".join(found.rejected[name])
            console.print(f"{name} rejects the right gradient of {these}", highlight=False)
    return 1 if found.missed(names[0]) or found.rejected[names[0]] else 0
