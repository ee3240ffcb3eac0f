"""Difference quotients, extrapolated, with an error estimate for each element.

A *stencil* is a difference quotient q(h) of a smooth function that tends to a derivative as the
step h does to 0, with an error expansion in even powers of h (central ones) or in all powers
(one-sided ones). `extrapolate` evaluates it at h, h/2, h/4, ..., builds Richardson's tableau and
picks, element by element, the entry whose neighbours agree best.

References
----------
.. [1] L. F. Richardson, "The approximate arithmetical solution by finite differences of physical
   problems involving differential equations", Phil. Trans. R. Soc. A 210 (1911).
.. [2] C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering
   Software 4 (1982).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from gradcheck.functions import Array

LEVELS = 14
"""The most halvings of the step."""
COLUMNS = 7
"""The most extrapolations of one quotient: beyond that the gain is below rounding."""


@dataclass(frozen=True)
class Sample:
    """One difference quotient at one step.

    Parameters
    ----------
    quotient : numpy.ndarray, shape (m,)
        Its value for each output element; NaN where the function is not finite.
    noise : numpy.ndarray, shape (m,)
        How far rounding in the function's values alone can move it.
    """

    quotient: Array
    noise: Array


Stencil = Callable[[float], Sample]


@dataclass(frozen=True)
class Extrapolated:
    """The limit of a stencil.

    Parameters
    ----------
    value : numpy.ndarray, shape (m,)
        The derivative; NaN where every quotient was non-finite.
    error : numpy.ndarray, shape (m,)
        Estimated absolute error: truncation and rounding; inf where `value` is NaN.
    """

    value: Array
    error: Array

    def better(self, other: Extrapolated) -> Extrapolated:
        """Return, element by element, the estimate with the smaller error."""
        take = other.error < self.error
        return Extrapolated(np.where(take, other.value, self.value), np.where(take, other.error, self.error))

    def beside(self, other: Extrapolated) -> Extrapolated:
        """Return the better estimate of two step ranges; where they contradict each other, the error says so."""
        gap = self._gap(other)
        best = self.better(other)
        contradict = np.isfinite(gap) & (gap > self.error + other.error)
        return Extrapolated(best.value, np.where(contradict, gap, best.error))

    def confirmed_by(self, wider: Extrapolated) -> Extrapolated:
        """Take over what wider steps add, only where it lies within this estimate's error.

        A derivative is local: where wide steps say something else, they have left the neighbourhood.
        """
        take = (wider.error < self.error) & ~(self._gap(wider) > self.error)
        return Extrapolated(np.where(take, wider.value, self.value), np.where(take, wider.error, self.error))

    def _gap(self, other: Extrapolated) -> Array:
        with np.errstate(invalid="ignore"):
            gap: Array = np.abs(self.value - other.value)
        return gap


def extrapolate(stencil: Stencil, step: float, *, power: int = 2, ratio: float = 2.0) -> Extrapolated:
    """Take a stencil to the limit of step 0.

    Parameters
    ----------
    stencil : callable
        ``stencil(h)`` returns a `Sample`.
    step : float
        The largest step, positive.
    power : int
        The spacing of the powers in the error expansion: 2 for central stencils, 1 for one-sided ones.
    ratio : float
        By how much each step is smaller than the one before.

    Returns
    -------
    Extrapolated
        The entry of Richardson's tableau with the smallest error estimate: twice its largest
        difference from its two parents (Ridders), and the rounding noise of its row.
    """
    previous: list[Array] = []
    best: Extrapolated | None = None
    rows_without_gain = 0
    for level in range(LEVELS):
        sample = stencil(step / ratio**level)
        previous, candidate = _extend(previous, sample, ratio**power)
        if best is None:
            best = candidate
            continue
        rows_without_gain = 0 if (candidate.error < best.error).any() else rows_without_gain + 1
        best = best.better(candidate)
        resolved = ~(best.error > np.maximum(1e-14 * np.abs(best.value), 8 * sample.noise))
        if level >= 3 and (rows_without_gain >= 2 or resolved.all()):
            break
    assert best is not None  # LEVELS > 0
    return best


def _extend(previous: Sequence[Array], sample: Sample, factor: float) -> tuple[list[Array], Extrapolated]:
    """Return the next row of the tableau and its best entry."""
    # the sum of the absolute weights of an extrapolated entry, over all columns
    amplified = sample.noise * prod((factor**k + 1) / (factor**k - 1) for k in range(1, COLUMNS))
    row, value = [sample.quotient], sample.quotient
    error = np.full(value.shape, np.inf)
    with np.errstate(all="ignore"):  # NaN marks a step that left the domain
        for column, above in enumerate(previous[: COLUMNS - 1]):
            entry = row[column] + (row[column] - above) / (factor ** (column + 1) - 1)
            row.append(entry)
            distance = 2 * np.maximum(np.abs(entry - row[column]), np.abs(entry - above)) + amplified
            take = distance < error  # False for NaN
            value, error = np.where(take, entry, value), np.where(take, distance, error)
    return row, Extrapolated(np.where(np.isfinite(error), value, np.nan), error)
