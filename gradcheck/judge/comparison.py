"""Engines' results as flat vectors, and how two of them compare, element by element."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gradcheck.estimates import Engine
from gradcheck.functions import Array
from gradcheck.judge.testimony import Question, Testimony
from gradcheck.operators import Operator

REFEREE = "numerical"
"""The backend whose default engine settles disputes with its error estimate."""


@dataclass(frozen=True)
class Vector:
    """An engine's arrays as one flat vector.

    Parameters
    ----------
    testimony : Testimony
        Where it comes from.
    value : numpy.ndarray, shape (n,)
        All elements, float64 or complex128.
    error : numpy.ndarray, shape (n,)
        The engine's own error estimate; 0 where it knows none.
    estimated : bool
        Whether it knows one.
    """

    testimony: Testimony
    value: Array
    error: Array
    estimated: bool

    @classmethod
    def of(cls, testimony: Testimony) -> Vector:
        """Return the vector of a testimony that has an estimate."""
        assert testimony.estimate is not None  # the caller's promise
        value, errors = flat(testimony.estimate.arrays), testimony.estimate.errors
        error = np.zeros(value.shape) if errors is None else flat(errors).astype(float)
        return cls(testimony, value, error, errors is not None)

    @property
    def engine(self) -> Engine:
        """Whose it is."""
        return self.testimony.engine

    @property
    def numerical(self) -> bool:
        """Whether it comes from difference quotients with an error estimate."""
        return self.engine.backend == REFEREE and self.estimated

    def rerun(self, leaves: Sequence[Array]) -> Array | None:
        """Return what the engine says at other leaves; None if it cannot."""
        again = self.testimony.again
        estimate = None if again is None else again(leaves)
        return None if estimate is None else flat(estimate.arrays)

    def measured(self, leaves: Sequence[Array]) -> tuple[Array, Array] | None:
        """Return what the engine says at other leaves, with its errors; None if it cannot, or knows none."""
        again = self.testimony.again
        estimate = None if again is None else again(leaves)
        if estimate is None or estimate.errors is None:
            return None
        return flat(estimate.arrays), flat(estimate.errors).astype(float)

    @property
    def referee(self) -> bool:
        """Whether it may settle a dispute by difference quotients: the numerical backend's default mode only."""
        return self.numerical and not self.engine.mode

    @property
    def certified(self) -> bool:
        """Whether its errors are rigorous bounds."""
        estimate = self.testimony.estimate
        return estimate is not None and estimate.certified

    @property
    def bounded(self) -> bool:
        """Whether it has a finite error for every element, and not from difference quotients."""
        estimate = self.testimony.estimate
        return not self.numerical and estimate is not None and estimate.bounded


def flat(arrays: Sequence[Array]) -> Array:
    """Return all elements as one vector in double precision."""
    wide = [a.reshape(-1).astype(complex if a.dtype.kind == "c" else float) for a in arrays]
    return np.concatenate(wide) if wide else np.zeros(0)


def by_output(question: Question, count: int) -> Iterator[Array]:
    """Yield the positions of derivatives in the flat vector, one row for each output element."""
    if question.operator is not Operator.JACOBIAN:
        yield np.arange(count)[None, :]
        return
    sizes, start = [leaf.size for leaf in question.inputs.arrays], 0
    for output in question.outputs:
        ends = start + output.size * np.cumsum([0, *sizes])
        yield np.concatenate([np.arange(a, b).reshape(output.size, -1) for a, b in pairwise(ends)], axis=1)
        start = int(ends[-1])


def independent(a: Vector, b: Vector) -> bool:
    """Whether two engines are of different backends: two modes of one share their rules."""
    return a.engine.backend != b.engine.backend


def difference(a: Array, b: Array) -> Array:
    """Return ``abs(a - b)``, 0 for equal infinities and NaN where either is NaN."""
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, np.abs(a - b))


def agree(question: Question, a: Vector, b: Vector) -> Array:
    """Return where two vectors differ by no more than is allowed and their error estimates."""
    agrees: Array = difference(a.value, b.value) <= question.allowed(a.value, b.value) + a.error + b.error
    return agrees


def backed(question: Question, vector: Vector, others: Sequence[Vector]) -> Array:
    """Count, for each element, the independent backends that agree."""
    by_backend: dict[str, Array] = {}
    for other in others:
        if independent(vector, other):
            agrees = agree(question, vector, other)
            by_backend[other.engine.backend] = by_backend.get(other.engine.backend, np.zeros_like(agrees)) | agrees
    counted: Array = np.sum([np.zeros(vector.value.shape, int), *by_backend.values()], axis=0)
    return counted


def nearest(vector: Vector, others: Sequence[Vector]) -> Vector:
    """Return the other vector whose largest difference is smallest."""

    def distance(other: Vector) -> float:
        gaps = difference(vector.value, other.value)
        return float(np.max(np.where(np.isnan(gaps), np.inf, gaps), initial=0.0))

    return min(others, key=distance)


def referee_for(vector: Vector, others: Sequence[Vector]) -> Vector | None:
    """Return the numerical engine on this framework's own forward, else on NumPy's, else on any."""
    order = {vector.engine.backend: 0, "": 1}
    return min((o for o in others if o.referee), key=lambda o: order.get(o.engine.host, 2), default=None)
