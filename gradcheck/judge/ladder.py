"""The ladder: tight comparison, rounding, referee; it climbs only as far as a dispute needs.

An engine's element is *settled* when it lies within the referee's error estimate and that
estimate is small enough to tell anything, or when it agrees with an independent engine and the
referee does not contradict it. What is not settled is explained by rounding, or put before the
referee a second time, or left inconclusive.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcheck.judge.comparison import REFEREE, Vector, independent, referee_for
from gradcheck.judge.failures import common_shapes, failed, misshapen
from gradcheck.judge.findings import Finding, verdict
from gradcheck.judge.refereeing import bounds, by_bound, by_numerics, numerics, tells
from gradcheck.judge.testimony import Question, Testimony
from gradcheck.judge.verdicts import Status, Verdict
from gradcheck.judge.voting import by_vote
from gradcheck.operators import Operator

__all__ = ["REFEREE", "Question", "Testimony", "judge"]

ALONE = (
    "no independent engine computed it, so there is nothing to hold it against; "
    "a hand-written gradient=, a portable definition (first parameter xp) or another framework's function would help"
)


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
    finding = _climb(question, vector, others)
    if finding.status in (Status.AGREE, Status.CONVENTION):
        return finding
    summoned = _summoned(question, vector, others)
    return finding if summoned is None else _climb(question, vector, [*others, summoned])


def _climb(question: Question, vector: Vector, others: Sequence[Vector]) -> Finding:
    """Judge an engine with the others at hand."""
    nonfinite = _nonfinite(question, vector, others)
    if nonfinite is not None:
        return nonfinite
    if vector.estimated and not vector.numerical:
        return bounds(question, vector, others)
    if question.operator is Operator.VALUE:
        return by_vote(question, vector, others)
    if vector.numerical:
        return numerics(question, vector, others)
    referee = referee_for(vector, others)
    settling = next((o for o in others if o.sharp), None)
    own = vector.engine.backend in question.natives and referee is not None
    if settling is not None and not own:
        return by_bound(question, vector, settling)
    return by_vote(question, vector, others) if referee is None else by_numerics(question, vector, others, referee)


def _summoned(question: Question, vector: Vector, others: Sequence[Vector]) -> Vector | None:
    """Return a referee that has not spoken yet and has an answer for every element."""
    spoken = {o.engine for o in others} | {vector.engine}
    for testimony in question.summon():
        if testimony.estimate is not None and testimony.engine not in spoken:
            called = Vector.of(testimony)
            if called.sharp and called.value.shape == vector.value.shape:
                return called
    return None


def _nonfinite(question: Question, vector: Vector, others: Sequence[Vector]) -> Finding | None:
    """Judge NaN and infinity first, so that no comparison can let them pass."""
    bad = ~np.isfinite(vector.value)
    alone = bad & ~np.any([vector.value == o.value for o in others], axis=0)
    if not alone.any():
        return None  # infinite, and an independent engine says so too: the rest is compared
    if vector.numerical and np.isinf(vector.error[alone]).all():
        return Finding.without_reference(vector, Status.INCONCLUSIVE, "its difference quotients do not converge")
    finite = [o for o in others if (tells(question, o) & np.isfinite(o.value))[alone].any()]
    if finite:
        reason = f"it is not finite where {finite[0].engine} is"
        return Finding(Status.NONFINITE, alone, finite[0], np.zeros(bad.shape), "finiteness", reason)
    if np.isnan(vector.value[alone]).any():
        reason = "it is not finite, and no engine has a finite value"
        return Finding(Status.NONFINITE, alone, others[0], np.zeros(bad.shape), "finiteness", reason)
    return Finding.without_reference(vector, Status.INCONCLUSIVE, "it is infinite, and no other engine can tell")
