"""The adapter of numerical differentiation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from gradcheck.backend import Bound, Kernel, Measured
from gradcheck.errors import UnsupportedError
from gradcheck.functions import Array
from gradcheck.namespaces.elements import ElementArray
from gradcheck.operators import Operator
from gradcheck_numerical.boundary import NumpyBoundary
from gradcheck_numerical.continuation import ContinuationNamespace
from gradcheck_numerical.differences import Extrapolated
from gradcheck_numerical.directions import Direction, Tangent, coordinates
from gradcheck_numerical.evaluation import Evaluator
from gradcheck_numerical.projection import Projection
from gradcheck_numerical.schemes import first, second

Differentiate = Callable[[Sequence[Array], Iterable[Direction], Sequence[Array] | None], list[Extrapolated]]

KINK = "a kink: the slopes on both sides differ, and the error covers both"
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
            smooth = np.zeros(evaluate.here.shape, bool)
            return _arranged(
                evaluate.outputs, Extrapolated(evaluate.here, evaluate.moved_noise, smooth, evaluate.notes)
            )

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
            slopes = differentiate(leaves, Tangent(tuple(tangents)).parts(leaves), None)
            return _arranged(outputs, _summed(slopes))

        return kernel

    def jacobian(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel that differentiates every output along each coordinate."""
        differentiate = _differentiator(bound, mode)

        def kernel(leaves: Sequence[Array]) -> list[Measured]:
            outputs = Evaluator(bound, leaves).outputs
            columns = differentiate(leaves, coordinates(leaves), None)
            return _blocks(outputs, leaves, _stacked(columns, sum(o.size for o in outputs)))

        return kernel

    def hessian(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of mixed second differences over all pairs of coordinates."""
        _refuse_second_order(mode)

        def kernel(leaves: Sequence[Array]) -> list[Measured]:
            evaluate, units = Evaluator(bound, leaves), list(coordinates(leaves))
            n = len(units)
            half = {(i, j): second(evaluate, units[i], units[j], mode) for i in range(n) for j in range(i + 1)}
            whole = [half[max(i, j), min(i, j)] for i in range(n) for j in range(n)]
            return _blocks(leaves, leaves, _reshaped(_stacked(whole, 1), (n, n)))

        return kernel

    def hvp(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of mixed second differences of each coordinate with the tangent."""
        _refuse_second_order(mode)

        def kernel(leaves: Sequence[Array], tangents: Sequence[Array]) -> list[Measured]:
            evaluate, tangent = Evaluator(bound, leaves), Tangent(tuple(tangents))
            return _like_leaves(leaves, [second(evaluate, unit, tangent, mode) for unit in coordinates(leaves)])

        return kernel

    def projector(
        self, bound: Bound, operator: Operator, leaves: Sequence[Array], seed: Sequence[Array] | None
    ) -> Projection:
        """Return what differentiates along tangents only."""
        return Projection(bound, operator, leaves, seed)


def _refuse_second_order(mode: str) -> None:
    if mode == "complex-step":
        raise UnsupportedError("the complex step has no second order: its imaginary part is the first derivative")


# -- first order ------------------------------------------------------------------------------


def _differentiator(bound: Bound, mode: str) -> Differentiate:
    """Return what gives the derivative of (a contraction of) all outputs along each direction."""
    if mode == "complex-step":
        return _ComplexStep(bound).differentiate

    def differentiate(
        leaves: Sequence[Array], directions: Iterable[Direction], cotangents: Sequence[Array] | None
    ) -> list[Extrapolated]:
        evaluate = Evaluator(bound, leaves, cotangents)
        return [first(evaluate, direction, mode) for direction in directions]

    return differentiate


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


def _summed(slopes: Sequence[Extrapolated]) -> Extrapolated:
    """Return the slope along the sum of several directions."""
    value, error = (np.sum(parts, axis=0) for parts in ([s.value for s in slopes], [s.error for s in slopes]))
    return Extrapolated(value, error, np.any([s.kinked for s in slopes], axis=0), _notes(slopes))


def _stacked(slopes: Sequence[Extrapolated], outputs: int) -> Extrapolated:
    """Return the slopes along several directions as the columns of one matrix."""
    shape = (len(slopes), outputs)
    value, error, kinked = (
        np.array(parts).reshape(shape).T
        for parts in ([s.value for s in slopes], [s.error for s in slopes], [s.kinked for s in slopes])
    )
    return Extrapolated(value, error, kinked.astype(bool), _notes(slopes))


def _reshaped(slopes: Extrapolated, shape: tuple[int, ...]) -> Extrapolated:
    value, error, kinked = (part.reshape(shape) for part in (slopes.value, slopes.error, slopes.kinked))
    return Extrapolated(value, error, kinked, slopes.notes)


def _like_leaves(leaves: Sequence[Array], slopes: Sequence[Extrapolated]) -> list[Measured]:
    """Arrange one slope for each real coordinate like the leaves."""
    return _arranged(leaves, _reshaped(_stacked(slopes, 1), (len(slopes),)))


def _arranged(like: Sequence[Array], slopes: Extrapolated) -> list[Measured]:
    """Arrange one number for each real coordinate like arrays."""
    start, arranged = 0, []
    for array in like:
        part = slice(start, start + array.size * (2 if array.dtype.kind == "c" else 1))
        arranged.append(_measured(array, slopes.value[part], slopes.error[part], slopes.kinked[part], slopes.notes))
        start = part.stop
    return arranged


def _measured(like: Array, values: Array, errors: Array, kinked: Array, notes: tuple[str, ...]) -> Measured:
    if like.dtype.kind == "c":
        values, kinked = values[0::2] + 1j * values[1::2], kinked[0::2] | kinked[1::2]
        errors = np.hypot(errors[0::2], errors[1::2])
    return _shaped(like.shape, like.dtype, values, errors, kinked, notes)


def _blocks(rows: Sequence[Array], columns: Sequence[Array], matrix: Extrapolated) -> list[Measured]:
    """Cut a matrix of all derivatives into one block for each (row leaf, column leaf)."""
    blocks, top = [], 0
    for row in rows:
        left = 0
        for column in columns:
            part = (slice(top, top + row.size), slice(left, left + column.size))
            cut = matrix.value[part], matrix.error[part], matrix.kinked[part]
            blocks.append(_shaped(row.shape + column.shape, row.dtype, *cut, matrix.notes))
            left += column.size
        top += row.size
    return blocks


def _shaped(
    shape: tuple[int, ...], dtype: np.dtype[Any], values: Array, errors: Array, kinked: Array, notes: tuple[str, ...]
) -> Measured:
    with np.errstate(over="ignore"):
        value = values.astype(dtype).reshape(shape)
    return Measured(value, errors.astype(float).reshape(shape), notes, kinked=kinked.reshape(shape))
