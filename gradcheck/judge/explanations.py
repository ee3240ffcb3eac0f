"""What can explain a difference: rounding, digits that a formula threw away, answers that change by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradcheck.estimates import Estimate
from gradcheck.functions import Array
from gradcheck.judge import tolerances
from gradcheck.judge.comparison import Vector, by_output, difference, flat, independent
from gradcheck.judge.findings import Finding
from gradcheck.judge.testimony import Question, Testimony
from gradcheck.judge.verdicts import Status
from gradcheck.operators import Operator

ORDINARY = ((2.0, 0.3), (0.5, 0.5))
"""Points of ordinary size: the largest input, and what is added to all."""
ELSEWHERE = ((np.inf, 0.1), *ORDINARY)
"""The points at which an engine that wants an excuse is looked at: one that is near, too."""
MUCH_LESS = 1e-2
"""The part of its error that an engine keeps elsewhere, if the formula or the point, not the rule, is to blame."""
ALIKE = 8
"""How many times an engine's error can be another's, if both lost the same digits."""
IMPRECISE = "digits are lost, fewer than the function's own output can show, or than its other precision has"
SHARED = "digits are lost by a formula that an independent engine shares, few beside the largest element"

DROWNED = "the function itself has lost digits here, to which as much is due where it is ordinary; "


def noise(question: Question) -> Array:
    """Return what an ulp of the output amounts to in each element."""
    return _noise(question, question.inputs.arrays, question.outputs, question.eps)


def _noise(question: Question, leaves: Sequence[Array], outputs: Sequence[Array], eps: float) -> Array:
    return tolerances.noise(question.operator, leaves, outputs, eps, question.seed)


def visible(question: Question, referee: Vector, gap: Array) -> Array:
    """Where a difference is larger than what rounding of the referee's own forward lets any difference scheme see."""
    arrays = referee.testimony.estimate.arrays if referee.testimony.estimate is not None else ()
    eps = max((tolerances.machine_eps(a.dtype) for a in arrays), default=question.eps)
    least = _noise(question, question.inputs.arrays, question.outputs, eps)
    seen: Array = gap > tolerances.VISIBLE_ULPS * least
    return seen


def least_noise(question: Question) -> Array:
    """Return the same as if every input were as large as the largest: a small input by chance excuses nothing."""
    arrays = question.inputs.arrays
    largest = max((float(np.max(np.abs(a), initial=0.0)) for a in arrays), default=0.0) or 1.0
    level = [np.full(a.shape, largest) for a in arrays]
    return _noise(question, level, question.outputs, question.eps)


def rounding(question: Question, vector: Vector, reruns: int = tolerances.RERUNS) -> Array:
    """Return how far the engine's own rounding can move each element; a tolerance imposed leaves no room for it."""
    if question.imposed:
        return np.zeros(vector.value.shape)
    return tolerances.rounding(vector.value, vector.rerun, question.inputs.arrays, question.eps, reruns)


def conditioning(question: Question, referee: Vector) -> Array:
    """Return how far the derivative itself moves, as a referee has it, where the inputs move by some ulps."""
    spread = np.zeros(referee.value.shape)
    for leaves in tolerances.moved(question.inputs.arrays, question.eps):
        known = referee.measured(leaves)
        if known is not None and known[0].shape == spread.shape:
            apart = difference(known[0], referee.value)
            spread = np.fmax(spread, np.where(np.isfinite(apart), apart + known[1], 0.0))
    return tolerances.ROUNDING_FACTOR * spread


def special(question: Question, vector: Vector, referee: Vector) -> Array:
    """Return where some ulps away an engine is right to the last digit, or says just what it says here.

    That is no rounding, which gives something else each time: a tie or a branch, and the point is on it.
    """
    runs = [vector.rerun(leaves) for leaves in tolerances.moved(question.inputs.arrays, question.eps)]
    found = [run for run in runs if run is not None and run.shape == vector.value.shape]
    right = [difference(r, referee.value) <= question.allowed(r, referee.value) + referee.error for r in found]
    if not found:
        return np.zeros(vector.value.shape, bool)
    only: Array = np.all([a | (r == vector.value) for a, r in zip(right, found, strict=True)], axis=0)
    anywhere: Array = np.any(right, axis=0)
    return only & anywhere


