"""At a kink: whether a value is one of those that the function's slopes nearby allow.

Where a function has a kink there is no derivative, and what an engine returns is a choice. It is a
valid one if it lies in the Clarke set, the convex hull of the gradients at smooth points nearby,
for all coordinates jointly; each row of a Jacobian is taken by itself. The hull is that of a
sample: the referee differentiates a little way off, with each kinked coordinate on either side.
Groups of coordinates whose slopes do not depend on where the others are moved are held against the
hull apart, which spares a sample of all combinations; where a value is still outside, the sample
grows towards it.

References
----------
.. [1] F. H. Clarke, "Optimization and Nonsmooth Analysis", Wiley (1983), theorem 2.5.1.
.. [2] M. Frank and P. Wolfe, "An algorithm for quadratic programming", Naval Research Logistics
   Quarterly 3 (1956): the growth of the sample.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gradcheck.estimates import Estimate
from gradcheck.functions import Array, real_dtype
from gradcheck.judge import tolerances
from gradcheck.judge.comparison import by_output, flat
from gradcheck.judge.testimony import Question
from gradcheck.operators import Operator

MOST = 24
"""The number of input elements up to which the neighbourhood is sampled."""
FEW = 8
"""... and up to which every coordinate is moved to its other side twice."""
RADIUS = {8: 1e-5, 4: 1e-3, 2: 3e-2}
"""How far off the sample is, relative to each element's size, by the bytes of a real number in the check's dtype."""
FLOOR = 1e-9
"""The part of the largest slope below which two slopes are not told apart."""
TRIALS = 3
"""How often all other coordinates are moved elsewhere to see whether a group depends on them."""
SWEEPS = 3
"""How often each coordinate is turned around to drive the slope along a tangent outwards."""
ROUGH = 1e-2
"""The part of the largest slope above which the error of a slope makes it worthless."""
BESIDE = 1e-3
"""The part of the largest slope by which a value may be outside the hull of a sample that could not grow."""


Source = Callable[[Sequence[Array]], Estimate | None]


class Neighbourhood:
    """The derivative at smooth points around a kink.

    Parameters
    ----------
    question : Question
        What was computed, and where; its inputs are real and at most `MOST` elements.
    sources : sequence of callable
        What differentiates at other points and knows its errors, best first.
    kinked : numpy.ndarray of bool, shape (m,)
        The elements of the derivative that are kinked: no other coordinate is moved, where elements
        belong to coordinates, so that kinks that are near, not here, are not crossed.

    Attributes
    ----------
    values : numpy.ndarray, shape (k, m)
        The flat derivative at each point, continued to the kink.
    error : numpy.ndarray, shape (m,)
        How well it is known.
    unseen : numpy.ndarray of bool, shape (m,)
        The elements of the last value held against it that are just outside, where there is no smooth point to look at.
    """

    def __init__(self, question: Question, sources: Sequence[Source], kinked: Array) -> None:
        self._question, self._sources, self._tried = question, sources, 0
        sizes = np.concatenate([_sizes(leaf).reshape(-1) for leaf in question.inputs.arrays])
        rows = list(_rows(question))
        own = np.any([kinked[row] for row in rows if len(row) == len(sizes)] or [np.ones(len(sizes), bool)], axis=0)
        self._radius = RADIUS[real_dtype(question.inputs.dtype).itemsize] * sizes * own
        self._directions = np.zeros((0, len(sizes)))
        self._rng = np.random.default_rng(zlib.crc32(f"{question.case} {question.point} kinks".encode()))
        elements = sum(map(len, rows))
        self.values, self.error, self.unseen = np.zeros((0, elements)), np.zeros(elements), np.zeros(elements, bool)
        self._flips = self._look_around()

    @property
    def known(self) -> bool:
        """Whether there is a sample to hold anything against: at most of the points tried."""
        return len(self.values) > max(1, self._tried / 2)

    @property
    def low(self) -> Array:
        """The smallest slope of each element."""
        return np.asarray(np.min(self.values, axis=0))

    @property
    def high(self) -> Array:
        """The largest slope of each element."""
        return np.asarray(np.max(self.values, axis=0))

    def valid(self, value: Array) -> Array:
        """Return which elements of a flat derivative lie in the Clarke set of their row, up to some ulps."""
        inside, self.unseen = np.zeros(value.shape, bool), np.zeros(value.shape, bool)
        furthest = np.fmax(np.abs(self.low), np.abs(self.high))
        self.error = np.maximum(self.error, tolerances.tight(furthest, furthest, self._question.inputs.dtype))
        for row in _rows(self._question):
            for group in self._groups(row):
                inside[group] = self._holds(value, row, group)
        return inside

    def _look_around(self) -> list[tuple[int, int, int]]:
        """Sample both sides of each coordinate, and of all at once; return pairs that differ in one coordinate."""
        count, flips = len(self._radius), []
        for _ in range(2 if count <= FEW else 1):
            base = self._anywhere()
            first = self._look(base)
            for i in np.flatnonzero(self._radius):
                flipped = self._look(np.where(np.arange(count) == i, -base, base))
                if first is not None and flipped is not None:
                    flips.append((first, flipped, int(i)))
        for _ in range(4 + count // 2):
            base = self._anywhere()
            self._look(base)
            self._look(-base)
        return flips

    def _anywhere(self) -> Array:
        """Return a random direction that moves every coordinate."""
        count = len(self._radius)
        return np.asarray(self._rng.uniform(0.2, 1.0, count) * self._rng.choice([-1.0, 1.0], count))

    def _look(self, direction: Array) -> int | None:
        """Differentiate a little way off in a direction; return the number of the sample, None if it is not smooth."""
        self._tried += 1
        near, far = (self._measured(part * self._radius * direction) for part in (0.5, 1.0))
        if near is None or far is None:
            return None
        bend = far[0] - near[0]
        value, error = near[0] - bend, np.abs(bend) / 8 + 2 * near[1] + far[1]  # the line through both, at the kink
        largest = np.max(np.abs(np.vstack([self.values, value])))
        if not (error <= ROUGH * largest).all():
            return None
        self.values, self._directions = np.vstack([self.values, value]), np.vstack([self._directions, direction])
        self.error = np.maximum(self.error, error + FLOOR * largest)
        return len(self.values) - 1

    def _measured(self, moves: Array) -> tuple[Array, Array] | None:
        """Return the derivative and its error at the inputs moved; None if that is no smooth point."""
        leaves, start = [], 0
        for leaf in self._question.inputs.arrays:
            leaves.append(leaf + moves[start : start + leaf.size].reshape(leaf.shape))
            start += leaf.size
        found = (_smooth(source(leaves)) for source in self._sources)
        return next((measured for measured in found if measured is not None), None)

    def _groups(self, row: Array) -> Iterator[Array]:
        """Split a row into coordinates that must be judged together: those whose slopes move with each other's side."""
        kinked = [i for i in row if (self.high - self.low)[i] > 2 * self.error[i]]
        yield from (np.array([i]) for i in row if i not in kinked)
        entangled: list[int] = []
        while kinked:
            group = [kinked.pop()]
            for member in group:
                linked = [o for o in kinked if self._moves_with(row, member, o) or self._moves_with(row, o, member)]
                group += linked
                kinked = [other for other in kinked if other not in linked]
            if self._independent(row, group):
                yield np.array(sorted(group))
            else:
                entangled += group
        if entangled:
            yield np.array(sorted(entangled))

    def _moves_with(self, row: Array, one: int, other: int) -> bool:
        """Whether the slope of one element changes when only the other coordinate changes its side."""
        return any(
            abs(self.values[a, one] - self.values[b, one]) > 2 * self.error[one]
            for a, b, coordinate in self._flips
            if row[coordinate] == other
        )

    def _independent(self, row: Array, group: Sequence[int]) -> bool:
        """Whether the slopes of a group stay as they are when all other coordinates are moved elsewhere."""
        if len(row) != len(self._radius):
            return True  # a number that belongs to no coordinate
        if len(group) == 1 and self._settled(row, group[0]):
            return True
        for _ in range(TRIALS):
            base = self._anywhere()
            elsewhere = self._anywhere()
            elsewhere[np.searchsorted(row, group)] = base[np.searchsorted(row, group)]
            first, second = self._look(base), self._look(elsewhere)
            if first is None or second is None:
                return False
            apart = np.abs(self.values[first] - self.values[second])
            if not (apart[group] <= 2 * self.error[group]).all():
                return False
        return True

    def _settled(self, row: Array, element: int) -> bool:
        """Whether the slope of an element is told by the side of its own coordinate."""
        sides = np.sign(self._directions[:, int(np.searchsorted(row, element))])
        spreads = [np.ptp(self.values[sides == side, element]) for side in (-1, 1) if (sides == side).any()]
        return all(spread <= 2 * self.error[element] for spread in spreads)

    def _holds(self, value: Array, row: Array, group: Array) -> bool:
        """Whether the hull holds a value; where it does not, the sample grows towards the value."""
        if not np.isfinite(value[group]).all():
            return False
        if len(row) != len(self._radius):
            return self._reaches(value, group)
        aside, unseen = 1e-3, False
        for _ in range(4 * len(group)):
            if self._covers(value, group):
                return True
            if len(group) == 1:
                return False
            nearest = int(np.argmin(np.max(np.abs(self.values[:, group] - value[group]), axis=1)))
            differing = group[np.abs(self.values[nearest, group] - value[group]) > self.error[group]]
            across = self._directions[nearest].copy()
            across[np.searchsorted(row, differing)] *= -1  # to the other side of the kinks that make the difference
            self._look(across)
            direction = np.zeros(len(self._radius))
            direction[np.searchsorted(row, group)] = _away(value[group], self.values[:, group])
            if not direction.any():
                return True
            outside = float(np.max(np.abs(direction)))
            direction += aside * outside * np.sin(np.arange(1, len(direction) + 1))
            found = [self._look(side * direction / np.max(np.abs(direction))) for side in (1, -1)]
            blind = found == [None, None]
            aside *= 4 if blind else 0.5  # off the kinks of the other coordinates, but less and less off the way
            unseen |= blind
            self.unseen[group] = unseen and outside <= BESIDE * np.max(np.abs(self.values[:, group]))
        return False

    def _reaches(self, value: Array, element: Array) -> bool:
        """Whether a number lies between the least and the largest sample; where not, these are driven outwards."""
        for i in np.tile(np.flatnonzero(self._radius), SWEEPS):
            if self._covers(value, element):
                return True
            nearest = self._directions[int(np.argmin(np.abs(self.values[:, element] - value[element])))]
            self._look(np.where(np.arange(len(nearest)) == i, -nearest, nearest))
        return self._covers(value, element)

    def _covers(self, value: Array, group: Array) -> bool:
        """Whether the hull of the sample so far holds a value."""
        return _in_hull(value[group], self.values[:, group], self.error[group])


