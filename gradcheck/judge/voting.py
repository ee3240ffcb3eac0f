"""Where no referee can tell: each engine against the others, and the odd one out is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcheck.functions import Array
from gradcheck.judge import explanations
from gradcheck.judge.comparison import Vector, agree, backed, difference, nearest
from gradcheck.judge.findings import Finding
from gradcheck.judge.testimony import Question
from gradcheck.judge.verdicts import Status
from gradcheck.operators import Operator

SHARES_NO_RULE = ("exact", "sympy")
"""The backends that derive from the forward alone: where one of them and one more agree, they outvote numerics."""
HELP = "a closed-form gradient=, a portable definition or a wider dtype would help"


def by_vote(question: Question, vector: Vector, others: Sequence[Vector]) -> Finding:
    """Compare with each independent engine; the odd one out of three or more is wrong."""
    support = backed(question, vector, others)
    other = nearest(vector, others)
    tolerance = question.allowed(vector.value, other.value) + vector.error + other.error
    finding = Finding(Status.AGREE, support == 0, other, tolerance, question.allowance)
    if not finding.bad.any():
        return finding
    unstable = explanations.nondeterministic(question, vector, finding)
    if unstable is not None:
        return unstable
    explained = explanations.rounding(question, vector) + explanations.rounding(question, other)
    finding = finding.widened(explained, "both engines' rounding")
    bad = (support == 0) & ~(difference(vector.value, other.value) <= finding.tolerance)
    if not bad.any():
        return finding.agrees()
    lost = finding.widened(explanations.lost_digits(question, other), "its lost digits")
    excused = explanations.excused(question, vector, lost)
    if not (bad & ~excused).any():
        return finding.but(Status.IMPRECISE, bad, explanations.IMPRECISE)
    bad = bad & ~excused
    agreeing = united(question, others, bad)
    if agreeing:
        return against(agreeing[0], finding, bad)
    if question.operator is Operator.VALUE:
        return finding.but(Status.INCONCLUSIVE, bad, f"the forwards differ: {other.engine} has another value")
    reason = f"{other.engine} has another value, and nothing says which is right; " + HELP
    return finding.but(Status.INCONCLUSIVE, bad, reason)


def united(question: Question, others: Sequence[Vector], bad: Array) -> list[Vector]:
    """Return those of the others that another independent one agrees with, at all these elements."""
    return [o for o in others if (backed(question, o, others) > 0)[bad].all()]


def against(reference: Vector, finding: Finding, bad: Array) -> Finding:
    """Return the finding that these elements are wrong, held against another engine."""
    return Finding(Status.WRONG, bad, reference, finding.tolerance, finding.source)


def outvoting(question: Question, vector: Vector, others: Sequence[Vector], support: Array) -> Array:
    """Where an engine has two others on its side, and among the three one that shares no rule with the rest."""
    apart = [agree(question, vector, o) for o in [vector, *others] if o.engine.backend in SHARES_NO_RULE]
    outvotes: Array = (support >= 2) & np.any([np.zeros(support.shape, bool), *apart], axis=0)
    return outvotes