def residue(question: Question, referee: Vector) -> Array:
    """Return what is left, where sums cancel, of ulps of the largest element of the same output's derivative.

    With an imposed tolerance, that is nothing.
    """
    if question.imposed or question.operator in (Operator.VALUE, Operator.JVP):
        return np.zeros(referee.value.shape)
    size = np.where(np.isfinite(referee.value), np.abs(referee.value), 0.0)
    scales = np.concatenate([tolerances.sizes(leaf).reshape(-1) for leaf in question.inputs.arrays])
    left = np.zeros(size.shape)
    for rows in by_output(question, size.size):
        largest = np.max(size[rows], axis=1, initial=0.0, keepdims=True)
        if rows.shape[1] == scales.size:  # an element is made of no more than what others contribute to the output
            moves = np.max(size[rows] * scales, axis=1, initial=0.0, keepdims=True) / scales
            largest = np.minimum(largest, moves)
        left[rows] = np.broadcast_to(largest, rows.shape)
    return tolerances.RESIDUE_ULPS * question.eps * left


def cancelled(question: Question, vector: Vector, referee: Vector) -> Array:
    """Return the same, of a few ulps, where the element is 0 or the value can be what is left of it."""
    few = residue(question, referee) * (tolerances.OUTPUT_ULPS / 2 / tolerances.RESIDUE_ULPS)
    possible = (np.abs(referee.value) <= referee.error) | _lost(vector.value, referee.value)
    return np.where(possible, few, 0.0)


def lost_digits(question: Question, vector: Vector) -> Array:
    """Return how far the engine is from itself in the other precision, as far as that is an excuse by itself."""
    few = tolerances.excusable_digits(vector.value, _more(question) * noise(question), question.eps)
    return np.fmin(_all_lost_digits(question, vector), few)


def _all_lost_digits(question: Question, vector: Vector) -> Array:
    ask = vector.testimony.in_other_precision
    arrays = None if ask is None or question.imposed else ask(question.inputs.arrays)
    if arrays is None or flat(arrays).shape != vector.value.shape:
        return np.zeros(vector.value.shape)
    other_eps = max(tolerances.machine_eps(a.dtype) for a in arrays)
    return tolerances.lost_digits(vector.value, flat(arrays), question.eps, other_eps)


def lost_by_forward(question: Question, vector: Vector, referee: Vector) -> Array:
    """Return what digits that the function itself has lost amount to in each element.

    A formula that cancels loses them in the value and in every derivative alike. What it lost is
    told by a bound of the value, else by the same forward in the other precision.
    """
    forward, right = _forwards(question, vector, referee)
    values = _values(forward) or question.outputs  # a rule by hand has no forward of its own
    here = None if question.imposed else _loss(question, question.inputs.arrays, values, forward, right)
    if here is None:
        return np.zeros(vector.value.shape)
    around = _loss_around(question, here, forward, right)
    explained = _shown(question, question.inputs.arrays, _beyond(question, values, around))
    beyond = _beyond(question, values, here)
    if len(values) != 1 or values[0].size != 1 or not beyond[0].any():
        return explained
    part = float(beyond[0].reshape(()) / (np.abs(values[0]) + beyond[0]).reshape(()))  # of the value: 1 is all of it
    in_proportion = min(1.0, tolerances.ROUNDING_FACTOR * _terms(question) * part) * np.abs(referee.value)
    proportional = np.where(_lost(vector.value, referee.value), in_proportion, 0.0)
    return np.asarray(np.fmax(explained, proportional))


def _beyond(question: Question, values: Sequence[Array], lost: Sequence[Array]) -> list[Array]:
    """Return by how much more than the usual ulps values are off."""
    usual = [tolerances.OUTPUT_ULPS * question.eps * np.abs(v) for v in values]
    return [np.fmax(gap - ulps, 0.0) for gap, ulps in zip(lost, usual, strict=True)]


