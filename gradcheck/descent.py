"""The parameter update: gradient descent on several engines in lockstep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import optree

from gradcheck import discovery
from gradcheck.backend import Backend
from gradcheck.errors import GradcheckError, InputError, UnsupportedError
from gradcheck.estimates import Engine
from gradcheck.functions import Array, Function, Inputs, finfo
from gradcheck.judge import tolerances
from gradcheck.operators import Operator
from gradcheck.preparation import Prepared
from gradcheck.report import Report
from gradcheck.verification import check

SHADOW_FACTOR = 32
"""How many times the growth of one ulp a trajectory may part from the reference."""


@dataclass(frozen=True)
class Parting:
    """Where an engine's trajectory leaves the reference's.

    Parameters
    ----------
    engine : Engine
        Whose trajectory.
    step : int
        The number of updates after which it was first seen, 1 for the first.
    parameter : str
        The leaf that differs most: ``params['w']``.
    index : tuple of int
        The element of it.
    difference, tolerance : float
        How far apart they are, and how far rounding can have driven them.
    report : Report
        The check of the gradient at the parameters before that step: whether a gradient is to blame, and whose.
    """

    engine: Engine
    step: int
    parameter: str
    index: tuple[int, ...]
    difference: float
    tolerance: float
    report: Report


@dataclass(frozen=True)
class Descent:
    """Gradient descent on several engines; true if their trajectories stay together to the end.

    Parameters
    ----------
    losses : mapping of str to numpy.ndarray, shape (steps made + 1,)
        The loss before each step and after the last, for each engine; NaN where it has no forward of its own.
    parameters : mapping of str to pytree
        The final parameters, for each engine.
    reference : str
        The engine that the others are held against.
    partings : tuple of Parting
        One for each engine that left the reference's trajectory.
    diverged : int or None
        The step at which the reference's parameters ceased to be finite and the comparison ended.
    errors : mapping of str to str
        Engines on which the function raised, and what.
    failures : mapping of str to str
        Engines that could not take part, and why.
    """

    losses: Mapping[str, Array]
    parameters: Mapping[str, Any]
    reference: str
    partings: tuple[Parting, ...] = ()
    diverged: int | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return not self.partings and self.diverged is None and not self.errors and len(self.losses) > 1

    def __str__(self) -> str:
        lines = [self._row(engine) for engine in self.losses]
        for parting in self.partings:
            lines += _story(parting, self.reference)
        if self.diverged is not None:
            lines.append(
                f"the descent diverged: parameters are not finite after step {self.diverged}, where the comparison "
                "ended; a smaller learning_rate would help"
            )
        lines += [f"ERROR {engine}: {reason}" for engine, reason in self.errors.items()]
        lines += [f"{engine} took no part: {reason}" for engine, reason in self.failures.items()]
        return "\n".join(lines)

    def _row(self, engine: str) -> str:
        losses = self.losses[engine]
        known = losses.size > 0 and not np.isnan(losses[0])
        course = f"loss {losses[0]:.9g} -> {losses[-1]:.9g}" if known else "no loss of its own"
        parting = next((p for p in self.partings if str(p.engine) == engine), None)
        end = "together" if parting is None else f"parts at step {parting.step}"
        end = f"raised in step {losses.size}" if engine in self.errors else end
        return f"{engine:<20} {course}  {'reference' if engine == self.reference else end}"


def _story(parting: Parting, reference: str) -> list[str]:
    """Say where a trajectory parted, and whose gradient is to blame."""
    where = f"{parting.parameter}{list(parting.index) if parting.index else ''}"
    head = (
        f"{parting.engine} parts from {reference} at step {parting.step}, at {where}: "
        f"{parting.difference:.3g} apart, rounding explains {parting.tolerance:.3g}"
    )
    blamed = [v for v in parting.report.verdicts if not v.status.passes and v.status != "UNSUPPORTED"]
    if not blamed:
        return [head, "  the gradients at that point agree: what parts them is smaller than a check can tell"]
    return [head, *(f"  {v.status} {v.engine} {v.operator} at {v.element}: {v.evidence.reason}" for v in blamed)]


def descend(
    f: Callable[..., Any] | Mapping[str, Callable[..., Any]],
    parameters: Any,
    *constants: Any,
    steps: int = 100,
    learning_rate: float = 0.1,
    backends: Sequence[str] | None = None,
    gradient: Callable[..., Any] | None = None,
    dtype: str | None = None,
) -> Descent:
    """Train with gradient descent on several engines in lockstep and see whether they stay together.

    Every engine updates its own parameters with its own gradient, p <- p - learning_rate g, in the
    dtype of the check. Beside the first engine's trajectory runs its shadow, whose start and slopes
    are one ulp off: how fast the two part is how fast rounding grows, and an engine that leaves by
    much more has parted.

    Parameters
    ----------
    f : callable or mapping of str to callable
        The loss, as in `gradcheck.check`; its first argument is what is trained.
    parameters : pytree
        The initial parameters.
    *constants : pytrees
        The other arguments, held fixed.
    steps : int
        The number of updates.
    learning_rate : float
        The factor of the gradient.
    backends : sequence of str, optional
        The engines; by default every installed backend's default engine but the numerical one,
        whose truncation error is no rounding.
    gradient : callable, optional
        A gradient written by hand, which takes part as the engine ``analytic``.
    dtype : str, optional
        What parameters and constants are rounded to.

    Returns
    -------
    Descent
        Losses, final parameters and, for each engine that left, the step, element and the check
        of the gradients there.

    Raises
    ------
    InputError
        If an option makes no sense, the parameters have no floating leaf, or fewer than two engines can run.
    UnknownNameError, MissingBackendError, BrokenBackendError
        For a backend that was asked for by name and cannot be used.
    """
    _refuse_nonsense(steps, learning_rate, backends)
    function = Function.of(f, gradient=gradient)
    start = Inputs.of((parameters, *constants), parameters=function.parameters, dtype=dtype, argnums=0)
    runners, failures = _runners(function, start, backends, learning_rate)
    if len(runners) < 2:
        reasons = "; ".join(f"{e}: {r}" for e, r in failures.items())
        raise InputError(
            f"descent compares engines and needs two that can run, got {len(runners)} ({reasons or 'no other'}); "
            "a portable function (first parameter xp) runs on every backend, gradient= adds one, and so does "
            "'numerical' in backends="
        )
    partings, diverged = _race(function, start, runners, steps)
    return Descent(
        {str(r.engine): np.array(r.losses) for r in runners},
        {str(r.engine): _tree(start, r.leaves) for r in runners},
        str(runners[0].engine),
        partings,
        diverged,
        {str(r.engine): r.error for r in runners if r.error},
        failures,
    )


def _refuse_nonsense(steps: Any, learning_rate: Any, backends: Any) -> None:
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1:
        raise InputError(f"steps must be an integer >= 1, got {steps!r}")
    number = isinstance(learning_rate, (int, float, np.integer, np.floating)) and not isinstance(learning_rate, bool)
    if not (number and 0 < learning_rate < np.inf):
        raise InputError(f"learning_rate must be a finite number > 0, got {learning_rate!r}")
    if isinstance(backends, str):
        raise InputError(f"backends is a sequence of names, got one string; write backends=[{backends!r}]")


def _race(
    function: Function, start: Inputs, runners: Sequence[_Runner], steps: int
) -> tuple[tuple[Parting, ...], int | None]:
    """Make the steps; return who parted, and the step at which the reference diverged."""
    reference, shadow = runners[0], runners[0].shadow(start)
    partings: dict[Engine, Parting] = {}
    diverged = None
    for step in range(1, steps + 1):
        before = reference.leaves
        for runner in [*runners, shadow]:
            runner.step()
        if reference.error:
            break
        grown = _largest_gap(reference.leaves, shadow.leaves)
        for runner in runners[1:]:
            parting = None if runner.error else _parting(reference, runner, grown, step, start)
            if parting is not None and runner.engine not in partings:
                partings[runner.engine] = _explained(parting, function, start.moved(before), (reference, runner))
        if not reference.finite:
            diverged = step
            break
    for runner in runners:
        runner.finish()
    return tuple(partings.values()), diverged


class _Runner:
    """One engine's trajectory; an error ends it and is kept."""

    def __init__(
        self,
        engine: Engine,
        value: Prepared | None,
        gradient: Prepared,
        leaves: Sequence[Array],
        rate: float,
        ulps: float = 0.0,
    ):
        self.engine, self._value, self._gradient = engine, value, gradient
        self.leaves, self._rate, self._ulps = list(leaves), rate, ulps
        self.losses: list[float] = []
        self.error = ""

    @property
    def finite(self) -> bool:
        return all(np.isfinite(leaf).all() for leaf in self.leaves)

    def step(self) -> None:
        if self.error:
            return
        try:
            self._record()
            slopes = self._gradient.estimate(self.leaves).arrays
        except GradcheckError as error:
            self.error = str(error)
            return
        with np.errstate(over="ignore", invalid="ignore"):  # a descent that diverges is reported, not warned of
            self.leaves = [
                np.asarray(p - np.asarray(self._rate, p.dtype) * _off(g.astype(p.dtype), self._ulps))
                for p, g in zip(self.leaves, slopes, strict=True)
            ]

    def finish(self) -> None:
        if self.error:
            return
        try:
            self._record()
        except GradcheckError as error:
            self.error = str(error)

    def _record(self) -> None:
        if self._value is None:
            self.losses.append(float("nan"))
        else:
            self.losses.append(float(np.real(self._value.estimate(self.leaves).arrays[0])))

    def shadow(self, start: Inputs) -> _Runner:
        """Return a trajectory of the same engine whose start and slopes are one ulp off."""
        return _Runner(self.engine, None, self._gradient, [_off(a, 1.0) for a in start.arrays], self._rate, 1.0)