def _smooth(estimate: Estimate | None) -> tuple[Array, Array] | None:
    """Return a derivative and its error as flat vectors; None where it is not known, or at a kink."""
    if estimate is None or estimate.errors is None:
        return None
    if estimate.kinks is not None and any(kinked.any() for kinked in estimate.kinks):
        return None
    value, error = flat(estimate.arrays), flat(estimate.errors).astype(float)
    return (value, error) if np.isfinite(value).all() and np.isfinite(error).all() else None


def _sizes(leaf: Array) -> Array:
    """Return how large each element is; for a zero no more than 1, however large the others are."""
    sizes = tolerances.sizes(leaf)
    return np.where(leaf == 0, np.minimum(sizes, 1.0), sizes)


def choice(value: float, low: float, high: float, error: float) -> str:
    """Name what was chosen at a kink: ``"the middle of the slopes -1 and 1"``."""
    slopes = f"{low:.6g} and {high:.6g}"
    for name, candidate in (("lower", low), ("higher", high)):
        if abs(value - candidate) <= error:
            return f"the {name} of the slopes {slopes}"
    if abs(value - (low + high) / 2) <= error:
        return f"the middle of the slopes {slopes}"
    return f"{'zero' if value == 0 else f'{value:.6g}'}, between the slopes {slopes}"


