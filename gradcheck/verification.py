"""The one road: a case goes to the engines, their estimates to the judge, the verdicts into a report.

`check` (one function at hand), `run` (cases of the registry), the pytest plugin, the command line
and the benchmarks all enter here.
"""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from gradcheck import discovery
from gradcheck.backend import Backend, Engine, Estimate, Prepared
from gradcheck.cases import DEFAULT_POINT, Case, registry
from gradcheck.discovery import Absence
from gradcheck.errors import (
    BrokenBackendError,
    FunctionError,
    GradcheckError,
    InputError,
    UnknownNameError,
    UnsupportedError,
    first_line,
)
from gradcheck.functions import Array, Function, Inputs, parse_argnums
from gradcheck.judge.ladder import REFEREE, Question, Testimony, judge
from gradcheck.judge.verdicts import Verdict
from gradcheck.operators import Operator
from gradcheck.report import Report

T = TypeVar("T")

SECOND_OPINION = "ridders"
"""The mode of the referee that confirms a suspicion."""
_OTHER_PRECISION = {"float32": "float64", "float64": "float32", "complex64": "complex128", "complex128": "complex64"}


@dataclass(frozen=True)
class Options:
    """What a check can be told.

    Parameters
    ----------
    backends : tuple of str, optional
        Engines under test: ``torch``, ``torch:compile``, ``torch:*``; by default the default
        engine of every installed backend that has a form of the function.
    operators : tuple of Operator
        By default the gradient of a scalar function and the Jacobian of any other, or what the case declares.
    order : {1, 2}
        2 checks the Hessian of scalar functions as well.
    dtype : str, optional
        What the inputs are rounded to; by default the widest dtype among them.
    witness : str, optional
        ``"auto"`` adds the numerical engine where it is not under test; another backend's name
        adds that one; None adds nothing.
    strict : bool
        Whether IMPRECISE and CONVENTION count as failures.
    rtol, atol : float, optional
        Tolerances to impose in place of the derived ones.
    seed : int
        Varies random inputs, tangents and cotangents.
    """

    backends: tuple[str, ...] | None = None
    operators: tuple[Operator, ...] = ()
    order: int = 1
    dtype: str | None = None
    witness: str | None = "auto"
    strict: bool = False
    rtol: float | None = None
    atol: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.order not in (1, 2):
            raise InputError(f"order must be 1 or 2, got {self.order!r}")
        if self.backends is not None and not self.backends:
            raise InputError("backends names no engine; leave it out to check every installed backend")
        for name in ("rtol", "atol"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, (int, float)) and 0 <= value < math.inf):
                raise InputError(f"{name} must be a finite number >= 0, got {value!r}")
        if not isinstance(self.seed, int) or self.seed < 0:
            raise InputError(f"seed must be an integer >= 0, got {self.seed!r}")