def _off(array: Array, ulps: float) -> Array:
    """Move an array by some ulps, in alternating directions."""
    signs = np.where(np.arange(array.size).reshape(array.shape) % 2, ulps, -ulps)
    return np.asarray(array * (1 + signs * finfo(array.dtype).eps)).astype(array.dtype)


def _runners(
    function: Function, start: Inputs, backends: Sequence[str] | None, rate: float
) -> tuple[list[_Runner], dict[str, str]]:
    runners: list[_Runner] = []
    failures: dict[str, str] = {}
    for engine, backend in _engines(function, backends, failures):
        try:
            gradient = backend.prepare(function, start, Operator.GRADIENT, engine.mode)
            gradient.estimate(start.arrays)
            runners.append(_Runner(engine, _forward(backend, function, start, engine), gradient, start.arrays, rate))
        except GradcheckError as error:
            failures[str(engine)] = str(error)
    return runners, failures


def _forward(backend: Backend, function: Function, start: Inputs, engine: Engine) -> Prepared | None:
    """Return the prepared loss; a rule written by hand has none of its own."""
    try:
        prepared = backend.prepare(function, start, Operator.VALUE, engine.mode)
        prepared.estimate(start.arrays)
    except UnsupportedError:
        return None
    return prepared


def _engines(
    function: Function, backends: Sequence[str] | None, failures: dict[str, str]
) -> list[tuple[Engine, Backend]]:
    if backends is not None:
        if function.has_first_order_rule and "analytic" not in backends:
            backends = [*backends, "analytic"]  # a rule that was handed in is under test, whatever else is
        return [(e, discovery.load(e.backend)) for e in discovery.engines(backends)]
    names = [n for n in discovery.names() if n not in ("numerical", "analytic")]
    if function.portable is None:
        names = [n for n in names if n in function.native]
    found = {name: discovery.find(name) for name in (["analytic"] if function.has_first_order_rule else []) + names}
    failures.update({name: str(b) for name, b in found.items() if not isinstance(b, Backend)})
    present = [b for b in found.values() if isinstance(b, Backend)]
    # the reference is a framework: a rule written by hand is what is under suspicion
    present.sort(key=lambda b: b.name == "analytic")
    return [(b.engine(), b) for b in present]


