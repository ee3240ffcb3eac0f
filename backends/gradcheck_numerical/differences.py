"""Difference quotients, extrapolated, with an error estimate for each element.

A *stencil* is a difference quotient q(h) of a smooth function that tends to a derivative as the
step h does to 0, with an error expansion in even powers of h (central ones) or in all powers
(one-sided ones). A `Ladder` holds one at steps that differ by a constant ratio, grows at both ends
where that may help, and takes, element by element, an entry of Richardson's tableau. What the
narrower steps say decides which wider ones to believe, and how much rounding there is.

Two things cannot be told from function values alone: structure smaller than single precision's
rounding of the function is taken for rounding, and a function that rounding has made smooth over
all the steps tried is taken for smooth.

References
----------
.. [1] L. F. Richardson, "The approximate arithmetical solution by finite differences of physical
   problems involving differential equations", Phil. Trans. R. Soc. A 210 (1911).
.. [2] C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering
   Software 4 (1982).
.. [3] J. J. More and S. M. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck.functions import Array

COLUMNS = 5
"""The most extrapolations of one quotient, plus one: beyond that the gain is below rounding."""
SEEN = 8
"""How far beyond the largest movement seen in narrower rows rounding can go."""
NEAR = 4
"""How many times its error away from an estimate a wider one can be and still replace it."""
ROUGH = 1e-3
"""The relative error above which an estimate must cover what all the other steps say."""
COARSE = 2.0**12
"""How many times single precision's rounding the function's can be, by cancellation inside it."""
HOPELESS = 1e4
"""How many times the widest step's known rounding an error is large for no known reason."""
UNEXPLAINED = 100
"""How many times the known rounding is more than bad luck."""


@dataclass(frozen=True)
class Sample:
    """One difference quotient at one step.

    Parameters
    ----------
    step : float
        The step; 0 where it is too small to move the inputs at all.
    quotient : numpy.ndarray, shape (m,)
        Its value for each output element; NaN where the function is not finite.
    noise : numpy.ndarray, shape (m,)
        How far the known rounding of the function's values can move it.
    single : numpy.ndarray, shape (m,)
        How far rounding in single precision, somewhere inside the function, could move it.
    bend : numpy.ndarray, shape (m,)
        The slope ahead minus the slope behind; NaN where the stencil has none.
    """

    step: float
    quotient: Array
    noise: Array
    single: Array
    bend: Array


Stencil = Callable[[float], Sample]


@dataclass(frozen=True)
class Extrapolated:
    """The limit of a stencil.

    Parameters
    ----------
    value : numpy.ndarray, shape (m,)
        The derivative; NaN where there is no error estimate.
    error : numpy.ndarray, shape (m,)
        Estimated absolute error: truncation and rounding; inf where `value` is NaN.
    kinked : numpy.ndarray of bool, shape (m,)
        Where the slopes on both sides differ; `error` covers both.
    notes : tuple of str
        How it was computed, where that is out of the ordinary.
    """

    value: Array
    error: Array
    kinked: Array
    notes: tuple[str, ...] = ()

    def better(self, other: Extrapolated) -> Extrapolated:
        """Return, element by element, the estimate with the smaller error."""
        return self.replaced(other, other.error < self.error)

    def replaced(self, other: Extrapolated, where: Array) -> Extrapolated:
        """Return the other estimate at some elements."""
        value, error, kinked = (
            np.where(where, theirs, ours)
            for ours, theirs in (
                (self.value, other.value),
                (self.error, other.error),
                (self.kinked, other.kinked),
            )
        )
        notes = other.notes if where.any() else ()
        return Extrapolated(value, error, kinked, tuple(dict.fromkeys(self.notes + notes)))

    def relative(self) -> Array:
        """Return the error beside the value; inf where either is not known."""
        with np.errstate(all="ignore"):
            relative: Array = np.where(self.error == 0, 0.0, self.error / np.abs(self.value))
        return np.where(np.isnan(relative), np.inf, relative)


