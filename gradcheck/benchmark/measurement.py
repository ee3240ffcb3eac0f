"""Measuring one engine on one problem, size after size: what is prepared once, what is repeated, when to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from math import log
from typing import Any

from gradcheck import __version__, discovery
from gradcheck.backend import Backend, Engine, Prepared
from gradcheck.benchmark.problems import PROBLEMS, Problem
from gradcheck.cases import DEFAULT_POINT
from gradcheck.errors import GradcheckError, first_line
from gradcheck.judge.verdicts import Status, Verdict
from gradcheck.operators import Operator

SIZES = (1, 10, 100, 1_000, 10_000, 100_000)
QUICK_SIZES = (1, 100, 10_000)
VERIFIED_SIZE = 10
"""The size at which every engine is verified before it is timed."""

TIMED = (Status.AGREE, Status.IMPRECISE)
"""The verdicts with which an engine is timed."""

ROUND = 1e-4
"""The least duration of a timed round, in seconds; faster kernels are repeated within a round."""

STEEPEST = 3.0
"""The largest growth, as a power of the size, that is extrapolated: what dense linear algebra has."""


class CutOffError(GradcheckError):
    """An engine is not timed at a size; the message is the reason."""


@dataclass(frozen=True)
class Plan:
    """What is measured, and for how long.

    Parameters
    ----------
    problems : tuple of str
        Names in `PROBLEMS`.
    backends : tuple of str
        Selectors of engines: ``torch``, ``torch:compile``, ``torch:*``; empty means every
        registered backend: its default mode in a quick plan, else every mode.
    sizes : tuple of int
        The sizes, ascending.
    budget : float
        How long the timed rounds of one measurement may take, in seconds; one round is always made.
    limit : float
        An engine whose next size has taken, or would take, longer than this is cut off, in seconds.
    quick : bool
        Whether this is the short form.
    """

    problems: tuple[str, ...] = tuple(PROBLEMS)
    backends: tuple[str, ...] = ()
    sizes: tuple[int, ...] = SIZES
    budget: float = 0.25
    limit: float = 5.0
    quick: bool = False

    @classmethod
    def of(cls, *, problems: Sequence[str] = (), backends: Sequence[str] = (), quick: bool = False) -> Plan:
        """Return the plan of the command line; the quick one takes under a minute on two cores."""
        names = tuple(problems) or tuple(PROBLEMS)
        if quick:
            return cls(names, tuple(backends), QUICK_SIZES, budget=0.02, limit=3.0, quick=True)
        return cls(names, tuple(backends))

    def engines(self) -> tuple[tuple[Engine, ...], tuple[discovery.Absence, ...]]:
        """Return the engines to measure, and the backends that cannot be used here.

        Raises
        ------
        UnknownNameError, MissingBackendError, BrokenBackendError
            If an engine was asked for by name and is not there.
        """
        if self.backends:
            return tuple(discovery.engines(self.backends)), ()
        found = [discovery.find(name) for name in discovery.names()]
        absences = tuple(f for f in found if isinstance(f, discovery.Absence))
        present = [f.name for f in found if isinstance(f, Backend)]
        return tuple(discovery.engines(n if self.quick else f"{n}:*" for n in present)), absences


@dataclass(frozen=True)
class Subject:
    """What climbs the sizes: one engine with one operator of one problem."""

    problem: str
    engine: Engine
    operator: Operator


@dataclass
class Ladder:
    """The sizes that a subject has climbed, and what it cost there.

    Parameters
    ----------
    limit : float
        The longest that one size may take, in seconds.
    """

    limit: float
    sizes: list[int] = field(default_factory=list)
    preparations: list[float] = field(default_factory=list)
    executions: list[float] = field(default_factory=list)

    def add(self, size: int, preparation: float, execution: float) -> None:
        """Note what a size has cost, in seconds."""
        self.sizes.append(size)
        self.preparations.append(preparation)
        self.executions.append(execution)

    def refusal(self, size: int) -> str:
        """Say why `size` is not tried; empty if it is."""
        if not self.sizes:
            return ""
        last = self.preparations[-1] + self.executions[-1]
        took = f"size {self.sizes[-1]:,} took {_rough(last)} s"
        if last > self.limit:
            return f"{took}, over the limit of {self.limit:g} s"
        expected = self._extrapolated(self.preparations, size, floor=0.0)
        expected += self._extrapolated(self.executions, size, floor=1.0)
        if expected > self.limit:
            return f"{took}; this one would take about {_rough(expected)} s, over the limit of {self.limit:g} s"
        return ""

    def _extrapolated(self, costs: Sequence[float], size: int, floor: float) -> float:
        """Continue the growth since the dearest earlier size as a power of the size, of at least `floor`."""
        power = floor
        earlier = [(cost, n) for cost, n in zip(costs[:-1], self.sizes[:-1], strict=True) if n < self.sizes[-1]]
        if earlier and max(earlier)[0] > 0 and costs[-1] > 0:
            cost, n = max(earlier)
            power = log(costs[-1] / cost) / log(self.sizes[-1] / n)
        growth: float = (size / self.sizes[-1]) ** min(max(power, floor), STEEPEST)
        return costs[-1] * growth


@dataclass(frozen=True)
class Trial:
    """A subject at one size, prepared and warmed up.

    Parameters
    ----------
    subject : Subject
        Who is timed.
    size : int
        The number of differentiated elements.
    native : bool
        Whether the operator is the framework's own.
    preparation : float
        What the first call took beyond a later one: binding, tracing, compiling; in seconds.
    execution : float
        What one execution takes, roughly, in seconds.
    execute : callable
        One execution on loaded arrays, waited for.
    """

    subject: Subject
    size: int
    native: bool
    preparation: float
    execution: float
    execute: Callable[[], Any]

    @classmethod
    def start(cls, backend: Backend, subject: Subject, problem: Problem, size: int) -> Trial:
        """Prepare, execute for the first time, and warm up.

        Raises
        ------
        CutOffError
            With the framework's reason, if it cannot do this.
        """
        case = problem.case(size)
        inputs = case.points()[DEFAULT_POINT]
        try:
            started = time.perf_counter()
            prepared = backend.prepare(case.function, inputs, subject.operator, subject.engine.mode)
            binding = time.perf_counter() - started
            loaded = prepared.load(inputs.arrays)
            first = _seconds(prepared, loaded)
            later = _seconds(prepared, loaded)
            if later < ROUND:  # so short that one call says little
                later = min(_seconds(prepared, loaded) for _ in range(3))
        except Exception as error:
            raise CutOffError(_reason(backend, error, subject.operator)) from error
        return cls(
            subject,
            inputs.size,
            prepared.native,
            binding + max(0.0, first - later),
            later,
            lambda: prepared.execute(loaded),
        )

    @property
    def iterations(self) -> int:
        """How often the kernel runs within one round."""
        return max(1, round(ROUND / max(self.execution, 1e-9)))

    def rounds(self, budget: float) -> int:
        """Return how many rounds `budget` seconds allow: from 1 (3 where they are short) to 50."""
        least = 3 if self.execution < budget else 1
        return min(50, max(least, int(budget / (self.execution * self.iterations + 1e-9))))


def _seconds(prepared: Prepared, loaded: Sequence[Sequence[Any]]) -> float:
    started = time.perf_counter()
    prepared.execute(loaded)
    return time.perf_counter() - started


def _reason(backend: Backend, error: Exception, operator: Operator) -> str:
    if isinstance(error, GradcheckError):
        return str(error)
    return backend.unsupported(error, operator) or first_line(error)


def _rough(number: float) -> str:
    """Write two significant digits without an exponent: ``0.54``, ``4,400``."""
    return f"{float(f'{number:.2g}'):,g}"


Verify = Callable[[Problem, Sequence[Engine]], Mapping[tuple[Engine, Operator], Verdict]]


class Climb:
    """A run of the benchmark: verifies engines, starts trials and remembers who stopped where, and why.

    Parameters
    ----------
    plan : Plan
        What is measured.
    verify : callable, optional
        Gives the verdict of each engine and operator on a problem; by default `verdicts`.
    """

    def __init__(self, plan: Plan, verify: Verify | None = None) -> None:
        self.plan = plan
        self._verify = verify or verdicts
        self._verdicts: dict[str, Mapping[tuple[Engine, Operator], Verdict]] = {}
        self._ladders: dict[Subject, Ladder] = {}
        self._cut_offs: dict[Subject, tuple[int, str]] = {}
        self._excluded: dict[Subject, tuple[str, str]] = {}

    @cached_property
    def _found(self) -> tuple[tuple[Engine, ...], tuple[discovery.Absence, ...]]:
        return self.plan.engines()

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The engines of the plan."""
        return self._found[0]

    def start(self, problem: str, engine: str, operator: str, size: int) -> Trial:
        """Prepare an engine at a size; sizes are asked for in ascending order.

        Raises
        ------
        CutOffError
            If it is not to be timed: its verdict is against it, or it stopped here or before.
        """
        subject = Subject(problem, self._engine(engine), Operator(operator))
        self._refuse_unverified(subject)
        if subject in self._cut_offs:
            raise CutOffError("stopped at size {:,}: {}".format(*self._cut_offs[subject]))
        elements = PROBLEMS[problem].case(size).points()[DEFAULT_POINT].size
        ladder = self._ladders.setdefault(subject, Ladder(self.plan.limit))
        reason = ladder.refusal(elements)
        if reason:
            return self._stop(subject, elements, reason)
        try:
            trial = Trial.start(discovery.load(subject.engine.backend), subject, PROBLEMS[problem], size)
        except CutOffError as error:
            return self._stop(subject, elements, str(error))
        ladder.add(elements, trial.preparation, trial.execution)
        return trial

    def _engine(self, name: str) -> Engine:
        return next(engine for engine in self.engines if str(engine) == name)

    def _stop(self, subject: Subject, size: int, reason: str) -> Trial:
        self._cut_offs[subject] = (size, reason)
        raise CutOffError(f"size {size:,}: {reason}")

    def _refuse_unverified(self, subject: Subject) -> None:
        verdict = self._verdict(subject)
        if verdict is not None and verdict.status in TIMED:
            return
        status = Status.UNSUPPORTED.value if verdict is None else verdict.status.value
        reason = _absence(subject) if verdict is None else verdict.evidence.reason
        self._excluded[subject] = (status, reason)
        raise CutOffError(f"not timed, its verdict is {status}{': ' + reason if reason else ''}")

    def _verdict(self, subject: Subject) -> Verdict | None:
        if subject.problem not in self._verdicts:
            self._verdicts[subject.problem] = self._verify(PROBLEMS[subject.problem], self.engines)
        return self._verdicts[subject.problem].get((subject.engine, subject.operator))

    def extra_info(self, trial: Trial) -> dict[str, Any]:
        """Return what a record of pytest-benchmark holds besides its times."""
        backend = discovery.load(trial.subject.engine.backend)
        verdict = self._verdict(trial.subject)
        return {
            "problem": trial.subject.problem,
            "size": trial.size,
            "engine": str(trial.subject.engine),
            "backend": backend.name,
            "mode": trial.subject.engine.mode or next(iter(backend.modes)),
            "operator": trial.subject.operator.value,
            "native": trial.native,
            "preparation_seconds": trial.preparation,
            "verdict": verdict.status.value if verdict is not None else "",
            "versions": {"gradcheck": __version__, **discovery.versions(("numpy", *backend.frameworks))},
        }

    def facts(self) -> dict[str, Any]:
        """Return what belongs to the whole run, in JSON's types: the plan, cut-offs, exclusions, absences."""
        return {
            "plan": asdict(self.plan),
            "cut_offs": [
                {**_named(subject), "size": size, "reason": reason}
                for subject, (size, reason) in self._cut_offs.items()
            ],
            "excluded": [
                {**_named(subject), "verdict": verdict, "reason": reason}
                for subject, (verdict, reason) in self._excluded.items()
            ],
            "absences": [asdict(absence) for absence in self._found[1]],
        }

    def refuted(self) -> list[str]:
        """Name the engines whose verdict is against them, rather than missing or undecided."""
        undecided = {Status.UNSUPPORTED.value, Status.INCONCLUSIVE.value}
        return sorted({str(s.engine) for s, (status, _) in self._excluded.items() if status not in undecided})


def _absence(subject: Subject) -> str:
    """Say why the verification left an engine out."""
    case = PROBLEMS[subject.problem].case(VERIFIED_SIZE)
    backend, inputs = discovery.load(subject.engine.backend), case.points()[DEFAULT_POINT]
    try:
        backend.prepare(case.function, inputs, subject.operator, subject.engine.mode).run(inputs.arrays)
    except Exception as error:
        return _reason(backend, error, subject.operator)
    return "it took no part in the verification"


def _named(subject: Subject) -> dict[str, str]:
    return {"problem": subject.problem, "engine": str(subject.engine), "operator": subject.operator.value}


def verdicts(problem: Problem, engines: Sequence[Engine]) -> dict[tuple[Engine, Operator], Verdict]:
    """Verify engines on a small form of a problem, the closed form and the numerical engine always among them."""
    from gradcheck.verification import Options, verify  # it imports the judge; a stored report needs none of it

    names = dict.fromkeys([*map(str, engines), "analytic", "numerical"])
    operators = (Operator.VALUE, Operator.GRADIENT)
    report = verify(problem.case(VERIFIED_SIZE), Options(backends=tuple(names)), operators=operators)
    return {(v.engine, v.operator): v for v in report.verdicts}
