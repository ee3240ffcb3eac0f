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
TEETH = 3
"""At how many of the widest steps a function does not follow its slope, at least, if that lies between jumps."""
TOOTH = 2.0**20
"""How many times single precision's rounding those jumps can be: they leave the function a digit."""
HOPELESS = 1e4
"""How many times the widest step's known rounding an error is large for no known reason."""
UNEXPLAINED = 100
"""How many times the known rounding is more than bad luck."""
GROWING = 5
"""How many of the narrowest quotients show whether they tend anywhere."""
LASTING = 0.9
"""How much of each move the next one is, at least, where they tend nowhere."""
APPROACH = 0.25
"""How much of what truncation leaves from step to step is left, at least, on the way to a value."""
APPROACHED = 30
"""How much nearer than wide steps that way may begin."""
ORDINARY = 2.0**-21
"""What rounding in single precision does to numbers of size 1, which may have cancelled."""
SLIGHT = 1e-9
"""The part of the slope below which a gap between its sides is no kink, for anybody's purposes."""
EXAMINED = 4
"""How many elements of a function's output are looked at for its resolution, at most."""
HALVINGS = 24
"""How often the interval is halved in which a function begins to move, at most."""
JUMP = 8
"""How many times what its slope makes of that interval a function jumps by, at least."""


