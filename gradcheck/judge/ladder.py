"""The ladder: tight comparison, rounding, referee; it climbs only as far as a dispute needs.

An engine's element is *settled* when it lies within the referee's error estimate and that
estimate is small enough to tell anything, or when it agrees with an independent engine and the
referee does not contradict it. What is not settled is explained by rounding, or put before the
referee a second time, or left inconclusive.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcheck.functions import Array
from gradcheck.judge import tolerances
from gradcheck.judge.comparison import (
    REFEREE,
    Vector,
    agree,
    backed,
    difference,
    flat,
    independent,
    nearest,
    referee_for,
)
from gradcheck.judge.failures import common_shapes, failed, misshapen
from gradcheck.judge.findings import Finding, verdict
from gradcheck.judge.testimony import Question, Testimony
from gradcheck.judge.verdicts import Status, Verdict
from gradcheck.operators import Operator

__all__ = ["REFEREE", "Question", "Testimony", "judge"]

SHARES_NO_RULE = "sympy"
"""The backend that derives from the forward alone: where it and one more agree, they outvote numerics."""
ALONE = (
    "no independent engine computed it, so there is nothing to hold it against; "
    "a hand-written gradient=, a portable definition (first parameter xp) or another framework's function would help"
)
IMPRECISE = "digits are lost, fewer than the function's own output can show, or than its other precision has"
HELP = "a closed-form gradient=, a portable definition or a wider dtype would help"


def judge(question: Question) -> list[Verdict]:
    """Return one verdict for each testimony, in their order."""
    shapes = common_shapes(question.testimonies)
    vectors = {
        i: Vector.of(t)
        for i, t in enumerate(question.testimonies)
        if t.estimate is not None and [a.shape for a in t.estimate.arrays] == shapes
    }
    everyone = list(vectors.values())
    verdicts = []
    for i, testimony in enumerate(question.testimonies):
        if i in vectors:
            verdicts.append(verdict(question, vectors[i], _judge_one(question, vectors[i], everyone)))
        elif testimony.estimate is not None:
            verdicts.append(misshapen(question, testimony, shapes))
        else:
            verdicts.append(failed(question, testimony, everyone))
    return verdicts


def _judge_one(question: Question, vector: Vector, everyone: Sequence[Vector]) -> Finding:
    others = [v for v in everyone if independent(v, vector)]
    if not others:
        return Finding.without_reference(vector, Status.INCONCLUSIVE, ALONE)
    if vector.value.size == 0:
        return Finding.without_reference(vector, Status.AGREE, "there are no elements")
    nonfinite = _nonfinite(question, vector, others)
    if nonfinite is not None:
        return nonfinite
    if question.operator is Operator.VALUE:
        return _by_vote(question, vector, others)
    if vector.numerical:
        return _numerical(question, vector, others)
    referee = referee_for(vector, others)
    return _by_vote(question, vector, others) if referee is None else _by_referee(question, vector, others, referee)


def _nonfinite(question: Question, vector: Vector, others: Sequence[Vector]) -> Finding | None:
    """Judge NaN and infinity first, so that no comparison can let them pass."""
    bad = ~np.isfinite(vector.value)
    alone = bad & ~np.any([vector.value == o.value for o in others], axis=0)
    if not alone.any():
        return None  # infinite, and an independent engine says so too: the rest is compared
    if vector.numerical and np.isinf(vector.error[alone]).all():
        return Finding.without_reference(vector, Status.INCONCLUSIVE, "its difference quotients do not converge")
    finite = [o for o in others if (_tells(question, o) & np.isfinite(o.value))[alone].any()]
    if finite:
        reason = f"it is not finite where {finite[0].engine} is"
        return Finding(Status.NONFINITE, alone, finite[0], np.zeros(bad.shape), "finiteness", reason)
    if np.isnan(vector.value[alone]).any():
        reason = "it is not finite, and no engine has a finite value"
        return Finding(Status.NONFINITE, alone, others[0], np.zeros(bad.shape), "finiteness", reason)
    return Finding.without_reference(vector, Status.INCONCLUSIVE, "it is infinite, and no other engine can tell")


def _tells(question: Question, other: Vector) -> Array:
    """Where an engine's value is worth holding another against: not where numerics has not settled."""
    if not other.numerical:
        return np.ones(other.value.shape, bool)
    return _decisive(question, other, other.error)


