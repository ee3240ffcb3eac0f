"""The ladder: tight comparison, rounding, referee; it climbs only as far as a dispute needs.

An engine's element is *settled* when it lies within the referee's error estimate and that
estimate is small enough to tell anything, or when it agrees with an independent engine and the
referee does not contradict it. What is not settled is explained by rounding, or put before the
referee a second time, or left inconclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcheck.functions import Array
from gradcheck.judge.choices import at_kink, hint, kinked, only_here, without_derivative
from gradcheck.judge.comparison import REFEREE, Vector, difference, independent, referee_for
from gradcheck.judge.explanations import rounding
from gradcheck.judge.failures import common_shapes, failed, misshapen
from gradcheck.judge.findings import Finding, verdict
from gradcheck.judge.projection import by_projection, projecting, witnessing
from gradcheck.judge.refereeing import bounds, by_bound, by_numerics, numerics, tells
from gradcheck.judge.testimony import Question, Testimony
from gradcheck.judge.tolerances import tight
from gradcheck.judge.verdicts import Status, Verdict
from gradcheck.judge.voting import by_vote
from gradcheck.operators import Operator

__all__ = ["REFEREE", "Question", "Testimony", "judge"]

ALONE = (
    "no independent engine computed it, so there is nothing to hold it against; "
    "a hand-written gradient=, a portable definition (first parameter xp) or another framework's function would help"
)
UNSETTLED = "it is not finite, where difference quotients do not converge either: there may be no derivative"


def judge(question: Question) -> list[Verdict]:
    """Return one verdict for each testimony, in their order."""
    shapes = common_shapes(question.testimonies)
    vectors = {
        i: Vector.of(t)
        for i, t in enumerate(question.testimonies)
        if t.estimate is not None and [a.shape for a in t.estimate.arrays] == shapes
    }
    everyone = list(vectors.values())
    verdicts = {}
    for i, testimony in enumerate(question.testimonies):
        if i in vectors:
            verdicts[i] = verdict(question, vectors[i], _judge_one(question, vectors[i], everyone))
        elif testimony.estimate is not None:
            verdicts[i] = misshapen(question, testimony, shapes)
        elif testimony.projector is None:
            verdicts[i] = failed(question, testimony, everyone)
    for i, testimony in enumerate(question.testimonies):
        if i not in verdicts:  # it has no elements of its own: what it is worth is what it said of the others
            verdicts[i] = witnessing(question, testimony, [verdicts[k] for k in vectors])
    return [verdicts[i] for i in sorted(verdicts)]


def _judge_one(question: Question, vector: Vector, everyone: Sequence[Vector]) -> Finding:
    others = [v for v in everyone if independent(v, vector)]
    if not others and projecting(question, vector) is None:
        return Finding.without_reference(vector, Status.INCONCLUSIVE, ALONE)
    if vector.value.size == 0:
        return Finding.without_reference(vector, Status.AGREE, "there are no elements")
    finding = _climb(question, vector, everyone)
    if finding.status in (Status.AGREE, Status.CONVENTION):
        return finding
    summoned = _summoned(question, vector, others)
    if summoned is not None:
        finding = _climb(question, vector, [*everyone, summoned])
    return _hinted(question, vector, finding)


def _climb(question: Question, vector: Vector, everyone: Sequence[Vector]) -> Finding:
    """Judge an engine with the others at hand."""
    others = [v for v in everyone if independent(v, vector)]
    projected = projecting(question, vector)
    if projected is not None:
        return by_projection(question, vector, projected, others)
    nonfinite = _nonfinite(question, vector, others)
    if nonfinite is not None:
        return nonfinite
    if vector.estimated and not vector.numerical:
        return bounds(question, vector, others)
    if question.operator is Operator.VALUE:
        return by_vote(question, vector, others)
    return _by_referee(question, vector, others, referee_for(vector, everyone if vector.numerical else others))


def _by_referee(question: Question, vector: Vector, others: Sequence[Vector], referee: Vector | None) -> Finding:
    """Judge a derivative before the best referee at hand, at a kink by what the slopes around it allow."""
    settling = next((o for o in others if o.bounded), None)
    own = referee is not None and vector.engine.backend in question.natives
    if settling is not None and not own and not vector.numerical:
        return by_bound(question, vector, others, settling)
    if referee is None:
        smooth = np.zeros(vector.value.shape, bool)
        return numerics(question, vector, others, smooth) if vector.numerical else by_vote(question, vector, others)
    aside = kinked(referee) & (settling is None)
    if vector.numerical:
        finding = numerics(question, vector, others, aside)
    else:
        finding = by_numerics(question, vector, others, referee, aside)
    if finding.status is Status.INCONCLUSIVE:
        if settling is not None and not vector.numerical and not _values_differ(question, vector, settling):
            return by_bound(question, vector, others, settling)
        return without_derivative(question, vector, referee, finding)
    if not finding.status.passes:
        if settling is None or vector.numerical:
            return finding
        return _by_definition(question, vector, others, settling, finding)
    if aside.any():
        return at_kink(question, vector, referee, finding)
    return finding if vector.numerical else _beside_peers(question, vector, others, referee, finding)


def _by_definition(
    question: Question, vector: Vector, others: Sequence[Vector], settling: Vector, finding: Finding
) -> Finding:
    """Hold a gradient that its own forward contradicts against the certified one of the definition.

    A forward that lost digits has no slope to hold anything against: the function defined has.
    """
    certified = by_bound(question, vector, others, settling)
    if certified.status.passes or finding.reference is None:
        return certified if certified.status.passes else finding
    nearer = difference(vector.value, settling.value) <= difference(vector.value, finding.reference.value)
    return certified if nearer[finding.bad].all() else finding


def _beside_peers(
    question: Question, vector: Vector, others: Sequence[Vector], referee: Vector, finding: Finding
) -> Finding:
    """Hold an engine that numerics has nothing against to the others, which see smaller differences."""
    peers = [o for o in others if not o.numerical and _credible(question, o, others)]
    settling = next((o for o in peers if o.bounded), None)
    if not peers:
        return finding
    beside = by_vote(question, vector, peers) if settling is None else by_bound(question, vector, others, settling)
    if beside.status is Status.AGREE or beside.reference is None:
        return finding
    if beside.status.passes or beside.status is Status.NONDETERMINISTIC:
        return beside
    apart = difference(referee.value, beside.reference.value)
    sides = beside.bad & tells(question, referee) & ~(apart <= beside.tolerance + referee.error)
    if not sides.any() or vector.engine.backend not in question.natives:
        return beside
    reason = f"the forwards differ: it is right for its own, which is not that of {beside.reference.engine}"
    if _values_differ(question, vector, beside.reference):  # which is said of the value: nothing is wrong here
        return finding.agrees(reason) if finding.status is Status.AGREE else finding
    return beside.but(Status.INCONCLUSIVE, sides, reason)


def _credible(question: Question, peer: Vector, everyone: Sequence[Vector]) -> bool:
    """Whether numerics, best on the engine's own forward, does not contradict it."""
    referee = referee_for(peer, everyone)
    if referee is None or peer.bounded:
        return True
    gap = difference(peer.value, referee.value)
    explained = question.allowed(peer.value, referee.value) + referee.error
    contradicted = tells(question, referee) & ~(gap <= explained)
    if not contradicted.any():
        return True
    return not (contradicted & ~(gap <= explained + rounding(question, peer))).any()


