"""Difference quotients along one direction, or two."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradcheck.functions import Array
from gradcheck_numerical.differences import Sample, Stencil
from gradcheck_numerical.directions import Direction
from gradcheck_numerical.evaluation import Evaluator


def central(evaluate: Evaluator, direction: Direction) -> Stencil:
    """Return (f(x + h) - f(x - h)) / 2h."""

    def stencil(step: float) -> Sample:
        h = direction.representable(evaluate.leaves, step)
        ahead, behind = (evaluate(direction.shifted(evaluate.leaves, t)) for t in (h, -h))
        with np.errstate(all="ignore"):
            rounding = np.fmax(evaluate.noise, np.finfo(float).eps * np.maximum(np.abs(ahead), np.abs(behind)))
            return Sample((ahead - behind) / (2 * h), rounding / h)

    return stencil


def one_sided(evaluate: Evaluator, direction: Direction, sign: float) -> Stencil:
    """Return (f(x + sign h) - f(x)) / (sign h)."""

    def stencil(step: float) -> Sample:
        h = sign * direction.representable(evaluate.leaves, step)
        there = evaluate(direction.shifted(evaluate.leaves, h))
        with np.errstate(all="ignore"):
            return Sample((there - evaluate.here) / h, 2 * evaluate.noise / abs(h))

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
            corners = [corner(s, t), corner(s, -t), corner(-s, t), corner(-s, -t)]
            rounding = np.fmax(evaluate.noise, np.finfo(float).eps * np.max(np.abs(corners), axis=0))
            return Sample((corners[0] - corners[1] - corners[2] + corners[3]) / (4 * s * t), rounding / (s * t))

    return stencil


def mixed_forward(evaluate: Evaluator, first: Direction, second: Direction) -> Stencil:
    """Return the one-sided mixed second difference, steps absolute."""
    corner = _corners(evaluate, first, second)

    def stencil(step: float) -> Sample:
        s, t = first.representable(evaluate.leaves, step), second.representable(evaluate.leaves, step)
        with np.errstate(all="ignore"):
            mixed = corner(s, t) - corner(s, 0.0) - corner(0.0, t) + evaluate.here
            return Sample(mixed / (s * t), 4 * evaluate.noise / (s * t))

    return stencil


def _corners(evaluate: Evaluator, first: Direction, second: Direction) -> Callable[[float, float], Array]:
    return lambda s, t: evaluate(second.shifted(first.shifted(evaluate.leaves, s), t))
