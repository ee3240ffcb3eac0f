"""Large derivatives, held against numerics along a few random directions; a fault is traced to its element.

The product of a derivative with a direction takes as many evaluations of the function as one of its
elements. Directions are signed and unequal, so that no two faults cancel in all of them, and move
each element by a part of its own size; elements too small to be seen so are moved further along other
directions, or one by one. A fault is found by bisection: the half of the elements in which the products
differ more is halved again. The element at the end is judged by its own coordinate. Elements at a kink
are found by bisection too, held still, and looked at one by one, or a sample of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gradcheck.estimates import Measured, Projector
from gradcheck.functions import Array
from gradcheck.judge import explanations, tolerances
from gradcheck.judge.comparison import Vector, by_output, flat
from gradcheck.judge.failures import verdict_of
from gradcheck.judge.findings import Finding
from gradcheck.judge.testimony import Question, Testimony
from gradcheck.judge.verdicts import Evidence, Status, Verdict
from gradcheck.judge.voting import by_vote
from gradcheck.operators import Operator

DIRECTIONS = 2
"""How many random directions are tried."""
ULPS = 2
"""What an element computed right is off by, in units of the last place, where nothing more is known."""
SIGMAS = 6
"""Rounding is independent of the directions' random signs: its sum goes beyond this many times the root of the sum
of squares of its bounds once in 3e7 times (Hoeffding's inequality)."""
INFINITE = 4
"""How many infinite elements are looked at one by one."""
SINGLY = 64
"""How many elements at kinks, or too small for directions, are looked at one by one; of more, a random sample."""
GROUPS = 96
"""How many groups of elements are tried, at most, to find those at kinks."""
PENDING = 16
"""... and how many may wait to be halved: with more, kinks are nearly everywhere."""
MUCH = 2
"""By how much further, at least, elements are moved to be seen better."""
FEW = 8
"""How many elements a group has when it is not halved any more."""
SHARE = 0.1
"""The part of a typical element, or of the element itself, that must be seen everywhere."""
NOT_SMOOTH = (
    "its difference quotients do not converge along a random direction; fewer elements or a wider dtype would help"
)


def projecting(question: Question, vector: Vector) -> Testimony | None:
    """Return the testimony with a projector, on this framework's own forward, else on NumPy's, else on any."""
    order = {vector.engine.backend: 0, "": 1}
    able = [t for t in question.testimonies if t.projector is not None and t.engine.backend != vector.engine.backend]
    return min(able, key=lambda t: order.get(t.engine.host, 2), default=None)


def by_projection(question: Question, vector: Vector, referee: Testimony, peers: Sequence[Vector] = ()) -> Finding:
    """Hold a large derivative against a referee that can only multiply it with directions.

    Where an independent engine agrees tightly the verdict rests on that, and the referee is the
    witness against a mistake that they share; where one disagrees, the referee looks at that element.

    Parameters
    ----------
    question : Question
        A gradient, Jacobian, vjp or hvp.
    vector : Vector
        Who is judged.
    referee : Testimony
        One that has a projector.
    peers : sequence of Vector
        Independent engines with all elements.
    """
    trial = _Trial(question, vector, referee)
    if not np.isfinite(vector.value).all():
        nonfinite = trial.nonfinite()
        if nonfinite is not None:
            return nonfinite
    alone = _alone(trial)
    if not peers or alone.status not in (Status.AGREE, Status.INCONCLUSIVE):
        return alone
    vote = by_vote(question, vector, peers)
    if vote.status.passes:
        return vote.but(vote.status, vote.bad, f"{vote.reason or 'within the ' + vote.source}; {alone.reason}")
    disputed = trial.accused(vote.worst(vector)) if vote.bad.any() else None
    return disputed or (alone if alone.status is Status.AGREE else vote)


def _alone(trial: _Trial) -> Finding:
    """Judge an engine by the referee alone."""
    gaps, suspicious = trial.gaps()
    if any(gap.kinked for gap in gaps):
        found = _suspected(trial, gaps, suspicious) if suspicious else None
        found = found if found is not None and found.bad.any() else trial.look_at_kinks()
        if found is not None:
            return found
        gaps, suspicious = trial.gaps()
    if suspicious:
        return _suspected(trial, gaps, suspicious)
    if not all(np.isfinite(gap.error).all() for gap in gaps):
        return Finding.without_reference(trial.vector, Status.INCONCLUSIVE, NOT_SMOOTH)
    agreed = trial.agreed(gaps)
    return (trial.look_at_small(gaps) or trial.agreed(gaps)) if agreed.status.passes else agreed


def witnessing(question: Question, testimony: Testimony, verdicts: Sequence[Verdict]) -> Verdict:
    """Return what is said of the referee itself: it agrees if an independent engine that it looked at does."""
    agreeing = [v for v in verdicts if v.status.passes and v.engine.backend != testimony.engine.backend]
    if agreeing:
        reason = f"agrees with {agreeing[0].engine} along random directions; it computed no element by itself"
        return verdict_of(question, testimony, Status.AGREE, Evidence(reason=reason))
    reason = (
        "too many elements to compute one by one, and no engine agrees with it along random directions; "
        f'gradcheck.{question.operator}(..., backend="{testimony.engine.backend}") computes them all'
    )
    return verdict_of(question, testimony, Status.INCONCLUSIVE, Evidence(reason=reason))


def _suspected(trial: _Trial, gaps: Sequence[_Gap], suspicious: Sequence[int]) -> Finding:
    """Look for the element that makes the products differ; without one, see whether rounding explains it."""
    unstable = explanations.nondeterministic(trial.question, trial.vector, trial.untouched)
    if unstable is not None:
        return unstable
    for k in suspicious:
        found = trial.traced(k, gaps)
        if found is not None:
            return found
    if all(np.isfinite(gap.error).all() for gap in gaps):
        explained = [trial.with_own_rounding(k, gap) for k, gap in enumerate(gaps)]
        if not any(gap.beyond.any() for gap in explained):
            return trial.agreed(explained)
    worst = gaps[suspicious[0]]
    row = int(np.argmax(worst.severity))
    reason = (
        f"{trial.referee.engine} contradicts it along a random direction, by {abs(worst.residual[row]):.3g} where "
        f"{worst.tolerance[row]:.3g} is explained, but no single element could be made out"
    )
    return Finding.without_reference(trial.vector, Status.INCONCLUSIVE, reason)


@dataclass(frozen=True)
class _Gap:
    """How far an engine's product with a direction is from the referee's, for each row of the derivative."""

    product: Array
    residual: Array
    error: Array
    rounding: Array
    typical: Array
    kinked: bool = False

    @property
    def tolerance(self) -> Array:
        """What is explained of the residual."""
        tolerance: Array = self.error + self.rounding
        return tolerance

    @property
    def beyond(self) -> Array:
        """Where the residual is larger than what is explained."""
        beyond: Array = np.isfinite(self.error) & ~(np.abs(self.residual) <= self.tolerance)
        return beyond

    @property
    def severity(self) -> Array:
        """The residual beside its tolerance; 0 where the referee has none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            severity: Array = np.where(self.beyond, np.abs(self.residual) / self.tolerance, 0.0)
        return severity


class _Trial:
    """One engine's derivative, as a matrix with a row for each output and a column for each input element."""

    def __init__(self, question: Question, vector: Vector, referee: Testimony) -> None:
        assert vector.testimony.estimate is not None  # the caller's promise
        assert referee.projector is not None  # ... too
        self.question, self.vector, self.referee = question, vector, referee
        self._projector: Projector = referee.projector
        self._arrays = vector.testimony.estimate.arrays
        self._leaves = question.inputs.arrays
        self._matrix = self._arranged(vector.value)
        self._columns: dict[tuple[int, bool], Measured] = {}
        self._remarks: list[str] = []
        self._still = ~np.isfinite(self._matrix).all(axis=0)
        if self._still.any():
            self._matrix = np.where(self._still, 0.0, self._matrix)
        self._rng = np.random.default_rng(zlib.crc32(f"{question.case} {question.operator}".encode()))
        sizes = [_magnitudes(leaf) for leaf in self._leaves]
        self.directions = [np.where(self._still, 0.0, self._direction(sizes)) for _ in range(DIRECTIONS)]

    @property
    def untouched(self) -> Finding:
        """A finding that rests on nothing."""
        return Finding.without_reference(self.vector, Status.AGREE, "")

    def gaps(self) -> tuple[list[_Gap], list[int]]:
        """Compare the products with all directions; return also along which they differ by more than is explained."""
        gaps = [self.gap(direction) for direction in self.directions]
        return gaps, [k for k, gap in enumerate(gaps) if gap.beyond.any()]

    def gap(self, direction: Array, columns: slice | Array = slice(None), *, again: bool = False) -> _Gap:
        """Compare the products with a direction, all but some of its columns set to 0."""
        masked = np.zeros_like(direction)
        masked[columns] = direction[columns]
        product = self._rows(self._projector.along(self._tangents(masked), again=again))
        terms = self._terms(self._matrix[:, columns], direction[columns])
        sums = np.array([np.sum(row) for row in terms])
        norms = np.sqrt(np.sum(np.abs(terms) ** 2, axis=1))
        summing = np.finfo(float).eps * np.log2(2 + terms.shape[1])
        rounding = (SIGMAS * ULPS * self.question.eps + summing) * norms
        kinked = product.kinked is not None and bool(product.kinked.any())
        return _Gap(product.value, sums - product.value, product.error, rounding, _typical(terms), kinked)

    def look_at_kinks(self) -> Finding | None:
        """Hold the elements still that may be at kinks, and look at them one by one; return a finding against one."""
        suspects = self._at_kinks()
        singly = self._sample(suspects)
        for column in singly:
            found = self._looked_at(column)
            if found is not None:
                return found
        smooth = [c for c in singly if self._told(c) and not self._kinked(c)] if len(singly) == len(suspects) else []
        still = np.setdiff1d(suspects, smooth)
        if not any(self.gap(d, np.array(smooth)).kinked for d in self.directions if smooth):
            suspects = still  # each of the others is smooth by itself, and all of them together
        self.directions = [_but(direction, suspects) for direction in self.directions]
        told = sum(self._told(c) for c in np.intersect1d(singly, suspects).tolist())
        remark = f"at {told} of {len(suspects)} inputs that are or may be at kinks it was only held between the slopes"
        rest = "" if told == len(suspects) else ", and at the others nothing was looked at"
        self._remarks.append(remark + " on both sides" + rest)
        return None

    def _at_kinks(self) -> Array:
        """Return the columns where there are kinks, by bisection; groups that there is no time for are returned whole.

        Zeros come first, since that is where most kinks are.
        """
        zero = np.concatenate([leaf.reshape(-1) == 0 for leaf in self._leaves])
        groups = [np.flatnonzero(zero & ~self._still), np.flatnonzero(~zero & ~self._still)]
        found: list[Array] = [np.zeros(0, int)]
        for _ in range(GROUPS):
            if not groups or len(groups) > PENDING:
                break
            group = groups.pop(0)
            if not len(group) or not any(self.gap(d, group).kinked for d in self.directions[: 1 + (len(group) < FEW)]):
                continue
            if len(group) <= FEW:
                found.append(group)
            else:
                groups += np.array_split(group, 2)
        return np.sort(np.concatenate(found + groups))

    def look_at_small(self, gaps: Sequence[_Gap]) -> Finding | None:
        """Move the elements further that the directions move too little; return a finding against one."""
        small = self._unseen(gaps, self.directions)
        before, further = self.directions, self._further(small)
        faster = np.max(np.abs(further), axis=0) > MUCH * np.max(np.abs(before), axis=0)
        small = np.flatnonzero(faster)
        if not len(small):
            return None
        self.directions = [np.where(faster, direction, 0.0) for direction in further]
        beyond, suspicious = self.gaps()
        found = _suspected(self, beyond, suspicious) if suspicious else None
        if found is not None and found.bad.any():
            return found
        unseen = small if suspicious else np.intersect1d(small, self._unseen(beyond, self.directions))
        self.directions = before
        if len(unseen) < len(small):
            self._remarks.append(f"small inputs moved further, along other directions: {len(small) - len(unseen)}")
        return self._one_by_one(unseen)

    def _one_by_one(self, columns: Array) -> Finding | None:
        """Look at elements that no direction shows, or at a sample of them; return a finding against one."""
        singly = self._sample(columns)
        for column in singly:
            found = self._looked_at(column)
            if found is not None:
                return found
        if len(columns):
            told = sum(self._told(c) for c in singly)
            self._remarks.append(f"of {len(columns)} inputs too small to be seen so {told} were seen one by one")
        return None

    def _unseen(self, gaps: Sequence[_Gap], directions: Sequence[Array]) -> Array:
        """Return the columns in which a fault of a typical element's size, or of its own, would not have been seen."""
        sizes, typical = np.abs(self._matrix), self._usual
        typical = np.fmax(typical, tolerances.USEFUL_BESIDE_LARGEST * np.max(typical, initial=0.0))
        speeds = np.max(np.abs(directions), axis=0)
        seen = 2 * np.min([gap.tolerance for gap in gaps], axis=0)
        unseen = ~(seen[:, None] <= SHARE * speeds * np.fmax(sizes, typical[:, None]))
        held = np.max(np.abs(self.directions), axis=0) == 0
        return np.flatnonzero(unseen.any(axis=0) & ~held)

    def _further(self, columns: Array) -> list[Array]:
        """Return directions that move these columns alone, by what is usual in their leaf or, if more, in all."""
        finite = np.concatenate([_magnitudes(leaf) for leaf in self._leaves])
        usual = float(np.median(finite)) or 1.0
        sizes = [np.full(leaf.size, max(float(np.median(_magnitudes(leaf))), usual)) for leaf in self._leaves]
        others = np.setdiff1d(np.arange(finite.size), columns)
        return [_but(self._direction(sizes), others) for _ in range(DIRECTIONS)]

    def _sample(self, columns: Array) -> list[int]:
        """Return these columns, or as many of them as are looked at one by one."""
        few = columns if len(columns) <= SINGLY else self._rng.choice(columns, SINGLY, replace=False)
        return [int(c) for c in np.sort(few)]

    def _looked_at(self, column: int) -> Finding | None:
        """Judge the elements of a column by its own coordinate; return a finding against the worst."""
        value, error = self._slopes(column)
        with np.errstate(invalid="ignore"):
            outside = np.nan_to_num(np.abs(self._matrix[:, column] - value) - error, nan=0.0, neginf=0.0)
        row = int(np.argmax(outside))
        found = self.accused(self._position(row, column)) if outside[row] > 0 else None
        if found is None or found.status is not Status.WRONG:
            return None
        against = f"{self._matrix[row, column]:.10g} against {value[row]:.10g} of {self.referee.engine}"
        return found.but(Status.WRONG, found.bad, f"{against}; looked at by itself, and there may be others")

    def _told(self, column: int) -> bool:
        """Whether the referee has a bound for every element of a column that leaves less than a typical one open."""
        told = True
        for c in self._coordinates(column):
            slope = self._column(c)
            close = slope.error <= np.fmax(np.abs(slope.value), np.max(self._usual, initial=0.0))
            told &= bool((np.isfinite(slope.error) & (close | self._kinked(column))).all())
        return told

    def _kinked(self, column: int) -> bool:
        """Whether the slopes on both sides of an element were seen to differ."""
        kinked = (self._column(c).kinked for c in self._coordinates(column))
        return any(k is not None and bool(k.any()) for k in kinked)

    def with_own_rounding(self, k: int, gap: _Gap) -> _Gap:
        """Return the gap with what the engine's own rounding, or an imposed tolerance, explains besides."""
        bounds = np.abs(self._terms(np.abs(self._arranged(self._slack)), np.abs(self.directions[k])))
        return replace(gap, rounding=gap.rounding + SIGMAS * np.sqrt(np.sum(bounds**2, axis=1)))

    def agreed(self, gaps: Sequence[_Gap]) -> Finding:
        """Return the finding that nothing was seen, with what would have been."""
        typical = np.max([g.typical for g in gaps], axis=0)
        typical = np.fmax(typical, tolerances.USEFUL_BESIDE_LARGEST * np.max(typical, initial=0.0))
        seen = 2 * np.min([g.tolerance for g in gaps], axis=0)
        invisible = seen <= tolerances.USEFUL_TIMES_NOISE * self._output_ulps
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(seen == 0, 0.0, seen / typical)
        hidden = invisible & ~(share <= 1)
        resolution = float(np.max(np.where(hidden, 0.0, share), initial=0.0))
        if not resolution <= 1:
            reason = (
                f"{self.referee.engine} agrees along {DIRECTIONS} random directions, but so roughly that a whole "
                "element could be missing; fewer elements or a wider dtype would help"
            )
            return Finding.without_reference(self.vector, Status.INCONCLUSIVE, reason)
        reason = f"agrees with {self.referee.engine} along {DIRECTIONS} random signed directions"
        if not any(direction.any() for direction in self.directions):
            reason = f"{self.referee.engine} has nothing against it"
        elif hidden.all():
            reason += "; a fault that rounding of the output hides would not have been seen"
        else:
            reason += f"; a fault above {resolution:.1g} of a typical element would have been seen"
        return Finding.without_reference(self.vector, Status.AGREE, "; ".join([reason, *self._remarks]))

    def nonfinite(self) -> Finding | None:
        """Judge elements that are NaN or infinite; None if the referee confirms the infinite ones it is asked for."""
        bad = ~np.isfinite(self.vector.value)
        positions = np.flatnonzero(np.isnan(self.vector.value))[:1]
        for position in positions if len(positions) else np.flatnonzero(bad)[:INFINITE]:
            value, error = self._element(int(position))
            if value == self.vector.value[position]:
                continue
            if np.isfinite(error):
                reason = f"it is not finite where {self.referee.engine} is"
                reference = self._reference(int(position), value, error)
                return Finding(Status.NONFINITE, bad, reference, np.zeros(bad.shape), "finiteness", reason)
            if len(positions):
                reason = f"it is not finite, and the quotients of {self.referee.engine} do not converge"
                return Finding(Status.NONFINITE, bad, self.vector, np.zeros(bad.shape), "finiteness", reason)
            reason = "it is infinite, and no other engine can tell"
            return Finding.without_reference(self.vector, Status.INCONCLUSIVE, reason)
        return None

    def traced(self, k: int, gaps: Sequence[_Gap]) -> Finding | None:
        """Bisect a direction down to one element and judge that; None if it is not to blame."""
        row = int(np.argmax(gaps[k].severity))
        column = self._bisected(self.directions[k], row, complex(gaps[k].residual[row]))
        finding = None if column is None else self.accused(self._position(row, column))
        if finding is None or column is None or finding.reference is None or finding.status is not Status.WRONG:
            return finding
        position = self._position(row, column)
        value, error = finding.reference.value[position].item(), float(finding.reference.error[position])
        finding = replace(finding, reference=self._mended(position, gaps) or finding.reference)
        others = self._others(row, column, self.vector.value[position] - value, error, gaps)
        return finding.but(Status.WRONG, finding.bad, self._account(position, value, others))

    def accused(self, position: int) -> Finding | None:
        """Judge one element by its own coordinate; None if the referee does not contradict it."""
        value, error = self._element(position)
        reference = self._reference(position, value, error)
        allowed = self.question.allowed(self.vector.value, reference.value)
        explained = np.zeros(self.vector.value.shape)
        slack = self._slack[position]
        if self._kinked(self._place(position)[1]):  # there rules jump, which is not rounding
            slack = min(slack, SHARE * error)
        explained[position] = max(allowed[position], slack) + error
        apart = abs(self.vector.value[position] - value)
        if not apart > explained[position] or not self._confirmed(position, explained[position] - error):
            return None
        source = f"error estimate of {self.referee.engine} and the engine's own rounding"
        bad = np.arange(self.vector.value.size) == position
        finding = Finding(Status.WRONG, bad, reference, explained, source)
        if explanations.excused(self.question, self.vector, finding)[position]:
            return finding.but(Status.IMPRECISE, bad, explanations.IMPRECISE)
        return finding

    def _bisected(self, direction: Array, row: int, residual: complex) -> int | None:
        """Return the column where the larger half of the residual ends up."""
        low, high = 0, direction.size
        while high - low > 1:
            middle = (low + high) // 2
            first = complex(self.gap(direction, slice(low, middle)).residual[row])
            if not np.isfinite(first):
                return None
            if abs(first) >= abs(residual - first):
                high, residual = middle, first
            else:
                low, residual = middle, residual - first
        return low

    def _confirmed(self, position: int, allowed: float) -> bool:
        value, error = self._element(position, again=True)
        return bool(abs(self.vector.value[position] - value) > allowed + error)

    def _mended(self, position: int, gaps: Sequence[_Gap]) -> Vector | None:
        """Return the derivative as it would be without a mistake of a known shape, if the referee's products say so."""
        for candidate in self._candidates(position, gaps[0]):
            matrix = self._arranged(candidate)
            sums = [np.sum(self._terms(matrix, direction), axis=1) for direction in self.directions]
            if all((np.abs(s - gap.product) <= 2 * gap.tolerance).all() for s, gap in zip(sums, gaps, strict=True)):
                return Vector(self.referee, candidate, np.zeros(candidate.shape), True)
        return None

    def _candidates(self, position: int, gap: _Gap) -> Iterator[Array]:
        """Yield the derivative with a common mistake undone: in the block of one element, then in all of them."""
        ends = np.cumsum([a.size for a in self._arrays])
        block = int(np.searchsorted(ends, position, side="right"))
        everywhere = range(len(self._arrays))
        for undo in _MISTAKES:
            for blocks in ([block], everywhere) if len(ends) > 1 else ([block],):
                parts = [undo(a) if k in blocks else a for k, a in enumerate(self._arrays)]
                yield flat(parts)
        sums = gap.product + gap.residual
        if gap.product.shape == (1,) and sums[0] != 0:
            yield self.vector.value * (gap.product[0] / sums[0])

    def _others(self, row: int, column: int, fault: complex, error: float, gaps: Sequence[_Gap]) -> bool:
        """Whether the products differ even without the fault that was found."""
        for direction, gap in zip(self.directions, gaps, strict=True):
            share = self._terms(np.array([[fault]]), direction[[column]])[0, 0]
            left = np.array(gap.residual)
            left[row] -= share
            tolerance = gap.tolerance + np.where(np.arange(left.size) == row, error * abs(direction[column]), 0.0)
            if (np.isfinite(gap.error) & ~(np.abs(left) <= tolerance)).any():
                return True
        return False

    def _account(self, position: int, value: complex, others: bool) -> str:
        found = f"found by bisection along random directions in {self._projector.evaluations} evaluations"
        rest = "there are other wrong elements" if others else "no other wrong element was seen"
        return f"{self.vector.value[position]:.10g} against {value:.10g} of {self.referee.engine}; {found}; {rest}"

    # -- shapes -------------------------------------------------------------------------------

    def _arranged(self, elements: Array) -> Array:
        """Return one number for each element of the derivative as the matrix, in which each output has its rows."""
        arranged: Array = elements[self._positions]
        return arranged

    @cached_property
    def _positions(self) -> Array:
        """Where each element of the matrix is in the flat derivative."""
        return np.vstack(list(by_output(self.question, self.vector.value.size)))

    @property
    def _sizes(self) -> list[int]:
        """How many rows each output has."""
        first = self._leaves[0]
        heads = self._arrays[:: len(self._leaves)]
        return [int(np.prod(a.shape[: a.ndim - first.ndim])) for a in heads]

    def _position(self, row: int, column: int) -> int:
        """Return where an element of the matrix is in the flat derivative."""
        return int(self._positions[row, column])

    def _place(self, position: int) -> tuple[int, int]:
        """Return the row and column of a position of the flat derivative."""
        row, column = np.argwhere(self._positions == position)[0]
        return int(row), int(column)

    def _tangents(self, direction: Array) -> list[Array]:
        parts = np.split(direction, np.cumsum([a.size for a in self._leaves])[:-1])
        return [
            (part if leaf.dtype.kind == "c" else np.real(part)).reshape(leaf.shape)
            for part, leaf in zip(parts, self._leaves, strict=True)
        ]

    def _terms(self, matrix: Array, direction: Array) -> Array:
        """Return what each element contributes to a product; for complex inputs Re<g, v>."""
        if self.question.operator is Operator.JACOBIAN:
            jacobian: Array = matrix * np.real(direction)
            return jacobian
        terms: Array = np.real(np.conj(matrix) * direction)
        return terms

    def _rows(self, measured: Measured) -> Measured:
        """Join real and imaginary parts of the rows of complex outputs."""
        if self.question.operator is not Operator.JACOBIAN or not any(a.dtype.kind == "c" for a in self._arrays):
            return measured
        values, errors, start = [], [], 0
        for size, array in zip(self._sizes, self._arrays[:: len(self._leaves)], strict=True):
            wide = array.dtype.kind == "c"
            stop = start + size * (2 if wide else 1)
            value, error = measured.value[start:stop], measured.error[start:stop]
            values.append(value[0::2] + 1j * value[1::2] if wide else value)
            errors.append(np.hypot(error[0::2], error[1::2]) if wide else error)
            start = stop
        return replace(measured, value=np.concatenate(values), error=np.concatenate(errors))

    # -- elements -----------------------------------------------------------------------------

    def _direction(self, sizes: Sequence[Array]) -> Array:
        """Draw a direction that moves each element by about these sizes."""
        parts, rng = [], self._rng
        for leaf, magnitudes in zip(self._leaves, sizes, strict=True):
            factors = rng.uniform(0.5, 1.5, leaf.size) * rng.choice([-1.0, 1.0], leaf.size)
            if leaf.dtype.kind == "c":
                factors = factors + 1j * rng.uniform(0.5, 1.5, leaf.size) * rng.choice([-1.0, 1.0], leaf.size)
            parts.append(factors * magnitudes)
        return np.concatenate(parts)

    def _element(self, position: int, *, again: bool = False) -> tuple[complex, float]:
        """Return the referee's value of one element of the derivative, and its error."""
        row, column = self._place(position)
        value, error = self._slopes(column, again=again)
        return value[row].item(), float(error[row])

    def _slopes(self, column: int, *, again: bool = False) -> tuple[Array, Array]:
        """Return the referee's values of one column of the derivative, and their errors."""
        parts = [self._rows(self._column(c, again=again)) for c in self._coordinates(column)]
        value = parts[0].value if len(parts) == 1 else parts[0].value + 1j * parts[1].value
        return value, np.hypot.reduce([part.error for part in parts])

    def _column(self, coordinate: int, *, again: bool = False) -> Measured:
        """Return the referee's derivative along a real coordinate; it is asked once."""
        if (coordinate, again) not in self._columns:
            self._columns[coordinate, again] = self._projector.coordinate(coordinate, again=again)
        return self._columns[coordinate, again]

    def _coordinates(self, column: int) -> list[int]:
        """Return the real coordinates of an input element, among all."""
        wide = np.concatenate([np.full(leaf.size, 2 if leaf.dtype.kind == "c" else 1) for leaf in self._leaves])
        start = int(np.sum(wide[:column]))
        return list(range(start, start + int(wide[column])))

    def _reference(self, position: int, value: complex, error: float) -> Vector:
        """Return the engine's own vector with the referee's value at one element."""
        values, errors = np.array(self.vector.value), np.zeros(self.vector.value.shape)
        values[position], errors[position] = value, error
        return Vector(self.referee, values, errors, True)

    @cached_property
    def _usual(self) -> Array:
        """The typical size of the elements of each row."""
        return _typical(self._matrix)

    @cached_property
    def _slack(self) -> Array:
        """How far each element may be off by the engine's own rounding, or by a tolerance that is imposed."""
        allowed = self.question.allowed(self.vector.value, self.vector.value)
        return np.fmax(allowed, explanations.rounding(self.question, self.vector))

    @property
    def _output_ulps(self) -> Array:
        """An ulp of the output of each row."""
        outputs = [np.abs(o).reshape(-1).astype(float) for o in self.question.outputs]
        ulps = self.question.eps * np.concatenate([np.zeros(0), *outputs])
        if self.question.operator is Operator.JACOBIAN:
            return ulps
        return np.full(1, np.max(ulps, initial=0.0))


_MISTAKES: tuple[Callable[[Array], Array], ...] = (
    np.negative,
    np.conj,
    lambda a: a.T if a.ndim == 2 and a.shape[0] == a.shape[1] else a,
    lambda a: np.roll(a.reshape(-1), -1).reshape(a.shape),
    lambda a: np.roll(a.reshape(-1), 1).reshape(a.shape),
)
"""What undoes the sign, the conjugate, a transpose, a shift by one."""


def _but(direction: Array, columns: Array) -> Array:
    """Return a direction that holds some columns still."""
    held = np.array(direction)
    held[columns] = 0.0
    return held


def _magnitudes(leaf: Array) -> Array:
    """Return the size of each element; of a zero, the typical one of its leaf, at most 1; 0 for an infinite one."""
    sizes = np.where(np.isfinite(leaf), np.abs(leaf), 0.0).reshape(-1).astype(float)
    others = sizes[sizes > 0]
    usual = min(float(np.median(others)), 1.0) if others.size else 1.0
    return np.where(np.isfinite(leaf.reshape(-1)) & (sizes == 0), usual, sizes)


def _typical(terms: Array) -> Array:
    """Return the median size of what the elements of each row contribute, zeros apart."""
    sizes = np.abs(terms)
    return np.array([np.median(row[row > 0]) if (row > 0).any() else 0.0 for row in sizes])
