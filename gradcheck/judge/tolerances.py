"""Tolerances, derived element by element; none of them grows with the number of elements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradcheck.functions import HALVES, Array, finfo, moved_by_ulps, real_dtype
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
HALF = 1 / 8
"""The part of an ulp of half precision that counts as one here: the limits above then are an eighth as large."""
RERUNS = 6
"""How often an engine is run again at inputs moved by some ulps, to see how much rounding does."""
THOROUGH_RERUNS = 24
"""How often before it is blamed: of few possible values, some turn up seldom."""
MOVED_ULPS = 8
"""The most ulps that an input is moved by: by unequal numbers, so that ties and singular points are left."""
ROUNDING_FACTOR = 8
"""How far beyond the movement seen in those reruns rounding can go."""


def tight(a: Array, b: Array, dtype: np.dtype[Any]) -> Array:
    """Return the tight tolerance between two vectors: a few ulps of the larger element, or what underflows.

    Parameters
    ----------
    a, b : numpy.ndarray, shape (n,)
        The values.
    dtype : numpy.dtype
        The dtype of the check.
    """
    limits = finfo(dtype)  # float16's subnormal numbers are no exception: they begin at 6e-5
    tiny = float(limits.smallest_subnormal if dtype == np.float16 else limits.smallest_normal)
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


def noise(
    operator: Operator,
    leaves: Sequence[Array],
    outputs: Sequence[Array],
    eps: float,
    seed: Sequence[Array] | None = None,
) -> Array:
    """Return what an ulp of the output amounts to in each element of a derivative: ulp(f) / abs(x).

    Parameters
    ----------
    operator : Operator
        Which derivative; its elements are in the order of its arrays.
    leaves, outputs : sequence of numpy.ndarray
        The inputs and the function's values there.
    eps : float
        The machine epsilon of the check's dtype.
    seed : sequence of numpy.ndarray, optional
        The tangents or cotangents; without them, all are taken for 1.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Zero where the outputs are not finite.
    """
    ulps = [eps * np.where(np.isfinite(o), np.abs(o), 0.0).reshape(-1) for o in outputs]
    if operator is Operator.VJP and seed is not None:
        ulps = [ulp * np.abs(u).reshape(-1) for ulp, u in zip(ulps, seed, strict=True)]
    ulp = max((float(np.max(u, initial=0.0)) for u in ulps), default=0.0)
    scales = [sizes(leaf).reshape(-1) for leaf in leaves]
    if operator is Operator.JACOBIAN:
        return _joined(np.divide.outer(u, s) for u in ulps for s in scales)
    if operator is Operator.HESSIAN:
        return _joined(ulp / np.multiply.outer(a, b) for a in scales for b in scales)
    if operator is Operator.VALUE:
        return _joined(ulps)
    if operator is Operator.JVP:
        speed = _speed(scales, seed)
        return _joined(u * speed for u in ulps)
    ahead = _speed(scales, seed) if operator is Operator.HVP else 1.0
    return _joined(ulp * ahead / s for s in scales)


def _speed(scales: Sequence[Array], seed: Sequence[Array] | None) -> float:
    """Return by what part of itself the input changes along the tangent, at the element that changes most."""
    if seed is None:
        return 1.0 / (max((float(np.max(s, initial=0.0)) for s in scales), default=1.0) or 1.0)
    parts = (np.max(np.abs(v).reshape(-1) / s, initial=0.0) for s, v in zip(scales, seed, strict=True))
    return max(map(float, parts), default=0.0)


def sizes(leaf: Array) -> Array:
    """Return how large each element is; for a zero, the largest one of its leaf, or 1."""
    size = np.abs(leaf).astype(float)
    return np.where(size > 0, size, np.max(size, initial=0.0) or 1.0)


def _joined(parts: Any) -> Array:
    return np.concatenate([np.zeros(0), *(np.reshape(part, -1) for part in parts)])


def rounding(
    value: Array,
    rerun: Callable[[Sequence[Array]], Array | None],
    leaves: Sequence[Array],
    eps: float,
    reruns: int = RERUNS,
) -> Array:
    """Estimate how far rounding moves each element of a result.

    The engine is run again at inputs moved by a few ulps at random: what moves among those runs
    cannot be told from rounding inside the engine. The point itself is not counted among them, nor is
    the run that lies furthest from the others, by more than what is left where sums cancel: they may
    be special points, at which a rule goes wrong that is right an ulp away.

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
    reruns : int
        How often.
    """
    runs = (rerun(there) for there in moved(leaves, eps, reruns))
    found = [run for run in runs if run is not None and run.shape == value.shape]
    spread = np.zeros(value.shape)
    if len(found) > 1:
        with np.errstate(invalid="ignore"):
            apart = np.sort(np.abs(np.array(found) - _middle(found)), axis=0)
            left = RESIDUE_ULPS * eps * np.max(np.abs(value), initial=0.0, where=np.isfinite(value))
            spread = _finite(np.where(apart[-1] <= left, apart[-1], apart[-2]))
    return ROUNDING_FACTOR * spread + _finite(TIGHT_ULPS * eps * np.abs(value))


def moved(leaves: Sequence[Array], eps: float, times: int = RERUNS) -> Iterator[list[Array]]:
    """Yield leaves moved by a few ulps at random, always the same."""
    rng = np.random.default_rng(0)
    for _ in range(times):
        yield [moved_by_ulps(leaf, rng, MOVED_ULPS, eps=eps) for leaf in leaves]


def _middle(runs: Sequence[Array]) -> Array:
    """Return the median of several results, element by element; of complex ones, part by part."""
    stacked = np.array(runs)
    if np.iscomplexobj(stacked):
        return np.asarray(np.median(np.real(stacked), axis=0) + 1j * np.median(np.imag(stacked), axis=0))
    return np.asarray(np.median(stacked, axis=0))


def lost_digits(value: Array, other: Array, eps: float, other_eps: float) -> Array:
    """Estimate an engine's error from its own result at the same inputs in another precision.

    Run in a wider precision, the difference is the error itself; run in a narrower one, the
    difference is scaled down to this one.

    Parameters
    ----------
    value, other : numpy.ndarray, shape (n,)
        The result, and the one in the other precision.
    eps, other_eps : float
        The machine epsilons of the two precisions.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        gap = _finite(np.abs(value - other))
    return gap if other_eps < eps else ROUNDING_FACTOR * gap * (eps / other_eps)


def excusable_digits(value: Array, noise: Array, eps: float) -> Array:
    """Return how many lost digits are an excuse by themselves: half of them, or a few more ulps of the output.

    A rule that is wrong in one precision only must not be its own excuse.

    Parameters
    ----------
    value : numpy.ndarray, shape (n,)
        The result.
    noise : numpy.ndarray, shape (n,)
        What an ulp of the output amounts to.
    eps : float
        The machine epsilon of the check's dtype.
    """
    excusable: Array = np.fmax(np.sqrt(eps) * _finite(np.abs(value)), LOST_ULPS * noise)
    return excusable


def _finite(tolerance: Array) -> Array:
    """What is not finite explains nothing."""
    return np.where(np.isfinite(tolerance), tolerance, 0.0)


def machine_eps(dtype: np.dtype[Any]) -> float:
    """Return the machine epsilon of a floating or complex dtype; of half precision, `HALF` of it.

    Kernels in half precision compute in single precision inside and round once.
    """
    return float(finfo(real_dtype(dtype)).eps) * (HALF if dtype.name in HALVES else 1.0)