# -- before a referee -------------------------------------------------------------------------


def _by_referee(question: Question, vector: Vector, others: Sequence[Vector], referee: Vector) -> Finding:
    """Hold an engine against numerics, which has nothing to say where its error estimate is too wide."""
    gap, allowed = difference(vector.value, referee.value), question.allowed(vector.value, referee.value)
    support = backed(question, vector, [o for o in others if not o.numerical])
    decisive = _decisive(question, referee, referee.error)
    told = (_resolves(question, vector, referee, referee.error) & _enough(question, vector, referee)) | (support > 0)
    source = f"error estimate of {referee.engine}" + (f" and {question.allowance}" if question.imposed else "")
    contradicted = decisive & ~(gap <= allowed + referee.error)
    finding = Finding(Status.AGREE, contradicted, referee, allowed + referee.error, source)
    if told.all() and not contradicted.any():
        return finding
    unstable = _nondeterministic(question, vector, finding)
    if unstable is not None:
        return unstable
    explained = _rounding(question, vector)
    finding = finding.widened(explained, "the engine's own rounding")
    contradicted = decisive & ~(gap <= finding.tolerance)
    excused = contradicted & _excused(question, vector, finding) if contradicted.any() else contradicted
    accused = contradicted & ~excused & ~_outvoting(question, vector, others, support)
    if accused.any():
        return _accused(vector, finding, accused)
    told |= contradicted | (gap <= allowed + explained)  # two methods do not meet so closely by chance
    if not told.all():
        return _by_peers(question, vector, others, finding, ~told)
    if excused.any():
        return finding.but(Status.IMPRECISE, excused, IMPRECISE)
    return finding.agrees(f"{SHARES_NO_RULE} and others outvote {referee.engine}" if contradicted.any() else "")


def _decisive(question: Question, numerical: Vector, error: Array) -> Array:
    """Where this error of a numerical engine is small enough to tell right from wrong."""
    return tolerances.useful(error, numerical.value, _noise(question))


def _resolves(question: Question, vector: Vector, numerical: Vector, error: Array) -> Array:
    """Where this error of a numerical engine is small enough for an agreement to mean something."""
    if question.imposed:
        within: Array = error <= question.allowed(vector.value, numerical.value)
        return within
    return _decisive(question, numerical, error)


def _enough(question: Question, vector: Vector, referee: Vector) -> Array:
    """Where numerics alone is enough: it resolves the element, or the element is too small for the output to show."""
    largest = np.max(np.abs(referee.value), initial=0.0, where=np.isfinite(referee.value))
    residue = tolerances.RESIDUE_ULPS * question.eps * largest + tolerances.OUTPUT_ULPS * _least_noise(question)
    enough: Array = (np.abs(vector.value) <= residue) | _sharp(vector, referee) | question.imposed
    return enough


def _outvoting(question: Question, vector: Vector, others: Sequence[Vector], support: Array) -> Array:
    """Where an engine has two others on its side, and among the three one that shares no rule with the rest."""
    apart = [agree(question, vector, o) for o in _by_name([vector, *others], SHARES_NO_RULE)]
    outvoting: Array = (support >= 2) & np.any([np.zeros(support.shape, bool), *apart], axis=0)
    return outvoting


def _by_peers(question: Question, vector: Vector, others: Sequence[Vector], finding: Finding, bad: Array) -> Finding:
    """Where the referee cannot tell, let the others vote."""
    peers = [o for o in others if not o.numerical]
    vote = _by_vote(question, vector, peers) if peers else finding
    if peers and vote.status.passes:
        return vote
    reason = "the referee's error estimate is too wide to tell, and no independent engine agrees; " + HELP
    return finding.but(Status.INCONCLUSIVE, bad, reason)


def _accused(vector: Vector, finding: Finding, bad: Array) -> Finding:
    """Ask the referee that contradicts an engine a second time, with other steps, before saying so."""
    assert finding.reference is not None  # the referee
    name = finding.reference.engine
    confirmed = _confirmed(vector, finding.reference, finding.tolerance - finding.reference.error, bad)
    if confirmed is None:
        reason = f"{name} contradicts it, and could not confirm that by a second evaluation; " + HELP
        return finding.but(Status.INCONCLUSIVE, bad, reason)
    if not confirmed.any():
        reason = f"{name} contradicts it, but its second evaluation with other steps does not; " + HELP
        return finding.but(Status.INCONCLUSIVE, bad, reason)
    return finding.but(Status.WRONG, confirmed)


