"""The adapter of numerical differentiation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from gradcheck.backend import Bound, Kernel, Measured
from gradcheck.errors import UnsupportedError
from gradcheck.functions import Array
from gradcheck.namespaces.elements import ElementArray
from gradcheck_numerical import stencils
from gradcheck_numerical.boundary import NumpyBoundary
from gradcheck_numerical.continuation import ContinuationNamespace
from gradcheck_numerical.differences import HOPELESS, ROUGH, Extrapolated, Ladder, Sample, Stencil
from gradcheck_numerical.directions import Direction, Tangent, coordinates
from gradcheck_numerical.evaluation import Evaluator

Differentiate = Callable[[Sequence[Array], Iterable[Direction], Sequence[Array] | None], list[Extrapolated]]

TARGET = 1e-10
"""The relative error above which other steps are tried as well."""
WIDE = 0.1
"""The step beyond which a derivative of 0 is not looked at more closely: a bounded function over a long way is flat."""
PROBE = 1e-3
"""The step, relative to the point, at which fixed steps are looked over."""
ONE_SIDED = "one-sided differences, where the function is not finite on both sides"
KINK = "a kink: the slopes on both sides differ, and the error covers both"
FORWARD_STEP = {1: 1e-6, 2: 1e-4}
"""The absolute step of mode `forward`, by the order of the derivative."""
COMPLEX_STEP = 1e-30
"""Small enough that the second-order term vanishes in double precision, large enough not to underflow."""


class NumericalBackend(NumpyBoundary):
    """Differentiates by evaluating: it shares no derivative rule with any framework.

    It evaluates a portable function in NumPy, a native NumPy function as it is, and, given a host,
    another framework's own forward.
    """

    name = "numerical"
    modes: ClassVar = {
        "adaptive": "extrapolated central differences with an error estimate for each element",
        "forward": "one-sided differences at a fixed step, 1e-6 for first order",
        "central": "central differences at a fixed relative step, eps^(1/3) for first order",
        "ridders": "as adaptive, with other steps and another ratio: the second opinion",
        "complex-step": "Im f(x + ih) / h on the analytic continuation; exact to rounding",
    }

    def value(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of f(x); its error is what moving the inputs by one ulp does to it."""

        def kernel(leaves: Sequence[Array]) -> list[Measured]:
            evaluate = Evaluator(bound, leaves)
            return _arranged(evaluate.outputs, evaluate.here, evaluate.noise, ())

        return kernel

    def gradient(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel that differentiates along each real coordinate."""
        differentiate = _differentiator(bound, mode)

        def kernel(leaves: Sequence[Array]) -> list[Measured]:
            return _like_leaves(leaves, differentiate(leaves, coordinates(leaves), None))

        return kernel

    def vjp(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel that differentiates Re<u, f> along each real coordinate."""
        differentiate = _differentiator(bound, mode)

        def kernel(leaves: Sequence[Array], cotangents: Sequence[Array]) -> list[Measured]:
            return _like_leaves(leaves, differentiate(leaves, coordinates(leaves), cotangents))

        return kernel

    def jvp(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel that differentiates along a tangent."""
        differentiate = _differentiator(bound, mode)

        def kernel(leaves: Sequence[Array], tangents: Sequence[Array]) -> list[Measured]:
            outputs = Evaluator(bound, leaves).outputs
            slope = differentiate(leaves, [Tangent(tuple(tangents))], None)[0]
            return _arranged(outputs, slope.value, slope.error, _notes([slope]))

        return kernel

    def jacobian(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel that differentiates every output along each coordinate."""
        differentiate = _differentiator(bound, mode)

        def kernel(leaves: Sequence[Array]) -> list[Measured]:
            outputs = Evaluator(bound, leaves).outputs
            slopes = differentiate(leaves, coordinates(leaves), None)
            shape = (len(slopes), sum(o.size for o in outputs))
            values = np.array([s.value for s in slopes]).reshape(shape).T
            errors = np.array([s.error for s in slopes]).reshape(shape).T
            return _blocks(outputs, leaves, values, errors, _notes(slopes))

        return kernel

    def hessian(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of mixed second differences over all pairs of coordinates."""
        _refuse_second_order(mode)

        def kernel(leaves: Sequence[Array]) -> list[Measured]:
            evaluate, units = Evaluator(bound, leaves), list(coordinates(leaves))
            n = len(units)
            values, errors, notes = np.zeros((n, n)), np.zeros((n, n)), dict[str, None]()
            for i in range(n):
                for j in range(i + 1):
                    second = _second(evaluate, units[i], units[j], mode)
                    values[i, j] = values[j, i] = second.value[0]
                    errors[i, j] = errors[j, i] = second.error[0]
                    notes.update(dict.fromkeys(_notes([second])))
            return _blocks(leaves, leaves, values, errors, tuple(notes))

        return kernel

    def hvp(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of mixed second differences of each coordinate with the tangent."""
        _refuse_second_order(mode)

        def kernel(leaves: Sequence[Array], tangents: Sequence[Array]) -> list[Measured]:
            evaluate, tangent = Evaluator(bound, leaves), Tangent(tuple(tangents))
            return _like_leaves(leaves, [_second(evaluate, unit, tangent, mode) for unit in coordinates(leaves)])

        return kernel


def _refuse_second_order(mode: str) -> None:
    if mode == "complex-step":
        raise UnsupportedError("the complex step has no second order: its imaginary part is the first derivative")


# -- first order ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Steps:
    """The widest relative step of an extrapolation, the ratio between steps, how many to begin with and at most."""

    first: float
    ratio: float
    rows: int
    most: int


_STEPS = {"adaptive": _Steps(0.19, 3.9, 9, 30), "ridders": _Steps(0.13, 2.9, 11, 36)}
_SECOND_ORDER_STEPS = {"adaptive": _Steps(0.19, 2.3, 9, 30), "ridders": _Steps(0.15, 1.9, 11, 36)}


def _differentiator(bound: Bound, mode: str) -> Differentiate:
    """Return what gives the derivative of (a contraction of) all outputs along each direction."""
    if mode == "complex-step":
        return _ComplexStep(bound).differentiate

    def differentiate(
        leaves: Sequence[Array], directions: Iterable[Direction], cotangents: Sequence[Array] | None
    ) -> list[Extrapolated]:
        evaluate = Evaluator(bound, leaves, cotangents)
        return [_first(evaluate, direction, mode) for direction in directions]

    return differentiate


def _first(evaluate: Evaluator, direction: Direction, mode: str) -> Extrapolated:
    if mode == "forward":
        return _forward(evaluate, direction)
    if mode == "central":
        return _central(evaluate, direction)
    return _extrapolated(evaluate, direction, _STEPS[mode])


def _extrapolated(evaluate: Evaluator, direction: Direction, steps: _Steps) -> Extrapolated:
    """Extrapolate central differences; where the function is not finite on both sides, one-sided ones."""
    scale, finest = direction.scale(evaluate.leaves), direction.finest(evaluate.leaves)
    if not np.isfinite(scale):
        raise UnsupportedError("there is no difference quotient at an infinite input")
    more = int(np.log(scale / finest) / np.log(steps.ratio))  # down to the scale of the smallest element that moves
    steps = replace(steps, rows=min(steps.rows + more, steps.most))
    best = _search(stencils.central(evaluate, direction), scale, steps)
    if np.isfinite(best.error).all():
        return best
    for sign in (1.0, -1.0):
        side = _search(stencils.one_sided(evaluate, direction, sign), scale, steps, power=1)
        best = best.better(replace(side, notes=(ONE_SIDED,)))
    return best


def _search(stencil: Stencil, scale: float, steps: _Steps, power: int = 2) -> Extrapolated:
    """Extrapolate, adding narrower and wider steps where the error is not as good as it can be."""
    ladder = Ladder(stencil, scale * steps.first, steps.rows, ratio=steps.ratio, power=power)
    found = ladder.limit()
    while len(ladder.samples) < steps.most and (_poor(found) & ladder.unresolved(found)).any():
        if not ladder.narrow(2):
            break
        found = ladder.limit()
    hopeful = _poor(found) & ~_zero(found, ladder)
    while len(ladder.samples) < steps.most and hopeful.any():
        ladder.widen(2)
        wider = ladder.limit()
        gained = wider.error < found.error / 2
        rough = (wider.relative() > ROUGH) & (wider.error > HOPELESS * ladder.samples[0].noise)
        found = found.replaced(wider, hopeful)
        hopeful = hopeful & _poor(found) & (gained | rough) & ~_zero(found, ladder)
    return found


def _poor(found: Extrapolated) -> Array:
    """Return where other steps are worth a trial."""
    return found.relative() > TARGET


def _zero(found: Extrapolated, ladder: Ladder) -> Array:
    """Return where the derivative may be 0 and wider steps than these would only make it look smaller."""
    return (found.relative() > 1) & (ladder.samples[0].step > WIDE)


def _forward(evaluate: Evaluator, direction: Direction) -> Extrapolated:
    """Difference once at the classic step; the error is the textbook's: h/2 |f_xx| + 2 noise / h."""
    stencil = stencils.one_sided(evaluate, direction, 1.0)
    return _once(stencil, _fixed(evaluate, direction, FORWARD_STEP[1]), direction.scale(evaluate.leaves), 1)


def _central(evaluate: Evaluator, direction: Direction) -> Extrapolated:
    """Difference once, centrally; the error is the textbook's: h^2/6 |f_xxx| + noise / h."""
    scale = direction.scale(evaluate.leaves)
    step = evaluate.eps ** (1 / 3) * max(1.0, scale)
    return _once(stencils.central(evaluate, direction), _fixed(evaluate, direction, step), scale, 3)


def _once(stencil: Stencil, step: float, scale: float, gain: int) -> Extrapolated:
    """Difference at one step; twice the step, and one at the scale of the point, show what the error is."""
    one, two, local = stencil(step), stencil(2 * step), stencil(min(PROBE * scale, step / 8))
    with np.errstate(all="ignore"):
        unexplained = _gap(one, local) - 4 * (one.noise + local.noise)
        return _with_error(one, np.fmax(_gap(one, two) / gain, unexplained))


def _fixed(evaluate: Evaluator, direction: Direction, step: float) -> float:
    """Return a fixed step, no smaller than what the inputs' dtype can resolve."""
    return max(step, 8 * evaluate.eps * direction.scale(evaluate.leaves))


def _gap(one: Sample, two: Sample) -> Array:
    with np.errstate(all="ignore"):
        gap: Array = np.abs(two.quotient - one.quotient)
    return gap


def _with_error(sample: Sample, truncation: Array) -> Extrapolated:
    with np.errstate(all="ignore"):
        error = 2 * truncation + 2 * sample.noise
    finite = np.isfinite(error) & np.isfinite(sample.quotient)
    return Extrapolated(
        np.where(finite, sample.quotient, np.nan), np.where(finite, error, np.inf), np.zeros(error.shape, bool)
    )


# -- second order -----------------------------------------------------------------------------


def _second(evaluate: Evaluator, first: Direction, second: Direction, mode: str) -> Extrapolated:
    """Differentiate twice, along two directions."""
    if mode in _STEPS:
        return _search(stencils.mixed_central(evaluate, first, second), 1.0, _SECOND_ORDER_STEPS[mode])
    if mode == "forward":
        stencil, h = stencils.mixed_forward(evaluate, first, second), max(FORWARD_STEP[2], 0.1 * evaluate.eps**0.25)
        one, two = stencil(h), stencil(2 * h)
        return _with_error(one, _gap(one, two))
    stencil, h = stencils.mixed_central(evaluate, first, second), evaluate.eps**0.25
    one, two = stencil(h), stencil(2 * h)
    return _with_error(one, _gap(one, two) / 3)


# -- the complex step -------------------------------------------------------------------------


class _ComplexStep:
    """The complex-step method on the analytic continuation of a portable function.

    References
    ----------
    .. [1] W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real
       functions", SIAM Review 40 (1998).
    """

    def __init__(self, bound: Bound) -> None:
        portable = bound.function.portable
        if portable is None or "numpy" in bound.function.native or bound.backend != NumericalBackend.name:
            raise UnsupportedError(
                "the complex step needs a portable function: a native one need not be analytic off the real axis"
            )
        if any(a.dtype.kind == "c" for a in bound.inputs.arrays):
            raise UnsupportedError("the complex step needs real inputs")
        self._xp = xp = ContinuationNamespace(np.dtype(float))
        self._continued = Bound(
            bound.function,
            bound.inputs,
            "numerical:complex-step",
            lambda *args: portable(xp, *args),
            np.array,
            lambda leaf: isinstance(leaf, (ElementArray, float, complex)),
            bound.scalar,
        )

    def differentiate(
        self, leaves: Sequence[Array], directions: Iterable[Direction], cotangents: Sequence[Array] | None
    ) -> list[Extrapolated]:
        """Return the slope of the outputs, or of Re<u, f>, along each direction; the error is not known."""
        return [self._along(leaves, direction, cotangents) for direction in directions]

    def _along(self, leaves: Sequence[Array], direction: Direction, cotangents: Sequence[Array] | None) -> Extrapolated:
        tangent = direction.tangent(leaves)
        moved = [
            self._xp.from_numpy(a + 1j * COMPLEX_STEP * d.astype(float)) for a, d in zip(leaves, tangent, strict=True)
        ]
        with np.errstate(all="ignore"):
            outputs = [np.asarray(o.data if isinstance(o, ElementArray) else o) for o in self._continued(moved)]
        slopes = [np.imag(o).astype(float) / COMPLEX_STEP for o in outputs]
        if cotangents is not None:
            slopes = [np.array(sum(np.sum(u * s) for u, s in zip(cotangents, slopes, strict=True)))]
        value = np.concatenate([s.reshape(-1) for s in slopes])
        return Extrapolated(value, np.full(value.shape, np.nan), np.zeros(value.shape, bool))


# -- from slopes to arrays --------------------------------------------------------------------


def _notes(slopes: Sequence[Extrapolated]) -> tuple[str, ...]:
    """Return each thing worth knowing once."""
    notes = dict.fromkeys(note for slope in slopes for note in slope.notes)
    return (*notes, KINK) if any(slope.kinked.any() for slope in slopes) else tuple(notes)


def _like_leaves(leaves: Sequence[Array], slopes: Sequence[Extrapolated]) -> list[Measured]:
    """Arrange one slope for each real coordinate like the leaves."""
    values, errors = np.array([s.value[0] for s in slopes]), np.array([s.error[0] for s in slopes])
    return _arranged(leaves, values, errors, _notes(slopes))


def _arranged(like: Sequence[Array], values: Array, errors: Array, notes: tuple[str, ...]) -> list[Measured]:
    """Arrange one number for each real coordinate like arrays."""
    start, arranged = 0, []
    for array in like:
        stop = start + array.size * (2 if array.dtype.kind == "c" else 1)
        arranged.append(_measured(array, values[start:stop], errors[start:stop], notes))
        start = stop
    return arranged


def _measured(like: Array, values: Array, errors: Array, notes: tuple[str, ...]) -> Measured:
    if like.dtype.kind == "c":
        values = values[0::2] + 1j * values[1::2]
        errors = np.hypot(errors[0::2], errors[1::2])
    with np.errstate(over="ignore"):
        return Measured(values.astype(like.dtype).reshape(like.shape), errors.astype(float).reshape(like.shape), notes)


def _blocks(
    rows: Sequence[Array], columns: Sequence[Array], values: Array, errors: Array, notes: tuple[str, ...]
) -> list[Measured]:
    """Cut a matrix of all derivatives into one block for each (row leaf, column leaf)."""
    blocks, top = [], 0
    for row in rows:
        left = 0
        for column in columns:
            part = (slice(top, top + row.size), slice(left, left + column.size))
            shape = row.shape + column.shape
            with np.errstate(over="ignore"):
                block = values[part].astype(row.dtype).reshape(shape)
            blocks.append(Measured(block, errors[part].astype(float).reshape(shape), notes))
            left += column.size
        top += row.size
    return blocks
