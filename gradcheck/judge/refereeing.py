"""Before a referee: an engine held against difference quotients, and these held against the engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcheck.functions import Array
from gradcheck.judge import explanations, tolerances
from gradcheck.judge.comparison import Vector, backed, difference, flat, nearest
from gradcheck.judge.findings import Finding
from gradcheck.judge.testimony import Question
from gradcheck.judge.verdicts import Status
from gradcheck.judge.voting import HELP, SHARES_NO_RULE, against, by_vote, outvoting, united

UNSTABLE = "its own rounding moves it by as much as it is off, where the derivative moves by far less; "

SELDOM = "digits are lost to rounding, at some of the points nearby"


def by_numerics(question: Question, vector: Vector, others: Sequence[Vector], referee: Vector, aside: Array) -> Finding:
    """Hold an engine against numerics, which has nothing to say where its error estimate is too wide.

    The elements put aside are not looked at.
    """
    gap, allowed = difference(vector.value, referee.value), question.allowed(vector.value, referee.value)
    support = backed(question, vector, [o for o in others if not o.numerical])
    decisive = tells(question, referee) & ~aside
    told = (_resolves(question, vector, referee, referee.error) & _enough(question, vector, referee)) | (support > 0)
    told |= aside
    source = f"error estimate of {referee.engine}" + (f" and {question.allowance}" if question.imposed else "")
    contradicted = decisive & ~(gap <= allowed + referee.error)
    finding = Finding(Status.AGREE, contradicted, referee, allowed + referee.error, source)
    if told.all() and not contradicted.any():
        return finding
    unstable = explanations.nondeterministic(question, vector, finding)
    if unstable is not None:
        return unstable
    explained = explanations.rounding(question, vector)
    finding = finding.widened(explained, "the engine's own rounding")
    contradicted = decisive & ~(gap <= finding.tolerance)
    excused = contradicted & explanations.excused(question, vector, finding) if contradicted.any() else contradicted
    contested = contradicted & ~excused & ~outvoting(question, vector, others, support)
    seldom = np.zeros(contested.shape, bool)
    accused = contested & explanations.visible(question, referee, gap)
    if accused.any():
        finding = _closer(question, vector, finding)
        seldom = contested & (gap <= finding.tolerance)
        contested &= ~seldom
        accused &= contested
        drowned = explanations.drowned(question, vector, referee, accused)
        if (accused & ~drowned).any():
            return _accused(vector, finding, accused & ~drowned)
        if drowned.any():
            return finding.but(Status.INCONCLUSIVE, drowned, explanations.DROWNED + HELP)
    told |= contradicted | (gap <= allowed + explained)  # two methods do not meet so closely by chance
    told &= ~contested
    if not told.all():
        return _by_peers(question, vector, others, finding, ~told)
    if excused.any():
        return finding.but(Status.IMPRECISE, excused, explanations.IMPRECISE)
    if contradicted.any() and not seldom.any():
        return finding.agrees(f"others outvote {referee.engine}")
    return _without_digits(question, vector, finding, referee, seldom)


def tells(question: Question, other: Vector) -> Array:
    """Where an engine's value is worth holding another against: not where numerics has not settled."""
    if not other.numerical:
        return np.isfinite(other.error)
    return _decisive(question, other, other.error)


def _decisive(question: Question, numerical: Vector, error: Array) -> Array:
    """Where this error of a numerical engine is small enough to tell right from wrong."""
    return tolerances.useful(error, numerical.value, explanations.noise(question))


def _resolves(question: Question, vector: Vector, numerical: Vector, error: Array) -> Array:
    """Where this error of a numerical engine is small enough for an agreement to mean something."""
    if question.imposed:
        within: Array = error <= question.allowed(vector.value, numerical.value)
        return within
    return _decisive(question, numerical, error)


def _enough(question: Question, vector: Vector, referee: Vector) -> Array:
    """Where numerics alone is enough: it resolves the element, or the element is too small for the output to show."""
    visible = tolerances.OUTPUT_ULPS * explanations.least_noise(question)
    residue = explanations.residue(question, referee) + visible
    enough: Array = (np.abs(vector.value) <= residue) | _sharp(vector, referee) | question.imposed
    return enough


def _sharp(vector: Vector, numerical: Vector) -> Array:
    """Where numerics resolves the element itself, not only what is large beside it."""
    size = np.fmax(np.abs(vector.value), np.abs(numerical.value))
    sharp: Array = numerical.error <= tolerances.USEFUL_RELATIVE * size
    return sharp


def _by_peers(question: Question, vector: Vector, others: Sequence[Vector], finding: Finding, bad: Array) -> Finding:
    """Where the referee cannot tell, let the others vote."""
    peers = [o for o in others if not o.numerical]
    vote = by_vote(question, vector, peers) if peers else finding
    if peers and vote.status.passes:
        return vote
    reason = "the referee's error estimate is too wide to tell, and no independent engine agrees; " + HELP
    return finding.but(Status.INCONCLUSIVE, bad, reason)


def _closer(question: Question, vector: Vector, finding: Finding) -> Finding:
    """Look once more, and longer, at the rounding of an engine that is about to be blamed."""
    assert finding.reference is not None  # the referee
    rounding = explanations.rounding(question, vector, tolerances.THOROUGH_RERUNS)
    return replace(finding, tolerance=np.fmax(finding.tolerance, finding.reference.error + rounding))


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


# -- before a bound ---------------------------------------------------------------------------