def _values_differ(question: Question, one: Vector, other: Vector) -> bool:
    """Whether the values of two engines' functions differ by more than rounding explains."""
    forwards = _forwards(question, one, other)
    if forwards is None:
        return False
    a, b = forwards
    explained = tight(a.value, b.value, question.inputs.dtype) + rounding(question, a) + rounding(question, b)
    return not bool((difference(a.value, b.value) <= explained).all())


def _forwards(question: Question, one: Vector, other: Vector) -> tuple[Vector, Vector] | None:
    """Return the values of two engines' functions; None if one is not known, or they have other shapes."""
    found = [question.forward(v.engine) for v in (one, other)]
    known = [Vector.of(t) for t in found if t is not None and t.estimate is not None]
    if len(known) < 2 or known[0].value.shape != known[1].value.shape:
        return None
    return known[0], known[1]


def _hinted(question: Question, vector: Vector, finding: Finding) -> Finding:
    """Add, to what is said of a wrong engine, that it is right beside the point, if it is."""
    wrong = finding.status in (Status.WRONG, Status.NONFINITE) and question.operator is not Operator.VALUE
    if not wrong or finding.reference is None or not finding.reference.estimated:
        return finding
    here = only_here(question, vector, finding)
    return replace(finding, hint=hint(question, finding.status)) if here else finding


