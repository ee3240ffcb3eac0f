"""The one road: a case goes to the engines, their estimates to the judge, the verdicts into a report.

`check` (one function at hand), `run` (cases of the registry), the pytest plugin, the command line
and the benchmarks all enter here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck import discovery
from gradcheck.backend import Engine, Estimate
from gradcheck.cases import DEFAULT_POINT, Case, registry
from gradcheck.errors import InputError, UnknownNameError
from gradcheck.functions import Function, parse_argnums
from gradcheck.judge.ladder import REFEREE, judge
from gradcheck.judge.testimony import Question
from gradcheck.judge.verdicts import Status, Verdict
from gradcheck.lineup import Lineup, lineup
from gradcheck.operators import Operator
from gradcheck.options import Options, parse_operator
from gradcheck.probing import Prober
from gradcheck.report import Report, place
from gradcheck.session import Session, Workshop

__all__ = ["REFEREE", "Options", "check", "operators_of", "parse_operator", "run", "verify"]


def check(
    f: Callable[..., Any] | Mapping[str, Callable[..., Any]] | Function,
    *inputs: Any,
    gradient: Callable[..., Any] | None = None,
    jacobian: Callable[..., Any] | None = None,
    vjp: Callable[..., Any] | None = None,
    hessian: Callable[..., Any] | None = None,
    backends: Sequence[str] | None = None,
    operator: str | Sequence[str] | None = None,
    order: int = 1,
    dtype: str | None = None,
    argnums: int | Sequence[int] | None = None,
    witness: str | None = "auto",
    strict: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
    seed: int = 0,
) -> Report:
    """Check a function's derivatives: ``assert gradcheck.check(f, x)``.

    Parameters
    ----------
    f : callable or mapping of str to callable
        A portable function, whose first parameter is named ``xp``; a native NumPy function; or a
        mapping from backend to that framework's own function.
    *inputs : pytrees
        The positional arguments: arrays, numbers, and lists, tuples and dicts of them.
    gradient, jacobian, vjp, hessian : callable, optional
        Rules written by hand in NumPy, checked as the engine ``analytic``: ``gradient(*inputs)``,
        ``jacobian(*inputs)``, ``vjp(inputs, cotangent)``, ``hessian(*inputs)``. Of several leaves the
        Hessian has one array for each pair of them, row by row: ``((h_ww, h_wx), (h_xw, h_xx))``.
    backends : sequence of str, optional
        Engines under test; by default every installed backend's default engine.
    operator : str or sequence of str, optional
        What to check; by default the gradient of a scalar function and the Jacobian of any other.
    order : {1, 2}
        2 checks the Hessian as well; that of a vector function is the Hessian of <u, f> for a random u.
    dtype : str, optional
        ``"float32"``, ``"float64"``, ``"complex64"`` or ``"complex128"``; by default the inputs'.
    argnums : int or sequence of int, optional
        Which arguments to differentiate; by default all with floating-point leaves.
    witness : str, optional
        A backend added to the check where it is not asked for: ``"auto"`` is the numerical one.
    strict : bool
        Whether IMPRECISE and CONVENTION make the report false.
    rtol, atol : float, optional
        Tolerances to impose; without them gradcheck derives its own.
    seed : int
        Varies random tangents and cotangents.

    Returns
    -------
    Report
        True if every engine under test that supports the operators agrees with an independent one.

    Raises
    ------
    InputError
        If there is nothing to differentiate, or an input or option makes no sense.
    UnknownNameError
        For a backend, mode or operator that does not exist.
    MissingBackendError, BrokenBackendError
        For a backend that was asked for by name and cannot be used.
    """
    function = Function.of(f, gradient=gradient, jacobian=jacobian, vjp=vjp, hessian=hessian)
    if isinstance(backends, str):
        raise InputError(f"backends is a sequence of names, got one string; write backends=[{backends!r}]")
    names = (operator,) if isinstance(operator, str) else _sequence_of_names("operator", operator or ())
    chosen = None if backends is None else _sequence_of_names("backends", backends)
    if chosen and function.has_rule and "analytic" not in chosen:
        chosen = (*chosen, "analytic")  # a rule that was handed in is under test, whatever else is
    options = Options(
        chosen,
        tuple(parse_operator(name) for name in names),
        order,
        dtype,
        witness,
        strict,
        rtol,
        atol,
        seed,
    )
    numbers = None if argnums is None else parse_argnums(argnums)
    return verify(Case(function.name, function, lambda rng: tuple(inputs), argnums=numbers), options)


def _sequence_of_names(what: str, given: Any) -> tuple[str, ...]:
    names = tuple(given) if isinstance(given, Iterable) else (given,)
    if not all(isinstance(name, str) for name in names):
        raise InputError(f"{what} must be a sequence of names, got {given!r:.60}")
    return names


def run(
    cases: Iterable[Case | str],
    options: Options | None = None,
    *,
    brief: bool = False,
    progress: Callable[[Case, Report], None] | None = None,
) -> Report:
    """Check cases, one after the other, and report on all of them.

    Parameters
    ----------
    cases : iterable of Case or str
        Cases, or names of registered ones.
    options : Options, optional
        What to check them with.
    brief : bool
        Whether to check each case at its first point only, and its first operator.
    progress : callable, optional
        Called with each case and its report as soon as it is done.

    Raises
    ------
    UnknownNameError, MissingBackendError, BrokenBackendError, InputError
        For names that do not exist or cannot be used, or a case whose inputs make no sense, before
        anything runs.
    """
    options = options or Options()
    wanted = list(cases)
    if any(isinstance(c, str) for c in wanted):
        discovery.load_catalogue()
    chosen = [registry[c] if isinstance(c, str) else c for c in wanted]
    if options.backends is not None:
        list(discovery.engines(options.backends))
    for case in chosen:
        case.points(options.seed, options.dtype)
    reports = []
    for case in chosen:
        report = verify(case, options, brief=brief)
        reports.append(report)
        if progress is not None:
            progress(case, report)
    return Report.merge(reports)


def verify(
    case: Case,
    options: Options | None = None,
    operators: Sequence[Operator] | None = None,
    points: Sequence[str] | None = None,
    *,
    brief: bool = False,
    lost: Mapping[str, str] | None = None,
) -> Report:
    """Check one case.

    Parameters
    ----------
    case : Case
        The case.
    options : Options, optional
        What to check it with.
    operators : sequence of Operator, optional
        In place of the case's own.
    points : sequence of str, optional
        Some of its points; by default all.
    brief : bool
        Whether to check the first of these points only, and the first operator.
    lost : mapping of str to str, optional
        Derivatives that ended a process, as ``"torch:compile hvp"``, and how: an ERROR each, and not run again.

    Raises
    ------
    InputError, UnknownNameError, MissingBackendError, BrokenBackendError
        As `check`.
    """
    options = options or Options()
    started = time.perf_counter()
    chosen = lineup(case.function, options)
    everywhere, left_out = case.points(options.seed, options.dtype), case.left_out(options.dtype)
    for point in points or ():
        if point not in everywhere:
            raise UnknownNameError(f"point of {case.name}", point, everywhere)
    verdicts: list[Verdict] = []
    estimates: list[Estimate] = []
    workshop = Workshop(case.function, lost)
    for point in list(points or everywhere)[: 1 if brief else None]:
        session, estimates = Session(case, point, everywhere[point], chosen, options, workshop), []
        prober = Prober(chosen.engines)
        for operator in _first(session.operators(operators)) if brief else session.operators(operators):
            asked = session.asked(operator)
            question, judged = _judged(asked, operator)
            with np.errstate(all="ignore"):  # what overflows or is NaN is judged, not warned of
                verdicts += prober.examined(question, judged, asked.function, asked.workshop)
            estimates += [t.estimate for t in question.testimonies if t.estimate is not None]
    if case.builtin:
        from gradcheck.defects import marked  # here, since a check of one's own function does not need the table

        verdicts = marked(verdicts, {point: inputs.dtype.name for point, inputs in everywhere.items()})
    return Report(
        tuple(verdicts),
        chosen.absences,
        _settings(options, chosen, verdicts, estimates),
        time.perf_counter() - started,
        tuple(estimates),
        tuple(place(case.name, point) for point in sorted(left_out)),
    )


def _judged(session: Session, operator: Operator) -> tuple[Question, list[Verdict]]:
    """Ask and judge; witnesses that can be spared are asked where not all the others agree."""
    spares = session.spares(operator)
    question = session.question(operator, sparing=spares)
    with np.errstate(all="ignore"):
        verdicts = judge(question)
        if spares and any(verdict.status not in (Status.AGREE, Status.UNSUPPORTED) for verdict in verdicts):
            question = session.question(operator)
            verdicts = judge(question)
    return question, verdicts


def _first(operators: Sequence[Operator]) -> list[Operator]:
    """Return the value, where it is asked for, and the first derivative."""
    values = [o for o in operators if o is Operator.VALUE]
    return values + [o for o in operators if o is not Operator.VALUE][:1]


def operators_of(case: Case, seed: int = 0) -> tuple[Operator, ...]:
    """Return the operators that a case is checked with; undeclared ones are found by evaluating it once."""
    if case.operators:
        return case.operators
    options = Options(backends=(REFEREE,), seed=seed)  # NumPy tells, where it can, without any framework
    inputs = next(iter(case.points(seed).values()))
    chosen, workshop = lineup(case.function, options), Workshop(case.function)
    return Session(case, DEFAULT_POINT, inputs, chosen, options, workshop).default_operators()


def _settings(
    options: Options, chosen: Lineup, verdicts: Sequence[Verdict], estimates: Sequence[Estimate]
) -> dict[str, Any]:
    named = {Engine.parse(v.evidence.reference_engine) for v in verdicts if v.evidence.reference_engine}
    spoken = named | {estimate.engine for estimate in estimates}
    called = [discovery.load(e.backend) for e in chosen.referees if e in spoken]
    backends = [*called, *(e.backend for e in chosen.engines)]
    distributions = {"numpy", *(d for backend in backends for d in backend.frameworks)}
    return {
        "seed": options.seed,
        "dtype": options.dtype,
        "strict": options.strict,
        "rtol": options.rtol,
        "atol": options.atol,
        "backends": None if options.backends is None else list(options.backends),
        "versions": discovery.versions(["gradcheck", *sorted(distributions)]),
    }