def by_bound(question: Question, vector: Vector, others: Sequence[Vector], referee: Vector) -> Finding:
    """Hold an engine against a certified enclosure, or against algebra evaluated in high precision."""
    gap, allowed = difference(vector.value, referee.value), question.allowed(vector.value, referee.value)
    source = f"{'certified bound' if referee.certified else 'error estimate'} of {referee.engine}"
    source += f" and {question.allowance}" if question.imposed else ""
    finding = Finding(Status.AGREE, ~(gap <= allowed + referee.error), referee, allowed + referee.error, source)
    if not finding.bad.any():
        return finding
    unstable = explanations.nondeterministic(question, vector, finding)
    if unstable is not None:
        return unstable
    explained = explanations.rounding(question, vector) + explanations.cancelled(question, vector, referee)
    finding = finding.widened(explained, "the engine's own rounding")
    bad = ~(gap <= finding.tolerance)
    if not bad.any():
        return _without_digits(question, vector, finding, referee, bad)
    wrong = bad & ~explanations.excused(question, vector, finding)
    if not wrong.any():
        return finding.but(Status.IMPRECISE, bad, explanations.IMPRECISE)
    wrong &= ~explanations.shared(question, vector, others, finding, wrong)
    if not wrong.any():
        return finding.but(Status.IMPRECISE, bad, explanations.SHARED)
    finding = _closer(question, vector, finding)
    seldom = wrong & (gap <= finding.tolerance)
    wrong &= ~seldom
    drowned = explanations.drowned(question, vector, referee, wrong)
    if (wrong & ~drowned).any():
        return finding.but(Status.WRONG, wrong & ~drowned)
    if drowned.any():
        return finding.but(Status.INCONCLUSIVE, drowned, explanations.DROWNED + HELP)
    return _without_digits(question, vector, finding, referee, seldom)


def _without_digits(question: Question, vector: Vector, finding: Finding, referee: Vector, seldom: Array) -> Finding:
    """Where rounding explains all of a value, not one digit of it is right; where it does so seldom, some are lost.

    That is an excuse where the derivative itself moves as much with the last digits of the input, or a
    formula loses so many; a rule that is unstable where the function is not has none, and is wrong where
    some ulps away it is right, or just as wrong: the point is special to it.
    """
    gap = difference(vector.value, referee.value)
    left = np.maximum(explanations.residue(question, referee), referee.error)
    lost = finding.bad & ~(gap <= np.abs(referee.value) / 2) & (np.abs(referee.value) > left)
    if question.imposed or not lost.any():
        return finding.but(Status.IMPRECISE, seldom, SELDOM) if seldom.any() else finding.agrees()
    tight = replace(finding, tolerance=question.allowed(vector.value, referee.value) + referee.error)
    unstable = lost & ~explanations.excused(question, vector, tight)
    if unstable.any():
        unstable &= ~(gap <= explanations.conditioning(question, referee))
    if unstable.any():
        special = unstable & explanations.special(question, vector, referee)
        if special.any():
            return tight.but(Status.WRONG, special) if referee.bounded else _accused(vector, tight, special)
        return finding.but(Status.INCONCLUSIVE, unstable, UNSTABLE + HELP)
    return finding.but(Status.IMPRECISE, lost, "all digits are lost to rounding")


def bounds(question: Question, vector: Vector, others: Sequence[Vector]) -> Finding:
    """Hold a referee under a bound of its own against the others: a bound can be wrong too."""
    other = nearest(vector, others)
    tolerance = question.allowed(vector.value, other.value) + vector.error + other.error
    finding = Finding(
        Status.AGREE, backed(question, vector, others) == 0, other, tolerance, f"bound of {vector.engine}"
    )
    if not finding.bad.any():
        return finding
    finding = finding.widened(explanations.rounding(question, other), f"the rounding of {other.engine}")
    bad = finding.bad & ~(difference(vector.value, other.value) <= finding.tolerance)
    if not bad.any() or vector.certified:
        return finding.agrees("" if not bad.any() else "certified; every other engine contradicts it")
    return finding.but(Status.INCONCLUSIVE, bad, "no independent engine agrees with it")


# -- difference quotients under test ----------------------------------------------------------


def numerics(question: Question, vector: Vector, others: Sequence[Vector], aside: Array) -> Finding:
    """Hold a numerical engine against the others, within its own error estimate; not at the elements put aside."""
    others = [o for o in others if o.engine.backend == vector.engine.host] or list(others)
    other = nearest(vector, others)
    tolerance = question.allowed(vector.value, other.value) + vector.error
    bad = (backed(question, vector, others) == 0) & ~aside
    gap = difference(vector.value, other.value)
    finding = Finding(Status.AGREE, bad, other, tolerance, f"error estimate of {vector.engine}")
    if bad.any():
        finding = finding.widened(explanations.rounding(question, other), f"the rounding of {other.engine}")
        bad = bad & ~(gap <= finding.tolerance)
    vague = ~_resolves(question, other, vector, np.fmin(vector.error, gap)) & ~aside
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
    agreeing = [o for o in united(question, others, bad) if o.engine.backend in SHARES_NO_RULE]
    if agreeing:
        return against(agreeing[0], finding, bad)
    opinion = vector.testimony.second_opinion() if vector.testimony.second_opinion is not None else None
    if opinion is not None and opinion.errors is not None:
        slack = finding.tolerance + flat(opinion.errors).astype(float)
        if (difference(vector.value, flat(opinion.arrays)) <= slack)[bad].all():
            return finding.agrees("confirmed by a second evaluation with other steps; the other engines contradict it")
    return finding.but(Status.INCONCLUSIVE, bad, "no independent engine agrees with it")