def _confirmed(vector: Vector, referee: Vector, tolerance: Array, bad: Array) -> Array | None:
    """Return where a second evaluation contradicts the engine as well; None if there is none."""
    ask = referee.testimony.second_opinion
    opinion = None if ask is None else ask()
    if opinion is None or opinion.errors is None:
        return None
    gap = difference(vector.value, flat(opinion.arrays))
    confirmed: Array = bad & ~(gap <= tolerance + flat(opinion.errors).astype(float))
    return confirmed


def _by_name(others: Sequence[Vector], backend: str) -> list[Vector]:
    return [o for o in others if o.engine.backend == backend]


def _excused(question: Question, vector: Vector, finding: Finding) -> Array:
    """Where an error cannot be seen in the output, or is gone when the engine runs in the other precision."""
    assert finding.reference is not None  # it is held against somebody
    if question.imposed:
        return np.zeros(vector.value.shape, bool)
    gap = difference(vector.value, finding.reference.value)
    excused = gap <= finding.tolerance + _lost_digits(question, vector)
    if question.operator.order == 1:
        invisible = gap <= tolerances.OUTPUT_ULPS * _least_noise(question)
        excused |= invisible & _lost(vector.value, finding.reference.value)
    return excused


def _lost(value: Array, reference: Array) -> Array:
    """Where a value can be what is left of the reference after digits were lost: 0, or of its sign and size."""
    same_side = np.real(value * np.conj(reference)) > 0
    lost: Array = (value == 0) | (same_side & (np.abs(value) <= 2 * np.abs(reference)))
    return lost


def _sharp(vector: Vector, numerical: Vector) -> Array:
    """Where numerics resolves the element itself, not only what is large beside it."""
    size = np.fmax(np.abs(vector.value), np.abs(numerical.value))
    sharp: Array = numerical.error <= tolerances.USEFUL_RELATIVE * size
    return sharp


# -- by vote ----------------------------------------------------------------------------------


def _by_vote(question: Question, vector: Vector, others: Sequence[Vector]) -> Finding:
    """Compare with each independent engine; the odd one out of three or more is wrong."""
    support = backed(question, vector, others)
    other = nearest(vector, others)
    tolerance = question.allowed(vector.value, other.value) + vector.error + other.error
    finding = Finding(Status.AGREE, support == 0, other, tolerance, question.allowance)
    if not finding.bad.any():
        return finding
    unstable = _nondeterministic(question, vector, finding)
    if unstable is not None:
        return unstable
    finding = finding.widened(_rounding(question, vector) + _rounding(question, other), "both engines' rounding")
    bad = (support == 0) & ~(difference(vector.value, other.value) <= finding.tolerance)
    if not bad.any():
        return finding.agrees()
    excused = _excused(question, vector, finding.widened(_lost_digits(question, other), "its lost digits"))
    if not (bad & ~excused).any():
        return finding.but(Status.IMPRECISE, bad, IMPRECISE)
    bad = bad & ~excused
    united = _united(question, others, bad)
    if united:
        return _against(united[0], finding, bad)
    if question.operator is Operator.VALUE:
        return finding.but(Status.INCONCLUSIVE, bad, f"the forwards differ: {other.engine} has another value")
    reason = f"{other.engine} has another value, and nothing says which is right; " + HELP
    return finding.but(Status.INCONCLUSIVE, bad, reason)


def _united(question: Question, others: Sequence[Vector], bad: Array) -> list[Vector]:
    """Return those of the others that another independent one agrees with, at all these elements."""
    return [o for o in others if (backed(question, o, others) > 0)[bad].all()]


def _against(reference: Vector, finding: Finding, bad: Array) -> Finding:
    return Finding(Status.WRONG, bad, reference, finding.tolerance, finding.source)


# -- difference quotients under test ----------------------------------------------------------