def _shown(question: Question, leaves: Sequence[Array], beyond: Sequence[Array]) -> Array:
    """Return what lost digits of the values amount to in each element."""
    return tolerances.ROUNDING_FACTOR * _terms(question) * _noise(question, leaves, beyond, 1.0)


def _terms(question: Question) -> int:
    """Return how many terms that lose as much a derivative has: the quotient rule makes two of one."""
    return 2 if question.operator.order == 1 else _more(question)


def _more(question: Question) -> int:
    """Return how many times more digits a formula loses at second order: each derivative adds terms to it."""
    return tolerances.ROUNDING_FACTOR if question.operator.order == 2 else 1


def _forwards(question: Question, vector: Vector, referee: Vector) -> tuple[Testimony | None, Testimony | None]:
    """Return what an engine says of the values, and what a referee under a bound does, of the same function."""
    own = vector.engine.backend in question.natives  # its forward may be another one than the referee's
    return question.forward(vector.engine), question.forward(referee.engine) if referee.bounded and not own else None


def _loss(
    question: Question,
    leaves: Sequence[Array],
    values: Sequence[Array],
    forward: Testimony | None,
    right: Testimony | None,
) -> list[Array] | None:
    """Return how far an engine's values at some leaves are from what they should be; None if nobody can tell."""
    exact = None if right is None or right.again is None else _values_of(right.again(leaves))
    if exact is not None:
        return _gaps(values, exact)
    ask = forward.in_other_precision if forward is not None else None
    others = ask(leaves) if ask is not None else None
    if not others:
        return None
    other_eps = max(tolerances.machine_eps(a.dtype) for a in others)
    gaps = _gaps(values, others)
    return gaps if gaps is None or other_eps < question.eps else [gap * (question.eps / other_eps) for gap in gaps]


def _loss_there(
    question: Question, leaves: Sequence[Array], forward: Testimony | None, right: Testimony | None
) -> tuple[Sequence[Array], list[Array] | None]:
    """Return an engine's values at other leaves, and that loss of theirs."""
    values = None if forward is None or forward.again is None else _values_of(forward.again(leaves))
    return ((), None) if values is None else (values, _loss(question, leaves, values, forward, right))


def _loss_around(
    question: Question, here: list[Array], forward: Testimony | None, right: Testimony | None
) -> list[Array]:
    """Return the most of that loss here and within ulps of the point, where the digits that are lost are others."""
    for leaves in tolerances.moved(question.inputs.arrays, question.eps):
        there = _loss_there(question, leaves, forward, right)[1]
        if there is not None and [a.shape for a in there] == [a.shape for a in here]:
            here = [np.fmax(a, b) for a, b in zip(here, there, strict=True)]
    return here


def _values_of(estimate: Estimate | None) -> tuple[Array, ...] | None:
    return None if estimate is None else estimate.arrays


def _values(forward: Testimony | None) -> tuple[Array, ...] | None:
    return None if forward is None else _values_of(forward.estimate)


def _gaps(values: Sequence[Array], others: Sequence[Array]) -> list[Array] | None:
    if [v.shape for v in values] != [o.shape for o in others]:
        return None
    return [np.nan_to_num(difference(v, o), nan=0.0, posinf=0.0) for v, o in zip(values, others, strict=True)]


def excused(question: Question, vector: Vector, finding: Finding) -> Array:
    """Where an error cannot be seen in the output, or is gone when the engine runs in the other precision.

    Not where the engine is as wrong elsewhere: a formula that loses digits at a point is right at others.
    """
    assert finding.reference is not None  # it is held against somebody
    if question.imposed:
        return np.zeros(vector.value.shape, bool)
    gap = difference(vector.value, finding.reference.value)
    left = _lost(vector.value, finding.reference.value)
    by_forward = lost_by_forward(question, vector, finding.reference)
    excusable = gap <= finding.tolerance + lost_digits(question, vector)
    excusable |= gap <= finding.tolerance + by_forward
    formula = left & ((by_forward > 0) | (question.operator.order == 2))  # and what it derives from loses digits, too
    if (formula & ~excusable).any():
        excusable |= formula & (gap <= finding.tolerance + _all_lost_digits(question, vector))
    excusable |= left & (gap <= tolerances.OUTPUT_ULPS * _more(question) * least_noise(question))
    if question.operator.order == 2 and (left & ~excusable).any():  # saturated at x, it is flat over far less than x
        ulps = tolerances.OUTPUT_ULPS * question.eps * _largest(question.outputs)
        excusable |= left & (gap <= ulps * _ordinary(question, vector))
    wanting = excusable & ~(gap <= finding.tolerance)
    return excusable & ~_wrong_elsewhere(question, vector, finding.reference, gap) if wanting.any() else excusable


