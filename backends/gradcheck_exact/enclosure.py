"""From balls to doubles with bounds, with as much precision as that takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from flint import arb

from gradcheck.errors import NotCertifiedError, NotDifferentiableError
from gradcheck.estimates import Measured
from gradcheck.functions import Array
from gradcheck_exact.precision import LADDER, arithmetic
from gradcheck_exact.sweeps import Slope
from gradcheck_exact.tape import ZERO, Ball, Kink, UndecidedError

TIGHT_BITS = 56
"""How many bits of a ball are right when it is tight: a few more than a double has."""
NEGLIGIBLE = arb(2) ** -1080
"""A radius that no double can show: half the smallest subnormal number is 2^-1075."""
LARGE = 50_000
"""The number of steps above which a ball around 0 is not followed to the last precision."""
DUST = arb(2) ** -200
"""The radius, relative to the largest element, below which such a ball around 0 is taken as it is."""

NO_ENCLOSURE = "no finite enclosure: outside the domain, or at a pole"
TOO_LARGE = "beyond the range of the dtype"
MAX_NOTES = 4
"""How many reasons are given."""


@dataclass(frozen=True)
class Block:
    """An array to fill with numbers.

    Parameters
    ----------
    shape : tuple of int
        Its shape.
    complex : bool
        Whether each element takes two numbers, its real and its imaginary part.
    """

    shape: tuple[int, ...]
    complex: bool = False

    @property
    def parts(self) -> int:
        """How many numbers it takes."""
        return math.prod(self.shape) * (2 if self.complex else 1)


@dataclass(frozen=True)
class Enclosed:
    """Numbers with certified bounds, flat.

    Parameters
    ----------
    value : numpy.ndarray
        Midpoints, rounded; NaN where there is no finite enclosure.
    error : numpy.ndarray
        Bounds of the distance to the true numbers; inf where there is none.
    kinked : numpy.ndarray of bool
        Where the chain rule gives no derivative.
    notes : tuple of str
        Why not, and why there is no enclosure.
    """

    value: Array
    error: Array
    kinked: Array
    notes: tuple[str, ...]

    def cut(self, blocks: Sequence[Block]) -> list[Measured]:
        """Return the numbers as arrays, one after the other."""
        bounds = accumulate((block.parts for block in blocks), initial=0)
        return [self._measured(block, slice(*part)) for block, part in zip(blocks, pairwise(bounds), strict=True)]

    def _measured(self, block: Block, part: slice) -> Measured:
        value, error, kinked = self.value[part], self.error[part], self.kinked[part]
        if block.complex:
            value = (value[::2] + 1j * value[1::2]).astype(np.result_type(value, np.complex64))
            error, kinked = _sum_above(error[::2], error[1::2]), kinked[::2] | kinked[1::2]
        kinks = kinked.reshape(block.shape) if kinked.any() else None
        value, error = value.reshape(block.shape), error.reshape(block.shape)
        return Measured(value, error, self.notes, certified=True, kinked=kinks)


def _sum_above(a: Array, b: Array) -> Array:
    """Return a number that is no smaller than the sum of two bounds."""
    total: Array = np.where(a + b > 0, np.nextafter(a + b, np.inf), 0.0)
    return total


def enclose(compute: Callable[[], tuple[Sequence[Slope], int]], dtype: np.dtype[Any]) -> Enclosed:
    """Compute with more and more precision until the enclosures are tight, or the limit is reached.

    Parameters
    ----------
    compute : callable
        Returns balls, and how many steps they took.
    dtype : numpy.dtype
        The dtype that the midpoints are rounded to.

    Raises
    ------
    NotCertifiedError
        If a comparison cannot be decided at the limit.
    NotDifferentiableError
        If there is no derivative at all.
    """
    undecided = ""
    for bits in LADDER:
        with arithmetic(bits):
            try:
                slopes, steps = compute()
            except UndecidedError as error:
                undecided = str(error)
                continue
            if bits == LADDER[-1] or _settled(slopes, steps > LARGE and bits > LADDER[0]):
                return _rounded(slopes, dtype)
    raise NotCertifiedError(f"not certified: {undecided} cannot be decided at {LADDER[-1]} bits")


def _settled(slopes: Sequence[Slope], large: bool) -> bool:
    """Whether more precision would change little."""
    loose = [s for s in slopes if not isinstance(s, Kink) and not _tight(s)]
    if not loose or not large:
        return not loose
    scale = max((s.abs_upper() for s in slopes if not isinstance(s, Kink) and s.is_finite()), default=arb(0))
    return all(not s.is_finite() or s.rad() <= DUST * scale for s in loose)


def _tight(ball: Ball) -> bool:
    """Whether more precision would not change what a double says of a ball."""
    return ball is ZERO or bool(ball.rel_accuracy_bits() >= TIGHT_BITS or ball.rad() < NEGLIGIBLE)


def _rounded(slopes: Sequence[Slope], dtype: np.dtype[Any]) -> Enclosed:
    kinked = np.array([isinstance(s, Kink) for s in slopes], bool)
    notes = list(dict.fromkeys(s.reason for s in slopes if isinstance(s, Kink)))[:MAX_NOTES]
    if len(slopes) and kinked.all():
        raise NotDifferentiableError("; ".join(notes))
    pairs = [(math.nan, math.inf) if isinstance(s, Kink) else _nearest(s, dtype) for s in slopes]
    value, error = (np.array(column, float) for column in zip(*pairs, strict=True)) if pairs else (np.zeros(0),) * 2
    if (np.isnan(value) & ~kinked).any():
        notes.append(NO_ENCLOSURE)
    if np.isinf(value).any():
        notes.append(TOO_LARGE)
    return Enclosed(value.astype(dtype), error, kinked, tuple(notes))


def _nearest(ball: Ball, dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return the midpoint as a number of a dtype, and a bound of its distance to every number of the ball."""
    if ball is ZERO:
        return 0.0, 0.0
    if not ball.is_finite():
        return math.nan, math.inf
    with np.errstate(over="ignore"):
        value = float(dtype.type(float(ball)))
    if math.isinf(value):
        return value, math.inf
    distance = (ball - value).abs_upper()
    return value, 0.0 if distance.is_zero() else math.nextafter(float(distance), math.inf)
