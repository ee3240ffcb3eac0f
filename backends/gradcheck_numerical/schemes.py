"""The modes of numerical differentiation along directions: extrapolated, or once at a fixed step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gradcheck.errors import UnsupportedError
from gradcheck.functions import Array
from gradcheck_numerical import stencils
from gradcheck_numerical.differences import HOPELESS, ROUGH, Extrapolated, Ladder, Sample, Stencil
from gradcheck_numerical.directions import Coordinate, Direction
from gradcheck_numerical.divergence import infinite_slope
from gradcheck_numerical.evaluation import Evaluator

TARGET = 1e-10
"""The relative error above which other steps are tried as well."""
WIDE = 0.1
"""The step beyond which a derivative of 0 is not looked at more closely: a bounded function over a long way is flat."""
PROBE = 1e-3
"""The step, relative to the point, at which fixed steps are looked over."""
WIDEST = 100.0
"""How many times the largest element of its leaf, or 1, a coordinate is moved at most."""
TRIALS = 3
"""How often narrower steps are tried that need not help."""
FINEST = 0.25
"""The narrowest step, in ulps of the point: at 0, of what is near it."""
FAR = (30.0, 1e3)
"""How much wider steps than the widest show what is hidden where no step moves the function at all."""
EDGE = 1e-8
"""The step, beside the scale of the point, at which a function is not finite on one side of its domain's edge."""
DOUBTFUL = 0.01
"""The relative error from which a slope may be infinite."""
ONE_SIDED = "one-sided differences, where the function is not finite on both sides"
INFINITE = "an infinite slope: the quotients grow as one power of the step, down to the finest steps"
FORWARD_STEP = {1: 1e-6, 2: 1e-4}
"""The absolute step of mode `forward`, by the order of the derivative."""


@dataclass(frozen=True)
class _Steps:
    """The widest relative step of an extrapolation, the ratio between steps, how many to begin with and at most."""

    first: float
    ratio: float
    rows: int
    most: int


_STEPS = {"adaptive": _Steps(0.19, 3.9, 9, 30), "ridders": _Steps(0.13, 2.9, 11, 36)}
_SECOND_ORDER_STEPS = {"adaptive": _Steps(0.19, 2.3, 9, 30), "ridders": _Steps(0.15, 1.9, 11, 36)}


def first(evaluate: Evaluator, direction: Direction, mode: str) -> Extrapolated:
    """Differentiate once, along a direction.

    Raises
    ------
    UnsupportedError
        At an infinite input.
    """
    fixed = {"forward": _forward, "central": _central}
    slope = fixed[mode](evaluate, direction) if mode in fixed else _extrapolated(evaluate, direction, _STEPS[mode])
    return replace(slope, notes=slope.notes + evaluate.notes)


def _extrapolated(evaluate: Evaluator, direction: Direction, steps: _Steps) -> Extrapolated:
    """Extrapolate central differences; where the function is not finite on both sides, one-sided ones."""
    scale, finest = direction.scale(evaluate.leaves), direction.finest(evaluate.leaves)
    if not np.isfinite(scale):
        raise UnsupportedError("there is no difference quotient at an infinite input")
    more = int(np.log(scale / finest) / np.log(steps.ratio))  # down to the scale of the smallest element that moves
    steps = replace(steps, rows=min(steps.rows + more, steps.most))
    stencil = stencils.central(evaluate, direction)
    widest = WIDEST * max(scale, direction.reach(evaluate.leaves))
    finest = FINEST * evaluate.eps * finest
    best = _search(stencil, scale, widest, steps, finest=finest)
    edge = ~np.isfinite(best.error)
    edge = edge & ~np.isfinite(stencil(EDGE * scale).quotient) if edge.any() else edge
    for sign in (1.0, -1.0) if edge.any() else ():
        side = _search(stencils.one_sided(evaluate, direction, sign), scale, widest, steps, power=1, finest=finest)
        best = best.replaced(replace(side, notes=(ONE_SIDED,)), edge & (side.error < best.error))
    doubtful = best.relative() > DOUBTFUL
    if isinstance(direction, Coordinate) and doubtful.any() and not direction.subnormal(evaluate.leaves):
        best = best.infinite(np.where(doubtful, infinite_slope(evaluate, direction), 0.0), INFINITE)
    return best


def _search(
    stencil: Stencil,
    scale: float,
    widest: float,
    steps: _Steps,
    *,
    power: int = 2,
    order: int = 1,
    finest: float = 0.0,
) -> Extrapolated:
    """Extrapolate, adding narrower and wider steps where the error is not as good as it can be."""
    first = scale * steps.first
    ladder = Ladder(stencil, first, steps.rows, ratio=steps.ratio, power=power, order=order, finest=finest)
    found = _narrowed(ladder, steps)
    hopeful = _poor(found) & ~_zero(found, ladder)
    while len(ladder.samples) < steps.most and ladder.samples[0].step < widest and hopeful.any():
        ladder.widen(2)
        wider = ladder.limit()
        gained = wider.error < found.error / 2
        rough = (wider.relative() > ROUGH) & (wider.error > HOPELESS * ladder.samples[0].noise)
        found = found.replaced(wider, hopeful)
        hopeful = hopeful & _poor(found) & (gained | rough) & ~_zero(found, ladder)
    if order == 1:
        found = replace(found, error=np.where(ladder.between_teeth(found), 2 * np.abs(found.value), found.error))
    hidden = ladder.still() & (found.error == 0)
    return replace(found, error=np.where(hidden, ladder.rounding_beyond(FAR), found.error)) if hidden.any() else found


