"""How large an implanted fault is, element by element, and whether any difference scheme could see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gradcheck.audit.mutations import Mutation
from gradcheck.audit.points import Point
from gradcheck.functions import Array
from gradcheck.operators import Operator
from gradcheck.rules import Alter, Context

VISIBLE = 10.0
"""A fault counts if it exceeds so many times the function's own resolution, noise(f) / scale(x)."""
APPLIES = 0.5
"""A fault counts if it changes an element by more than this part of its kind's stated size."""


class Standing(StrEnum):
    """Whether a mutant counts."""

    COUNTED = "counted"
    """Its fault is above the function's resolution."""
    EXCLUDED = "excluded"
    """Its fault is below what the function's output can resolve."""
    ABSENT = "absent"
    """It changes nothing there, or less than its kind says."""


@dataclass(frozen=True)
class Fault:
    """What a mutation does to a derivative.

    Parameters
    ----------
    change : numpy.ndarray, shape (n,)
        ``abs(mutated - right)``; infinite where the mutated value is not finite or misshapen.
    right : numpy.ndarray, shape (n,)
        The absolute right derivative.
    resolution : numpy.ndarray, shape (n,)
        What an ulp of the function's output amounts to in each element.
    """

    change: Array
    right: Array
    resolution: Array

    def standing(self, size: float) -> Standing:
        """Return whether a fault of this relative size counts."""
        if not (self.change > APPLIES * size * self.right).any():
            return Standing.ABSENT
        return Standing.COUNTED if (self.change > VISIBLE * self.resolution).any() else Standing.EXCLUDED


def fault_of(mutation: Mutation, alter: Alter, point: Point, rng: np.random.Generator) -> Fault:
    """Measure a mutation at a point, in NumPy.

    Parameters
    ----------
    mutation : Mutation
        The kind.
    alter : Alter
        What it made for the point.
    point : Point
        Where; it has a Hessian if the kind is of order 2.
    rng : numpy.random.Generator
        Draws cotangents for the kinds that only some of them show.
    """
    if mutation.order == 2:
        right = np.abs(_second(point)).reshape(-1)
        return Fault(mutation.lost * right, right, point.resolution(Operator.HESSIAN))
    if not mutation.repeatable or mutation.mutable:  # it shows in a second call, not in the size of one
        right = np.concatenate([np.zeros(0), *(np.abs(b).reshape(-1) for row in point.jacobian for b in row)])
        return Fault(np.where(right > 0, np.inf, 0.0), right, np.zeros(right.shape))
    if mutation.cotangents:
        return _at_cotangents(mutation, alter, point, rng)
    context = _context(mutation, point)
    rows = [_row(alter, point, cotangents, context) for cotangents in _units(point)]
    changes, rights = (np.stack(part) for part in zip(*rows, strict=True))
    resolution = point.resolution(point.operator) if point.scalar else _by_rows(point)
    return Fault(changes.reshape(-1), rights.reshape(-1), resolution)


def _second(point: Point) -> Array:
    if point.hessian is None:
        raise ValueError(f"the point of {point.subject.name} has no Hessian; draw it with order=2")
    return point.hessian


def _by_rows(point: Point) -> Array:
    """Return the Jacobian's resolution, the elements of one output's row for all inputs together."""
    sizes = [a.size for a in point.arrays]
    blocks = iter(
        np.split(point.resolution(Operator.JACOBIAN), np.cumsum([o.size * n for o in point.outputs for n in sizes]))
    )
    rows = [np.concatenate([next(blocks).reshape(o.size, n) for n in sizes], 1) for o in point.outputs]
    return np.concatenate(rows).reshape(-1)


def _context(mutation: Mutation, point: Point) -> Context:
    """Return the circumstances in which the kind is wrong."""
    return Context(
        point.inputs.dtype.name,
        mutation.mode == "compiled",
        mutation.contiguous,
        point.pullback,
        lambda array: array,
    )


def _units(point: Point) -> Iterator[list[Array]]:
    """Return the unit cotangents, which give the Jacobian row by row."""
    for k, output in enumerate(point.outputs):
        for i in range(output.size):
            cotangents = [np.zeros(o.shape, o.dtype) for o in point.outputs]
            cotangents[k].reshape(-1)[i] = 1
            yield cotangents


def _row(alter: Alter, point: Point, cotangents: Sequence[Array], context: Context) -> tuple[Array, Array]:
    """Return the change and the size of the right gradients for these cotangents."""
    right = point.pullback(cotangents)
    with np.errstate(all="ignore"):
        altered = alter(np, point.arrays, cotangents, right, context)
        pairs = [_change(np.asarray(a), g) for a, g in zip(altered, right, strict=True)]
    return np.concatenate(pairs), np.concatenate([np.abs(g).reshape(-1) for g in right])


def _change(altered: Array, right: Array) -> Array:
    if altered.shape != right.shape:
        return np.full(right.size, np.inf)
    gap = np.abs(altered - right).reshape(-1)
    return np.where(np.isfinite(gap), gap, np.inf)


def _at_cotangents(mutation: Mutation, alter: Alter, point: Point, rng: np.random.Generator) -> Fault:
    """Measure at signed cotangents of each size, beside which the output's resolution grows as well."""
    context, parts = _context(mutation, point), []
    resolution = point.resolution(Operator.VJP)
    for size in mutation.cotangents:
        for sign in (1.0, -1.0):
            drawn = [rng.uniform(0.5, 1.5, o.shape) * rng.choice([-1.0, 1.0], o.shape) for o in point.outputs]
            cotangents = [np.asarray(sign * size * u, o.dtype) for u, o in zip(drawn, point.outputs, strict=True)]
            parts.append((*_row(alter, point, cotangents, context), 1.5 * size * resolution))
    return Fault(*(np.concatenate(part) for part in zip(*parts, strict=True)))
