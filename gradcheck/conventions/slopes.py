"""The slopes on both sides of a point, by the numerical engine on one side at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gradcheck import discovery
from gradcheck.backend import Backend
from gradcheck.cases import Case
from gradcheck.functions import Array, Function, Inputs
from gradcheck.operators import Operator
from gradcheck.preparation import plain

NUMERICAL = "numerical"
CONVERGED = 1e-3
"""The largest error estimate, beside the slope or 1, of a slope that is shown."""
STEPS = (1e-4, 1e-8, 1e-12)
"""Where a difference quotient is looked at that does not converge, as parts of the input's size."""
GROWTH = 10.0
"""How much it grows from one of these steps to the next if it has no limit; a square root's does a hundredfold."""


def one_sided(case: Case) -> tuple[Array, Array] | None:
    """Return the slopes below and above the point along each input, as numerics see them.

    Parameters
    ----------
    case : Case
        A scalar portable function at one point.

    Returns
    -------
    below, above : numpy.ndarray, shape (n,)
        For each differentiated element: infinite where the quotients grow without limit, NaN where
        the input or the function is not finite at the point or on that side, or its quotients do not settle.
        None for complex inputs, which have no two sides.
    """
    (inputs,) = case.points().values()
    if any(a.dtype.kind == "c" for a in inputs.arrays):
        return None
    backend = discovery.load(NUMERICAL)
    lines = list(_lines(backend, case, inputs))
    below, above = ([_slope(backend, *line, sign) for line in lines] for sign in (-1.0, 1.0))
    return np.array(below), np.array(above)


def _lines(backend: Backend, case: Case, inputs: Inputs) -> Iterator[tuple[Callable[[float], float], float]]:
    """Yield, for each element, the function of that element alone, and the element."""
    value = backend.prepare(case.function, inputs, Operator.VALUE)

    def line(leaf: int, index: int) -> Callable[[float], float]:
        def at(x: float) -> float:
            moved = [np.array(a) for a in inputs.arrays]
            moved[leaf].flat[index] = x
            return float(plain(value.run(moved))[0])

        return at

    for leaf, array in enumerate(inputs.arrays):
        yield from ((line(leaf, index), float(x)) for index, x in enumerate(array.flat))


def _slope(backend: Backend, line: Callable[[float], float], x: float, sign: float) -> float:
    def side(moved: Array) -> Array:
        return np.asarray(line(float(moved)) if sign * (float(moved) - x) >= 0 else np.nan)

    if not (np.isfinite(x) and np.isfinite(line(x))):
        return float("nan")
    found = backend.estimate(Function.of(side), Inputs.of((x,)), Operator.GRADIENT)
    slope, error = float(found.arrays[0]), float(found.errors[0]) if found.errors is not None else np.inf
    if error <= CONVERGED * max(1.0, abs(slope)):
        return slope if abs(slope) > error else 0.0
    steps = [sign * h * (abs(x) or 1.0) for h in STEPS]
    if any(x + h == x for h in steps):
        return float("nan")  # no step is small beside a subnormal number
    return _without_limit([(line(x + h) - line(x)) / h for h in steps])


def _without_limit(quotients: Sequence[float]) -> float:
    """Return infinity where the quotients grow without limit, else NaN."""
    sizes = np.abs(quotients)
    grows = np.isfinite(sizes).all() and (sizes[1:] > GROWTH * sizes[:-1]).all()
    return float(np.copysign(np.inf, quotients[-1])) if grows else float("nan")