def _numerical(question: Question, vector: Vector, others: Sequence[Vector]) -> Finding:
    """Hold a numerical engine against the others, within its own error estimate."""
    others = _by_name(others, vector.engine.host) or list(others)
    other = nearest(vector, others)
    tolerance = question.allowed(vector.value, other.value) + vector.error
    bad = backed(question, vector, others) == 0
    gap = difference(vector.value, other.value)
    finding = Finding(Status.AGREE, bad, other, tolerance, f"error estimate of {vector.engine}")
    if bad.any():
        finding = finding.widened(_rounding(question, other), f"the rounding of {other.engine}")
        bad = bad & ~(gap <= finding.tolerance)
    vague = ~_resolves(question, other, vector, np.fmin(vector.error, gap))
    if not (bad | vague).any():
        return finding.agrees()
    if not (bad & ~vague).any():
        reason = "its error estimate is too wide to tell anything; a wider dtype would help"
        return finding.but(Status.INCONCLUSIVE, vague, reason)
    return _contradicted(question, vector, others, finding, bad & ~vague)


def _contradicted(
    question: Question, vector: Vector, others: Sequence[Vector], finding: Finding, bad: Array
) -> Finding:
    """Let those that share no rule outvote numerics; else ask numerics again, with other steps."""
    united = [o for o in _united(question, others, bad) if o.engine.backend == SHARES_NO_RULE]
    if united:
        return _against(united[0], finding, bad)
    opinion = vector.testimony.second_opinion() if vector.testimony.second_opinion is not None else None
    if opinion is not None and opinion.errors is not None:
        slack = finding.tolerance + flat(opinion.errors).astype(float)
        if (difference(vector.value, flat(opinion.arrays)) <= slack)[bad].all():
            return finding.agrees("confirmed by a second evaluation with other steps; the other engines contradict it")
    return finding.but(Status.INCONCLUSIVE, bad, "no independent engine agrees with it")


# -- what explains a difference ---------------------------------------------------------------


def _noise(question: Question) -> Array:
    """Return what an ulp of the output amounts to in each element."""
    return tolerances.noise(question.operator, question.inputs.arrays, question.outputs, question.eps)


def _least_noise(question: Question) -> Array:
    """Return the same as if every input were as large as the largest: a small input by chance excuses nothing."""
    arrays = question.inputs.arrays
    largest = max((float(np.max(np.abs(a), initial=0.0)) for a in arrays), default=0.0) or 1.0
    level = [np.full(a.shape, largest) for a in arrays]
    return tolerances.noise(question.operator, level, question.outputs, question.eps)


def _rerun(vector: Vector, leaves: Sequence[Array]) -> Array | None:
    again = vector.testimony.again
    arrays = None if again is None else again(leaves)
    return None if arrays is None else flat(arrays)


def _rounding(question: Question, vector: Vector) -> Array:
    """Return how far the engine's own rounding can move each element; a tolerance imposed leaves no room for it."""
    if question.imposed:
        return np.zeros(vector.value.shape)
    return tolerances.rounding(
        vector.value, lambda leaves: _rerun(vector, leaves), question.inputs.arrays, question.eps
    )


def _lost_digits(question: Question, vector: Vector) -> Array:
    """Return how far the engine is from itself in the other precision, as far as that is an excuse."""
    ask = vector.testimony.in_other_precision
    arrays = None if ask is None or question.imposed else ask()
    if arrays is None or flat(arrays).shape != vector.value.shape:
        return np.zeros(vector.value.shape)
    other_eps = max(tolerances.machine_eps(a.dtype) for a in arrays)
    return tolerances.lost_digits(vector.value, flat(arrays), _noise(question), question.eps, other_eps)


def _nondeterministic(question: Question, vector: Vector, finding: Finding) -> Finding | None:
    """Judge an engine that, asked again at the same inputs, says something else."""
    again = _rerun(vector, question.inputs.arrays)
    if again is None or again.shape != vector.value.shape:
        return None
    moved = difference(vector.value, again)
    largest = np.full(moved.shape, np.max(np.abs(vector.value)))  # sums in another order move what cancels
    bad = ~(moved <= tolerances.tight(largest, again, question.inputs.dtype))
    if not bad.any():
        return None
    reason = f"called again at the same inputs it differs by up to {np.max(moved[bad]):.3g}"
    return finding.but(Status.NONDETERMINISTIC, bad, reason)