def _gap(a: Array, b: Array) -> Array:
    """Return how far apart two arrays are: 0 where neither is finite, infinity where only one is."""
    with np.errstate(over="ignore", invalid="ignore"):
        gap = np.where(np.isfinite(a) | np.isfinite(b), np.abs(a - b), 0.0)
    return np.where(np.isnan(gap), np.inf, gap)


def _largest_gap(a: Sequence[Array], b: Sequence[Array]) -> float:
    return max(float(np.max(_gap(x, y), initial=0.0)) for x, y in zip(a, b, strict=True))


def _parting(reference: _Runner, runner: _Runner, grown: float, step: int, start: Inputs) -> Parting | None:
    """Compare two trajectories leaf by leaf with what one ulp has grown to by now."""
    worst: Parting | None = None
    for label, mine, theirs in zip(start.labels, runner.leaves, reference.leaves, strict=True):
        size = np.max(np.abs(theirs), initial=0.0, where=np.isfinite(theirs))
        # each step rounds once more; what one ulp of all parameters together grew to is shared by all leaves
        floor = tolerances.TIGHT_ULPS * float(finfo(mine.dtype).eps) * float(size) * np.sqrt(step)
        tolerance = float(floor + SHADOW_FACTOR * grown)
        gap = _gap(mine, theirs)
        largest = float(np.max(gap, initial=0.0))
        if largest > tolerance and (worst is None or largest > worst.difference):
            index = tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))
            worst = Parting(runner.engine, step, label, index, largest, tolerance, Report(()))
    return worst


def _explained(parting: Parting, function: Function, before: Inputs, runners: Sequence[_Runner]) -> Parting:
    """Check the gradients of both engines at the reference's parameters before the step."""
    arguments = optree.tree_unflatten(before.structure, before.leaves)
    engines = [str(r.engine) for r in runners]
    report = check(function, *arguments, backends=engines, operator="gradient", argnums=0)
    return replace(parting, report=report)


def _tree(start: Inputs, leaves: Sequence[Array]) -> Any:
    """Arrange final parameters like the initial ones, which are the first argument."""
    filled = {**dict(enumerate(start.leaves)), **dict(zip(start.active, leaves, strict=True))}
    return optree.tree_map(lambda i: filled[i], start.template)[0]
