"""Tolerances, derived element by element; none of them grows with the number of elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcheck.functions import Array, real_dtype

TIGHT_ULPS = 32
"""What two right answers of one formula can differ by, in units of the last place."""
OUTPUT_ULPS = 8
"""An error that moves the output by less than this many of its ulps cannot be seen in the output."""
USEFUL_RELATIVE = 1e-3
"""A referee whose error is below this part of the element can tell right from wrong."""
USEFUL_BESIDE_LARGEST = 1e-7
"""... or below this part of the largest element."""
USEFUL_TIMES_NOISE = 1e4
"""... or no more than this many times what rounding of the output amounts to."""
RERUNS = 4
"""How often an engine is run again at inputs moved by an ulp, to see how much rounding does."""
ROUNDING_FACTOR = 8
"""How far beyond the largest movement seen in those reruns rounding can go."""


def tight(a: Array, b: Array, eps: float) -> Array:
    """Return the tight tolerance between two vectors: a few ulps of the larger element.

    Parameters
    ----------
    a, b : numpy.ndarray, shape (n,)
        The values.
    eps : float
        The machine epsilon of the check's dtype.
    """
    tolerance: Array = TIGHT_ULPS * eps * np.fmax(np.abs(a), np.abs(b))
    return tolerance


def useful(error: Array, value: Array, noise: Array) -> Array:
    """Return where a referee's error is small enough to decide anything.

    Parameters
    ----------
    error, value : numpy.ndarray, shape (n,)
        The referee's error estimate and its value.
    noise : numpy.ndarray, shape (n,)
        What rounding of the output, divided by the input, amounts to: no difference scheme sees less.
    """
    largest = np.max(np.abs(value), initial=0.0, where=np.isfinite(value))
    enough = np.maximum(USEFUL_RELATIVE * np.abs(value), USEFUL_BESIDE_LARGEST * largest)
    decisive: Array = error <= np.fmax(enough, USEFUL_TIMES_NOISE * noise)
    return decisive


def rounding(value: Array, rerun: Callable[[Sequence[Array]], Array], leaves: Sequence[Array], eps: float) -> Array:
    """Estimate how far rounding moves each element of a result.

    The engine is run again at inputs moved by one ulp with random signs: whatever moves by that
    much cannot be told from rounding inside the engine.

    Parameters
    ----------
    value : numpy.ndarray, shape (n,)
        The result.
    rerun : callable
        Computes the result at other leaves.
    leaves : sequence of numpy.ndarray
        The inputs.
    eps : float
        The machine epsilon of the check's dtype.
    """
    rng = np.random.default_rng(0)
    spread = np.zeros(value.shape)
    for _ in range(RERUNS):
        moved = rerun([_moved(leaf, rng) for leaf in leaves])
        with np.errstate(invalid="ignore"):
            spread = np.fmax(spread, np.abs(moved - value))
    return ROUNDING_FACTOR * spread + TIGHT_ULPS * eps * np.abs(value)


def _moved(leaf: Array, rng: np.random.Generator) -> Array:
    sign = rng.choice([-1.0, 1.0], size=leaf.shape)
    moved: Array = (leaf * (1 + sign * np.finfo(leaf.dtype).eps)).astype(leaf.dtype)
    return moved


def machine_eps(dtype: np.dtype[Any]) -> float:
    """Return the machine epsilon of a floating or complex dtype."""
    return float(np.finfo(real_dtype(dtype)).eps)