def shared(question: Question, vector: Vector, others: Sequence[Vector], finding: Finding, wrong: Array) -> Array:
    """Where an independent engine has lost the same digits, by the formula that both use: 1 - y**2 of tanh.

    That is an excuse for what is small beside the other elements, or beside what an ulp of the output
    amounts to, and where the engine is right elsewhere: a mistake that several make is none. Below what
    the output can show, whatever is left of a value is what several engines are left with.
    """
    reference = finding.reference
    assert reference is not None  # it is held against somebody
    nobody = np.zeros(wrong.shape, bool)
    peers = [o for o in others if not o.estimated and independent(o, vector)]
    if question.imposed or not peers:
        return nobody
    gap = difference(vector.value, reference.value)
    largest = np.max(np.abs(reference.value), initial=0.0, where=np.isfinite(reference.value))
    small = gap <= tolerances.LOST_ULPS * np.fmax(question.eps * largest, noise(question))
    theirs = [(o.value, difference(o.value, reference.value)) for o in peers]
    alike = np.array([(gap <= ALIKE * g) & (g <= ALIKE * gap) for _, g in theirs])
    left = np.array([_lost(v, reference.value) for v, _ in theirs]) & _lost(vector.value, reference.value)
    sunk = gap <= tolerances.OUTPUT_ULPS * np.fmin(noise(question), least_noise(question))
    candidates = wrong & ((small & np.any(alike & left, axis=0)) | (sunk & np.any(alike, axis=0)))
    return candidates & ~_wrong_elsewhere(question, vector, reference, gap) if candidates.any() else nobody


def drowned(question: Question, vector: Vector, reference: Vector, wrong: Array) -> Array:
    """Where an error is no more than what digits that the function itself has lost are to an ordinary derivative.

    So it is where a phase is rounded to an eighth of a turn. Not where the engine is as wrong elsewhere.
    """
    nobody = np.zeros(wrong.shape, bool)
    forward, right = _forwards(question, vector, reference)
    values = _values(forward) or question.outputs
    lost = None if question.imposed else _loss(question, question.inputs.arrays, values, forward, right)
    if lost is None or not _largest(lost) > tolerances.OUTPUT_ULPS * question.eps * _largest(values):
        return nobody
    gap = difference(vector.value, reference.value)
    most = tolerances.ROUNDING_FACTOR * _largest(_loss_around(question, lost, forward, right))
    candidates: Array = wrong & (gap <= most * _ordinary(question, vector))
    return candidates & ~_wrong_elsewhere(question, vector, reference, gap) if candidates.any() else nobody


def _ordinary(question: Question, vector: Vector) -> Array:
    """Return the engine's derivative beside the function's value: the middle one of what they are at other points.

    Whether it is right there is asked of the referee, for whom that takes longer, where it makes a difference.
    """
    forward, beside = question.forward(vector.engine), []
    for leaves in elsewhere(question.inputs.arrays):
        values = None if forward is None or forward.again is None else _values_of(forward.again(leaves))
        there = vector.rerun(leaves)
        if values is not None and there is not None and np.isfinite(there).all() and _largest(values) > 0:
            beside.append(np.abs(there) / _largest(values))
    alike = [b for b in beside if b.shape == vector.value.shape]
    return np.asarray(np.median(alike, axis=0)) if alike else np.zeros(vector.value.shape)


def _largest(arrays: Sequence[Array]) -> float:
    return max((float(np.max(np.abs(a), initial=0.0, where=np.isfinite(a))) for a in arrays), default=0.0)


