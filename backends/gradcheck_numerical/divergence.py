"""Infinite slopes: where difference quotients grow without end as the step shrinks.

A function that behaves like ``c |h|^p`` with 0 < p < 1 next to a point, as a root does where it
begins, has quotients ``c |h|^(p - 1)``. They are taken over many decades of steps; that the power stays
the same down to the finest steps that the function's rounding lets be seen tells it from a slope that is
only steep (the power goes to 0), and from a jump (p = 0).
"""

from __future__ import annotations

import numpy as np

from gradcheck.functions import Array
from gradcheck_numerical import stencils
from gradcheck_numerical.directions import Coordinate
from gradcheck_numerical.evaluation import Evaluator

WIDEST = 1e-2
"""The widest step, beside the scale of the point."""
NARROWEST = 1e-60
"""The narrowest step, at a point that is 0."""
STEPS = 24
"""How many steps there are between them."""
AHEAD = 1e6
"""How much narrower the step is that shows whether it is worth to look at all of them."""
GROWTH = 1.2
"""By how much the quotients grow up to that, at least."""
VISIBLE = 1e6
"""How many times its rounding a function must move for its power to be seen."""
DECADES = 5.0
"""Over how many decades of steps, the finest of those that can be seen, the power must stay the same."""
STEADY = 2e-3
"""By how much it may vary."""
POWERS = (0.02, 0.98)
"""Between which powers of the step a function is continuous with an infinite slope."""


def infinite_slope(evaluate: Evaluator, coordinate: Coordinate) -> Array:
    """Return the signs of infinite slopes, shape (m,): 1 or -1, and 0 where there is none.

    Every side on which the function is finite must have one, and of the same sign.
    """
    sides = [_one_side(evaluate, coordinate, sign) for sign in (1.0, -1.0)]
    ahead, behind = (slope for slope, _ in sides)
    beyond, before = (exists for _, exists in sides)
    both: Array = np.where(beyond & before, np.where(ahead == behind, ahead, 0.0), np.where(beyond, ahead, behind))
    return both


def _one_side(evaluate: Evaluator, coordinate: Coordinate, sign: float) -> tuple[Array, Array]:
    """Return the sign of an infinite slope on one side, 0 for none, and whether the function is finite there."""
    stencil = stencils.one_sided(evaluate, coordinate, sign)
    narrowing = _steps(evaluate, coordinate)
    wide, narrow = stencil(narrowing[0]), stencil(max(narrowing[-1], narrowing[0] / AHEAD))
    with np.errstate(all="ignore"):
        grows = np.abs(narrow.quotient) > GROWTH * np.abs(wide.quotient)
    if not grows.any():
        return np.zeros(grows.shape), np.isfinite(narrow.quotient)
    samples = [stencil(step) for step in narrowing]
    quotients = np.array([s.quotient for s in samples])
    steps = np.array([[s.step] for s in samples])
    with np.errstate(all="ignore"):
        visible = np.abs(quotients) > VISIBLE * np.array([s.noise for s in samples])
        powers = 1 + np.diff(np.log(np.abs(quotients)), axis=0) / np.diff(np.log(steps), axis=0)
    exists = np.isfinite(quotients[-1])
    signs = [_power_law(steps[:, 0], *columns) for columns in zip(quotients.T, visible.T, powers.T, strict=True)]
    return np.array(signs) * exists, exists


def _steps(evaluate: Evaluator, coordinate: Coordinate) -> Array:
    """Return steps from wide to as narrow as the coordinate can move."""
    scale = coordinate.scale(evaluate.leaves)
    moves = coordinate.value(evaluate.leaves) != 0
    steps = np.geomspace(WIDEST * scale, scale * (4 * evaluate.eps if moves else NARROWEST), STEPS)
    return np.unique([coordinate.representable(evaluate.leaves, step) for step in steps])[::-1]


def _power_law(steps: Array, quotients: Array, visible: Array, powers: Array) -> float:
    """Return the sign of quotients that go like one power of the step, over the finest decades; 0 if they do not."""
    if not visible[0]:
        return 0.0
    last = int(np.argmin(visible)) if not visible.all() else len(visible)  # narrower ones are lost in rounding
    first = int(np.searchsorted(-steps, -steps[last - 1] * 10**DECADES))
    seen, law = quotients[first:last], powers[first : last - 1]
    if first == 0 or len(law) == 0 or not (np.isfinite(seen).all() and (np.sign(seen) == np.sign(seen[0])).all()):
        return 0.0
    steady = np.ptp(law) <= STEADY and POWERS[0] < law.min() and law.max() < POWERS[1]
    return float(np.sign(seen[0])) if steady else 0.0