def _summoned(question: Question, vector: Vector, others: Sequence[Vector]) -> Vector | None:
    """Return a referee that has not spoken yet and has an answer for every element."""
    if any(o.bounded for o in others):
        return None  # the best that there is has spoken
    spoken = {o.engine for o in others} | {vector.engine}
    for testimony in question.summon():
        if testimony.estimate is not None and testimony.engine not in spoken:
            called = Vector.of(testimony)
            if called.bounded and called.value.shape == vector.value.shape:
                return called
    return None


def _nonfinite(question: Question, vector: Vector, others: Sequence[Vector]) -> Finding | None:
    """Judge NaN and infinity first, so that no comparison can let them pass."""
    bad = ~np.isfinite(vector.value)
    if vector.numerical:
        bad &= ~np.isfinite(vector.error)  # an infinite slope that it is sure of is a value
    alone = bad & ~np.any([vector.value == o.value for o in others], axis=0)
    if not alone.any():
        return None  # infinite, and an independent engine says so too: the rest is compared
    if vector.numerical:
        return Finding.without_reference(vector, Status.INCONCLUSIVE, "its difference quotients do not converge")
    at_a_kink = next((o for o in others if (kinked(o) & alone & np.isnan(vector.value)).any()), None)
    if at_a_kink is not None:
        reason = "it is not a number at a kink, where there is a slope on either side"
        return Finding(Status.NONFINITE, alone, at_a_kink, np.zeros(bad.shape), "finiteness", reason)
    settled = np.all([np.isfinite(o.error) for o in others if o.numerical] or [~np.zeros(bad.shape, bool)], axis=0)
    told = [(o, (tells(question, o) | kinked(o)) & (settled | o.bounded) & _a_slope(o)) for o in others]
    known = [o for o, tells_it in told if tells_it[alone].any()]
    if known:
        reason = f"it is not finite where {known[0].engine} is"
        if not np.isfinite(known[0].value[alone]).any():
            reason = f"it is {vector.value[alone][0]:g} where {known[0].engine} has {known[0].value[alone][0]:g}"
        return Finding(Status.NONFINITE, alone, known[0], np.zeros(bad.shape), "finiteness", reason)
    if not settled[alone].all() and all(np.isfinite(o).all() for o in question.outputs):
        return Finding.without_reference(vector, Status.INCONCLUSIVE, UNSETTLED)
    if np.isnan(vector.value[alone]).any():
        reason = "it is not finite, and no engine has a finite value"
        return Finding(Status.NONFINITE, alone, others[0], np.zeros(bad.shape), "finiteness", reason)
    return Finding.without_reference(vector, Status.INCONCLUSIVE, "it is infinite, and no other engine can tell")


def _a_slope(other: Vector) -> Array:
    """Where an engine has a finite value, or is sure of an infinite slope."""
    known: Array = np.isfinite(other.value) | (np.isinf(other.value) & (other.error == 0) & other.estimated)
    return known