def _narrowed(ladder: Ladder, steps: _Steps) -> Extrapolated:
    """Extrapolate, adding narrower steps where they may help; where only that may be, they must have helped."""
    found = ladder.limit()
    trials = TRIALS
    while len(ladder.samples) < steps.most:
        must, may = _poor(found) & ladder.unresolved(found), ladder.restless(found)
        if not (must.any() or (trials and may.any())) or not ladder.narrow(2):
            break
        trials -= not must.any()
        narrowed = ladder.limit()
        helped = (narrowed.error < found.error) | (narrowed.relative() < found.relative())
        found = narrowed.replaced(found, may & ~must & ~helped)
    return found


def _poor(found: Extrapolated) -> Array:
    """Return where other steps are worth a trial."""
    return found.relative() > TARGET


def _zero(found: Extrapolated, ladder: Ladder) -> Array:
    """Return where the derivative may be 0 and wider steps than these would only make it look smaller."""
    return (found.relative() > 1) & (ladder.samples[0].step > WIDE)


def _forward(evaluate: Evaluator, direction: Direction) -> Extrapolated:
    """Difference once at the classic step; the error is the textbook's: h/2 |f_xx| + 2 noise / h."""
    stencil = stencils.one_sided(evaluate, direction, 1.0)
    return _once(stencil, _fixed(evaluate, direction, FORWARD_STEP[1]), direction.scale(evaluate.leaves), 1)


def _central(evaluate: Evaluator, direction: Direction) -> Extrapolated:
    """Difference once, centrally; the error is the textbook's: h^2/6 |f_xxx| + noise / h."""
    scale = direction.scale(evaluate.leaves)
    step = evaluate.eps ** (1 / 3) * max(1.0, scale)
    return _once(stencils.central(evaluate, direction), _fixed(evaluate, direction, step), scale, 3)


def _once(stencil: Stencil, step: float, scale: float, gain: int) -> Extrapolated:
    """Difference at one step; twice the step, and one at the scale of the point, show what the error is."""
    one, two, local = stencil(step), stencil(2 * step), stencil(min(PROBE * scale, step / 8))
    with np.errstate(all="ignore"):
        unexplained = _gap(one, local) - 4 * (one.noise + local.noise)
        return _with_error(one, np.fmax(_gap(one, two) / gain, unexplained))


def _fixed(evaluate: Evaluator, direction: Direction, step: float) -> float:
    """Return a fixed step, no smaller than what the inputs' dtype can resolve."""
    return max(step, 8 * evaluate.eps * direction.scale(evaluate.leaves))


def _gap(one: Sample, two: Sample) -> Array:
    with np.errstate(all="ignore"):
        gap: Array = np.abs(two.quotient - one.quotient)
    return gap


def _with_error(sample: Sample, truncation: Array) -> Extrapolated:
    with np.errstate(all="ignore"):
        error = 2 * truncation + 2 * sample.noise
    finite = np.isfinite(error) & np.isfinite(sample.quotient)
    return Extrapolated(
        np.where(finite, sample.quotient, np.nan), np.where(finite, error, np.inf), np.zeros(error.shape, bool)
    )


# -- second order -----------------------------------------------------------------------------


def second(evaluate: Evaluator, one: Direction, other: Direction, mode: str) -> Extrapolated:
    """Differentiate twice, along two directions."""
    slope = _twice(evaluate, one, other, mode)
    return replace(slope, notes=slope.notes + evaluate.notes)


def _twice(evaluate: Evaluator, one: Direction, other: Direction, mode: str) -> Extrapolated:
    if mode in _STEPS:
        scale = one.scale(evaluate.leaves), other.scale(evaluate.leaves)
        widest = WIDEST * max(1.0, one.reach(evaluate.leaves) / scale[0], other.reach(evaluate.leaves) / scale[1])
        return _search(stencils.mixed_central(evaluate, one, other), 1.0, widest, _SECOND_ORDER_STEPS[mode], order=2)
    if mode == "forward":
        stencil, h, gain = stencils.mixed_forward(evaluate, one, other), _forward_step(evaluate), 1
    else:
        stencil, h, gain = stencils.mixed_central(evaluate, one, other), evaluate.eps**0.25, 3
    narrow, wide = stencil(h), stencil(2 * h)
    return _with_error(narrow, _gap(narrow, wide) / gain)


def _forward_step(evaluate: Evaluator) -> float:
    return max(FORWARD_STEP[2], float(0.1 * evaluate.eps**0.25))