def _rows(question: Question) -> Iterator[Array]:
    """Yield, for each output element, the positions of its gradient in the flat derivative."""
    inputs = sum(leaf.size for leaf in question.inputs.arrays)
    outputs = sum(output.size for output in question.outputs)
    if question.operator is Operator.JACOBIAN:
        for rows in by_output(question, inputs * outputs):
            yield from rows
    elif question.operator in (Operator.GRADIENT, Operator.VJP):
        yield np.arange(inputs)
    else:  # each element of J v, or of a second derivative, is a number of its own
        count = {Operator.JVP: outputs, Operator.HVP: inputs}.get(question.operator, inputs**2)
        yield from np.arange(count)[:, None]


def _in_hull(value: Array, samples: Array, error: Array) -> bool:
    """Whether a point lies in the convex hull of samples, give or take an error in each coordinate."""
    low, high = np.min(samples, axis=0) - error, np.max(samples, axis=0) + error
    within = bool(((value >= low) & (value <= high)).all())  # False for NaN
    if len(value) == 1 or not within:
        return within
    from scipy.optimize import linprog  # here, since it takes longer to import than most checks

    scale = float(np.max(np.abs(samples))) or 1.0
    upper = np.vstack([samples.T, -samples.T]) / scale
    limit = np.concatenate([value + error, error - value]) / scale
    weights = np.ones((1, len(samples)))
    return bool(linprog(np.zeros(len(samples)), upper, limit, weights, np.ones(1), bounds=(0, None)).status == 0)


def _away(value: Array, samples: Array) -> Array:
    """Return the direction from the nearest point of the hull of samples to a value outside it."""
    from scipy.optimize import nnls

    scale = float(np.max(np.abs(samples))) or 1.0
    matrix = np.vstack([samples.T / scale, 1e3 * np.ones(len(samples))])
    weights, _ = nnls(matrix, np.append(value / scale, 1e3))
    away: Array = value - samples.T @ weights
    return away