def _wrong_elsewhere(question: Question, vector: Vector, reference: Vector, gap: Array) -> Array:
    """Where an engine's relative error is about the same at all other points at which that can be told."""
    fault = np.fmin(_part(gap, reference.value), 1.0)
    wrong, told = np.ones(gap.shape, bool), np.zeros(gap.shape, bool)
    for moved in elsewhere(question.inputs.arrays):
        value, known = vector.rerun(moved), reference.measured(moved)
        if value is None or known is None or value.shape != gap.shape:
            continue
        there, error = known
        apart = difference(value, there)
        tells = np.isfinite(apart) & (error <= MUCH_LESS * fault * np.abs(there))
        part, faded = _faded(question, vector, reference, moved)
        right = _part(apart, there) <= np.fmax(MUCH_LESS * fault, part)
        right |= apart <= question.allowed(value, there)
        wrong &= ~(tells & right)
        told |= tells & (faded <= MUCH_LESS * fault * np.abs(there))  # where digits are lost too, an error says nothing
    return wrong & told


def _shrunk(leaf: Array, largest: float) -> Array:
    """Return a leaf scaled so that no element is larger than this."""
    return leaf * min(1.0, largest / max(float(np.max(np.abs(leaf), initial=0.0)), np.finfo(float).tiny))


def elsewhere(leaves: Sequence[Array], points: Sequence[tuple[float, float]] = ELSEWHERE) -> Iterator[list[Array]]:
    """Yield other points: something is added to all elements, then to what is below 0 the opposite."""
    for away in (False, True) if any((leaf < 0).any() for leaf in leaves if leaf.dtype.kind == "f") else (False,):
        rng = np.random.default_rng(0)
        for largest, shift in points:
            by = [shift * rng.uniform(0.5, 1.0, leaf.shape) for leaf in leaves]
            signs = [np.where(np.real(leaf) < 0, -1.0, 1.0) if away else 1.0 for leaf in leaves]
            yield [_shrunk(leaf, largest) + s * b for leaf, s, b in zip(leaves, signs, by, strict=True)]


def _faded(
    question: Question, vector: Vector, reference: Vector, leaves: Sequence[Array]
) -> tuple[float, Array | float]:
    """Return what part of its value the function itself loses at other leaves, and what that amounts to there."""
    forward, right = _forwards(question, vector, reference)
    values, lost = _loss_there(question, leaves, forward, right)
    if lost is None:
        return 0.0, 0.0
    parts = flat([_part(gap, value) for gap, value in zip(lost, values, strict=True)])
    part = tolerances.ROUNDING_FACTOR * float(np.max(parts, initial=0.0, where=np.isfinite(parts)))
    return part, _shown(question, leaves, _beyond(question, values, lost))


def _part(gap: Array, of: Array) -> Array:
    """Return a difference beside a value; infinite beside 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gap == 0, 0.0, gap / np.abs(of))


def _lost(value: Array, reference: Array) -> Array:
    """Where a value can be what is left of the reference after digits were lost: 0, or of its sign and size."""
    same_side = np.real(value * np.conj(reference)) > 0
    lost: Array = (value == 0) | (same_side & (np.abs(value) <= 2 * np.abs(reference)))
    return lost


def nondeterministic(question: Question, vector: Vector, finding: Finding) -> Finding | None:
    """Judge an engine that, asked again at the same inputs, says something else.

    Where the derivative itself moves as far when the inputs do by an ulp, sums in another order do that.
    """
    again = vector.rerun(question.inputs.arrays)
    if again is None or again.shape != vector.value.shape:
        return None
    moved = difference(vector.value, again)
    finite = np.abs(vector.value[np.isfinite(vector.value)])
    largest = np.full(moved.shape, np.max(finite, initial=0.0))  # sums in another order move what cancels
    bad = ~(moved <= tolerances.tight(largest, again, question.inputs.dtype))
    if bad.any() and finding.reference is not None and finding.reference.value.shape == moved.shape:
        bad &= ~(moved <= rounding(question, finding.reference))
    if not bad.any():
        return None
    reason = f"called again at the same inputs it differs by up to {np.max(moved[bad]):.3g}"
    return finding.but(Status.NONDETERMINISTIC, bad, reason)
