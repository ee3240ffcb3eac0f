"""Sources of cases: test bases that frameworks keep for themselves, whose samples become cases.

A source comes in through the entry-point group ``gradcheck.sources``. It has entries, most often one for
each operation; an entry either says why it cannot be checked or draws cases from its samples.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache, partial
from typing import Any, ClassVar

from gradcheck import discovery
from gradcheck.cases import Case
from gradcheck.defects import explained
from gradcheck.errors import BrokenBackendError, GradcheckError, MissingBackendError, UnknownNameError, first_line
from gradcheck.estimates import Engine
from gradcheck.functions import Function
from gradcheck.judge.verdicts import Status, Verdict
from gradcheck.options import Options
from gradcheck.report import Report, severity
from gradcheck.verification import verify
from gradcheck.workers import persist

GROUP = "gradcheck.sources"


@dataclass(frozen=True)
class Drawing:
    """How samples are to be drawn.

    Parameters
    ----------
    samples : int
        How many, at most.
    seed : int
        Varies random samples.
    dtype : str, optional
        The dtype of the inputs; by default double precision.
    """

    samples: int = 2
    seed: int = 0
    dtype: str | None = None


@dataclass(frozen=True)
class Drawn:
    """What was drawn from an entry.

    Parameters
    ----------
    cases : tuple of Case
        One for each sample that can be checked.
    left_out : tuple of str
        Why other samples cannot be.
    """

    cases: tuple[Case, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """What a source has on one operation.

    Parameters
    ----------
    name : str
        Unique in the source.
    draw : callable
        Makes the cases, when they are wanted.
    obstacle : str
        Why none can be made; empty if some can.
    remark : str
        What the framework's own tests say of its derivatives: that they are skipped or expected to fail.
    aliases : tuple of str
        Other names that a selection can mean it by.
    """

    name: str
    draw: Callable[[Drawing], Drawn]
    obstacle: str = ""
    remark: str = ""
    aliases: tuple[str, ...] = ()

    def fits(self, pattern: str) -> bool:
        """Whether a name, or a pattern with ``*`` and ``?``, means this entry."""
        return any(fnmatchcase(name, pattern) for name in (self.name, *self.aliases))


class Source(ABC):
    """A test base with samples of inputs.

    Attributes
    ----------
    name : str
        The name under which the entry point registers it.
    engines : tuple of str
        Who is tested by default, where a case has a form for them; the first is the owner's.
    """

    name: ClassVar[str]
    engines: ClassVar[tuple[str, ...]]

    @abstractmethod
    def entries(self) -> Sequence[Entry]:
        """Return all entries, in the source's own order; no samples are drawn."""

    def select(self, patterns: Iterable[str] = ()) -> list[Entry]:
        """Return the entries with any of these names or patterns; all of them without patterns.

        Raises
        ------
        UnknownNameError
            If a pattern fits no entry.
        """
        entries, wanted = list(self.entries()), list(patterns)
        for pattern in wanted:
            if not any(entry.fits(pattern) for entry in entries):
                known = (name for entry in entries for name in (entry.name, *entry.aliases))
                raise UnknownNameError(f"entry of {self.name}", pattern, known)
        return [entry for entry in entries if not wanted or any(entry.fits(pattern) for pattern in wanted)]


