"""Difference quotients along one direction, or two."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradcheck.functions import Array
from gradcheck_numerical.differences import Sample, Stencil
from gradcheck_numerical.directions import Direction
from gradcheck_numerical.evaluation import Evaluator

SINGLE = 2.0**-21
"""What rounding in single precision, inside a function, can move its value by, with a margin."""


def central(evaluate: Evaluator, direction: Direction) -> Stencil:
    """Return (f(x + h) - f(x - h)) / 2h."""

    def stencil(step: float) -> Sample:
        h = direction.representable(evaluate.leaves, step)
        ahead, behind = evaluate.along(direction, h), evaluate.along(direction, -h)
        with np.errstate(all="ignore"):
            noise, single = _rounding(evaluate, direction.exact, ahead, behind)
            bend = ((ahead - evaluate.here) + (behind - evaluate.here)) / h
            return Sample(h, h, ahead / (2 * h) - behind / (2 * h), noise / h, single / h, bend)

    return stencil


def one_sided(evaluate: Evaluator, direction: Direction, sign: float) -> Stencil:
    """Return (f(x + sign h) - f(x)) / (sign h)."""

    def stencil(step: float) -> Sample:
        h = direction.representable(evaluate.leaves, step)
        there = evaluate.along(direction, sign * h)
        with np.errstate(all="ignore"):
            noise, single = _rounding(evaluate, direction.exact, there)
            slope = sign * (there - evaluate.here) / h
            return Sample(h, h, slope, 2 * noise / h, 2 * single / h, np.full(slope.shape, np.nan))

    return stencil


def mixed_central(evaluate: Evaluator, first: Direction, second: Direction) -> Stencil:
    """Return the mixed second difference over the four corners, steps relative to each direction's scale.

    References
    ----------
    .. [1] M. Abramowitz and I. Stegun, "Handbook of Mathematical Functions", 1964, formula 25.3.26.
    """
    corner = _corners(evaluate, first, second)
    a, b = first.scale(evaluate.leaves), second.scale(evaluate.leaves)

    def stencil(step: float) -> Sample:
        s = first.representable(evaluate.leaves, a * step)
        t = second.representable(evaluate.leaves, b * step)
        with np.errstate(all="ignore"):
            if first == second:
                corners = [corner(s, t), evaluate.here, evaluate.here, corner(-s, -t)]
            else:
                corners = [corner(s, t), corner(s, -t), corner(-s, t), corner(-s, -t)]
            noise, single = _rounding(evaluate, first.exact and second.exact, *corners)
            mixed = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * s * t)
            used, st = step if s * t else 0.0, s * t
            return Sample(used, st, mixed, noise / st, single / st, np.full(mixed.shape, np.nan))

    return stencil


def mixed_forward(evaluate: Evaluator, first: Direction, second: Direction) -> Stencil:
    """Return the one-sided mixed second difference, steps absolute."""
    corner = _corners(evaluate, first, second)

    def stencil(step: float) -> Sample:
        s, t = first.representable(evaluate.leaves, step), second.representable(evaluate.leaves, step)
        with np.errstate(all="ignore"):
            corners = [corner(s, t), corner(s, 0.0), corner(0.0, t)]
            noise, single = _rounding(evaluate, first.exact and second.exact, *corners)
            mixed = (corners[0] - corners[1] - corners[2] + evaluate.here) / (s * t)
            st = s * t
            return Sample(step, st, mixed, 4 * noise / st, 4 * single / st, np.full(mixed.shape, np.nan))

    return stencil


def _corners(evaluate: Evaluator, first: Direction, second: Direction) -> Callable[[float, float], Array]:
    return lambda s, t: evaluate(second.shifted(first.shifted(evaluate.leaves, s), t))


def _rounding(evaluate: Evaluator, exact: bool, *values: Array) -> tuple[Array, Array]:
    """Return the known rounding of the function's values, and what single precision's could be."""
    size = np.max(np.abs(values), axis=0)
    noise = np.fmax(evaluate.noise if exact else evaluate.moved_noise, np.finfo(float).eps * size)
    return noise, np.fmax(noise, SINGLE * np.fmax(size, np.abs(evaluate.here)))
