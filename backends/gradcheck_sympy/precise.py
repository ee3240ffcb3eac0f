"""The kernels of the mode ``precise``: derivatives with an error estimate, fit for a referee."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcheck.backend import Kernel, Measured
from gradcheck.errors import UnsupportedError
from gradcheck.functions import Array
from gradcheck_sympy.graph import differentiate
from gradcheck_sympy.precision import UNDECIDED, UNKNOWN, Number, evaluate, measured, weighed
from gradcheck_sympy.tracing import Trace, flat, shaped

Shape = tuple[int, ...]
Matrix = Callable[[Sequence[Array]], Array]
"""Computes a matrix of numbers, a row an output (or an input, for the Hessian), a column an input."""


def value(traced: Trace, dtype: np.dtype[Any]) -> Kernel:
    """Return the kernel of the outputs' values."""

    def kernel(leaves: Sequence[Array]) -> list[Measured]:
        found = evaluate(traced.graph, traced.terms, flat(leaves), fixed=True)
        return _cut([found.number(t) for t in traced.terms], traced.output_shapes, dtype)

    return kernel


def slopes(traced: Trace) -> Matrix:
    """Prepare the Jacobian."""
    graph, terms = traced.graph, traced.terms
    rows = differentiate(graph, terms)
    derivatives = [term for row in rows for term in row]

    def matrix(leaves: Sequence[Array]) -> Array:
        found = evaluate(graph, [*derivatives, *terms], flat(leaves))
        return _decided([found.number(t) for t in derivatives], found.undecided(terms))

    return matrix


def curvatures(traced: Trace) -> Matrix:
    """Prepare the Hessian of the only output."""
    graph, terms = traced.graph, traced.terms
    (first,) = differentiate(graph, terms)
    second = [term for row in differentiate(graph, first) for term in row]

    def matrix(leaves: Sequence[Array]) -> Array:
        found = evaluate(graph, [*second, *first, *terms], flat(leaves))
        jumps = found.undecided(terms)
        return _decided([found.number(t) for t in second], found.undecided(first) | jumps | jumps.T)

    return matrix


def blocks(matrix: Matrix, left: Sequence[Shape], right: Sequence[Shape], dtype: np.dtype[Any]) -> Kernel:
    """Return the kernel of a matrix, cut into a block for each pair of shapes."""

    def kernel(leaves: Sequence[Array]) -> list[Measured]:
        rows, found = np.cumsum([_size(s) for s in left]), matrix(leaves)
        columns = np.cumsum([_size(s) for s in right])
        return [
            measured(part.ravel(), above + beside, dtype)
            for above, band in zip(left, np.split(found, rows[:-1], axis=0), strict=True)
            for beside, part in zip(right, np.split(band, columns[:-1], axis=1), strict=True)
        ]

    return kernel


def product(matrix: Matrix, shapes: Sequence[Shape], dtype: np.dtype[Any], *, transposed: bool = False) -> Kernel:
    """Return the kernel of a matrix, or its transpose, times a tangent or a cotangent."""

    def kernel(leaves: Sequence[Array], seed: Sequence[Array]) -> list[Measured]:
        found = matrix(leaves)
        rows = found.T if transposed else found
        return _cut([weighed(row, flat(seed)) for row in rows], shapes, dtype)

    return kernel


def _decided(numbers: Sequence[Number], undecided: Array) -> Array:
    """Arrange derivatives as a matrix, without those that are undecided."""
    matrix = np.empty(undecided.size, object)
    matrix[:] = [UNKNOWN if spoiled else n for n, spoiled in zip(numbers, undecided.flat, strict=True)]
    if matrix.size and not any(n.known for n in matrix):
        raise UnsupportedError(UNDECIDED)
    return matrix.reshape(undecided.shape)


def _cut(numbers: Sequence[Number], shapes: Sequence[Shape], dtype: np.dtype[Any]) -> list[Measured]:
    array = np.empty(len(numbers), object)
    array[:] = numbers
    return [measured(part.ravel(), part.shape, dtype) for part in shaped(array, shapes)]


def _size(shape: Shape) -> int:
    return int(np.prod(shape, dtype=int))
