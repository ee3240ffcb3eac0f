"""A derivative multiplied with tangents, in a number of evaluations that does not grow with its size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcheck.backend import Bound, Measured
from gradcheck.errors import first_line
from gradcheck.functions import Array
from gradcheck.operators import Operator
from gradcheck_numerical.differences import Extrapolated
from gradcheck_numerical.directions import Coordinate, Direction, Tangent
from gradcheck_numerical.evaluation import Evaluator
from gradcheck_numerical.schemes import first, second


class Projection:
    """One operator of one function at one point, as what it does to tangents.

    That is ``<g, v>`` for a gradient g, ``J v`` for a Jacobian, ``Re<u, J v>`` for the pullback of
    a cotangent u, and ``<H w, v>`` for the Hessian times a tangent w.

    Parameters
    ----------
    bound : Bound
        The function, bound to NumPy or to a host's forward.
    operator : Operator
        GRADIENT, JACOBIAN, VJP or HVP.
    leaves : sequence of numpy.ndarray
        The point.
    seed : sequence of numpy.ndarray, optional
        The cotangents or tangents of an operator that has them.
    """

    def __init__(
        self, bound: Bound, operator: Operator, leaves: Sequence[Array], seed: Sequence[Array] | None = None
    ) -> None:
        self._evaluate = Evaluator(bound, leaves, seed if operator is Operator.VJP else None)
        self._other = Tangent(tuple(seed)) if operator is Operator.HVP and seed is not None else None

    @property
    def evaluations(self) -> int:
        """How often the function was called so far."""
        return self._evaluate.calls

    def along(self, tangents: Sequence[Array], *, again: bool = False) -> Measured:
        """Return the product with a tangent, shape (m,); `again` takes other steps."""
        return self._measured(Tangent(tuple(tangents)), again)

    def coordinate(self, position: int, *, again: bool = False) -> Measured:
        """Return the derivative along one real coordinate, shape (m,); `again` takes other steps."""
        for i, leaf in enumerate(self._evaluate.leaves):
            parts = 2 if leaf.dtype.kind == "c" else 1
            if position < leaf.size * parts:
                return self._measured(Coordinate(i, position // parts, bool(position % parts)), again)
            position -= leaf.size * parts
        raise IndexError(position)

    def _measured(self, direction: Direction, again: bool) -> Measured:
        try:
            slope = self._slope(direction, "ridders" if again else "adaptive")
        except Exception as error:  # it did not raise at the point itself
            shape = self._evaluate.here.shape
            return Measured(np.full(shape, np.nan), np.full(shape, np.inf), (first_line(error),))
        return Measured(slope.value, slope.error, slope.notes, kinked=slope.kinked)

    def _slope(self, direction: Direction, mode: str) -> Extrapolated:
        if self._other is None:
            return first(self._evaluate, direction, mode)
        return second(self._evaluate, direction, self._other, mode)
