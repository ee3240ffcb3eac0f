"""Derivatives that backends are held against: extrapolated differences of plain NumPy, and nothing of gradcheck's.

No backend has a part in them, so that every backend, the numerical one included, can be tested.

References
----------
C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Adv. Eng. Software 4 (1982): central
differences with halved steps, extrapolated by Neville's scheme in h^2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gradcheck.functions import Array

ArrayFunction = Callable[[Sequence[Array]], list[Array]]
"""A function of a list of float64 or complex128 leaves that returns a list of leaves."""

FIRST_STEP = 0.06
"""The largest step; samples stay further than this from every kink and pole."""
LEVELS = 6


def extrapolated(differences: Sequence[Array]) -> tuple[Array, Array]:
    """Extrapolate differences at steps h, h/2, h/4, ..., whose error is a series in h^2, to h = 0.

    Parameters
    ----------
    differences : sequence of numpy.ndarray
        One array for each step, all of one shape.

    Returns
    -------
    best, error : numpy.ndarray
        For each element the entry of Neville's table that changed least, and that change.
    """
    best, error = differences[0], np.full(np.shape(differences[0]), np.inf)
    row = [differences[0]]
    for difference in differences[1:]:
        new = [difference]
        for k, previous in enumerate(row, 1):
            new.append(new[-1] + (new[-1] - previous) / (4.0**k - 1.0))
            change = np.maximum(abs(new[-1] - new[-2]), abs(new[-1] - previous))
            best = np.where(change < error, new[-1], best)
            error = np.fmin(change, error)
        row = new
    return best, error


def slope(f: ArrayFunction, leaves: Sequence[Array], direction: Sequence[Array]) -> list[tuple[Array, Array]]:
    """Return d f(x + t v) / dt at t = 0 and its error, for each output leaf."""

    def central(h: float) -> list[Array]:
        ahead, behind = f(_moved(leaves, direction, h)), f(_moved(leaves, direction, -h))
        return [(a - b) / (2.0 * h) for a, b in zip(ahead, behind, strict=True)]

    return _at_all_steps(central)


def curvature(f: ArrayFunction, leaves: Sequence[Array], direction: Sequence[Array]) -> list[tuple[Array, Array]]:
    """Return d^2 f(x + t v) / dt^2 at t = 0 and its error, for each output leaf."""
    here = f(leaves)

    def central(h: float) -> list[Array]:
        ahead, behind = f(_moved(leaves, direction, h)), f(_moved(leaves, direction, -h))
        return [(a - 2.0 * m + b) / h**2 for a, m, b in zip(ahead, here, behind, strict=True)]

    return _at_all_steps(central)


def _at_all_steps(central: Callable[[float], list[Array]]) -> list[tuple[Array, Array]]:
    rows = [central(FIRST_STEP / 2.0**level) for level in range(LEVELS)]
    return [extrapolated(column) for column in zip(*rows, strict=True)]


def _moved(leaves: Sequence[Array], direction: Sequence[Array], h: float) -> list[Array]:
    return [x + h * v for x, v in zip(leaves, direction, strict=True)]


def units(leaves: Sequence[Array]) -> Iterator[list[Array]]:
    """Yield the unit direction of every real coordinate: of a complex element first 1, then 1j."""
    for i, leaf in enumerate(leaves):
        for k in range(leaf.size):
            for unit in (1.0, 1.0j) if leaf.dtype.kind == "c" else (1.0,):
                direction = [np.zeros_like(x) for x in leaves]
                direction[i].flat[k] = unit
                yield direction


def jacobian(f: ArrayFunction, leaves: Sequence[Array]) -> tuple[list[Array], float]:
    """Return the Jacobian of a real function, one block for each (output, leaf), and its largest error.

    Returns
    -------
    blocks : list of numpy.ndarray
        Outputs outermost; a block has the output's shape followed by the leaf's.
    error : float
        The largest estimated error of any element.
    """
    columns = [slope(f, leaves, unit) for unit in units(leaves)]
    blocks: list[Array] = []
    for k, output in enumerate(f(leaves)):
        start = 0
        for leaf in leaves:
            parts = [column[k][0] for column in columns[start : start + leaf.size]]
            stacked = np.stack(parts, axis=-1) if parts else np.zeros((*output.shape, 0))
            blocks.append(stacked.reshape(output.shape + leaf.shape))
            start += leaf.size
    return blocks, _largest(error for column in columns for _, error in column)


def vjp(f: ArrayFunction, leaves: Sequence[Array], cotangents: Sequence[Array]) -> tuple[list[Array], float]:
    """Return J^T u for the inner product Re<u, v>, one array a leaf, and its largest error.

    A complex element of it is df/dRe + i df/dIm of ``f = Re<u, outputs>``.
    """

    def paired(moved: Sequence[Array]) -> list[Array]:
        return [np.asarray(sum(np.vdot(u, y).real for u, y in zip(cotangents, f(moved), strict=True)))]

    slopes = [slope(paired, leaves, unit)[0] for unit in units(leaves)]
    values = iter([float(value) for value, _ in slopes])
    pulled = []
    for leaf in leaves:
        flat = np.zeros(leaf.size, leaf.dtype)
        for k in range(leaf.size):
            flat[k] = next(values) + (1j * next(values) if leaf.dtype.kind == "c" else 0.0)
        pulled.append(flat.reshape(leaf.shape))
    return pulled, _largest(error for _, error in slopes)


def hessian(f: ArrayFunction, leaves: Sequence[Array]) -> tuple[list[Array], float]:
    """Return the Hessian of a real scalar function, one block for each (leaf, leaf), and its largest error.

    Mixed derivatives come from second derivatives along e_i + e_j and e_i - e_j (polarisation).
    """
    directions = list(units(leaves))
    n = len(directions)
    matrix = np.zeros((n, n))
    errors: list[Array] = []
    for i in range(n):
        for j in range(i + 1):
            if i == j:
                matrix[i, i], error = curvature(f, leaves, directions[i])[0]
            else:
                plus = curvature(f, leaves, _combined(directions[i], directions[j], 1.0))[0]
                minus = curvature(f, leaves, _combined(directions[i], directions[j], -1.0))[0]
                matrix[i, j] = matrix[j, i] = (plus[0] - minus[0]) / 4.0
                error = np.maximum(plus[1], minus[1])
            errors.append(error)
    bounds = np.cumsum([0, *(x.size for x in leaves)])
    blocks = [
        matrix[bounds[a] : bounds[a + 1], bounds[b] : bounds[b + 1]].reshape(x.shape + y.shape)
        for a, x in enumerate(leaves)
        for b, y in enumerate(leaves)
    ]
    return blocks, _largest(errors)


def _combined(a: Sequence[Array], b: Sequence[Array], sign: float) -> list[Array]:
    return [x + sign * y for x, y in zip(a, b, strict=True)]


def _largest(errors: Iterator[Array] | Sequence[Array]) -> float:
    return max((float(np.max(error, initial=0.0)) for error in errors), default=0.0)