class _Rows:
    """The samples of a ladder as arrays of shape (k, m), from the widest step to the narrowest."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.steps = np.array([[s.step] for s in samples])
        self.quotients = np.array([s.quotient for s in samples])
        self.single = np.array([s.single for s in samples])
        self.bends = np.array([s.bend for s in samples])
        self.noise = np.array([s.noise for s in samples])
        self.coarse = self._learn_resolution()

    def _learn_resolution(self) -> Array:
        """Where narrow steps do not move the function at all, take its first move for its resolution.

        Returns where that move is too large to be single precision's rounding: it may be rounding
        all the same, or a step function.
        """
        moved = np.abs(self.quotients) * self.steps
        still = np.logical_and.accumulate((moved == 0)[::-1], axis=0)[::-1]
        first = np.min(np.where(moved > 0, moved, np.inf), axis=0)
        size = np.fmin.reduce(self.single * self.steps, axis=0)
        self.noise = np.where(still & (first <= size), np.fmax(self.noise, first / self.steps), self.noise)
        coarse: Array = still[-1] & (first > size) & (first < 4 * COARSE * size)
        return coarse


class Ladder:
    """A stencil at steps that differ by a constant ratio.

    Parameters
    ----------
    stencil : callable
        ``stencil(h)`` returns a `Sample`.
    step : float
        The widest step, positive.
    rows : int
        How many steps to begin with.
    ratio : float
        By how much each step is narrower than the one before; not an integer, so that values
        rounded to multiples of some quantum do not give equal quotients by chance.
    power : int
        The spacing of the powers in the error expansion: 2 for central stencils, 1 for one-sided ones.
    """

    def __init__(self, stencil: Stencil, step: float, rows: int, *, ratio: float, power: int = 2) -> None:
        self._stencil, self._ratio = stencil, ratio
        self._factors = [ratio ** (power * k) for k in range(1, COLUMNS)]
        self._bend_factors = [ratio ** (2 * k - 1) for k in range(1, COLUMNS)]  # f(x+h) + f(x-h): odd powers, over h
        self.samples = [stencil(step / ratio**k) for k in range(rows)]

    def narrow(self, rows: int) -> bool:
        """Add narrower steps; return whether the inputs' precision has room for all of them."""
        for _ in range(rows):
            sample = self._stencil(self.samples[-1].step / self._ratio)
            if sample.step == 0:
                return False
            self.samples.append(sample)
        return True

    def widen(self, rows: int) -> None:
        """Add wider steps."""
        for _ in range(rows):
            self.samples.insert(0, self._stencil(self.samples[0].step * self._ratio))

    def limit(self) -> Extrapolated:
        """Return the limit of step 0."""
        with np.errstate(all="ignore"):  # NaN marks a step that left the domain
            rows = _Rows(self.samples)
            values, errors = _tableau(rows.quotients, rows.noise, rows, self._factors)
            value, error = _chosen(values, errors)
            error = np.maximum(error, _contradictions(value, error, values, errors, rows))
            apart = self._slopes_apart(rows)
            kinked = apart > error
            error = np.where(kinked, apart + error, error)
            known = np.isfinite(value) & np.isfinite(error)
        return Extrapolated(np.where(known, value, np.nan), np.where(known, error, np.inf), kinked)

    def _slopes_apart(self, rows: _Rows) -> Array:
        """Return half the gap between the one-sided slopes, where it does not close with the step."""
        if np.isnan(rows.bends).all():
            return np.zeros(rows.bends.shape[1:])
        bend, error = _chosen(*_tableau(rows.bends, 4 * rows.noise, rows, self._bend_factors))
        return np.where(np.abs(bend) > 2 * error, np.abs(bend) / 2 + error, 0.0)

    def unresolved(self, found: Extrapolated) -> Array:
        """Return where narrower steps may help: the narrowest ones still move, or show no rounding yet."""
        with np.errstate(all="ignore"):
            first, before, last = (
                np.abs(a.quotient - b.quotient) for a, b in zip(self.samples[-4:-1], self.samples[-3:], strict=True)
            )
            narrowest = self.samples[-1]
            shrinks = (last < before / 2) & (before < first / 2) & (last > 4 * narrowest.noise)
            quiet = (found.error > 16 * (last + 4 * narrowest.noise)) & (found.relative() > ROUGH)
            structure = np.maximum(before, last) > narrowest.single
            unresolved: Array = shrinks | quiet | structure | ~np.isfinite(last)
        return unresolved | found.kinked


