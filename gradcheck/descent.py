"""The parameter update: gradient descent on several engines in lockstep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import optree

from gradcheck import discovery
from gradcheck.backend import Backend, Engine, Prepared
from gradcheck.errors import GradcheckError, InputError, UnsupportedError
from gradcheck.functions import Array, Function, Inputs
from gradcheck.judge import tolerances
from gradcheck.operators import Operator
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
    """Gradient descent on several engines; true if their trajectories stay together.

    Parameters
    ----------
    losses : mapping of str to numpy.ndarray, shape (steps + 1,)
        The loss before each step and after the last, for each engine.
    parameters : mapping of str to pytree
        The final parameters, for each engine.
    reference : str
        The engine that the others are held against.
    partings : tuple of Parting
        One for each engine that left the reference's trajectory.
    failures : mapping of str to str
        Engines that could not take part, and why.
    """

    losses: Mapping[str, Array]
    parameters: Mapping[str, Any]
    reference: str
    partings: tuple[Parting, ...]
    failures: Mapping[str, str]

    def __bool__(self) -> bool:
        return not self.partings and len(self.losses) > 1

    def __str__(self) -> str:
        lines = []
        for engine, losses in self.losses.items():
            parting = next((p for p in self.partings if str(p.engine) == engine), None)
            end = "together" if parting is None else f"parts at step {parting.step}"
            end = "reference" if engine == self.reference else end
            lines.append(f"{engine:<20} loss {losses[0]:.9g} -> {losses[-1]:.9g}  {end}")
        for parting in self.partings:
            where = f"{parting.parameter}{list(parting.index) if parting.index else ''}"
            lines.append(
                f"{parting.engine} parts from {self.reference} at step {parting.step}, at {where}: "
                f"{parting.difference:.3g} apart, rounding explains {parting.tolerance:.3g}"
            )
            blamed = [v for v in parting.report.verdicts if not v.status.passes and v.status != "UNSUPPORTED"]
            lines += [f"  {v.status} {v.engine} {v.operator} at {v.element}: {v.evidence.reason}" for v in blamed]
        lines += [f"{engine} took no part: {reason}" for engine, reason in self.failures.items()]
        return "\n".join(lines)


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
    dtype of the check. Beside the first engine's trajectory runs its shadow, started one ulp off:
    how fast the two part is how fast rounding grows, and an engine that leaves by much more has parted.

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
        If `steps` or `learning_rate` make no sense, or fewer than two engines can run.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise InputError(f"steps must be an integer >= 1, got {steps!r}")
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise InputError(f"learning_rate must be a number > 0, got {learning_rate!r}")
    function = Function.of(f, gradient=gradient)
    start = Inputs.of((parameters, *constants), parameters=function.parameters, dtype=dtype, argnums=0)
    runners, failures = _runners(function, start, backends, learning_rate)
    if len(runners) < 2:
        reasons = "; ".join(f"{e}: {r}" for e, r in failures.items())
        raise InputError(
            f"descent compares engines and needs two that can run, got {len(runners)} ({reasons or 'no other'})"
        )
    reference, shadow = runners[0], runners[0].shadow(start)
    partings: dict[Engine, Parting] = {}
    for step in range(1, steps + 1):
        before = reference.leaves
        for runner in [*runners, shadow]:
            runner.step()
        grown = _largest_gap(reference.leaves, shadow.leaves)
        for runner in runners[1:]:
            if runner.engine not in partings:
                parting = _parting(reference, runner, grown, step, start)
                if parting is not None:
                    partings[runner.engine] = _explained(parting, function, start.moved(before), (reference, runner))
    for runner in runners:
        runner.finish()
    return Descent(
        {str(r.engine): np.array(r.losses) for r in runners},
        {str(r.engine): _tree(start, r.leaves) for r in runners},
        str(reference.engine),
        tuple(partings.values()),
        failures,
    )


class _Runner:
    """One engine's trajectory."""

    def __init__(
        self, engine: Engine, value: Prepared | None, gradient: Prepared, leaves: Sequence[Array], rate: float
    ):
        self.engine, self._value, self._gradient = engine, value, gradient
        self.leaves, self._rate = list(leaves), rate
        self.losses: list[float] = []

    def step(self) -> None:
        self._record()
        slopes = self._gradient.estimate(self.leaves).arrays
        self.leaves = [
            np.asarray(p - np.asarray(self._rate, p.dtype) * g.astype(p.dtype))
            for p, g in zip(self.leaves, slopes, strict=True)
        ]

    def finish(self) -> None:
        self._record()

    def _record(self) -> None:
        if self._value is not None:
            self.losses.append(float(np.real(self._value.estimate(self.leaves).arrays[0])))
        else:
            self.losses.append(float("nan"))

    def shadow(self, start: Inputs) -> _Runner:
        """Return a trajectory of the same engine that starts one ulp off, in alternating directions."""
        moved = []
        for leaf in start.arrays:
            signs = np.where(np.arange(leaf.size).reshape(leaf.shape) % 2, 1.0, -1.0)
            moved.append((leaf * (1 + signs * np.finfo(leaf.dtype).eps)).astype(leaf.dtype))
        return _Runner(self.engine, None, self._gradient, moved, self._rate)


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
        return [(e, discovery.load(e.backend)) for e in discovery.engines(backends)]
    names = [n for n in discovery.names() if n not in ("numerical", "analytic")]
    if function.portable is None:
        names = [n for n in names if n in function.native]
    found = {name: discovery.find(name) for name in (["analytic"] if function.has_rule else []) + names}
    failures.update({name: str(b) for name, b in found.items() if not isinstance(b, Backend)})
    present = [b for b in found.values() if isinstance(b, Backend)]
    # the reference is a framework: a rule written by hand is what is under suspicion
    present.sort(key=lambda b: b.name == "analytic")
    return [(b.engine(), b) for b in present]