@dataclass(frozen=True)
class Sample:
    """One difference quotient at one step.

    Parameters
    ----------
    step : float
        The step; 0 where it is too small to move the inputs at all.
    divisor : float
        What a movement of the function's values is divided by: the step, or the product of two.
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
    divisor: float
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
        The derivative; infinite, with an error of 0, where the quotients grow without end; NaN where there is no
        error estimate.
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

    def infinite(self, signs: Array, note: str) -> Extrapolated:
        """Return an infinite derivative, known for sure, where a sign is not 0."""
        sure = np.zeros(signs.shape)
        return self.replaced(Extrapolated(np.copysign(np.inf, signs), sure, sure > 0, (note,)), signs != 0)

    def relative(self) -> Array:
        """Return the error beside the value; inf where either is not known."""
        with np.errstate(all="ignore"):
            relative: Array = np.where(self.error == 0, 0.0, self.error / np.abs(self.value))
        return np.where(np.isnan(relative), np.inf, relative)


class _Rows:
    """The samples of a ladder as arrays of shape (k, m), from the widest step to the narrowest."""

    def __init__(self, samples: Sequence[Sample], quantum: Array, widened: int) -> None:
        self.widened = widened
        self.steps = np.array([[s.step] for s in samples])
        self.quotients = np.array([s.quotient for s in samples])
        self.single = np.array([s.single for s in samples])
        self.bends = np.array([s.bend for s in samples])
        resolution = np.where(np.isfinite(quantum), quantum, 0.0) / np.array([[s.divisor] for s in samples])
        self.noise = np.fmax(np.array([s.noise for s in samples]), resolution)
        self.flat = quantum == 0


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
    order : {1, 2}
        How many derivatives the stencil takes.
    finest : float
        The step below which narrower ones tell nothing.
    """

    def __init__(
        self,
        stencil: Stencil,
        step: float,
        rows: int,
        *,
        ratio: float,
        power: int = 2,
        order: int = 1,
        finest: float = 0.0,
    ) -> None:
        self._stencil, self._ratio, self._order, self._finest = stencil, ratio, order, finest
        self._factors = [ratio ** (power * k) for k in range(1, COLUMNS)]
        self._bend_factors = [ratio ** (2 * k - 1) for k in range(1, COLUMNS)]  # f(x+h) + f(x-h): odd powers, over h
        self.samples = [stencil(step / ratio**k) for k in range(rows)]
        self._widened = 0
        self._quantum = np.full(self.samples[0].quotient.shape, np.nan)
        self._rows = _Rows(self.samples, self._quantum, self._widened)

    def narrow(self, rows: int) -> bool:
        """Add narrower steps; return whether the inputs' precision has room for all of them."""
        for _ in range(rows):
            sample = self._stencil(self.samples[-1].step / self._ratio)
            if sample.step <= self._finest:
                return False
            self.samples.append(sample)
        return True

    def widen(self, rows: int) -> None:
        """Add wider steps."""
        self._widened += rows
        for _ in range(rows):
            self.samples.insert(0, self._stencil(self.samples[0].step * self._ratio))

    def limit(self) -> Extrapolated:
        """Return the limit of step 0."""
        with np.errstate(all="ignore"):  # NaN marks a step that left the domain
            self._learn_resolution()
            self._rows = rows = _Rows(self.samples, self._quantum, self._widened)
            apart = self._slopes_apart(rows)
            values, errors = _tableau(rows.quotients, rows.noise, rows, self._factors)
            errors = errors + np.where(apart > 0, 0.0, _kinks_inside(rows))
            value, error = _chosen(values, errors)
            error = np.maximum(error, _contradictions(value, error, values, errors, rows))
            kinked = (apart > error) & (apart > SLIGHT * np.abs(value))
            error = np.where(apart > error, apart + error, error)
            known = np.isfinite(value) & np.isfinite(error) & ~self._growing()
        return Extrapolated(np.where(known, value, np.nan), np.where(known, error, np.inf), kinked)

    def _learn_resolution(self) -> None:
        """Where narrow steps do not move the function at all, see whether its first move is a jump.

        A jump of what rounding can amount to is taken for the function's resolution, a larger one
        for a step of the function. Without one it is flat at first, and those narrow steps are right.
        """
        moved = np.array([np.abs(s.quotient) * s.divisor for s in self.samples])
        still = np.logical_and.accumulate((moved == 0)[::-1], axis=0)[::-1]
        for i in np.flatnonzero(still[-1] & still[-2] & ~still[0] & np.isnan(self._quantum))[:EXAMINED]:
            last = int(np.flatnonzero(~still[:, i])[-1])
            jump = self._first_jump(int(i), last)
            largest = 4 * COARSE * self.samples[last].single[i] * self.samples[last].divisor
            plausible = jump < max(largest, ORDINARY)
            self._quantum[i] = jump if plausible else np.inf

    def _first_jump(self, i: int, last: int) -> float:
        """Bisect for the step at which an element of the function begins to move; return by how much, 0: smoothly."""
        low, high = self.samples[last + 1], self.samples[last]
        wider = self.samples[last - 1] if last else self._stencil(high.step * self._ratio)
        slope = max(abs(s.quotient[i]) for s in (wider, high))
        for _ in range(HALVINGS):
            middle = self._stencil((low.step + high.step) / 2)
            low, high = (middle, high) if middle.quotient[i] == 0 else (low, middle)
            jump = float(abs(high.quotient[i]) * high.divisor)
            if jump > JUMP * slope * (high.divisor - low.divisor):
                return jump
        return 0.0

    def _slopes_apart(self, rows: _Rows) -> Array:
        """Return half the gap between the one-sided slopes, where it does not close with the step."""
        if np.isnan(rows.bends).all():
            return np.zeros(rows.bends.shape[1:])
        bend, error = _chosen(*_tableau(rows.bends, 4 * rows.noise, rows, self._bend_factors))
        apart = np.where(np.abs(bend) > 2 * error, np.abs(bend) / 2 + error, 0.0)
        return np.where(self._opening(), np.fmax(apart, np.abs(rows.bends[-1])), apart)

    def _opening(self) -> Array:
        """Where the slopes ahead and behind do not close with the step: there is a kink, or a pole nearer than that."""
        before, last = (np.abs(s.bend) for s in self.samples[-2:])
        opening: Array = (last > before / 2) & (last > self.samples[-1].single)
        return opening

    def _growing(self) -> Array:
        """Where the quotients still move one way at the narrowest steps, by no less than before: they tend nowhere."""
        moves = np.diff([s.quotient for s in self.samples[-GROWING:]], axis=0)
        one_way = np.abs(np.sum(np.sign(moves), axis=0)) == len(moves)
        lasting = np.all(np.abs(moves[1:]) > LASTING * np.abs(moves[:-1]), axis=0)
        growing: Array = one_way & lasting & np.all(np.abs(moves) > self.samples[-1].single, axis=0)
        return growing

    def still(self) -> Array:
        """Where no step moves the function at all."""
        still: Array = ~np.any([s.quotient for s in self.samples], axis=0)
        return still

    def between_teeth(self, found: Extrapolated) -> Array:
        """Return where a limit repeats further away while jumps undo it: it is the slope of a function's last digits.

        Teeth that are small beside the function itself are what rounding inside it makes of most of its digits.
        """
        rows, slope = self._rows, np.abs(found.value)
        with np.errstate(all="ignore"):
            toothed = _undone(found.value, rows)
            if not toothed.any():
                return toothed
            near = np.logical_and.accumulate((np.abs(rows.quotients - found.value) <= slope / 64)[::-1], axis=0)[::-1]
            beside = float(np.min(np.max(np.where(near, rows.steps, 0.0), axis=0)[toothed])) / 4
            repeats = np.zeros(toothed.shape, int)
            for wide in self.samples[rows.widened : rows.widened + TEETH]:
                further = self._stencil(wide.step + beside)
                there = (further.quotient * further.step - wide.quotient * wide.step) / (further.step - wide.step)
                repeats += np.abs(there - found.value) < slope / 4
        return toothed & (repeats > TEETH // 2)

    def rounding_beyond(self, factors: Sequence[float]) -> Array:
        """Return the error of a slope of 0 that rounding may hide: that of the function's values further away."""
        widest, error = self.samples[0].step, np.zeros(self._quantum.shape)
        for factor in factors:
            there = self._stencil(widest * factor).noise * factor**self._order
            error = np.where(np.isfinite(there), np.fmax(error, there), error)
        return error

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
            unresolved: Array = shrinks | quiet | structure | self._opening() | ~np.isfinite(last)
        return unresolved | found.kinked

    def restless(self, found: Extrapolated) -> Array:
        """Return where a rough estimate is all there is, and the narrowest steps move more than known rounding does."""
        narrowest = self.samples[-1]
        with np.errstate(all="ignore"):
            last = np.abs(narrowest.quotient - self.samples[-2].quotient)
            moves = last > UNEXPLAINED * narrowest.noise
        restless: Array = (found.relative() > ROUGH) & moves & np.isnan(self._quantum)
        return restless


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


def _kinks_inside(rows: _Rows) -> Array:
    """Return the gap between the slopes ahead and behind where a narrower step does not close it: a kink lies between.

    It counts where the function is smooth at the point itself: at a kink all steps have one.
    """
    gaps = np.abs(rows.bends)
    wider = np.concatenate([gaps[:1], gaps[:-1]])
    inside = (gaps > wider / 2) & (gaps > UNEXPLAINED * rows.noise)
    return np.where(inside, gaps, 0.0)


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
    unexplained = error > HOPELESS * rows.noise[rows.widened]
    rough = (error > ROUGH * np.abs(value)) & (error < np.abs(value)) & unexplained
    counts = rough & np.isfinite(errors) & (away > UNEXPLAINED * rows.noise)
    spread = np.max(np.where(counts, away, 0.0), axis=0)
    away = np.abs(rows.quotients - value)[2:]
    moves = np.abs(np.diff(rows.quotients, axis=0))
    scatter = np.fmax(np.abs(rows.bends[2:]), np.maximum(moves[1:], moves[:-1]))
    smooth = ~rows.flat & (scatter < np.fmin(away / 4, COARSE * rows.single[2:]))
    doubted = smooth & (away > UNEXPLAINED * rows.noise[2:]) & ~_approached(value, away, rows)
    doubt = np.where(doubted, away + scatter, 0.0)
    covered: Array = np.maximum(spread, np.max(doubt, axis=0))
    return covered


def _undone(value: Array, rows: _Rows) -> Array:
    """Return where on both sides wide steps hardly move the function, for the slope that it has.

    Beside a kink the sides differ by more, and a step that narrow ones resolve they come to one by one.
    """
    wide = slice(rows.widened, rows.widened + TEETH)
    quotients, slope = np.abs(rows.quotients[wide]), np.abs(value)
    undone = (quotients < slope / 4) & (np.abs(rows.bends[wide]) < slope) & (slope > UNEXPLAINED * rows.noise[wide])
    small = (undone & (quotients < TOOTH * rows.single[wide])).all(axis=0)
    away = np.abs(rows.quotients - value)[2:]
    found: Array = small & ~_approached(value, away, rows)[rows.widened]
    return found


def _approached(value: Array, away: Array, rows: _Rows) -> Array:
    """Return where narrower quotients come to the value step by step from as far away: no jump lies between."""
    distance = np.abs(rows.quotients - value)
    ratios = distance[1:] / distance[:-1]
    lowest = APPROACH * (rows.steps[1] / rows.steps[0]) ** 2
    steady = (ratios > lowest) & (ratios < 0.5) & (distance[1:] > UNEXPLAINED * rows.noise[1:])
    approached = [
        np.any((steady[:-1] & steady[1:] & (distance[:-2] > away[k] / APPROACHED))[k + 2 :], axis=0)
        for k in range(len(away))
    ]
    return np.array(approached)