def _tableau(quotients: Array, noise: Array, rows: _Rows, factors: Sequence[float]) -> tuple[Array, Array]:
    """Return the best entry of each row of Richardson's tableau and its error, both of shape (k, m).

    The error is the distance from the entries that it was made of, the known rounding, and what
    the same column moves by in narrower rows: by single precision's rounding at most, it scales
    like rounding; by more, it is the function's own structure and counts in full.
    """
    column, amplification = quotients, 1.0
    values, errors = np.full(quotients.shape, np.nan), np.full(quotients.shape, np.inf)
    for factor in factors[: len(quotients) - 2]:
        amplification *= (factor + 1) / (factor - 1)
        finer = column[1:] + (column[1:] - column[:-1]) / (factor - 1)
        moves = np.abs(np.diff(finer, axis=0))
        distance = np.fmax(np.abs(finer - column[1:])[1:], moves)
        here = slice(len(quotients) - len(distance), None)
        single = rows.single[here]
        rounding = _later(moves / np.fmax(single, np.finfo(float).tiny)) * single
        structure = _later(np.where(moves > single, moves, 0.0))
        error = distance + SEEN * rounding + structure + amplification * noise[here]
        take = error < errors[here]  # False for NaN
        values[here], errors[here] = np.where(take, finer[1:], values[here]), np.where(take, error, errors[here])
        column = finer
    return values, errors


def _later(moves: Array) -> Array:
    """Return the largest of the rows after each; with fewer than two of them, inf."""
    largest = np.maximum.accumulate(moves[::-1], axis=0)[::-1]
    return np.concatenate([largest[1:-1], np.full_like(largest[:2], np.inf)])


def _chosen(values: Array, errors: Array) -> tuple[Array, Array]:
    """Choose a row for each element, from the narrowest on: a wider one must lie near what there was so far.

    A derivative is local: where wide steps say something else, they have left the neighbourhood.
    """
    value, error = values[-1], errors[-1]
    for wider, its_error in zip(values[-2::-1], errors[-2::-1], strict=True):
        take = (its_error < error) & ~(np.abs(wider - value) > NEAR * error)
        value, error = np.where(take, wider, value), np.where(take, its_error, error)
    return value, error


def _contradictions(value: Array, error: Array, values: Array, errors: Array, rows: _Rows) -> Array:
    """Return how far away other steps put the derivative, where they cannot be dismissed.

    That is all steps where the estimate is rough; and wide steps that look smooth, if rounding
    inside the function may have made the narrow ones converge to something else.
    """
    away = np.abs(values - value)
    unexplained = error > HOPELESS * rows.noise[0]
    rough = rows.coarse | ((error > ROUGH * np.abs(value)) & (error < np.abs(value)) & unexplained)
    counts = rough & np.isfinite(errors) & (away > UNEXPLAINED * rows.noise)
    spread = np.max(np.where(counts, away, 0.0), axis=0)
    away = np.abs(rows.quotients - value)[2:]
    moves = np.abs(np.diff(rows.quotients, axis=0))
    scatter = np.fmax(np.abs(rows.bends[2:]), np.maximum(moves[1:], moves[:-1]))
    smooth = scatter < np.fmin(away / 4, COARSE * rows.single[2:])
    doubt = np.where(smooth & (away > UNEXPLAINED * rows.noise[2:]), away + scatter, 0.0)
    covered: Array = np.maximum(spread, np.max(doubt, axis=0))
    return covered