def _largest_gap(a: Sequence[Array], b: Sequence[Array]) -> list[float]:
    return [float(np.max(np.abs(x - y), initial=0.0)) for x, y in zip(a, b, strict=True)]


def _parting(reference: _Runner, runner: _Runner, grown: Sequence[float], step: int, start: Inputs) -> Parting | None:
    """Compare two trajectories leaf by leaf with what one ulp has grown to by now."""
    worst: Parting | None = None
    for label, mine, theirs, growth in zip(start.labels, runner.leaves, reference.leaves, grown, strict=True):
        if not mine.size:
            continue
        eps = float(np.finfo(mine.dtype).eps)
        # each step rounds once more; what one ulp of all parameters together grew to is shared by all leaves
        floor = tolerances.TIGHT_ULPS * eps * np.maximum(np.abs(theirs), np.max(np.abs(theirs))) * np.sqrt(step)
        tolerance = floor + SHADOW_FACTOR * max(growth, max(grown))
        gap = np.abs(mine - theirs)
        excess = np.where(np.isnan(gap), np.inf, gap / tolerance)
        at = int(np.argmax(excess))
        if not excess.flat[at] <= 1 and (worst is None or gap.flat[at] > worst.difference):
            index = tuple(int(i) for i in np.unravel_index(at, mine.shape))
            worst = Parting(
                runner.engine, step, label, index, float(gap.flat[at]), float(tolerance.flat[at]), Report(())
            )
    return worst


def _explained(parting: Parting, function: Function, before: Inputs, runners: Sequence[_Runner]) -> Parting:
    """Check the gradients of both engines at the reference's parameters before the step."""
    arguments = optree.tree_unflatten(before.structure, before.leaves)
    engines = [str(r.engine) for r in runners]
    report = check(function, *arguments, backends=engines, operator="gradient", argnums=0)
    return replace(parting, report=report)


def _tree(start: Inputs, leaves: Sequence[Array]) -> Any:
    """Arrange final parameters like the initial ones, which are the first argument."""
    filled = dict(zip(start.active, leaves, strict=True))
    return optree.tree_map(lambda i: filled.get(i), start.template)[0]
