"""The matrix exponential and its derivatives, certified."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from flint import arb, arb_mat

from gradcheck.errors import UnsupportedError
from gradcheck.functions import Array
from gradcheck_exact import tape
from gradcheck_exact.tape import Ball

Place = tuple[int, int]

MAX_CURVED = 25
"""The most entries by which second derivatives are taken."""


def exponential(matrix: Any) -> Array:
    """Return the exponential of a square matrix of elements.

    References
    ----------
    C. Van Loan, Computing integrals involving the matrix exponential, IEEE Transactions on Automatic
    Control 23 (1978), 395-404: the blocks above the diagonal of an exponential are its derivatives.
    """
    moving = [place for place in np.ndindex(matrix.shape) if not matrix[place].constant]
    balls = [[entry.ball for entry in row] for row in matrix]
    value = arb_mat(balls).exp()
    slopes = [_corner(balls, [place]) for place in moving] if tape.order() > 0 else []
    curvatures = _curvatures(balls, moving) if tape.order() > 1 else []
    result = np.empty(matrix.shape, object)
    for i, j in np.ndindex(matrix.shape):
        firsts = tuple(slope[i][j] for slope in slopes) or (tape.NAN,) * len(moving)
        seconds = tuple((first, second, table[i][j]) for first, second, table in curvatures)
        result[i, j] = tape.joined(tuple(matrix[place] for place in moving), value[i, j], firsts, seconds)
    return result


def _curvatures(balls: list[list[Ball]], moving: Sequence[Place]) -> list[tuple[int, int, list[list[Ball]]]]:
    """Return the second derivatives by all pairs of entries."""
    if len(moving) > MAX_CURVED:
        raise UnsupportedError(
            f"the exact engine takes second derivatives of linalg.expm by up to {MAX_CURVED} entries, got {len(moving)}"
        )
    n, found = len(balls), []
    for first, second in combinations_with_replacement(range(len(moving)), 2):
        one, other = (_corner(balls, [moving[a], moving[b]]) for a, b in ((first, second), (second, first)))
        found.append((first, second, [[one[i][j] + other[i][j] for j in range(n)] for i in range(n)]))
    return found


def _corner(balls: list[list[Ball]], places: Sequence[Place]) -> list[list[Ball]]:
    """Return the last block of the first row of exp of the matrix repeated on a diagonal, with ones between."""
    n, size = len(balls), len(balls) * (len(places) + 1)
    blocks = [[arb(0)] * size for _ in range(size)]
    for i, j in np.ndindex(size, size):
        if i // n == j // n:
            blocks[i][j] = balls[i % n][j % n]
    for k, (i, j) in enumerate(places):
        blocks[k * n + i][(k + 1) * n + j] = arb(1)
    table = arb_mat(blocks).exp().tolist()
    return [row[-n:] for row in table[:n]]
