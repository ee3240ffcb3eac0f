"""Tolerances, derived element by element; none of them grows with the number of elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcheck.functions import Array, moved_by_an_ulp, real_dtype
from gradcheck.operators import Operator

TIGHT_ULPS = 32
"""What two right answers of one formula can differ by, in units of the last place."""
RESIDUE_ULPS = 64
"""An element below this many ulps of the largest one is what is left where a sum cancels."""
OUTPUT_ULPS = 8
"""An error that moves the output by less than this many of its ulps cannot be seen in the output."""
VISIBLE_ULPS = 10
"""A difference that moves the output by less than this many of its ulps is no evidence of difference quotients."""
LOST_ULPS = 64
"""... nor one by less than this many, where the same engine has those digits in the other precision."""
USEFUL_RELATIVE = 1e-3
"""A referee whose error is below this part of the element can tell right from wrong."""
USEFUL_BESIDE_LARGEST = 1e-7
"""... or below this part of the largest element."""
USEFUL_TIMES_NOISE = 1e4
"""... or no more than this many times what rounding of the output amounts to."""
RERUNS = 4
"""How often an engine is run again at inputs moved by an ulp, to see how much rounding does."""
ROUNDING_FACTOR = 8
"""How far beyond the largest difference between those reruns rounding can go."""


def tight(a: Array, b: Array, dtype: np.dtype[Any]) -> Array:
    """Return the tight tolerance between two vectors: a few ulps of the larger element, or what underflows.

    Parameters
    ----------
    a, b : numpy.ndarray, shape (n,)
        The values.
    dtype : numpy.dtype
        The dtype of the check.
    """
    tiny = float(np.finfo(dtype).smallest_normal)
    return _finite(TIGHT_ULPS * (machine_eps(dtype) * np.fmax(np.abs(a), np.abs(b)) + tiny))


def imposed(reference: Array, rtol: float, atol: float) -> Array:
    """Return the tolerance that a user imposed: ``atol + rtol * abs(reference)``."""
    return _finite(atol + rtol * np.abs(reference))


def useful(error: Array, value: Array, noise: Array) -> Array:
    """Return where a referee's error is small enough to decide anything.

    Parameters
    ----------
    error, value : numpy.ndarray, shape (n,)
        The referee's error estimate and its value.
    noise : numpy.ndarray, shape (n,)
        What an ulp of the output amounts to: no difference scheme sees less.
    """
    largest = np.max(np.abs(value), initial=0.0, where=np.isfinite(value))
    enough = np.maximum(USEFUL_RELATIVE * np.abs(value), USEFUL_BESIDE_LARGEST * largest)
    decisive: Array = np.isfinite(error) & (error <= np.fmax(enough, USEFUL_TIMES_NOISE * noise))
    return decisive


def noise(operator: Operator, leaves: Sequence[Array], outputs: Sequence[Array], eps: float) -> Array:
    """Return what an ulp of the output amounts to in each element of a derivative: ulp(f) / abs(x).

    Parameters
    ----------
    operator : Operator
        Which derivative; its elements are in the order of its arrays.
    leaves, outputs : sequence of numpy.ndarray
        The inputs and the function's values there.
    eps : float
        The machine epsilon of the check's dtype.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Zero where the outputs are not finite.
    """
    ulps = [eps * np.where(np.isfinite(o), np.abs(o), 0.0).reshape(-1) for o in outputs]
    ulp = max((float(np.max(u, initial=0.0)) for u in ulps), default=0.0)
    scales = [sizes(leaf).reshape(-1) for leaf in leaves]
    largest = max((float(np.max(s, initial=0.0)) for s in scales), default=1.0) or 1.0
    if operator is Operator.JACOBIAN:
        return _joined(np.divide.outer(u, s) for u in ulps for s in scales)
    if operator is Operator.HESSIAN:
        return _joined(ulp / np.multiply.outer(a, b) for a in scales for b in scales)
    if operator in (Operator.VALUE, Operator.JVP):
        return _joined(u / (1.0 if operator is Operator.VALUE else largest) for u in ulps)
    return _joined(ulp / (s * largest if operator is Operator.HVP else s) for s in scales)


def sizes(leaf: Array) -> Array:
    """Return how large each element is; for a zero, the largest one of its leaf, or 1."""
    size = np.abs(leaf).astype(float)
    return np.where(size > 0, size, np.max(size, initial=0.0) or 1.0)


def _joined(parts: Any) -> Array:
    return np.concatenate([np.zeros(0), *(np.reshape(part, -1) for part in parts)])


def rounding(
    value: Array, rerun: Callable[[Sequence[Array]], Array | None], leaves: Sequence[Array], eps: float
) -> Array:
    """Estimate how far rounding moves each element of a result.

    The engine is run again at inputs moved by one ulp with random signs: what moves among those
    runs cannot be told from rounding inside the engine. The point itself is not counted among them,
    since it may be a special one, where a rule goes wrong that is right an ulp away.

    Parameters
    ----------
    value : numpy.ndarray, shape (n,)
        The result.
    rerun : callable
        Computes the result at other leaves; None if it cannot.
    leaves : sequence of numpy.ndarray
        The inputs.
    eps : float
        The machine epsilon of the check's dtype.
    """
    rng = np.random.default_rng(0)
    runs = (rerun([moved_by_an_ulp(leaf, rng) for leaf in leaves]) for _ in range(RERUNS))
    moved = [run for run in runs if run is not None and run.shape == value.shape]
    spread = np.zeros(value.shape)
    if moved:
        with np.errstate(invalid="ignore"):
            spread = _finite(np.max([np.abs(run - moved[0]) for run in moved], axis=0))
    return ROUNDING_FACTOR * spread + _finite(TIGHT_ULPS * eps * np.abs(value))


def lost_digits(value: Array, other: Array, noise: Array, eps: float, other_eps: float) -> Array:
    """Estimate an engine's error from its own result at the same inputs in another precision.

    Run in a wider precision, the difference is the error itself; run in a narrower one, the
    difference is scaled down to this one. No more than half of the digits, or a few more ulps
    of the output, can be excused like this: a rule that is wrong in one precision only must not be its own excuse.

    Parameters
    ----------
    value, other : numpy.ndarray, shape (n,)
        The result, and the one in the other precision.
    noise : numpy.ndarray, shape (n,)
        What an ulp of the output amounts to.
    eps, other_eps : float
        The machine epsilons of the two precisions.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        gap = _finite(np.abs(value - other))
    lost = gap if other_eps < eps else ROUNDING_FACTOR * gap * (eps / other_eps)
    excusable: Array = np.minimum(lost, np.fmax(np.sqrt(eps) * _finite(np.abs(value)), LOST_ULPS * noise))
    return excusable


def _finite(tolerance: Array) -> Array:
    """What is not finite explains nothing."""
    return np.where(np.isfinite(tolerance), tolerance, 0.0)


def machine_eps(dtype: np.dtype[Any]) -> float:
    """Return the machine epsilon of a floating or complex dtype."""
    return float(np.finfo(real_dtype(dtype)).eps)