def check(
    f: Callable[..., Any] | Mapping[str, Callable[..., Any]] | Function,
    *inputs: Any,
    gradient: Callable[..., Any] | None = None,
    jacobian: Callable[..., Any] | None = None,
    vjp: Callable[..., Any] | None = None,
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
    gradient, jacobian, vjp : callable, optional
        Rules written by hand in NumPy, checked as the engine ``analytic``: ``gradient(*inputs)``,
        ``jacobian(*inputs)``, ``vjp(inputs, cotangent)``.
    backends : sequence of str, optional
        Engines under test; by default every installed backend's default engine.
    operator : str or sequence of str, optional
        What to check; by default the gradient of a scalar function and the Jacobian of any other.
    order : {1, 2}
        2 checks the Hessian of a scalar function as well.
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
    function = Function.of(f, gradient=gradient, jacobian=jacobian, vjp=vjp)
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


def parse_operator(name: str) -> Operator:
    """Return the operator of a name.

    Raises
    ------
    UnknownNameError
        With the nearest names.
    """
    try:
        return Operator(name)
    except ValueError:
        raise UnknownNameError("operator", str(name), [o.value for o in Operator]) from None


def run(
    cases: Iterable[Case | str],
    options: Options | None = None,
    *,
    progress: Callable[[Case, Report], None] | None = None,
) -> Report:
    """Check cases, one after the other, and report on all of them.

    Parameters
    ----------
    cases : iterable of Case or str
        Cases, or names of registered ones.
    options : Options, optional
        What to check them with.
    progress : callable, optional
        Called with each case and its report as soon as it is done.

    Raises
    ------
    UnknownNameError, MissingBackendError, BrokenBackendError, InputError
        For names that do not exist or cannot be used, or a case whose inputs make no sense, before
        anything runs.
    """
    options = options or Options()
    chosen = [registry[c] if isinstance(c, str) else c for c in cases]
    if options.backends is not None:
        list(discovery.engines(options.backends))
    for case in chosen:
        case.points(options.seed, options.dtype)
    reports = []
    for case in chosen:
        report = verify(case, options)
        reports.append(report)
        if progress is not None:
            progress(case, report)
    return Report.merge(reports)


def verify(
    case: Case,
    options: Options | None = None,
    operators: Sequence[Operator] | None = None,
    points: Sequence[str] | None = None,
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

    Raises
    ------
    InputError, UnknownNameError, MissingBackendError, BrokenBackendError
        As `check`.
    """
    options = options or Options()
    started = time.perf_counter()
    lineup = _lineup(case.function, options)
    everywhere = case.points(options.seed, options.dtype)
    for point in points or ():
        if point not in everywhere:
            raise UnknownNameError(f"point of {case.name}", point, everywhere)
    verdicts: list[Verdict] = []
    estimates: list[Estimate] = []
    workshop = _Workshop(case.function)
    for point in points or everywhere:
        session = _Session(case, point, everywhere[point], lineup, options, workshop)
        for operator in session.operators(operators):
            verdicts += judge(session.question(operator))
        estimates = session.estimates
    return Report(
        tuple(verdicts),
        lineup.absences,
        _settings(options, lineup),
        time.perf_counter() - started,
        tuple(estimates),
    )


def operators_of(case: Case, seed: int = 0) -> tuple[Operator, ...]:
    """Return the operators that a case is checked with; undeclared ones are found by evaluating it once."""
    if case.operators:
        return case.operators
    options = Options(backends=(REFEREE,), seed=seed)  # NumPy tells, where it can, without any framework
    inputs = next(iter(case.points(seed).values()))
    lineup, workshop = _lineup(case.function, options), _Workshop(case.function)
    return _Session(case, DEFAULT_POINT, inputs, lineup, options, workshop).default_operators()


# -- who takes part ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Engine:
    """An engine that takes part, with its backend and, where it has one, its host."""

    engine: Engine
    backend: Backend
    witness: bool = False
    host: Backend | None = None


@dataclass(frozen=True)
class _Lineup:
    engines: tuple[_Engine, ...]
    absences: tuple[Absence, ...]


def _lineup(function: Function, options: Options) -> _Lineup:
    """Choose the engines under test and the witnesses."""
    for key in function.native:
        if key != "numpy" and key not in discovery.names():
            raise UnknownNameError("backend of a native function", key, [*discovery.names(), "numpy"])
    absences: list[Absence] = []
    if options.backends is not None:
        tested = [_Engine(e, discovery.load(e.backend)) for e in discovery.engines(options.backends)]
    else:
        found = {name: discovery.find(name) for name in _candidates(function)}
        absences = [a for a in found.values() if isinstance(a, Absence)]
        _refuse_absent_natives(function, absences)
        tested = [_Engine(b.engine(), b) for b in found.values() if isinstance(b, Backend)]
    tested = [hosted for engine in tested for hosted in _hosted(engine, function)]
    witnesses = [w for w in _witnesses(function, options, tested) if w.engine not in {t.engine for t in tested}]
    return _Lineup((*tested, *witnesses), tuple(absences))


def _candidates(function: Function) -> list[str]:
    """Return the backends that could have a form of the function; a rule beside NumPy's forward is tested alone."""
    if function.portable is not None:
        names = [n for n in discovery.names() if n != "analytic"]
    else:
        names = sorted(key for key in function.native if key != "numpy")
        if not names and not function.has_rule:
            return [REFEREE]
    return [*names, "analytic"] if function.has_rule else names


def _refuse_absent_natives(function: Function, absences: Sequence[Absence]) -> None:
    for absence in absences:
        if absence.backend in function.native:
            discovery.load(absence.backend)  # raises: its function was handed in by name


def _hosted(engine: _Engine, function: Function) -> list[_Engine]:
    """Give a numerical engine under test a forward: NumPy's, or else each native framework's."""
    if engine.engine.backend != REFEREE or function.portable is not None or "numpy" in function.native:
        return [engine]
    mode = engine.engine.mode
    hosts = [discovery.load(key) for key in function.native]
    return [_Engine(engine.backend.engine(mode, host.name), engine.backend, engine.witness, host) for host in hosts]


def _witnesses(function: Function, options: Options, tested: Sequence[_Engine]) -> list[_Engine]:
    """Return the witnesses: on NumPy's forward, and one on each native framework's own forward."""
    if options.witness is None:
        return []
    name = REFEREE if options.witness == "auto" else options.witness
    backend = discovery.load(name)
    witnesses = _hosted(_Engine(backend.engine(), backend, witness=True), function)
    if name == REFEREE and function.portable is not None:
        for engine in tested:
            if engine.engine.backend in function.native:
                host = engine.backend
                witnesses.append(_Engine(backend.engine("", host.name), backend, witness=True, host=host))
    return witnesses


def _settings(options: Options, lineup: _Lineup) -> dict[str, Any]:
    distributions = {"numpy", *(d for e in lineup.engines for d in e.backend.frameworks)}
    return {
        "seed": options.seed,
        "dtype": options.dtype,
        "strict": options.strict,
        "backends": None if options.backends is None else list(options.backends),
        "versions": discovery.versions(["gradcheck", *sorted(distributions)]),
    }


# -- one point --------------------------------------------------------------------------------


class _Workshop:
    """Prepares derivatives of one function, each once for all points of one signature."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._prepared: dict[Any, Prepared] = {}

    def prepare(self, engine: _Engine, inputs: Inputs, operator: Operator) -> Prepared:
        key = (engine.engine, operator, inputs.signature)
        if key not in self._prepared:
            self._prepared[key] = engine.backend.prepare(
                self._function, inputs, operator, engine.engine.mode, engine.host
            )
        return self._prepared[key]


class _Session:
    """All engines on one case at one point."""

    def __init__(
        self, case: Case, point: str, inputs: Inputs, lineup: _Lineup, options: Options, workshop: _Workshop
    ) -> None:
        self._case, self._point, self._inputs = case, point, inputs
        self._lineup, self._options, self._workshop = lineup, options, workshop
        self.estimates: list[Estimate] = []

    @cached_property
    def _values(self) -> tuple[Testimony, ...]:
        return tuple(self._testimony(e, Operator.VALUE, None) for e in self._lineup.engines)

    @cached_property
    def _outputs(self) -> tuple[Array, ...] | None:
        """The outputs as most engines have them; None if none could compute them."""
        found = [t.estimate.arrays for t in self._values if t.estimate is not None]
        if not found:
            return None
        shapes = [tuple(a.shape for a in arrays) for arrays in found]
        return found[shapes.index(max(shapes, key=shapes.count))]

    @property
    def _scalar(self) -> bool:
        """Whether there is one 0-d output, as far as is known."""
        outputs = self._outputs
        return outputs is None or (len(outputs) == 1 and outputs[0].shape == ())

    def default_operators(self) -> tuple[Operator, ...]:
        outputs, scalar = self._outputs, self._scalar
        if outputs is not None and not scalar and any(a.dtype.kind == "c" for a in (*outputs, *self._inputs.arrays)):
            return (Operator.JVP, Operator.VJP)
        return (Operator.GRADIENT,) if scalar else (Operator.JACOBIAN,)

    def operators(self, wanted: Sequence[Operator] | None) -> list[Operator]:
        """Return what to judge: the forward values, where two independent ones exist, and the operators."""
        chosen = list(wanted or self._options.operators or self._case.operators or self.default_operators())
        if self._options.order == 2 and Operator.HESSIAN not in chosen and self._scalar:
            chosen.append(Operator.HESSIAN)
        computed = {t.engine.backend for t in self._values if t.estimate is not None and not t.engine.host}
        failed = any(not isinstance(t.failure, (UnsupportedError, type(None))) for t in self._values)
        if (len(computed) > 1 or failed) and Operator.VALUE not in chosen:
            chosen.insert(0, Operator.VALUE)
        return chosen

    def question(self, operator: Operator) -> Question:
        """Ask every engine."""
        seed = self._seed(operator)
        if operator is Operator.VALUE:
            # a hosted engine's forward is its host's own: it says nothing new of the value
            testimonies = tuple(t for t in self._values if not t.engine.host)
            able = tuple(t for t in testimonies if not isinstance(t.failure, UnsupportedError))
            testimonies = able or testimonies
        else:
            testimonies = tuple(self._testimony(e, operator, seed) for e in self._lineup.engines)
        testimonies += tuple(
            Testimony(Engine(a.backend), False, failure=BrokenBackendError(str(a)))
            for a in self._lineup.absences
            if a.state == "broken"
        )
        self.estimates += [t.estimate for t in testimonies if t.estimate is not None]
        options = self._options
        return Question(
            self._case.name,
            self._point,
            operator,
            self._inputs,
            testimonies,
            self._outputs or (),
            options.rtol,
            options.atol,
        )

    def _testimony(self, engine: _Engine, operator: Operator, seed: Sequence[Array] | None) -> Testimony:
        inputs = self._inputs_for(engine)
        try:
            started = time.perf_counter()
            prepared = self._workshop.prepare(engine, inputs, operator)
            if operator is not Operator.VALUE:
                self._refuse_another_forward(engine.engine)
            estimate = prepared.estimate(inputs.arrays, seed, self._output_shapes(operator))
        except GradcheckError as error:
            return Testimony(engine.engine, engine.witness, failure=error)
        except Exception as error:  # the function's own errors are translated: this is the adapter's
            return Testimony(
                engine.engine, engine.witness, failure=FunctionError(f"{engine.engine} broke: {first_line(error)}")
            )
        return Testimony(
            engine.engine,
            engine.witness,
            replace(estimate, seconds=time.perf_counter() - started),
            again=_again(prepared, inputs, seed),
            in_other_precision=lambda: self._in_other_precision(engine, operator, seed),
            second_opinion=lambda: self._second_opinion(engine, operator, seed),
        )

    def _output_shapes(self, operator: Operator) -> list[tuple[int, ...]] | None:
        if operator is Operator.VALUE or self._outputs is None:
            return None
        return [o.shape for o in self._outputs]

    def _refuse_another_forward(self, engine: Engine) -> None:
        """Refuse to differentiate a function whose outputs have other shapes than those of most engines."""
        wanted = [o.shape for o in self._outputs or ()]
        for testimony in self._values:
            if testimony.engine == engine and testimony.estimate is not None:
                got = [o.shape for o in testimony.estimate.arrays]
                if got != wanted:
                    raise FunctionError(
                        f"the function of {engine} is another one: its output has shape {', '.join(map(str, got))} "
                        f"where the other engines have {', '.join(map(str, wanted))}"
                    )

    def _inputs_for(self, engine: _Engine) -> Inputs:
        """Let numerics evaluate in double precision, at exactly the rounded inputs."""
        double = {"float32": "float64", "complex64": "complex128"}.get(self._inputs.dtype.name)
        if engine.engine.backend == REFEREE and engine.host is None and double is not None:
            return self._inputs.with_dtype(double)
        return self._inputs

    def _in_other_precision(
        self, engine: _Engine, operator: Operator, seed: Sequence[Array] | None
    ) -> Sequence[Array] | None:
        if engine.engine.backend == REFEREE:
            return None

        def compute() -> Sequence[Array]:
            inputs = self._inputs.with_dtype(_OTHER_PRECISION[self._inputs.dtype.name])
            cast = None if seed is None else [a.astype(_OTHER_PRECISION[a.dtype.name]) for a in seed]
            return self._workshop.prepare(engine, inputs, operator).estimate(inputs.arrays, cast).arrays

        return _quietly(compute)

    def _second_opinion(self, engine: _Engine, operator: Operator, seed: Sequence[Array] | None) -> Estimate | None:
        if engine.engine.backend != REFEREE or operator is Operator.VALUE:
            return None
        inputs = self._inputs_for(engine)
        return _quietly(
            lambda: engine.backend.estimate(
                self._case.function, inputs, operator, mode=SECOND_OPINION, seed=seed, host=engine.host
            )
        )

    def _seed(self, operator: Operator) -> list[Array] | None:
        """Draw signed, unequal tangents or cotangents, the same for every engine."""
        if operator.seed is None or (operator.seed == "cotangent" and self._outputs is None):
            return None
        like = self._inputs.arrays if operator.seed == "tangent" else self._outputs
        assert like is not None  # returned above
        rng = np.random.default_rng([zlib.crc32(f"{self._case.name} {operator}".encode()), self._options.seed])
        return [_signed(a, rng) for a in like]


def _again(
    prepared: Prepared, inputs: Inputs, seed: Sequence[Array] | None
) -> Callable[[Sequence[Array]], Sequence[Array] | None]:
    def again(leaves: Sequence[Array]) -> Sequence[Array] | None:
        moved = [leaf.astype(own.dtype) for leaf, own in zip(leaves, inputs.arrays, strict=True)]
        return _quietly(lambda: prepared.estimate(moved, seed).arrays)

    return again


def _quietly(compute: Callable[[], T]) -> T | None:
    """Compute what the judge would like to know besides; None if it cannot be had."""
    try:
        return compute()
    except Exception:
        return None


def _signed(like: Array, rng: np.random.Generator) -> Array:
    def draw() -> Array:
        drawn: Array = np.round(rng.uniform(0.5, 1.5, like.shape) * rng.choice([-1.0, 1.0], like.shape), 3)
        return drawn

    values = draw() + 1j * draw() if like.dtype.kind == "c" else draw()
    return np.asarray(values).astype(like.dtype)