@dataclass(frozen=True)
class Checked:
    """What became of one entry.

    Parameters
    ----------
    entry : str
        Its name.
    report : Report
        On its samples; without verdicts if none was checked.
    samples : int
        How many were checked.
    reason : str
        Why none was checked, or why samples were left out.
    remark : str
        What the framework's own tests say, see `Entry`.
    """

    entry: str
    report: Report
    samples: int = 0
    reason: str = ""
    remark: str = ""

    @property
    def status(self) -> Status | None:
        """The worst that was found of the engines under test; None if nothing was checked."""
        found = [v.status for v in self.report.verdicts if not v.witness]
        return max(found, key=severity, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return what became of it in JSON's types, without the verdicts."""
        return {
            "name": self.entry,
            "samples": self.samples,
            "status": self.status.value if self.status else None,
            "reason": self.reason,
            "upstream": self.remark,
        }


def names() -> list[str]:
    """Return the names of all registered sources, sorted."""
    return sorted(discovery.registered(GROUP, "source"))


@cache
def load(name: str) -> Source:
    """Return a source.

    Raises
    ------
    UnknownNameError
        If no such source is registered.
    MissingBackendError, BrokenBackendError
        If its framework is not installed, or it cannot be loaded.
    """
    entries = discovery.registered(GROUP, "source")
    if name not in entries:
        raise UnknownNameError("source of cases", name, entries)
    try:
        source = entries[name].load()()
    except ModuleNotFoundError as error:
        raise MissingBackendError(f"{name} needs {error.name}; try: pip install {error.name}") from error
    except Exception as error:
        raise BrokenBackendError(f"{name} is broken: {first_line(error)}") from error
    if not isinstance(source, Source) or source.name != name:
        raise BrokenBackendError(f"{name} is broken: {entries[name].value} is not a Source named {name!r}")
    return source


def examine(
    source: Source, entry: Entry, options: Options, samples: int, lost: Mapping[str, str] | None = None
) -> Checked:
    """Draw an entry's cases and check them, without the derivatives that are lost; what cannot be drawn says why."""
    if entry.obstacle:
        return Checked(entry.name, Report(()), reason=entry.obstacle, remark=entry.remark)
    try:
        drawn = entry.draw(Drawing(samples, options.seed, options.dtype))
    except Exception as error:
        drawn = Drawn((), (f"its samples cannot be drawn: {first_line(error)}",))
    reports, left_out = [], list(drawn.left_out)
    for case in drawn.cases:
        try:
            engines = options.backends or _engines(source, case.function)
            report, lacking = _supported(verify(case, replace(options, backends=engines), lost=lost))
            report = replace(report, verdicts=tuple(explained(report.verdicts, source.name)))
            left_out += lacking
            if report.verdicts:
                reports.append(report)
        except GradcheckError as error:
            left_out.append(first_line(error))
    report = replace(Report.merge(reports), estimates=())  # they are large, and this may go to another process
    return Checked(entry.name, report, len(reports), "; ".join(dict.fromkeys(left_out)), entry.remark)


def _supported(report: Report) -> tuple[Report, list[str]]:
    """Leave out the operators that no engine under test has, and say so: here it is nothing to fail for."""
    supported = {v.operator for v in report.verdicts if not v.witness and v.status is not Status.UNSUPPORTED}
    lacking = {v.operator: v.evidence.reason for v in report.verdicts if not v.witness and v.operator not in supported}
    kept = tuple(v for v in report.verdicts if v.operator in supported)
    return replace(report, verdicts=kept), [f"no engine has its {o}: {reason}" for o, reason in lacking.items()]


def _engines(source: Source, function: Function) -> tuple[str, ...]:
    """Return the source's engines that have a form of a function."""
    return tuple(e for e in source.engines if Engine.parse(e).backend in function.native or function.portable)


def check(
    source: Source, entries: Sequence[Entry], options: Options, samples: int, jobs: int, limit: float
) -> Generator[Checked]:
    """Check entries in worker processes, and yield what became of each as soon as it is known.

    Parameters
    ----------
    source : Source
        A registered source.
    entries : sequence of Entry
        Some of its entries.
    options : Options
        What to check them with.
    samples : int
        How many samples of each, at most.
    jobs : int
        How many processes work on them.
    limit : float
        The seconds that one entry may take.
    """
    yield from (examine(source, entry, options, samples) for entry in entries if entry.obstacle)
    rest = [entry for entry in entries if not entry.obstacle]
    prepare = partial(_examining, source.name, options, samples)
    for ended in persist(prepare, [entry.name for entry in rest], jobs, limit):
        yield ended.result or _lost(source, rest[ended.position], ended.failure)


def _examining(name: str, options: Options, samples: int) -> Callable[[tuple[str, Mapping[str, str]]], Checked]:
    source = load(name)
    entries = {entry.name: entry for entry in source.entries()}
    return lambda task: examine(source, entries[task[0]], options, samples, task[1])


def _lost(source: Source, entry: Entry, failure: str) -> Checked:
    """Report an entry that took its process with it as an error of the owner's engine."""
    report = Report.failed(entry.name, Engine.parse(source.engines[0]), failure)
    return Checked(entry.name, report, reason=failure, remark=entry.remark)


def reported(source: Source, checked: Sequence[Checked], seconds: float) -> Report:
    """Return one report on all entries, which says in its settings what became of each."""
    report = Report.merge(c.report for c in checked if c.report.verdicts)
    told = {"source": source.name, "entries": [c.to_dict() for c in checked]}
    verdicts = tuple(_remarked(v, c.remark) for c in checked for v in c.report.verdicts)
    return replace(report, verdicts=verdicts, settings={**report.settings, **told}, seconds=seconds)


def _remarked(verdict: Verdict, remark: str) -> Verdict:
    """Say of a failing verdict that the framework's own tests leave out what fails."""
    if not remark or verdict.status.passes or verdict.status is Status.UNSUPPORTED:
        return verdict
    reason = "; ".join(part for part in (verdict.evidence.reason, remark) if part)
    return replace(verdict, evidence=replace(verdict.evidence, reason=reason))


def reasons(checked: Iterable[Checked]) -> Counter[str]:
    """Count the entries that were not checked by what their reasons begin with."""
    return Counter(c.reason.partition(":")[0] for c in checked if not c.samples)
